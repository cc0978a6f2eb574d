"""Circular velocity against radius: curves with bands, and published ones as points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.views.profiles import BANDS
from data.literature.rotation_curves import RotationCurve
from engine.cubes.quantities import Array
from engine.cubes.slices import Field

__all__ = [
    "RadiusCurve",
    "at_radius",
    "curve_plot",
    "range_hook",
    "take_curves",
    "true_curve",
    "view_ranges",
]

METHODS = {
    "map": ("map, √(R |a_R|)", "columns of the map"),
    "jeans": ("Jeans equation, same stars", "stars"),
}
"""Label of a method, and what its values are averages of; a new one speaks by its own name."""

_ORANGE = "#d9772b"
"""A second colour of lines that is told from the first in the dark, in the light, and by eyes
that see few colours."""
_FURTHER = ("#b05fbf", "#8f8f98")
_MARKERS = (("circle", 6), ("diamond", 10), ("triangle", 7), ("square", 6))


@dataclass(frozen=True)
class RadiusCurve:
    """A circular-velocity curve of a run.

    Parameters
    ----------
    method
        As the cube calls it.
    R
        kpc, (n,), rising.
    v, sd
        km/s, (n,); NaN where nothing is known.
    used
        Stars, or columns of the map, behind each value, (n,).
    """

    method: str
    R: Array
    v: Array
    sd: Array
    used: NDArray[np.int64]

    @property
    def label(self) -> str:
        """What legends call it."""
        return METHODS.get(self.method, (self.method, ""))[0]


def take_curves(cube: xr.Dataset) -> list[RadiusCurve]:
    """Take the curves of a ``circular_velocity`` cube that have any value.

    Radii at which a method has no value because another one brought them are left out, so that
    bands are not broken there.
    """
    curves = []
    for row, method in enumerate(cube["method"].to_numpy()):
        chosen = cube.isel(method=row)  # `sel` has an option of this name
        v = chosen["v_circ"].to_numpy().astype(float)
        used = chosen["n_used"].to_numpy().astype(np.int64)
        here = np.isfinite(v) | (used > 0)
        if np.isfinite(v).any():
            R, sd = cube["R"].to_numpy().astype(float), chosen["v_circ_sd"].to_numpy()  # noqa: N806
            curves.append(
                RadiusCurve(str(method), R[here], v[here], sd.astype(float)[here], used[here])
            )
    return curves


def true_curve(truth: Field, R: Array) -> Array:  # noqa: N803
    """Give sqrt(R |a_R|) in the plane at the Sun's azimuth of a known field, km/s."""
    R = np.asarray(R, dtype=float)  # noqa: N806
    positions = np.stack([R, np.zeros_like(R), np.zeros_like(R)], axis=-1)
    return np.asarray(np.sqrt(R * np.maximum(-truth(positions)[:, 0], 0.0)))


def at_radius(R: Array, v: Array, sd: Array, wanted: float) -> tuple[float, float]:  # noqa: N803
    """Interpolate a curve and its error to a radius; NaN outside it or beside a gap."""
    if R.size == 0 or not R[0] <= wanted <= R[-1]:
        return np.nan, np.nan
    return float(np.interp(wanted, R, v)), float(np.interp(wanted, R, sd))


