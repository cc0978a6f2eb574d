"""Maps of an acceleration cube as HoloViews elements: value, error, truth and difference.

A map is one rectangle a cell, so that cells outside the volume are simply not there, planes
need not have equal spacing, and pointing at a cell tells its value, its error and whether to
believe it. Nothing here knows of Panel, of a session or of a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import colorcet
import holoviews as hv
import numpy as np
import xarray as xr

from dashboard.components.theme import DIVERGING
from engine.cubes.quantities import Array
from engine.cubes.slices import PLANES, MapSlice

SEQUENTIAL = colorcet.palette["bmy"]
ERROR = colorcet.palette["kbc"]
UNTRUSTED = "#8f8f98"
"""Grey of a cell that is inside the volume but not to be believed."""
FRAME = 300
"""Width and height of a map in pixels; the ranges are equally long, so scales are too. Two such
maps with their colour bars stand side by side at 1,400 px."""


def value_limits(cut: MapSlice, show_untrusted: bool) -> tuple[float, float]:
    """Give the colour limits shared by the value and its truth.

    Symmetric round zero for a signed quantity. The span is that of the 1st to the 99th
    percentile of the cells on show, so that one wild cell does not bleach the map.
    """
    shown = _shown(cut.value, cut, show_untrusted)
    fields = [shown] if cut.truth is None else [shown, _shown(cut.truth, cut, show_untrusted)]
    finite = np.concatenate([f[np.isfinite(f)] for f in fields])
    if finite.size == 0:
        return (-1.0, 1.0) if cut.quantity.signed else (0.0, 1.0)
    low, high = (float(edge) for edge in np.percentile(finite, [1, 99]))
    if cut.quantity.signed:
        reach = max(abs(low), abs(high)) or 1.0
        return -reach, reach
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def value_map(cut: MapSlice, *, show_untrusted: bool = False) -> hv.Rectangles:
    """Draw the quantity itself, grey where it is not to be believed."""
    element = _map(cut, cut.value, cut.quantity.label, cut.unit.label, show_untrusted)
    return element.opts(**_value_style(cut, show_untrusted))


def truth_map(cut: MapSlice, *, show_untrusted: bool = False) -> hv.Rectangles:
    """Draw the truth of a mock, with the colours and limits of the value map."""
    if cut.truth is None:
        raise ValueError("this slice has no truth to draw")
    element = _map(cut, cut.truth, f"true {cut.quantity.label}", cut.unit.label, show_untrusted)
    return element.opts(**_value_style(cut, show_untrusted))


def error_map(
    cut: MapSlice, *, relative: bool = False, show_untrusted: bool = False
) -> hv.Rectangles:
    """Draw the standard deviation of the value, absolute or in per cent of the value."""
    field = cut.relative_sd if relative else cut.sd
    unit = "%" if relative else cut.unit.label
    shown = _shown(field, cut, show_untrusted)
    finite = shown[np.isfinite(shown)]
    high = float(np.percentile(finite, 95)) if finite.size else 1.0
    element = _map(cut, field, f"σ({cut.quantity.label})", unit, show_untrusted)
    return element.opts(cmap=ERROR, clim=(0.0, high or 1.0))


def difference_map(
    cut: MapSlice, *, how: str = "sigma", show_untrusted: bool = False
) -> hv.Rectangles:
    """Draw value minus truth; fixed limits of 3 sigma or 10 per cent, so that maps compare."""
    unit, reach = ("σ", 3.0) if how == "sigma" else ("%", 10.0)
    label = f"{cut.quantity.label} − truth"
    element = _map(cut, cut.difference(how), label, unit, show_untrusted)
    return element.opts(cmap=DIVERGING, clim=(-reach, reach))


def arrows(cut: MapSlice, *, show_untrusted: bool = False, at_most: int = 12) -> hv.VectorField:
    """Draw the in-plane direction, thinned to at most `at_most` arrows an axis (0: none).

    The longest arrow is as long as the distance between two of them.
    """
    step_h = -(-cut.horizontal.size // max(at_most, 1))
    step_v = -(-cut.vertical.size // max(at_most, 1))
    h, v = np.meshgrid(cut.horizontal, cut.vertical, indexing="ij")
    size = np.hypot(*cut.vector)
    keep = np.zeros(size.shape, dtype=bool)
    keep[step_h // 2 :: step_h, step_v // 2 :: step_v] = at_most > 0
    keep &= np.isfinite(size) & (cut.trusted | show_untrusted)
    angle = np.arctan2(cut.vector[1], cut.vector[0])
    reach = step_h * np.abs(np.diff(cut.horizontal)).mean()
    length = reach * size / (size[keep].max() if keep.any() else 1.0)
    columns = (h[keep], v[keep], angle[keep], length[keep])
    return hv.VectorField(columns, ["h", "v"], ["angle", "length"]).opts(
        magnitude="length", rescale_lengths=False, color="#17171c", line_width=1.3, pivot="tail"
    )


def square_ranges(cube: xr.Dataset, plane: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give ranges of equal length that hold a plane's cells, so that its scales are equal."""
    spans = [edges(cube[axis].to_numpy().astype(float))[[0, -1]] for axis in PLANES[plane][:2]]
    half = 0.52 * max(high - low for low, high in spans)
    horizontal, vertical = (
        (float(middle - half), float(middle + half)) for middle in (sum(s) / 2 for s in spans)
    )
    return horizontal, vertical


