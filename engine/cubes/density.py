"""The ``density`` cube: total, baryonic and dark mass density, averaged with one kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.constants import DENSITY_UNIT
from engine.cubes.grid import Grid
from engine.cubes.parts import axes, flag_attributes, note
from engine.cubes.trust import FLAGS
from engine.dark_matter.density import dark_density
from engine.draws import Draws

__all__ = ["density_cube", "density_flags"]

Floats = NDArray[np.floating]


def density_flags(
    flags: NDArray[np.int32],
    edge_distance: Floats,
    reach: float,
    missing: NDArray[np.bool_] | None = None,
) -> NDArray[np.int32]:
    """Give the reasons against the cells of a density, (P,), from those of the acceleration.

    A cell that averages over what lies outside the volume, where no tracer was seen, is
    ``near_edge``; one that averages over a cell without a solution is ``not_finite``.

    Parameters
    ----------
    flags, edge_distance
        (P,), of the acceleration.
    reach
        Farthest distance from which the kernel takes, kpc.
    missing
        (P,), whether the kernel takes from a cell without a solution; None for nowhere.
    """
    words = flags | np.where(edge_distance < reach, FLAGS["near_edge"][0], 0)
    if missing is not None:
        words = words | np.where(missing, FLAGS["not_finite"][0], 0)
    return np.asarray(words, np.int32)


def density_cube(
    grid: Grid,
    totals: Mapping[str, Draws],
    baryons: Draws,
    *,
    flags: Mapping[str, NDArray[np.int32]],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Lay densities at the grid's points out as the ``density`` cube.

    Parameters
    ----------
    grid
        The grid; the other arrays follow ``grid.points``, P of them.
    totals
        Total density (P,) Msun pc-3 by estimator, the first the default.
    baryons
        Density of the baryon model (P,), averaged with the same kernel, with as many draws.
    flags
        (P,) by estimator, see ``density_flags``.
    attributes
        Provenance, bandwidths of the kernel, name of the baryon model.
    """
    space = ("x", "y", "z")
    along, default = ("estimator", *space), next(iter(totals))
    dark = [dark_density(total, baryons) for total in totals.values()]

    def stacked(values: list[Floats]) -> NDArray[np.generic]:
        return np.stack([grid.fill(value.astype(np.float32)) for value in values])

    variables = {
        "density_total": (along, stacked([d.mean for d in totals.values()]), _quantity("total")),
        "density_total_sd": (along, stacked([d.sd for d in totals.values()]), _error("total")),
        "density_baryon": (space, grid.fill(baryons.mean.astype(np.float32)), _quantity("baryon")),
        "density_baryon_sd": (space, grid.fill(baryons.sd.astype(np.float32)), _error("baryon")),
        "density_dark": (along, stacked([d.mean for d in dark]), _quantity("dark")),
        "density_dark_sd": (along, stacked([d.sd for d in dark]), _error("dark")),
        "trust_flags": (space, grid.fill(flags[default], -1), flag_attributes()),
        "trust_flags_by": (
            along,
            np.stack([grid.fill(flags[name], -1) for name in totals]),
            flag_attributes(),
        ),
        "trusted": (
            space,
            grid.fill(flags[default] == 0, outside=False),
            note("true where no reason against the cell is known"),
        ),
    }
    coordinates = {"estimator": list(totals), **axes(grid)}
    return xr.Dataset(
        variables,
        coordinates,
        {"title": "density", "default_estimator": default, **attributes},
    )


def _quantity(kind: str) -> dict[str, str]:
    return {
        "units": DENSITY_UNIT,
        "long_name": f"{kind} mass density, averaged with the kernel",
        "ancillary_variables": f"density_{kind}_sd trust_flags",
    }


def _error(kind: str) -> dict[str, str]:
    return {"units": DENSITY_UNIT, "long_name": f"standard error of the {kind} mass density"}
