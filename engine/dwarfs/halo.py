r"""The dark matter's density, free in form: a slope that never rises outwards above zero.

gamma(x) = -dln rho/dln r is a Gaussian process about a mean that goes from 0.6 inside to 3
outside, made positive by softplus, so that rho falls and the mass rises whatever the parameters.
With r in R_h and D = 4 pi G rho R_h^2 in (km/s)^2,

    G M/r = (1/r) \int D r^3 dx,   psi(0) - psi(r) = \int_0^r (G M/r) dx.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from data.constants import G
from engine.dwarfs.grid import Grid, squared_exponential

__all__ = ["Halo", "HaloPrior"]

_KNOTS = np.linspace(-3.0, 3.75, 10)
_LENGTH, _SD = 1.5, 0.7
_SHARPNESS = 6.0
_SIZE_SD, _SIZE_SHIFT = 1.2, -0.7


@dataclass(frozen=True)
class Halo:
    """Haloes on the grid, one for each row b of a batch; shapes (B, K).

    Parameters
    ----------
    slope
        gamma = -dln rho/dln r.
    ln_density
        ln of D = 4 pi G rho R_h^2, (km/s)^2.
    pull
        G M/r, (km/s)^2.
    growth
        dln M/dln r.
    depth
        psi(0) - psi, (km/s)^2.
    psi
        Minus the potential, zero at infinity, (km/s)^2.
    """

    slope: Tensor
    ln_density: Tensor
    pull: Tensor
    growth: Tensor
    depth: Tensor
    psi: Tensor


@dataclass(frozen=True)
class HaloPrior:
    """From independent normal numbers to haloes.

    Parameters
    ----------
    grid
        The radii.
    dispersion
        Line-of-sight dispersion of the stars, km/s: it sets the expected size.
    """

    grid: Grid
    dispersion: float

    size = len(_KNOTS) + 1
    """Number of parameters: the slope at its knots, and the density at R_h."""

    @cached_property
    def _process(self) -> tuple[Tensor, Tensor]:
        x = self.grid.x
        mean = 0.6 + 2.4 / (1 + np.exp(-(x - 1.3) / 0.9))
        matrix = _SD * squared_exponential(x, _KNOTS, _LENGTH)[0]
        return torch.tensor(mean), torch.tensor(matrix.T.copy())

    def __call__(self, z: Tensor) -> Halo:
        """Give the haloes of parameters z (B, 11)."""
        mean, matrix = self._process
        raw = mean + z[:, :-1] @ matrix
        slope = torch.nn.functional.softplus(_SHARPNESS * raw) / _SHARPNESS
        # Wolf et al. (2010): G M(4/3 R_h) = 4 sigma^2 R_h; its mean density times 4 pi G R_h^2
        typical = np.log(12 * self.dispersion**2 / (4 / 3) ** 3) + _SIZE_SHIFT
        ln_density = typical + _SIZE_SD * z[:, -1:] - slope @ self.grid.from_half_light.T
        r = self.grid.r
        shell = torch.exp(ln_density) * r**3
        inside = shell[:, :1] / (3 - slope[:, :1]).clamp(min=0.3)
        mass = shell @ self.grid.outward.T + inside
        pull = mass / r
        growth = shell / mass
        centre = pull[:, :1] / (2 - slope[:, :1]).clamp(min=0.2)
        depth = pull @ self.grid.outward.T + centre
        outside = pull[:, -1:] / (1 - growth[:, -1:]).clamp(min=0.3)
        psi = pull @ self.grid.inward.T + outside
        return Halo(slope, ln_density, pull, growth, depth, psi)

    def density(self, halo: Halo, half_light: float) -> Tensor:
        """Give rho in Msun/kpc^3 for R_h in kpc, (B, K)."""
        return torch.exp(halo.ln_density) / (4 * np.pi * G * half_light**2)

    def mass(self, halo: Halo, half_light: float) -> Tensor:
        """Give M(<r) in Msun for R_h in kpc, (B, K)."""
        return halo.pull * self.grid.r * half_light / G
