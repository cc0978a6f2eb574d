"""What speaks for and against a map: one diagnostic field on one plane."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import xarray as xr

from dashboard.views.cube_maps import edges
from engine.cubes.fields import SHOWN
from engine.cubes.quantities import Array
from engine.cubes.slices import PLANES

__all__ = ["available", "diagnostic_map", "take_diagnostic"]


def available(cube: xr.Dataset) -> list[str]:
    """Give the diagnostics that a cube has, by key."""
    return [key for key, (field, _) in SHOWN.items() if field.name in cube]


def take_diagnostic(
    cube: xr.Dataset, key: str, plane: str, index: int, estimator: str | None = None
) -> Array:
    """Cut a diagnostic out of an acceleration cube.

    Parameters
    ----------
    cube
        An acceleration cube.
    key
        Of `engine.cubes.fields.SHOWN`.
    plane, index
        A key of `PLANES`, and where it cuts the third axis.
    estimator
        The cube's default where None; fields that no estimator has a part in ignore it.

    Returns
    -------
    ndarray
        Shape (h, v); a vector by its length; NaN outside the volume.
    """
    declared, shown = SHOWN[key]
    field = cube[declared.name].sel(dict(shown.select))
    if "estimator" in field.dims:
        field = field.sel(estimator=estimator or cube.attrs["default_estimator"])
    across = PLANES[plane][2]
    inside = cube["trust_flags"].isel({across: index}).transpose(*PLANES[plane][:2]) >= 0
    field = field.isel({across: index}).astype(float)
    if "component" in field.dims:
        length = np.sqrt((field**2).sum("component", skipna=False))
        field = field.max("component", skipna=False) if shown.largest else length
    values: Array = field.transpose(*PLANES[plane][:2]).where(inside).to_numpy()
    return 100.0 * values if shown.percent else values


def diagnostic_map(cube: xr.Dataset, key: str, plane: str, values: Array) -> hv.Rectangles:
    """Draw a diagnostic; its colours run from 0 or the least value to the 98th percentile."""
    _, shown = SHOWN[key]
    horizontal, vertical, _ = PLANES[plane]
    h_edges, v_edges = (
        edges(cube[axis].to_numpy().astype(float)) for axis in (horizontal, vertical)
    )
    h_low, v_low = np.meshgrid(h_edges[:-1], v_edges[:-1], indexing="ij")
    h_high, v_high = np.meshgrid(h_edges[1:], v_edges[1:], indexing="ij")
    finite = np.isfinite(values)
    cells = {
        "h0": h_low[finite], "v0": v_low[finite], "h1": h_high[finite], "v1": v_high[finite],
        "number": values[finite],
    }  # fmt: skip
    high = float(np.percentile(cells["number"], 98)) if finite.any() else 1.0
    unit = f" [{shown.unit}]" if shown.unit else ""
    return hv.Rectangles(cells, ["h0", "v0", "h1", "v1"], ["number"]).opts(
        color="number",
        cmap="viridis",
        clim=(0.0, high if high > 0 else 1.0),
        colorbar=True,
        clabel=f"{shown.label}{unit}",
        line_color="number",
        xlabel=f"{horizontal} [kpc]",
        ylabel=f"{vertical} [kpc]",
        hover_tooltips=[
            (f"{horizontal}, {vertical}", "$x{0.00}, $y{0.00} kpc"),
            (shown.label, f"@number{{0.[000]a}} {shown.unit}"),
        ],
    )
