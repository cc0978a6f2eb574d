r"""Line-of-sight velocity distributions of distribution functions, on a table.

On a sight line, cos th = z/r, sin th = R/r, c = cos^2 th + sin^2 th/k, Q0 = psi - v^2/(2 c):

    p(v given R) = 1/Sigma \int dz 2 pi/(k sqrt c) (r^2/k)^(-b0)
                   \int_0^Q0 f0(Q0 - q) u^(-2 b0) B dq,      u^2 = v^2/c + 2 q,

where B is the mean over directions of (1 - mu^2)^(-b0). (1 - mu^2)^(-b0) is a sum of Legendre
polynomials g_l P_l(mu), so that by the addition theorem B = sum g_l P_l(cos al) P_l(cos th'), with
cos al = v/(u sqrt c) and cos th' = cos th/sqrt c. For b0 = 0 the inner integral is F(Q0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dwarfs.anisotropy import Cuddeford
from engine.dwarfs.grid import Grid
from engine.dwarfs.halo import Halo
from engine.dwarfs.inversion import energy_integral, inner_function, negative_share
from engine.dwarfs.kernels import add_inner, add_inner_back
from engine.dwarfs.tracer import Tracer

__all__ = ["VelocityGrid", "velocity_table"]

_FINE = 512
_EDGE = 10
_RANGE = (-14.0, 8.0)
_SPACING = (_RANGE[1] - _RANGE[0]) / (_FINE - 1)
_TERMS = 6  # terms l = 0, 2, ..., 10


@dataclass(frozen=True)
class VelocityGrid:
    """Speeds of the table and nodes of the inner integral.

    Parameters
    ----------
    dispersion
        Scale, km/s.
    count, reach
        Number of speeds, and the largest in dispersions.
    nodes
        Gauss nodes of the inner integral.
    """

    dispersion: float
    count: int = 36
    reach: float = 6.5
    nodes: int = 8

    @property
    def step(self) -> float:
        """Spacing of the speeds, km/s."""
        return self.reach * self.dispersion / (self.count - 1)

    @property
    def v(self) -> Tensor:
        """Speeds from 0, (V,) km/s."""
        return torch.arange(self.count, dtype=torch.float64) * self.step


def velocity_table(
    grid: Grid,
    speeds: VelocityGrid,
    halo: Halo,
    tracer: Tracer,
    anisotropy: Cuddeford,
    *,
    isotropic_centre: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Give p(v given R) on rows and speeds.

    Parameters
    ----------
    grid, speeds
        Where.
    halo, tracer, anisotropy
        The galaxy.
    isotropic_centre
        Whether b0 is 0 for all, which saves the inner integral.

    Returns
    -------
    table, norm, negative
        p in s/km of rows whose integral over all velocities is 1, (B, J, V); the integrals before
        they were set to 1, (B, J); and how negative the function is, (B,).
    """
    r = grid.sight_r
    k = anisotropy.stretch(r)
    cos2 = 1 - grid.sin2
    c = cos2 + grid.sin2 / k
    depth = torch.exp(grid.at_sight(torch.log(halo.depth)))
    psi = torch.exp(grid.at_sight(torch.log(halo.psi)))
    front = 2 * np.pi / (k * torch.sqrt(c)) * grid.sight_weight
    if isotropic_centre:
        whole, f0 = energy_integral(grid, halo, tracer, anisotropy)
        values, negative = whole, negative_share(f0, whole / halo.pull, grid)
        coefficients = torch.zeros(*c.shape, 1, dtype=c.dtype)
    else:
        f0, size = inner_function(grid, halo, tracer, anisotropy)
        values, negative = _positive(f0, size), negative_share(f0, size, grid)
        coefficients = _direction_terms(anisotropy.centre, cos2 / c)
        b = anisotropy.centre.reshape(-1, 1, 1)
        front = front * torch.exp(-b * (2 * torch.log(r) - torch.log(k)))
    lookup = _Lookup.of(values, halo)
    inputs = (lookup.table, psi, depth, c, front, coefficients, anisotropy.centre[:, 0])
    nodes = 0 if isotropic_centre else speeds.nodes
    table: Tensor = _Inner.apply(*inputs, speeds, nodes)  # type: ignore[no-untyped-call]
    table = table / tracer.surface[..., None]
    norm = speeds.step * (2 * table.sum(-1) - table[..., 0])
    return table / norm[..., None].clamp(min=1e-30), norm, negative


