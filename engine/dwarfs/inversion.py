r"""Distribution functions by fractional derivatives of the density in the potential.

With h = g n and the fractional integral I^a[f](Q) = 1/Gamma(a) \int_0^Q (Q - q)^(a - 1) f dq,

    f0 = I^(3/2 + b0)[h''']/C,   C = (2 pi)^(3/2) 2^(-b0) Gamma(1 - b0)

(Cuddeford 1991; h''' is the third derivative with respect to psi), and for b0 = 0 the integral
F(Q) of f0, which is all that a sight line needs, is I^(1/2)[h']/(2 pi)^(3/2). The derivatives
are analytic. I^a is integrated exactly over a function that is linear between the nodes.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.dwarfs.anisotropy import Cuddeford
from engine.dwarfs.grid import Grid
from engine.dwarfs.halo import Halo
from engine.dwarfs.tracer import Tracer

__all__ = ["energy_integral", "fractional_integral", "inner_function", "negative_share"]

_TINY = 1e-280
_JUDGED = (0.2, 8.0)
"""Radii in R_h between which a negative function counts."""


def fractional_integral(values: Tensor, depth: Tensor, order: Tensor) -> Tensor:
    """Integrate a function of psi from the edge of the galaxy, at fractional order.

    Parameters
    ----------
    values
        Functions at the nodes, ordered outwards, (B, M, K); nothing is beyond the last.
    depth
        psi(0) - psi at the nodes, rising, (B, K).
    order
        a > 0, shape (B, 1).

    Returns
    -------
    Tensor
        I^a at the nodes, (B, M, K).
    """
    gap = (depth[:, None, :] - depth[:, :, None]).clamp(min=1e-30)  # Q_i - q_j: j lies outside i
    a = order[:, :, None]
    raised = torch.exp((a + 1) * torch.log(gap))
    count = values.shape[-1]
    outside = torch.triu(torch.ones(count, count - 1, dtype=values.dtype))
    pieces = (raised[:, :, 1:] - raised[:, :, :-1]) * outside
    slopes = (values[..., :-1] - values[..., 1:]) / (depth[:, None, 1:] - depth[:, None, :-1])
    whole = (depth[:, None, -1:] - depth[:, None, :]).clamp(min=1e-30)
    edge = values[..., -1:] * torch.exp(a * torch.log(whole)) / a
    return (slopes @ pieces.mT / (a * (a + 1)) + edge) * torch.exp(-torch.lgamma(a))


def _ratios(grid: Grid, halo: Halo, tracer: Tracer, anisotropy: Cuddeford) -> list[Tensor]:
    """Give h^(m) (G M/r)^m / h for m = 1, 2, 3, (B, K) each."""
    k, b = anisotropy.stretch(grid.r), anisotropy.centre
    one = tracer.first + 2 * b + (1 - b) * 2 * (k - 1) / k
    two = tracer.second + (1 - b) * 4 * (k - 1) / k**2
    three = tracer.third + (1 - b) * 8 * (k - 1) * (2 - k) / k**3
    tilt = halo.growth - 1
    turn = halo.growth * (3 - halo.slope - halo.growth)
    second = two + (one - tilt) * one
    slope = three + (one - tilt) * two + (two - turn) * one
    return [-one, second, -(slope + (one - 2 * tilt) * second)]


def inner_function(
    grid: Grid, halo: Halo, tracer: Tracer, anisotropy: Cuddeford
) -> tuple[Tensor, Tensor]:
    """Give f0 at Q = psi(r) on the grid and the size of what cancelled in it, (B, K) each."""
    ln_h = anisotropy.ln_g(grid.r) + tracer.ln_density
    third = _ratios(grid, halo, tracer, anisotropy)[2] * torch.exp(ln_h) / halo.pull**3
    b = anisotropy.centre
    constant = (2 * np.pi) ** 1.5 * 2**-b * torch.exp(torch.lgamma(1 - b))
    both = torch.stack([third, third.abs()], 1)
    f0, size = (fractional_integral(both, halo.depth, 1.5 + b) / constant[..., None]).unbind(1)
    return f0, size


def energy_integral(
    grid: Grid, halo: Halo, tracer: Tracer, anisotropy: Cuddeford
) -> tuple[Tensor, Tensor]:
    """Give F(Q), the integral of f0 for b0 = 0, and f0 as its derivative, (B, K) each."""
    ln_h = anisotropy.ln_g(grid.r) + tracer.ln_density
    first = _ratios(grid, halo, tracer, anisotropy)[0] * torch.exp(ln_h) / halo.pull
    half = torch.full_like(anisotropy.centre, 0.5)
    whole = fractional_integral(first[:, None], halo.depth, half)[:, 0] / (2 * np.pi) ** 1.5
    gap = halo.depth[:, 1:] - halo.depth[:, :-1]
    return whole, (whole[:, :-1] - whole[:, 1:]) / gap


def negative_share(f0: Tensor, size: Tensor, grid: Grid) -> Tensor:
    """Say how negative a distribution function is where stars are: 0 for none, (B,).

    Parameters
    ----------
    f0
        The function at the nodes, (B, K) or the first of them.
    size
        What it is compared with, (B, K).
    grid
        The radii.
    """
    count = f0.shape[1]
    use = ((grid.r > _JUDGED[0]) & (grid.r < _JUDGED[1]))[:count]
    lack = torch.relu(-f0[:, use] / size[:, :count][:, use].abs().clamp(min=_TINY))
    return lack.clamp(max=1.0).sum(-1)
