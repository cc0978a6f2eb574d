"""The stars of a dwarf as the likelihoods take them, and how they meet the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from torch import Tensor

from engine.dwarfs.grid import Grid, lagrange
from engine.dwarfs.kernels import star_values, star_values_back
from engine.dwarfs.losvd import VelocityGrid

__all__ = ["Stars", "VelocityLookup", "error_classes"]

Floats = NDArray[np.float64]

_CLASSES = 6
_FLOOR = 1e-4
"""Share of a broad background that every star has: no star has the probability 0."""


@dataclass(frozen=True)
class Stars:
    """One tracer population in units of R_h and km/s.

    Parameters
    ----------
    radius
        Projected radii of the stars with a velocity, R_h, shape (n,).
    velocity
        Line-of-sight velocities about the mean, km/s.
    error
        Their errors, km/s.
    membership
        Expected share of members at each star's place, 0 to 1.
    background
        Density of the foreground's velocities at each star's, s/km.
    positions
        Projected radii of all photometric stars, R_h, shape (m,).
    weights
        Their weights, (m,): the probability that each is a member.
    """

    radius: Floats
    velocity: Floats
    error: Floats
    membership: Floats
    background: Floats
    positions: Floats
    weights: Floats

    @classmethod
    def members(
        cls, radius: Floats, velocity: Floats, error: Floats, positions: Floats | None = None
    ) -> Stars:
        """Give a population without foreground."""
        places = radius if positions is None else positions
        spread = 5 * float(np.std(velocity)) + 1.0
        broad = np.exp(-0.5 * (velocity / spread) ** 2) / (np.sqrt(2 * np.pi) * spread)
        ones = np.ones(len(radius))
        return cls(radius, velocity, error, ones, broad, places, np.ones(len(places)))


def error_classes(error: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Sort errors into a few classes: the errors (c,), and the class of each star (n,)."""
    edges = np.unique(np.quantile(error, np.linspace(0, 1, _CLASSES + 1)))
    index = np.clip(np.searchsorted(edges, error, side="right") - 1, 0, max(len(edges) - 2, 0))
    used, index = np.unique(index, return_inverse=True)
    values = [np.sqrt(np.mean(error[index == i] ** 2)) for i in range(len(used))]
    return np.array(values), index.astype(np.int64)


def _convolution(speeds: VelocityGrid, error: float) -> Tensor:
    """Give the matrix (V, V) that convolves an even function of v with a Gaussian."""
    count = speeds.count
    if error < 1e-3 * speeds.step:
        return torch.eye(count, dtype=torch.float64)
    x, w = np.polynomial.hermite_e.hermegauss(9)
    at = np.arange(count)[:, None] + error / speeds.step * x
    both = np.arange(-(count - 1), count)
    spline = CubicSpline(both, np.eye(len(both)))
    inside = np.abs(at) <= count - 1
    values = np.where(inside[..., None], spline(np.clip(at, 1 - count, count - 1)), 0.0)
    matrix = np.einsum("vgk,g->vk", values, w / w.sum())
    folded = matrix[:, count - 1 :].copy()
    folded[:, 1:] += matrix[:, count - 2 :: -1]
    return torch.tensor(folded.T.copy())


class VelocityLookup:
    """Likelihood of the stars' velocities from a table of p(v given R).

    Parameters
    ----------
    grid, speeds
        Rows and speeds of the table.
    stars
        The population.
    """

    def __init__(self, grid: Grid, speeds: VelocityGrid, stars: Stars) -> None:
        self._speeds = speeds
        values, index = error_classes(stars.error)
        self._smoothing = torch.stack([_convolution(speeds, float(e)) for e in values])
        rows = lagrange(grid.row_x, np.log(np.maximum(stars.radius, 1e-9)))
        first = np.argmax(rows != 0, axis=1).clip(0, grid.rows - 4)
        weights = np.take_along_axis(rows, first[:, None] + np.arange(4), 1)
        self._fixed = (first.astype(np.int64), weights, index, stars.velocity.copy())
        share = torch.tensor(np.clip(stars.membership, 0.0, 1 - _FLOOR))
        self._member, self._other = share, (1 - share) * torch.tensor(stars.background)

    def __call__(self, table: Tensor, shift: Tensor) -> Tensor:
        """Give ln L of each star, (B, n).

        Parameters
        ----------
        table
            p(v given R), (B, J, V).
        shift
            Systemic velocity about the mean, (B, 1) km/s.
        """
        smooth = table[:, None] @ self._smoothing  # (B, C, J, V)
        logs = torch.log(smooth.clamp(min=1e-30))
        inputs = (logs, shift[:, 0], self._fixed, self._speeds.step)
        value: Tensor = _AtStars.apply(*inputs)  # type: ignore[no-untyped-call]
        return torch.log(self._member * torch.exp(value) + self._other)


class _AtStars(torch.autograd.Function):
    """Compiled interpolation of ln p to the stars."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        logs: Tensor,
        shift: Tensor,
        fixed: tuple[NDArray[Any], ...],
        step: float,
    ) -> Tensor:
        table = np.ascontiguousarray(logs.detach().numpy())
        shifts = np.nan_to_num(shift.detach().numpy(), copy=True)
        out = np.empty((len(table), len(fixed[0])))
        inputs: tuple[Any, ...] = (table, *fixed, shifts, step)
        star_values(out, *inputs)
        ctx.inputs = inputs
        return torch.from_numpy(out)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        table, *_, shifts, _ = ctx.inputs
        d_logs, d_shift = np.zeros_like(table), np.zeros_like(shifts)
        outer = np.ascontiguousarray(gradients[0].numpy())
        every: tuple[Any, ...] = (outer, *ctx.inputs, d_logs, d_shift)
        star_values_back(*every)
        return torch.from_numpy(d_logs), torch.from_numpy(d_shift), None, None
