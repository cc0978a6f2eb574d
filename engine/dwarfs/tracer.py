r"""Where the stars are: a radial map of a Plummer sphere, free in form.

A monotone map of the radius alone commutes with rotations; what a Plummer sphere becomes under it
is any spherical density. It is declared here by the slope of that density,

    -dln n/dln r = softplus(5 u^2/(1 + u^2) + process(ln r)),   u = r/a,

(a Plummer sphere of radius a where the Gaussian process is zero), because the density of an
equilibrium with isotropic or radial orbits cannot rise outwards: a free map would put half of its
prior where no distribution function is positive. Derivatives are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from engine.dwarfs.grid import Grid, squared_exponential

__all__ = ["Tracer", "TracerPrior"]

_KNOTS = np.linspace(-3.0, 3.0, 7)
_LENGTH, _SD, _RADIUS_SD = 1.2, 0.9, 0.3
_SHARPNESS = 6.0


@dataclass(frozen=True)
class Tracer:
    """Densities on the grid, (B, K), of a total of 1 in units of R_h^-3.

    Parameters
    ----------
    ln_density
        ln n.
    first, second, third
        Derivatives of ln n with respect to ln r.
    surface
        Projected density at the rows of the grid, R_h^-2, (B, J).
    """

    ln_density: Tensor
    first: Tensor
    second: Tensor
    third: Tensor
    surface: Tensor


@dataclass(frozen=True)
class TracerPrior:
    """From independent normal numbers to densities.

    Parameters
    ----------
    grid
        The radii.
    """

    grid: Grid

    size = len(_KNOTS) + 1
    """Number of parameters: the radius of the Plummer sphere, and the process at its knots."""

    @cached_property
    def _process(self) -> list[Tensor]:
        matrices = squared_exponential(self.grid.x, _KNOTS, _LENGTH, 2)
        return [torch.tensor((_SD * matrix).T.copy()) for matrix in matrices]

    def __call__(self, z: Tensor) -> Tracer:
        """Give the densities of parameters z (B, 8)."""
        p0, p1, p2 = (z[:, 1:] @ matrix for matrix in self._process)
        u2 = torch.exp(-2 * _RADIUS_SD * z[:, :1]) * self.grid.r**2
        raw = 5 * u2 / (1 + u2) + p0
        raw1 = 10 * u2 / (1 + u2) ** 2 + p1
        raw2 = 20 * u2 * (1 - u2) / (1 + u2) ** 3 + p2
        slope = torch.nn.functional.softplus(_SHARPNESS * raw) / _SHARPNESS
        rate = torch.sigmoid(_SHARPNESS * raw)
        second = -rate * raw1
        third = -rate * raw2 - _SHARPNESS * rate * (1 - rate) * raw1**2
        shape = -slope @ self.grid.from_half_light.T
        shell = torch.exp(shape) * self.grid.r**3
        inside = shell[:, :1] / (3 - slope[:, :1]).clamp(min=0.3)
        outside = shell[:, -1:] / (slope[:, -1:] - 3).clamp(min=0.3)
        total = 4 * np.pi * (shell @ self.grid.outward[-1][:, None] + inside + outside)
        ln_density = shape - torch.log(total)
        along = torch.exp(self.grid.at_sight(ln_density))
        surface = (along * self.grid.sight_weight).sum(-1)
        return Tracer(ln_density, -slope, second, third, surface)