def frame_hook(
    plane: str,
    sun: tuple[float, float, float],
    ranges: tuple[tuple[float, float], tuple[float, float]],
) -> Callable[[Any, Any], None]:
    """Give a hook that sets a map's ranges and marks the Sun, when the plane has changed.

    As a layer the mark would be drawn again with every slice, and ranges that are set with
    every slice would take the user's zoom away.

    Parameters
    ----------
    plane
        A key of `PLANES`.
    sun
        Position of the Sun, kpc.
    ranges
        Of the horizontal and the vertical axis, as `square_ranges` gives them.
    """
    wanted = (plane, sun, ranges)
    place = [[sun["xyz".index(axis)]] for axis in PLANES[plane][:2]]

    def frame(plot: Any, _: object) -> None:  # noqa: ANN401
        if plot.handles.get("frame") == wanted:
            return
        plot.handles["frame"] = wanted
        figure = plot.state
        for axis, (low, high) in zip((figure.x_range, figure.y_range), ranges, strict=True):
            axis.update(start=low, end=high, reset_start=low, reset_end=high)
        if "sun" in plot.handles:
            plot.handles["sun"].data_source.data = {"x": place[0], "y": place[1]}
            return
        plot.handles["sun"] = figure.scatter(
            *place, marker="star", size=15, fill_color="#ffd54a", line_color="#1c1c22",
            level="overlay",
        )  # fmt: skip

    return frame


def _value_style(cut: MapSlice, show_untrusted: bool) -> dict[str, object]:
    cmap = DIVERGING if cut.quantity.signed else SEQUENTIAL
    return {"cmap": cmap, "clim": value_limits(cut, show_untrusted)}


def _shown(field: Array, cut: MapSlice, show_untrusted: bool) -> Array:
    """Give a field with NaN in the cells that are not to be shown."""
    return field if show_untrusted else np.where(cut.trusted, field, np.nan)


def edges(centres: Array) -> Array:
    """Give the edges of cells round their centres, shape (n + 1,): midpoints, ends mirrored."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = 0.5 * (centres[1:] + centres[:-1])
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _map(
    cut: MapSlice, field: Array, label: str, unit: str, show_untrusted: bool
) -> hv.Rectangles:
    """Draw a field as one rectangle a cell of the volume; hidden cells have no value to colour."""
    inside = np.isfinite(cut.value)
    h_edges, v_edges = edges(cut.horizontal), edges(cut.vertical)
    h_low, v_low = np.meshgrid(h_edges[:-1], v_edges[:-1], indexing="ij")
    h_high, v_high = np.meshgrid(h_edges[1:], v_edges[1:], indexing="ij")
    cells = {
        "h0": h_low[inside],
        "v0": v_low[inside],
        "h1": h_high[inside],
        "v1": v_high[inside],
        "drawn": _shown(field, cut, show_untrusted)[inside],
        "number": field[inside],
        "value": cut.value[inside],
        "sd": cut.sd[inside],
        "tracers": cut.tracers[inside],
        "believe": cut.reasons[inside],
    }
    horizontal, vertical, _ = PLANES[cut.plane]
    names = list(cells)
    return hv.Rectangles(cells, names[:4], names[4:]).opts(
        color="drawn",
        colorbar=True,
        clabel=f"{label} [{unit}]",
        clipping_colors={"NaN": UNTRUSTED},
        line_color="drawn",  # as the fill, or the background shines through between cells
        xlabel=f"{horizontal} [kpc]",
        ylabel=f"{vertical} [kpc]",
        hover_tooltips=[
            (f"{horizontal}, {vertical}", "$x{0.00}, $y{0.00} kpc"),
            (label, f"@number{{0.[000]a}} {unit}"),
            (cut.quantity.label, "@value{0.[000]a} ± @sd{0.[000]a}"),
            ("stars nearby", "@tracers{0,0}"),
            ("reliable", "@believe"),
        ],
    )
