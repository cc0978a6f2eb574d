r"""A spherical halo with a free inner slope; gala has none.

    rho = rho0 (r/r_s)^-g (1 + r/r_s)^(g - 3),   0 <= g < 2

(Zhao 1996, MNRAS 278, 488): a core for g = 0, the NFW cusp for g = 1. With x = r/r_s and
y = x/(1 + x) its mass and its relative potential psi = -Phi are

    M = 4 pi rho0 r_s^3 m,   m = y^(3-g)/(3 - g) 2F1(1, 3 - g; 4 - g; y)
    psi = 4 pi G rho0 r_s^2 [m/x + (1 - y^(2-g))/(2 - g)].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import hyp2f1

from data.constants import G

__all__ = ["Halo", "distances"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Halo:
    """The halo's formulae.

    Parameters
    ----------
    rho0
        Msun kpc^-3.
    r_s
        Scale radius, kpc.
    gamma
        Inner slope, 0 to below 2.
    """

    rho0: float
    r_s: float
    gamma: float

    def density(self, r: FloatArray) -> FloatArray:
        """Mass density in Msun kpc^-3 at radii (n,) kpc."""
        x = r / self.r_s
        value: FloatArray = self.rho0 * x**-self.gamma * (1 + x) ** (self.gamma - 3)
        return value

    def mass(self, r: FloatArray) -> FloatArray:
        """Mass within radii (n,) kpc, Msun."""
        mass: FloatArray = 4 * np.pi * self.rho0 * self.r_s**3 * self._shape(r / self.r_s)
        return mass

    def psi(self, r: FloatArray) -> FloatArray:
        """Minus the potential at radii (n,) > 0, which vanishes at infinity, (km/s)^2."""
        x = r / self.r_s
        outer = -np.expm1(-(2 - self.gamma) * np.log1p(1 / x)) / (2 - self.gamma)
        psi: FloatArray = self._unit * (self._shape(x) / x + outer)
        return psi

    def acceleration(self, x: FloatArray) -> FloatArray:
        """Acceleration (n, 3) km^2 s^-2 kpc^-1 at points (n, 3) kpc; 0 at the centre."""
        r = distances(x)[:, None]
        acceleration: FloatArray = -G * self.mass(r) * x / r**3
        return acceleration

    def depth(self, r: FloatArray) -> FloatArray:
        """psi(0) - psi(r), without the loss of digits that the difference has near the centre."""
        x = r / self.r_s
        inner = (x / (1 + x)) ** (2 - self.gamma) / (2 - self.gamma)
        depth: FloatArray = self._unit * (inner - self._shape(x) / x)
        return depth

    @property
    def _unit(self) -> float:
        return 4 * np.pi * G * self.rho0 * self.r_s**2

    def _shape(self, x: FloatArray) -> FloatArray:
        power, y = 3 - self.gamma, x / (1 + x)
        shape: FloatArray = y**power / power * hyp2f1(1, power, power + 1, y)
        return shape


def distances(x: FloatArray) -> FloatArray:
    """Distances (n,) of points (n, 3) from the origin, which counts as a hair beside itself."""
    return np.asarray(np.maximum(np.linalg.norm(x, axis=1), 1e-12), dtype=np.float64)
