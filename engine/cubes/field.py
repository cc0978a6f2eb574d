"""What a field of a cube is: how it is computed from a solved grid, stored and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.cubes.grid import Grid
from engine.estimators.budget import Budget
from engine.estimators.solve import PointwiseMap

__all__ = ["CubeField", "Floats", "Shown", "SolvedGrid", "Values"]

Floats = NDArray[np.floating]
Values = NDArray[np.generic]


class SolvedGrid(Protocol):
    """What the fields are made of; ``engine.mapping.solution.GridSolution`` is one."""

    @property
    def grid(self) -> Grid:
        """The grid; arrays of P values follow ``grid.points``."""
        ...

    @property
    def budgets(self) -> Mapping[str, Budget]:
        """Acceleration (P, 3) with its errors by estimator, the first the default."""
        ...

    @property
    def pointwise(self) -> PointwiseMap:
        """The pointwise solutions of every member."""
        ...

    @property
    def flags_by(self) -> Mapping[str, NDArray[np.int32]]:
        """Reasons against each cell by estimator, (P,)."""
        ...

    @property
    def tracers(self) -> NDArray[np.int32]:
        """Tracers near each cell, (P,)."""
        ...

    @property
    def edge_distance(self) -> Floats:
        """Distance to the edge of the volume, kpc, (P,)."""
        ...

    @property
    def radius(self) -> float:
        """Radius of the volume, kpc."""
        ...

    @property
    def source(self) -> str:
        """The pointwise estimator that the potential is fitted to."""
        ...


@dataclass(frozen=True)
class Shown:
    """How a field, or a part of it, is shown on a plane.

    Parameters
    ----------
    key
        In the session document.
    label, unit
        For the menu, the colour bar and the hover text.
    meaning
        What to read off, in a sentence.
    select
        Further dimensions and where to cut them.
    percent
        Whether a ratio is shown in per cent.
    largest
        Whether of a vector the largest component is shown, not its length.
    """

    key: str
    label: str
    unit: str
    meaning: str
    select: tuple[tuple[str, str], ...] = ()
    percent: bool = False
    largest: bool = False


@dataclass(frozen=True)
class CubeField:
    """A variable of the ``acceleration`` cube.

    Parameters
    ----------
    name
        Of the variable, which scripts may rely on.
    dims
        Its dimensions.
    values
        From a solved grid to the array.
    attributes
        CF attributes, or a function from a solved grid to them.
    shown
        How it is shown on a plane; empty for what no map shows.
    """

    name: str
    dims: tuple[str, ...]
    values: Callable[[SolvedGrid], Values]
    attributes: Mapping[str, Any] | Callable[[SolvedGrid], Mapping[str, Any]]
    shown: tuple[Shown, ...] = ()

    def variable(self, solved: SolvedGrid) -> tuple[tuple[str, ...], Values, dict[str, Any]]:
        """Give dimensions, values and attributes as xarray takes them."""
        given = self.attributes
        return self.dims, self.values(solved), dict(given(solved) if callable(given) else given)