def view_ranges(
    curves: Sequence[RadiusCurve], published: Sequence[RotationCurve], *, everything: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give the ranges of R and v that show the run's own radii, or all radii there are."""
    own = [curve.R[np.isfinite(curve.v)] for curve in curves]
    theirs = [curve.R for curve in published]
    radii = np.concatenate([np.empty(0), *own, *(theirs if everything or not own else [])])
    if radii.size == 0:
        return (0.0, 25.0), (0.0, 300.0)
    margin = max(0.5, 0.04 * float(np.ptp(radii)))
    low, high = float(radii.min()) - margin, float(radii.max()) + margin
    edges = [np.empty(0)] + [
        value[np.isfinite(value) & (low <= R) & (high >= R)]
        for R, value in (
            *((c.R, c.v + side * np.nan_to_num(c.sd)) for c in curves for side in (-2, 2)),
            *((c.R, c.v_circ) for c in published),
        )
    ]
    speeds = np.concatenate(edges)
    if speeds.size == 0:
        return (low, high), (0.0, 300.0)
    # A single wild end of a band must not flatten the rest.
    bottom, top = (float(v) for v in np.percentile(speeds, [1, 99]))
    room = max(6.0, 0.1 * (top - bottom))
    # Far out published curves fall away from the legend's corner; the inner ones do not.
    legend = 0.0 if everything or not own else 0.75 * (top - bottom + room)
    return (low, high), (max(0.0, bottom - room - legend), top + room)


def range_hook(
    ranges: tuple[tuple[float, float], tuple[float, float]],
) -> Callable[[Any, Any], None]:
    """Give a hook that sets the ranges where they have changed, and leaves a user's zoom be."""

    def frame(plot: Any, _: object) -> None:  # noqa: ANN401
        if plot.handles.get("ranges") == ranges:
            return
        plot.handles["ranges"] = ranges
        figure = plot.state
        for axis, (low, high) in zip((figure.x_range, figure.y_range), ranges, strict=True):
            axis.update(start=low, end=high, reset_start=low, reset_end=high)

    return frame


def curve_plot(
    curves: Sequence[RadiusCurve],
    published: Sequence[RotationCurve],
    colours: Mapping[str, str],
    truth: tuple[Array, Array] | None = None,
) -> hv.Overlay:
    """Draw curves with their 68% and 95% bands, published points, and the truth dashed.

    Parameters
    ----------
    curves
        Of the run.
    published
        To compare with.
    colours
        ``series``, ``text``, ``muted``, ``truth`` of `dashboard.components.theme.figure_colours`.
    truth
        Radii and true velocities, where they are known.
    """
    inks = (colours["series"], _ORANGE, *_FURTHER)
    layers: list[hv.Element] = []
    for number, curve in enumerate(curves):
        layers += _bands(curve, inks[number % len(inks)])
    for number, curve in enumerate(curves):
        layers.append(_line(curve, inks[number % len(inks)]))
    if truth is not None:
        layers.append(
            hv.Curve(truth, "R", "v", label="truth").opts(
                color=colours["truth"], line_dash="dashed", line_width=2
            )
        )
    for number, theirs in enumerate(published):
        ink = colours["text"] if number % 2 == 0 else colours["muted"]
        layers += _points(theirs, ink, _MARKERS[number % len(_MARKERS)])
    if not layers:
        layers = [hv.Curve([], "R", "v")]
    return hv.Overlay(layers).opts(
        xlabel="R [kpc]", ylabel="circular velocity [km/s]", legend_position="bottom_left"
    )


def _bands(curve: RadiusCurve, ink: str) -> list[hv.Element]:
    """Give the bands of each unbroken stretch; without errors there are none."""
    whole = np.isfinite(curve.v) & np.isfinite(curve.sd)
    cuts = np.flatnonzero(np.diff(np.flatnonzero(whole)) > 1) + 1
    stretches = [s for s in np.split(np.flatnonzero(whole), cuts) if s.size > 1]
    if not stretches:
        return []
    bands = []
    for width, alpha in BANDS:
        outlines = []
        for at in stretches:
            upper, lower = (curve.v[at] + side * width * curve.sd[at] for side in (1, -1))
            outlines.append({"R": [*curve.R[at], *curve.R[at][::-1]], "v": [*upper, *lower[::-1]]})
        bands.append(
            hv.Polygons(outlines, ["R", "v"]).opts(color=ink, fill_alpha=alpha, line_alpha=0)
        )
    return bands


def _line(curve: RadiusCurve, ink: str) -> hv.Curve:
    columns = {"R": curve.R, "v": curve.v, "sd": curve.sd, "used": curve.used}
    behind = METHODS.get(curve.method, ("", "behind it"))[1]
    return hv.Curve(columns, "R", ["v", "sd", "used"], label=curve.label).opts(
        color=ink,
        line_width=2,
        tools=["hover"],
        hover_tooltips=[
            (curve.label, "@v{0.0} ± @sd{0.0} km/s"),
            ("R", "@R{0.00} kpc"),
            (behind, "@used{0,0}"),
        ],
    )


def _points(curve: RotationCurve, ink: str, marker: tuple[str, int]) -> list[hv.Element]:
    columns = {"R": curve.R, "v": curve.v_circ, "minus": curve.minus, "plus": curve.plus}
    known = {name: np.nan_to_num(values) for name, values in columns.items()}
    bars = hv.ErrorBars(known, "R", ["v", "minus", "plus"]).opts(
        color=ink, line_width=1, upper_head=None, lower_head=None
    )
    points = hv.Scatter(columns, "R", ["v", "minus", "plus"], label=curve.label).opts(
        marker=marker[0],
        size=marker[1],
        color=ink,
        tools=["hover"],
        hover_tooltips=[
            (curve.label, "@v{0.0} (+@plus{0.0} −@minus{0.0}) km/s"),
            ("R", "@R{0.00} kpc"),
        ],
    )
    return [bars, points]
