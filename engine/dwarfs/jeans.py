r"""Dispersions by the Jeans equation and their exact projection.

n s_r^2 (r) = 1/g(r) \int_r^oo g n (G M/r') dx',
sigma_los^2(R) = 1/Sigma(R) \int (1 - beta R^2/r^2) n s_r^2 dz   over the whole sight line.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.dwarfs.anisotropy import Cuddeford, General
from engine.dwarfs.grid import Grid
from engine.dwarfs.halo import Halo
from engine.dwarfs.tracer import Tracer

__all__ = ["projected_square", "radial_square"]


def radial_square(
    grid: Grid, halo: Halo, tracer: Tracer, anisotropy: Cuddeford | General
) -> Tensor:
    """Give s_r^2 on the grid, (B, K), (km/s)^2."""
    ln_weight = anisotropy.ln_g(grid.r) + tracer.ln_density
    integrand = torch.exp(ln_weight) * halo.pull
    # beyond the last node the integrand goes on as the power law that it ends with
    fall = (ln_weight[:, -2:-1] - ln_weight[:, -1:]) / grid.step + 1 - halo.growth[:, -1:]
    outside = integrand[:, -1:] / fall.clamp(min=0.5)
    return (integrand @ grid.inward.T + outside) * torch.exp(-ln_weight)


def projected_square(
    grid: Grid, halo: Halo, tracer: Tracer, anisotropy: Cuddeford | General
) -> Tensor:
    """Give sigma_los^2 at the rows of the grid, (B, J), (km/s)^2."""
    ln_moment = torch.log(radial_square(grid, halo, tracer, anisotropy)) + tracer.ln_density
    along = torch.exp(grid.at_sight(ln_moment))
    share = 1 - anisotropy.beta(grid.sight_r) * grid.sin2
    return (along * share * grid.sight_weight).sum(-1) / tracer.surface
