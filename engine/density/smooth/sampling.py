"""Draws of a smooth density in a ball, by rejection.

The ball is cut into cells in half of the squared distance u from its axis, the angle about it and
the part t of the way through it along asinh(z / h). These coordinates fill the ball to its
surface, so no draw has to be moved. A proposal is uniform within a cell, which is chosen by an
upper limit on the density per (u, angle, t); it is kept with the probability of the density over
the limit (von Neumann 1951), so that draws follow the density itself and not a histogram of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.density.smooth.basis import Anova
from engine.density.smooth.coordinates import SmoothCoordinates
from engine.density.smooth.quadrature import height_scale, ring_scale

__all__ = ["BallLattice", "Sampler"]

_RINGS, _ANGLES, _HEIGHTS = 28, 36, 96
_CHUNK = 32_768

_ROUNDS = 200
"""Proposals for each draw at most. At least one in four is kept, so that the last one is never
reached; it ends the draws of a density that is not finite."""

_MARGIN, _FLOOR = 0.5, 0.02
"""A quadratic exceeds its largest value at the corners and the middle of a cell by an eighth of
its range there at most; beside a cusp it is no quadratic, so the limit allows for four times that
and two hundredths. Of twelve densities drawn from the prior, with cusps as steep as stars show,
one exceeds the limit, in single cells and by less than 5%."""


@dataclass(frozen=True)
class BallLattice:
    """Cells that fill a ball.

    Parameters
    ----------
    coordinates
        Those of the ball.
    rings, angles, heights
        Number of cells in u, in the angle and in t.
    """

    coordinates: SmoothCoordinates
    rings: int = _RINGS
    angles: int = _ANGLES
    heights: int = _HEIGHTS

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of cells along each axis."""
        return self.rings, self.angles, self.heights

    def ring_edges(self) -> Tensor:
        """Edges of the cells in u, (rings + 1,) kpc^2."""
        radius, scale = self.coordinates.radius, ring_scale(self.coordinates)
        ring = scale * np.sinh(np.linspace(0.0, math.asinh(radius / scale), self.rings + 1))
        ring[-1] = radius
        return torch.from_numpy(0.5 * ring**2)

    def place(self, u: Tensor, angle: Tensor, t: Tensor) -> Tensor:
        """Give the positions (..., 3) kpc at u (kpc^2), an angle and t, of one shape."""
        (cx, cy, _), ring = self.coordinates.centre, torch.sqrt(2 * u)
        low, width = self._through(u)
        z = height_scale(self.coordinates) * torch.sinh(low + t * width)
        return torch.stack([cx + ring * torch.cos(angle), cy + ring * torch.sin(angle), z], -1)

    def width(self, u: Tensor) -> Tensor:
        """Give the length of the ball along asinh(z / h) at u; it falls with u."""
        return self._through(u)[1]

    def log_slope(self, z: Tensor) -> Tensor:
        """Give the logarithm of dz / d asinh(z / h) at heights z, ln kpc."""
        return 0.5 * torch.log(z**2 + height_scale(self.coordinates) ** 2)

    def _through(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Give asinh(z / h) at the lower surface of the ball and the length to the upper one."""
        h, cz = height_scale(self.coordinates), self.coordinates.centre[2]
        half = torch.sqrt((self.coordinates.radius**2 - 2 * u).clamp_min(0.0))
        low = torch.asinh((cz - half) / h)
        return low, torch.asinh((cz + half) / h) - low


class Sampler:
    """Draws from one member of a smooth density; the table of its cells is made once.

    Parameters
    ----------
    coordinates
        Those of the ball.
    basis
        The functions whose sum is the logarithm of the density.
    coefficients
        Of the functions, (K,), float64 on the CPU.
    """

    def __init__(self, coordinates: SmoothCoordinates, basis: Anova, coefficients: Tensor) -> None:
        self.lattice = BallLattice(coordinates)
        self._basis, self._coefficients = basis, coefficients
        self._u = self.lattice.ring_edges()
        self._limit = self._limits()
        size = (self._u[1:] - self._u[:-1])[:, None, None].log()
        mass = torch.exp(self._limit + size - self._limit.max())
        self._cumulative = torch.cumsum(mass.ravel(), 0)

    def draw(self, uniform: Tensor, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """Draw positions.

        Parameters
        ----------
        uniform
            (n, 3) in (0, 1): cell, angle and height of the first proposals.
        generator
            For the rest: the place across the cell, whether to keep it, and further proposals.
        dtype
            Of the positions. A position counts as rounded, so that none lies on the surface.

        Returns
        -------
        Tensor
            (n, 3) kpc.
        """
        drawn = torch.empty(len(uniform), 3, dtype=dtype)
        for begin in range(0, len(uniform), _CHUNK):
            part = uniform[begin : begin + _CHUNK].double()
            left = torch.arange(begin, begin + len(part))
            for _ in range(_ROUNDS):
                extra = torch.rand(len(left), 2, generator=generator, dtype=torch.float64)
                x, excess = self._proposed(part, extra[:, 0], dtype)
                keep = (extra[:, 1].log() < excess) & self._inside(x)
                drawn[left[keep]] = x[keep]
                left = left[~keep]
                if not len(left):
                    break
                drawn[left] = x[~keep]
                part = torch.rand(len(left), 3, generator=generator, dtype=torch.float64)
        return drawn

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self._cumulative)

    def excess(self, cell: Tensor, part: Tensor) -> Tensor:
        """Give ln(density / limit) at parts (n, 3) of cells (n,); the limit holds below 0."""
        return self._at(cell, part)[1]

    def _proposed(
        self, uniform: Tensor, across: Tensor, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        aim = uniform[:, 0] * self._cumulative[-1]
        cell = torch.searchsorted(self._cumulative, aim).clamp_max(len(self._cumulative) - 1)
        x, excess = self._at(cell, torch.cat([across[:, None], uniform[:, 1:]], -1))
        return x.to(dtype), excess

    def _at(self, cell: Tensor, part: Tensor) -> tuple[Tensor, Tensor]:
        _, angles, heights = self.lattice.shape
        ring, angle, height = cell // (angles * heights), cell // heights % angles, cell % heights
        u = torch.lerp(self._u[ring], self._u[ring + 1], part[:, 0])
        x = self.lattice.place(
            u, (angle + part[:, 1]) * (2 * math.pi / angles), (height + part[:, 2]) / heights
        )
        value = self._log_value(x) + torch.log(self.lattice.width(u))
        return x, value - self._limit.view(-1)[cell]

    def _inside(self, x: Tensor) -> Tensor:
        ball = self.lattice.coordinates
        away = x.double() - torch.tensor(ball.centre, dtype=torch.float64)
        inside: Tensor = torch.linalg.vector_norm(away, dim=-1) < ball.radius
        return inside

    def _log_value(self, x: Tensor) -> Tensor:
        """Give ln p + ln dz / d asinh(z / h) but for a constant, (...), at x (..., 3)."""
        flat = x.reshape(-1, 3)
        parts = [
            self._basis.value(self.lattice.coordinates(some), self._coefficients)
            for some in torch.split(flat, _CHUNK)
        ]
        return torch.cat(parts).reshape(x.shape[:-1]) + self.lattice.log_slope(x[..., 2])

    def _limits(self) -> Tensor:
        """Give the logarithm of an upper limit on p du dangle dt in every cell, by ``shape``.

        The length of the ball along asinh(z / h) is largest at the inner edge of a cell. What is
        left is smooth, and is asked for at the corners and the middle.
        """
        rings, angles, heights = self.lattice.shape
        turn = 2 * math.pi / angles
        corners = self._nodes(
            self._u, torch.arange(angles) * turn, torch.arange(heights + 1) / heights
        )
        corners = torch.cat([corners, corners[:, :1]], 1)
        middles = self._nodes(
            0.5 * (self._u[1:] + self._u[:-1]),
            (torch.arange(angles) + 0.5) * turn,
            (torch.arange(heights) + 0.5) / heights,
        )
        most, least = middles, middles
        for i in range(2):
            for j in range(2):
                for k in range(2):
                    corner = corners[i : i + rings, j : j + angles, k : k + heights]
                    most, least = torch.maximum(most, corner), torch.minimum(least, corner)
        width = torch.log(self.lattice.width(self._u[:-1]))[:, None, None]
        return most + _MARGIN * (most - least) + _FLOOR + width

    def _nodes(self, u: Tensor, angle: Tensor, t: Tensor) -> Tensor:
        mesh = torch.meshgrid(u.double(), angle.double(), t.double(), indexing="ij")
        return self._log_value(self.lattice.place(*mesh))
