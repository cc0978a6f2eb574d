"""The posterior of a dwarf galaxy: priors and likelihoods of all its stars.

Parameters are independent standard normal numbers before the stars are seen: those of the halo,
the systemic velocity, and for each tracer population its density and its orbits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dwarfs.anisotropy import Cuddeford, General
from engine.dwarfs.families import Family
from engine.dwarfs.grid import Grid, lagrange
from engine.dwarfs.halo import Halo, HaloPrior
from engine.dwarfs.jeans import projected_square
from engine.dwarfs.losvd import VelocityGrid, velocity_table
from engine.dwarfs.stars import Stars, VelocityLookup
from engine.dwarfs.tracer import Tracer, TracerPrior

__all__ = ["Galaxy", "Posterior"]

Floats = NDArray[np.float64]

_NORM_TOLERANCE, _NORM_SCALE = 0.08, 0.04
_NORM_RANGE = (0.15, 8.0)
_NEGATIVE_SCALE = 1.5


@dataclass(frozen=True)
class Galaxy:
    """What a batch of parameters stands for."""

    halo: Halo
    shift: Tensor
    tracers: tuple[Tracer, ...]
    orbits: tuple[Cuddeford | General, ...]


class Posterior:
    """Probability density of the parameters given the stars.

    Parameters
    ----------
    stars
        The populations, all in one potential.
    family
        The family of their orbits.
    grid, speeds
        Radii, and the speeds of the tables.
    shift_sd
        Prior width of the systemic velocity about the mean that was subtracted, km/s.
    """

    def __init__(
        self,
        stars: Sequence[Stars],
        family: Family,
        grid: Grid,
        speeds: VelocityGrid,
        shift_sd: float = 3.0,
    ) -> None:
        self.stars = tuple(stars)
        self.family = family
        self.grid = grid
        self.speeds = speeds
        self.halo = HaloPrior(grid, speeds.dispersion)
        self.tracer = TracerPrior(grid)
        self.shift_sd = shift_sd
        self._lookup = [VelocityLookup(grid, speeds, s) for s in self.stars]
        self._places = [_Places(grid, s) for s in self.stars]
        self._plain = [_PlainVelocities(grid, s) for s in self.stars]
        rows = np.exp(grid.row_x)
        self._judged = torch.tensor((rows > _NORM_RANGE[0]) & (rows < _NORM_RANGE[1]))

    @property
    def size(self) -> int:
        """Number of parameters D."""
        return self.halo.size + 1 + len(self.stars) * (self.tracer.size + self.family.size)

    def galaxy(self, z: Tensor) -> Galaxy:
        """Give what parameters (B, D) stand for."""
        at = self.halo.size
        halo, shift = self.halo(z[:, :at]), self.shift_sd * z[:, at : at + 1]
        at += 1
        tracers, orbits = [], []
        for _ in self.stars:
            tracers.append(self.tracer(z[:, at : at + self.tracer.size]))
            at += self.tracer.size
            orbits.append(self.family.orbits(z[:, at : at + self.family.size]))
            at += self.family.size
        return Galaxy(halo, shift, tuple(tracers), tuple(orbits))

    def log_density(self, z: Tensor) -> Tensor:
        """Give ln of prior times likelihood at parameters (B, D), with its constants, (B,)."""
        galaxy = self.galaxy(z)
        total: Tensor = -0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * np.log(2 * np.pi)
        for i in range(len(self.stars)):
            total = total + self._places[i](galaxy.tracers[i])
            total = total + self._velocities(i, galaxy)
        return total

    def tables(self, i: int, galaxy: Galaxy) -> tuple[Tensor, Tensor, Tensor]:
        """Give the velocity table of a population with its norms (see `velocity_table`)."""
        orbits = galaxy.orbits[i]
        if self.family.gaussian or isinstance(orbits, General):
            square = projected_square(self.grid, galaxy.halo, galaxy.tracers[i], orbits)
            v = self.speeds.v
            table = torch.exp(-0.5 * v**2 / square[..., None])
            table = table / torch.sqrt(2 * np.pi * square)[..., None]
            return table, torch.ones_like(square), torch.zeros_like(square[:, 0])
        return velocity_table(
            self.grid,
            self.speeds,
            galaxy.halo,
            galaxy.tracers[i],
            orbits,
            isotropic_centre=self.family.isotropic_centre,
        )

    def _velocities(self, i: int, galaxy: Galaxy) -> Tensor:
        if self.family.gaussian:
            square = projected_square(self.grid, galaxy.halo, galaxy.tracers[i], galaxy.orbits[i])
            return self._plain[i](square, galaxy.shift).sum(1)
        table, norm, negative = self.tables(i, galaxy)
        off = torch.log(norm[:, self._judged].clamp(min=1e-6)).abs() - _NORM_TOLERANCE
        penalty = (_wall(off / _NORM_SCALE)).sum(1) + _wall(negative / _NEGATIVE_SCALE)
        return self._lookup[i](table, galaxy.shift).sum(1) - penalty


def _wall(x: Tensor) -> Tensor:
    """Give a penalty: a parabola that goes on as a line, nothing below 0."""
    x = torch.relu(x)
    return 0.5 * x**2 / (1 + 0.2 * x)


class _Places:
    """Likelihood of the stars' places on the sky within the last radius of the tables."""

    def __init__(self, grid: Grid, stars: Stars) -> None:
        matrix = lagrange(grid.row_x, np.log(np.maximum(stars.positions, 1e-9)))
        sums = (matrix * stars.weights[:, None]).sum(0)
        self._sums = torch.tensor(sums)
        self._total = float(stars.weights.sum())
        self._area = torch.tensor(2 * np.pi * np.exp(2 * grid.row_x))
        step = grid.row_x[1] - grid.row_x[0]
        self._step = torch.full((grid.rows,), float(step), dtype=torch.float64)
        self._step[[0, -1]] /= 2

    def __call__(self, tracer: Tracer) -> Tensor:
        """Give the sum of w ln Sigma, (B,), normalised over the rows' range."""
        inside = 0.5 * tracer.surface[:, :1] * self._area[0]  # flat within the first row
        seen = (tracer.surface * self._area * self._step).sum(1) + inside[:, 0]
        return torch.log(tracer.surface) @ self._sums - self._total * torch.log(seen)


class _PlainVelocities:
    """Gaussian likelihood of the velocities with a dispersion at each radius."""

    def __init__(self, grid: Grid, stars: Stars) -> None:
        self._rows = torch.tensor(
            lagrange(grid.row_x, np.log(np.maximum(stars.radius, 1e-9))).T.copy()
        )
        self._velocity = torch.tensor(stars.velocity)
        self._error = torch.tensor(stars.error)
        self._member = torch.tensor(np.clip(stars.membership, 0.0, 1 - 1e-4))
        self._other = (1 - self._member) * torch.tensor(stars.background)

    def __call__(self, square: Tensor, shift: Tensor) -> Tensor:
        """Give ln L of each star, (B, n)."""
        total = torch.exp(torch.log(square) @ self._rows) + self._error**2
        density = torch.exp(-0.5 * (self._velocity - shift) ** 2 / total)
        density = density / torch.sqrt(2 * np.pi * total)
        return torch.log(self._member * density + self._other)
