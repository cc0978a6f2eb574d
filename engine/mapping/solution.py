"""What a solver gives: fields by estimator at positions, and at the cells of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from engine.cubes.assemble import acceleration_cube
from engine.cubes.grid import Grid
from engine.draws import Draws
from engine.estimators.budget import Budget
from engine.estimators.potential.field import PotentialField
from engine.estimators.solve import PointwiseMap

__all__ = ["GridSolution", "SolvedFields"]

Flags = NDArray[np.int32]


@dataclass(frozen=True)
class SolvedFields:
    """What is known at P positions, by estimator, the first the default.

    Parameters
    ----------
    budgets
        Accelerations with their errors.
    flags
        Reasons against each position, (P,).
    """

    budgets: dict[str, Budget]
    flags: dict[str, Flags]
    pointwise: PointwiseMap
    tracers: NDArray[np.int32]
    edge_distance: NDArray[np.floating]


@dataclass(frozen=True)
class GridSolution:
    """What was solved at the cells of a grid, P of them inside the volume.

    Parameters
    ----------
    grid
        The grid.
    budgets
        Acceleration (P, 3) with its errors by estimator, the first the default.
    flags_by
        Reasons against each cell by estimator, (P,); see ``engine.cubes.trust``.
    pointwise
        The pointwise solutions of every member without additional noise.
    tracers, edge_distance
        (P,), see ``engine.cubes.trust``.
    radius
        Of the volume, kpc.
    potential
        None where a single member tells no errors.
    source
        The pointwise estimator that the potential is fitted to.
    """

    grid: Grid
    budgets: dict[str, Budget]
    flags_by: dict[str, Flags]
    pointwise: PointwiseMap
    tracers: NDArray[np.int32]
    edge_distance: NDArray[np.floating]
    radius: float
    potential: PotentialField | None
    source: str

    @property
    def fields(self) -> dict[str, Draws]:
        """Acceleration (P, 3) by estimator, the first the default."""
        return {name: budget.field for name, budget in self.budgets.items()}

    @property
    def flags(self) -> Flags:
        """Reasons against each cell with the default estimator, (P,)."""
        return next(iter(self.flags_by.values()))

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Tell which cells nothing speaks against, (P,)."""
        trusted: NDArray[np.bool_] = self.flags == 0
        return trusted

    @property
    def acceleration(self) -> Draws:
        """Acceleration by the default estimator, (P, 3)."""
        return next(iter(self.fields.values()))

    def cube(self, attributes: dict[str, Any]) -> xr.Dataset:
        """Give the ``acceleration`` cube."""
        return acceleration_cube(self, {**attributes, "potential_from": self.source})
