"""The radial grid of a dwarf galaxy: fixed matrices for integrals, interpolation and projection.

All radii are in units of the projected half-light radius R_h; x = ln(r/R_h).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Grid", "lagrange", "outward_integral", "squared_exponential"]

Floats = NDArray[np.float64]


def outward_integral(count: int, step: float) -> Floats:
    """Give the matrix (count, count) of the integral of f from the first node to each node.

    Each interval takes the cubic through its four nearest nodes; it is local, so that values of
    very different size at far nodes do not mix.
    """
    rows = np.zeros((count, count))
    for i in range(count - 1):
        piece = np.zeros(count)
        if i == 0:
            piece[:3] = np.array([5, 8, -1]) / 12
        elif i == count - 2:
            piece[-3:] = np.array([-1, 8, 5]) / 12
        else:
            piece[i - 1 : i + 3] = np.array([-1, 13, 13, -1]) / 24
        rows[i + 1] = rows[i] + step * piece
    return rows


def lagrange(nodes: Floats, points: Floats) -> Floats:
    """Give the matrix (m, n) that interpolates from even nodes (n,) to points (m,).

    Cubic through the four nearest nodes; points outside are taken at the nearer end.
    """
    step = nodes[1] - nodes[0]
    place = np.clip((points - nodes[0]) / step, 0, len(nodes) - 1)
    first = np.clip(np.floor(place).astype(int) - 1, 0, len(nodes) - 4)
    u = place - first
    weights = np.stack(
        [
            -(u - 1) * (u - 2) * (u - 3) / 6,
            u * (u - 2) * (u - 3) / 2,
            -u * (u - 1) * (u - 3) / 2,
            u * (u - 1) * (u - 2) / 6,
        ],
        1,
    )
    matrix = np.zeros((len(points), len(nodes)))
    np.put_along_axis(matrix, first[:, None] + np.arange(4), weights, 1)
    return matrix


def squared_exponential(
    points: Floats, knots: Floats, length: float, derivatives: int = 0
) -> list[Floats]:
    """Give a Gaussian process by its independent normal numbers at the knots.

    Parameters
    ----------
    points
        Where it is wanted, (m,).
    knots
        Where it is free, (k,).
    length
        Correlation length; the standard deviation is 1.
    derivatives
        How many derivatives to give.

    Returns
    -------
    list
        Matrices (m, k): the process at the points is the first times k normal numbers, its
        derivatives are the others times the same numbers.
    """
    between = (knots[:, None] - knots) / length
    factor = np.linalg.cholesky(np.exp(-(between**2) / 2) + 1e-10 * np.eye(len(knots)))
    u = (points[:, None] - knots) / length
    bell = np.exp(-(u**2) / 2)
    hermite = [np.ones_like(u), -u, u**2 - 1, 3 * u - u**3]
    solved = [
        np.linalg.solve(factor, (p * bell / length**i).T).T
        for i, p in enumerate(hermite[: derivatives + 1])
    ]
    return [np.ascontiguousarray(matrix) for matrix in solved]


@dataclass(frozen=True)
class Grid:
    """Radii and the matrices on them.

    Parameters
    ----------
    nodes
        Radii of the grid.
    inner, outer
        Its first and last radius, R_h.
    rows
        Projected radii of the tables.
    first, last
        The first and last of them, R_h.
    steps
        Points on each half of a sight line.
    """

    nodes: int = 128
    inner: float = 0.004
    outer: float = 400.0
    rows: int = 24
    first: float = 0.03
    last: float = 15.0
    steps: int = 20

    @cached_property
    def x(self) -> Floats:
        """ln(r/R_h), shape (K,)."""
        return np.linspace(np.log(self.inner), np.log(self.outer), self.nodes)

    @property
    def step(self) -> float:
        """Spacing of x."""
        return float(self.x[1] - self.x[0])

    @cached_property
    def r(self) -> Tensor:
        """Radii in R_h, shape (K,)."""
        return torch.tensor(np.exp(self.x))

    @cached_property
    def outward(self) -> Tensor:
        """Integral over x from the first node, (K, K)."""
        return torch.tensor(outward_integral(self.nodes, self.step))

    @cached_property
    def inward(self) -> Tensor:
        """Integral over x from each node to the last, (K, K)."""
        mirrored = outward_integral(self.nodes, self.step)[::-1, ::-1]
        return torch.tensor(np.ascontiguousarray(mirrored))

    @cached_property
    def from_half_light(self) -> Tensor:
        """Integral over x from R_h, (K, K)."""
        whole = outward_integral(self.nodes, self.step)
        return torch.tensor(whole - lagrange(self.x, np.zeros(1)) @ whole)

    @cached_property
    def row_x(self) -> Floats:
        """ln(R/R_h) of the tables' rows, shape (J,)."""
        return np.linspace(np.log(self.first), np.log(self.last), self.rows)

    @cached_property
    def _sight(self) -> tuple[Floats, Floats]:
        """Radii (J, S) on the sight lines, and weights dz (J, S) of both halves together."""
        row = np.exp(self.row_x)[:, None]
        farthest = np.arccosh(np.maximum(60.0 / row, 6.0))
        t = farthest * np.linspace(0, 1, self.steps)
        weight = np.full((self.rows, self.steps), 1.0) * farthest / (self.steps - 1)
        weight[:, [0, -1]] /= 2
        radius = row * np.cosh(t)
        return radius, 2 * weight * radius

    @cached_property
    def sight_r(self) -> Tensor:
        """Radii on the sight lines in R_h, (J, S)."""
        return torch.tensor(self._sight[0])

    @cached_property
    def sight_weight(self) -> Tensor:
        """Weights of an integral along z over both halves of a sight line, R_h, (J, S)."""
        return torch.tensor(self._sight[1])

    @cached_property
    def sin2(self) -> Tensor:
        """R^2/r^2 on the sight lines, (J, S)."""
        return torch.tensor(np.exp(self.row_x)[:, None] ** 2 / self._sight[0] ** 2)

    @cached_property
    def to_sight(self) -> Tensor:
        """Interpolation from the grid to the sight lines, (K, J S)."""
        matrix = lagrange(self.x, np.log(self._sight[0]).ravel())
        return torch.tensor(np.ascontiguousarray(matrix.T))

    def at_sight(self, values: Tensor) -> Tensor:
        """Interpolate values (..., K) to the sight lines, (..., J, S)."""
        flat = values @ self.to_sight
        return flat.reshape(*flat.shape[:-1], self.rows, self.steps)
