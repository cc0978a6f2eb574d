"""What everything that stands for the baryons of a galaxy can do."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Baryons"]

Floats = npt.NDArray[np.float64]


class Baryons(Protocol):
    """The baryons of a galaxy: a density with errors."""

    @property
    def name(self) -> str:
        """Name by which provenance refers to it."""
        ...

    @property
    def axisymmetric(self) -> bool:
        """Whether the density is the same all round the axis of the Galaxy."""
        ...

    def density(self, x: npt.ArrayLike) -> Floats:
        """Density at positions (n, 3) kpc, (n,) Msun/pc^3."""
        ...

    def draws(self, x: npt.ArrayLike, count: int, seed: int) -> Floats:
        """Equally likely densities at positions (n, 3) kpc, (count, n) Msun/pc^3.

        The k-th draw with a seed is of one galaxy, whatever the positions.
        """
        ...

    def table(self, radius: Floats, z: Floats, count: int, seed: int) -> Floats:
        """Density at radii (r,) and heights (h,) kpc, and draws: (1 + count, r, h) Msun/pc^3.

        What ``density`` and ``draws`` give on the x axis, for models that are axisymmetric.
        """
        ...

    def local_density(self, count: int = 200, seed: int = 0) -> tuple[float, float]:
        """Density in the plane at the Sun's radius and its error, Msun/pc^3."""
        ...

    def surface_density(
        self, z_max: float = 1.1, count: int = 200, seed: int = 0
    ) -> tuple[float, float]:
        """Surface density within ``z_max`` kpc of the plane at the Sun, Msun/pc^2."""
        ...