class _Inner(torch.autograd.Function):
    """The integral along the sight line over the compiled inner integral, (B, J, V)."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        table: Tensor,
        psi: Tensor,
        depth: Tensor,
        c: Tensor,
        front: Tensor,
        coefficients: Tensor,
        b: Tensor,
        speeds: VelocityGrid,
        nodes: int,
    ) -> Tensor:
        x, w = np.polynomial.legendre.leggauss(nodes) if nodes else (np.zeros(0), np.zeros(0))
        t = 0.5 * (x + 1)
        # q = Q0 s/(1 + (Q0/e)(1 - s)) with s = t^2: fine where f0 falls, at energies of sigma^2
        fixed = (speeds.v.numpy(), t**2, t * w, 6 * speeds.dispersion**2, _RANGE[0], _SPACING)
        numbers = [_plain(a) for a in (table, psi, depth, c, front, coefficients, b)]
        out = np.zeros((*psi.shape[:2], speeds.count))
        if all(np.isfinite(a).all() for a in numbers):
            every: tuple[Any, ...] = (*numbers, *fixed)
            add_inner(out, *every)
        else:
            out[:] = np.nan
        ctx.numbers, ctx.fixed = numbers, fixed
        return torch.from_numpy(out)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        back = [np.zeros_like(a) for a in ctx.numbers]
        if all(np.isfinite(a).all() for a in ctx.numbers):
            add_inner_back(_plain(gradients[0]), *ctx.numbers, *ctx.fixed, *back)
        return (*(torch.from_numpy(a) for a in back), None, None)


def _plain(values: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(values.detach().numpy())


def _positive(f0: Tensor, size: Tensor) -> Tensor:
    """Keep a distribution function above zero, smoothly."""
    least = 0.02 * size + 1e-140
    return 0.5 * (f0 + torch.sqrt(f0**2 + 4 * least**2)) + 1e-280


def _direction_terms(centre: Tensor, cos2: Tensor) -> Tensor:
    """Give the coefficients of B in powers of cos^2 al, (B, J, S, L)."""
    mu = -centre.reshape(-1, 1, 1)
    weights = [0.5 * np.sqrt(np.pi) * torch.exp(torch.lgamma(1 + mu) - torch.lgamma(mu + 1.5))]
    for half in range(_TERMS - 1):  # from l = 2 half to l + 2
        ratio = -(mu - half) * (half + 0.5) / ((mu + half + 1.5) * (half + 1))
        weights.append(weights[-1] * ratio * (4 * half + 5) / (4 * half + 1))
    total: list[Tensor] = [torch.zeros_like(cos2) for _ in range(_TERMS)]
    for half, weight in enumerate(weights):
        powers = np.polynomial.legendre.leg2poly([0] * (2 * half) + [1])[::2]
        seen = sum(float(p) * cos2**i for i, p in enumerate(powers))
        for i, p in enumerate(powers):
            total[i] = total[i] + float(p) * weight * seen
    return torch.stack(total, -1)


@dataclass(frozen=True)
class _Lookup:
    """ln f on even steps of y = ln((psi(0) - Q)/Q)."""

    table: Tensor

    @classmethod
    def of(cls, values: Tensor, halo: Halo) -> _Lookup:
        """Resample values at the grid, (B, K), by a cubic through points and mean slopes."""
        # where the grid ends the integrals lack what lies beyond: there goes on a power law
        y = (torch.log(halo.depth) - torch.log(halo.psi))[:, :-_EDGE]
        f = torch.log(values[:, : y.shape[1]].clamp(min=1e-290))
        even = (_RANGE[0] + _SPACING * torch.arange(_FINE, dtype=y.dtype)).expand(len(y), -1)
        at = torch.minimum(torch.maximum(even, y[:, :1]), y[:, -1:])
        count = y.shape[1]
        i = torch.searchsorted(y.detach().contiguous(), at.detach().contiguous()).clamp(
            1, count - 1
        )
        gap = y[:, 1:] - y[:, :-1]
        rise = (f[:, 1:] - f[:, :-1]) / gap
        inside = (rise[:, 1:] * gap[:, :-1] + rise[:, :-1] * gap[:, 1:]) / (
            gap[:, 1:] + gap[:, :-1]
        )
        slope = torch.cat([rise[:, :1], inside, rise[:, -1:]], 1)
        y0, g = y.gather(1, i - 1), gap.gather(1, i - 1)
        u = (at - y0) / g
        f0, f1 = f.gather(1, i - 1), f.gather(1, i)
        m0, m1 = slope.gather(1, i - 1) * g, slope.gather(1, i) * g
        cubic = (
            f0 * (1 + 2 * u) * (1 - u) ** 2
            + m0 * u * (1 - u) ** 2
            + f1 * u**2 * (3 - 2 * u)
            + m1 * u**2 * (u - 1)
        )
        fall = (f[:, -1:] - f[:, -4:-3]) / (y[:, -1:] - y[:, -4:-3])
        return cls(cubic + fall.clamp(max=0.0) * torch.relu(even - y[:, -1:]))
