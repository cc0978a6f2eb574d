"""Two runs on one plane as HoloViews elements: one colour range, their difference, their pull."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.components.theme import DIVERGING
from dashboard.views import cube_maps
from engine.cubes import compare
from engine.cubes.quantities import UNITS, Array, evaluate
from engine.cubes.slices import PLANES, MapSlice

PULL_REACH = 3.0
"""Pulls are coloured up to this many standard deviations in every map, so that maps compare."""


def shared_limits(first: MapSlice, second: MapSlice, show_untrusted: bool) -> tuple[float, float]:
    """Give the colour limits that hold both slices."""
    pairs = [
        cube_maps.value_limits(cut, show_untrusted)
        for cut in (first, second)
        if show_untrusted or (cut.trusted & np.isfinite(cut.value)).any()
    ] or [cube_maps.value_limits(first, show_untrusted)]
    return min(low for low, _ in pairs), max(high for _, high in pairs)


def side_map(cut: MapSlice, other: MapSlice, *, show_untrusted: bool = False) -> hv.Rectangles:
    """Draw one of two slices, in the colour range of both."""
    limits = shared_limits(cut, other, show_untrusted)
    return cube_maps.value_map(cut, show_untrusted=show_untrusted).opts(clim=limits)


def difference_map(
    first: MapSlice, second: MapSlice, *, show_untrusted: bool = False
) -> hv.Rectangles:
    """Draw second minus first where both are to be believed, grey elsewhere."""
    apart, _ = compare.difference(first.value, first.sd, second.value, second.sd)
    shown = np.abs(_shown(apart, first, second, show_untrusted))
    shown = shown[np.isfinite(shown)]
    reach = (float(np.percentile(shown, 98)) if shown.size else 1.0) or 1.0
    label = f"Δ {first.quantity.label} [{first.unit.label}]"
    return _map(first, second, apart, label, reach, show_untrusted)


def pull_map(first: MapSlice, second: MapSlice, *, show_untrusted: bool = False) -> hv.Rectangles:
    """Draw second minus first over the combined error, grey where one is not to be believed."""
    pulls = compare.pull(first.value, first.sd, second.value, second.sd)
    return _map(
        first, second, pulls, f"pull of {first.quantity.label} [σ]", PULL_REACH, show_untrusted
    )


def over_volume(
    cube: xr.Dataset, quantity: str, unit: str, estimator: str
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Give a quantity at every cell of a cube.

    Returns
    -------
    value, sd, trusted
        Shape (x, y, z), in the unit; NaN outside the volume.
    """
    chosen = cube.sel(estimator=estimator)
    order = ("component", "x", "y", "z")
    vector, sd = (
        chosen[name].transpose(*order).to_numpy().astype(float)
        for name in ("acceleration", "acceleration_sd")
    )
    axes = (cube[axis].to_numpy().astype(float) for axis in "xyz")
    x, y, _ = np.meshgrid(*axes, indexing="ij")
    value, error = evaluate(quantity, vector, sd, x, y)
    factor = UNITS[unit].factor
    trusted = chosen["trusted"].transpose("x", "y", "z").to_numpy().astype(bool)
    return value * factor, error * factor, trusted


def summary(
    first: xr.Dataset, second: xr.Dataset, quantity: str, unit: str, estimator: str
) -> compare.Agreement:
    """Sum up how two cubes agree in one quantity, over the whole volume."""
    a, a_sd, a_trusted = over_volume(first, quantity, unit, estimator)
    b, b_sd, b_trusted = over_volume(second, quantity, unit, estimator)
    return compare.agreement(a, a_sd, b, b_sd, a_trusted & b_trusted)


def _shown(field: Array, first: MapSlice, second: MapSlice, show_untrusted: bool) -> Array:
    trusted = first.trusted & second.trusted
    return field if show_untrusted else np.where(trusted, field, np.nan)


def _map(
    first: MapSlice,
    second: MapSlice,
    field: Array,
    label: str,
    reach: float,
    show_untrusted: bool,
) -> hv.Rectangles:
    inside = np.isfinite(first.value) & np.isfinite(second.value)
    h_edges, v_edges = cube_maps.edges(first.horizontal), cube_maps.edges(first.vertical)
    h_low, v_low = np.meshgrid(h_edges[:-1], v_edges[:-1], indexing="ij")
    h_high, v_high = np.meshgrid(h_edges[1:], v_edges[1:], indexing="ij")
    apart, sd = compare.difference(first.value, first.sd, second.value, second.sd)
    # No name may begin another one: HoloViews replaces them in the tooltips as text.
    cells = {
        "h0": h_low[inside],
        "v0": v_low[inside],
        "h1": h_high[inside],
        "v1": v_high[inside],
        "drawn": _shown(field, first, second, show_untrusted)[inside],
        "va": first.value[inside],
        "sa": first.sd[inside],
        "vb": second.value[inside],
        "sb": second.sd[inside],
        "gap": apart[inside],
        "err": sd[inside],
        "pull": compare.pull(first.value, first.sd, second.value, second.sd)[inside],
        "why_a": first.reasons[inside],
        "why_b": second.reasons[inside],
    }
    horizontal, vertical, _ = PLANES[first.plane]
    names = list(cells)
    number = "{0,0.[000]}"
    return hv.Rectangles(cells, names[:4], names[4:]).opts(
        color="drawn",
        colorbar=True,
        cmap=DIVERGING,
        clim=(-reach, reach),
        clabel=label,
        clipping_colors={"NaN": cube_maps.UNTRUSTED},
        line_color="drawn",
        xlabel=f"{horizontal} [kpc]",
        ylabel=f"{vertical} [kpc]",
        hover_tooltips=[
            (f"{horizontal}, {vertical}", "$x{0.00}, $y{0.00} kpc"),
            ("A", f"@va{number} ± @sa{number}"),
            ("B", f"@vb{number} ± @sb{number}"),
            ("B − A", f"@gap{number} ± @err{number}"),
            ("pull", "@pull{0.0} σ"),
            ("A reliable", "@why_a"),
            ("B reliable", "@why_b"),
        ],
    )
