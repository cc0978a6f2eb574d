r"""How the orbits are shaped: beta(r) and its integrating factor.

dln g/dln r = 2 beta. Cuddeford's family has beta = (b0 + r^2/r_a^2)/(1 + r^2/r_a^2) and
g = r^(2 b0) (1 + r^2/r_a^2)^(1 - b0); the general one goes from b0 to b1 as
beta = b0 + (b1 - b0)/(1 + (r0/r)^q) with g = r^(2 b0) (1 + (r/r0)^q)^(2 (b1 - b0)/q).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Cuddeford", "General"]


@dataclass(frozen=True)
class Cuddeford:
    """Anisotropy of a distribution function.

    Parameters
    ----------
    centre
        b0, shape (B, 1).
    inverse_radius
        (R_h/r_a)^2, shape (B, 1); 0 for a constant anisotropy.
    """

    centre: Tensor
    inverse_radius: Tensor

    def stretch(self, r: Tensor) -> Tensor:
        """K = 1 + r^2/r_a^2 at radii (..) in R_h: (B, ..)."""
        return 1 + _to(self.inverse_radius, r) * r**2

    def beta(self, r: Tensor) -> Tensor:
        """Give beta at radii (..) in R_h: (B, ..)."""
        far = _to(self.inverse_radius, r) * r**2
        return (_to(self.centre, r) + far) / (1 + far)

    def ln_g(self, r: Tensor) -> Tensor:
        """Give ln g at radii (..) in R_h: (B, ..)."""
        b = _to(self.centre, r)
        return 2 * b * torch.log(r) + (1 - b) * torch.log(self.stretch(r))


@dataclass(frozen=True)
class General:
    """Anisotropy that goes from one value to another; no distribution function is behind it.

    Parameters
    ----------
    centre, outside, radius, power
        b0, b1, r0 (R_h) and q, shape (B, 1) each.
    """

    centre: Tensor
    outside: Tensor
    radius: Tensor
    power: Tensor

    def beta(self, r: Tensor) -> Tensor:
        """Give beta at radii (..) in R_h: (B, ..)."""
        inner, outer = _to(self.centre, r), _to(self.outside, r)
        share = torch.sigmoid(_to(self.power, r) * (torch.log(r) - torch.log(_to(self.radius, r))))
        return inner + (outer - inner) * share

    def ln_g(self, r: Tensor) -> Tensor:
        """Give ln g at radii (..) in R_h: (B, ..)."""
        inner, outer, q = (_to(v, r) for v in (self.centre, self.outside, self.power))
        ratio = q * (torch.log(r) - torch.log(_to(self.radius, r)))
        bend = torch.nn.functional.softplus(ratio)
        return 2 * inner * torch.log(r) + 2 * (outer - inner) / q * bend


def _to(parameter: Tensor, r: Tensor) -> Tensor:
    """Shape a parameter (B, 1) so that it meets radii of any shape."""
    return parameter.reshape(-1, *[1] * r.dim())
