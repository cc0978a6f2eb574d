"""What speaks for and against a map: one diagnostic field on one plane."""

from __future__ import annotations

from dataclasses import dataclass

import holoviews as hv
import numpy as np
import xarray as xr

from dashboard.quantities import Array
from dashboard.views.cube_maps import edges
from dashboard.views.slices import PLANES

__all__ = ["DIAGNOSTICS", "Diagnostic", "available", "diagnostic_map", "take_diagnostic"]

_ACCELERATION = "km² s⁻² kpc⁻¹"


@dataclass(frozen=True)
class Diagnostic:
    """A field that helps to judge a map.

    Parameters
    ----------
    label, unit
        For the colour bar.
    meaning
        A sentence on what to read off.
    variable
        Of the acceleration cube.
    select
        Further dimensions and where to cut them.
    percent
        Whether a ratio is shown in per cent.
    """

    label: str
    unit: str
    meaning: str
    variable: str
    select: tuple[tuple[str, str], ...] = ()
    percent: bool = False


def _source(name: str, meaning: str) -> Diagnostic:
    return Diagnostic(
        f"error from {name}", _ACCELERATION, meaning, "acceleration_sd_by", (("source", name),)
    )


DIAGNOSTICS: dict[str, Diagnostic] = {
    "disagreement": Diagnostic(
        "disagreement",
        "%",
        "How far the chosen estimator is from the default one. Where two that err in different "
        "ways agree, both are more likely to be right.",
        "disagreement",
        percent=True,
    ),
    "residual": Diagnostic(
        "residual of the Boltzmann equation",
        "%",
        "What no acceleration explains: disequilibrium, and errors of the density model.",
        "residual",
        percent=True,
    ),
    "curl": Diagnostic(
        "curl",
        "%",
        "Size of the curl relative to the gradient. No gravity has any: it shows errors.",
        "curl",
        percent=True,
    ),
    "initialisation": _source(
        "initialisation", "What another start of the training would change."
    ),
    "sample": _source("sample", "What another sample of as many stars would change."),
    "noise": _source("noise", "What other measurement errors of the same size would change."),
    "bias": Diagnostic(
        "bias taken away",
        _ACCELERATION,
        "What measurement errors had added to the acceleration, before it was taken away.",
        "acceleration_bias",
    ),
    "inflation": Diagnostic(
        "inflation",
        "",
        "Errors of the estimator conditional in units of those of boltzmann: the price of not "
        "knowing which stars are seen.",
        "inflation",
    ),
    "selection": Diagnostic(
        "selection gradient",
        "kpc⁻¹",
        "How fast the chance to see a star changes with place, as conditional finds it: dust, "
        "magnitude limits. Zero for a complete sample.",
        "selection_gradient",
    ),
    "condition": Diagnostic(
        "condition number", "", "Large where the velocities leave a component open.", "condition"
    ),
    "tracers": Diagnostic(
        "stars nearby",
        "",
        "Tracers within 0.5 kpc; in small volumes, within a quarter of their radius.",
        "n_tracers",
    ),
    "edge": Diagnostic(
        "distance to the edge", "kpc", "To the surface of the volume.", "edge_distance"
    ),
}
"""By key, in the order of the menu."""


def available(cube: xr.Dataset) -> list[str]:
    """Give the diagnostics that a cube has, by key."""
    return [key for key, one in DIAGNOSTICS.items() if one.variable in cube]


def take_diagnostic(
    cube: xr.Dataset, key: str, plane: str, index: int, estimator: str | None = None
) -> Array:
    """Cut a diagnostic out of an acceleration cube.

    Parameters
    ----------
    cube
        An acceleration cube.
    key
        Of `DIAGNOSTICS`.
    plane, index
        A key of `PLANES`, and where it cuts the third axis.
    estimator
        The cube's default where None; fields that no estimator has a part in ignore it.

    Returns
    -------
    ndarray
        Shape (h, v); a vector by its length; NaN outside the volume.
    """
    one = DIAGNOSTICS[key]
    field = cube[one.variable].sel(dict(one.select))
    if "estimator" in field.dims:
        field = field.sel(estimator=estimator or cube.attrs["default_estimator"])
    across = PLANES[plane][2]
    inside = cube["trust_flags"].isel({across: index}).transpose(*PLANES[plane][:2]) >= 0
    field = field.isel({across: index}).astype(float)
    if "component" in field.dims:
        size = np.sqrt((field**2).sum("component", skipna=False))
        field = size if key != "inflation" else field.max("component", skipna=False)
    values: Array = field.transpose(*PLANES[plane][:2]).where(inside).to_numpy()
    return 100.0 * values if one.percent else values


def diagnostic_map(cube: xr.Dataset, key: str, plane: str, values: Array) -> hv.Rectangles:
    """Draw a diagnostic; its colours run from 0 or the least value to the 98th percentile."""
    one = DIAGNOSTICS[key]
    horizontal, vertical, _ = PLANES[plane]
    h_edges, v_edges = (
        edges(cube[axis].to_numpy().astype(float)) for axis in (horizontal, vertical)
    )
    h_low, v_low = np.meshgrid(h_edges[:-1], v_edges[:-1], indexing="ij")
    h_high, v_high = np.meshgrid(h_edges[1:], v_edges[1:], indexing="ij")
    known = np.isfinite(values)
    cells = {
        "h0": h_low[known], "v0": v_low[known], "h1": h_high[known], "v1": v_high[known],
        "number": values[known],
    }  # fmt: skip
    high = float(np.percentile(cells["number"], 98)) if known.any() else 1.0
    unit = f" [{one.unit}]" if one.unit else ""
    return hv.Rectangles(cells, ["h0", "v0", "h1", "v1"], ["number"]).opts(
        color="number",
        cmap="viridis",
        clim=(0.0, high if high > 0 else 1.0),
        colorbar=True,
        clabel=f"{one.label}{unit}",
        line_color="number",
        xlabel=f"{horizontal} [kpc]",
        ylabel=f"{vertical} [kpc]",
        hover_tooltips=[
            (f"{horizontal}, {vertical}", "$x{0.00}, $y{0.00} kpc"),
            (one.label, f"@number{{0.[000]a}} {one.unit}"),
        ],
    )
