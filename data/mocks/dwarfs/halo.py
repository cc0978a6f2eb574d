r"""Spherical haloes of dwarf galaxies with three free slopes.

    rho = rho0 (r/r_s)^-gamma (1 + (r/r_s)^alpha)^((gamma - beta)/alpha)

(Zhao 1996, MNRAS 278, 488): NFW is (alpha, beta, gamma) = (1, 3, 1), a cored halo (1, 3, 0).
Mass and potential are integrated on a grid in ln r, so that any slopes will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from data.constants import G
from data.errors import UserError

__all__ = ["HALOES", "ZhaoHalo", "find_halo"]

FloatArray = npt.NDArray[np.float64]

_INNER, _OUTER, _PER_E_FOLD = 1e-7, 1e6, 40


@dataclass(frozen=True)
class ZhaoHalo:
    """A halo.

    Parameters
    ----------
    rho0
        Scale density, Msun kpc^-3.
    r_s
        Scale radius, kpc.
    gamma, beta, alpha
        Inner slope (0 to below 2), outer slope (above 2), sharpness of the bend.

    Raises
    ------
    UserError
        If no halo with a finite potential has these parameters.
    """

    rho0: float
    r_s: float
    gamma: float = 1.0
    beta: float = 3.0
    alpha: float = 1.0

    def __post_init__(self) -> None:
        sizes = np.isfinite([self.rho0, self.r_s]).all() and min(self.rho0, self.r_s) > 0
        slopes = 0 <= self.gamma < 2 < self.beta <= 10 and 0.1 <= self.alpha <= 10
        if not (sizes and slopes):
            raise UserError(
                "The halo has impossible parameters.",
                "Density and scale radius are positive, the inner slope is 0 to below 2, the "
                "outer one above 2 to 10, alpha is 0.1 to 10.",
            )

    def density(self, r: FloatArray) -> FloatArray:
        """Mass density at radii (n,) kpc, Msun kpc^-3."""
        x = r / self.r_s
        power = (self.gamma - self.beta) / self.alpha
        value: FloatArray = self.rho0 * x**-self.gamma * (1 + x**self.alpha) ** power
        return value

    def slope(self, r: FloatArray) -> FloatArray:
        """Dln rho / dln r at radii (n,) kpc."""
        y = (r / self.r_s) ** self.alpha
        value: FloatArray = -self.gamma - (self.beta - self.gamma) * y / (1 + y)
        return value

    def mass(self, r: FloatArray) -> FloatArray:
        """Mass within radii (n,) kpc, Msun."""
        return np.asarray(np.exp(self._tables[0](np.log(r))), dtype=np.float64)

    def depth(self, r: FloatArray) -> FloatArray:
        """psi(0) - psi(r) at radii (n,) kpc, (km/s)^2, without loss of digits at the centre."""
        return np.asarray(np.exp(self._tables[1](np.log(r))), dtype=np.float64)

    def psi(self, r: FloatArray) -> FloatArray:
        """Minus the potential at radii (n,) kpc, zero at infinity, (km/s)^2."""
        return np.asarray(np.exp(self._tables[2](np.log(r))), dtype=np.float64)

    @cached_property
    def _tables(self) -> tuple[CubicSpline, CubicSpline, CubicSpline]:
        """Splines of ln M, ln depth and ln psi in ln r."""
        count = int(_PER_E_FOLD * np.log(_OUTER / _INNER))
        r = self.r_s * np.geomspace(_INNER, _OUTER, count)
        s, shell = np.log(r), 4 * np.pi * self.density(r) * r**3
        mass = _outwards(s, shell) + shell[0] / (3 - self.gamma)
        pull = G * mass / r
        depth = _outwards(s, pull) + pull[0] / (2 - self.gamma)
        growth = shell[-1] / mass[-1]  # dln M / dln r where the grid ends
        psi = _outwards(s[::-1], -pull[::-1])[::-1] + pull[-1] / (1 - growth)
        return (
            CubicSpline(s, np.log(mass)),
            CubicSpline(s, np.log(depth)),
            CubicSpline(s, np.log(psi)),
        )


def _outwards(s: FloatArray, integrand: FloatArray) -> FloatArray:
    """Integrate a positive function of s piece by piece, each as a power law of cubic accuracy."""
    if s[0] > s[-1]:
        return _outwards(-s, -integrand)
    ln = CubicSpline(s, np.log(np.abs(integrand)))
    x, w = np.polynomial.legendre.leggauss(4)
    step = np.diff(s)[:, None]
    at = s[:-1, None] + 0.5 * step * (x + 1)
    pieces = (np.exp(ln(at)) * w * 0.5 * step).sum(1)
    return np.concatenate([[0.0], np.cumsum(pieces)])


HALOES: dict[str, ZhaoHalo] = {
    "cusp": ZhaoHalo(6.4e7, 1.0, 1.0),
    "core": ZhaoHalo(4.0e8, 1.0, 0.0),
    "steep": ZhaoHalo(3.0e7, 1.0, 1.3),
    "mild": ZhaoHalo(1.6e8, 1.0, 0.5),
    "burkert-like": ZhaoHalo(2.0e8, 0.8, 0.0, 3.0, 1.5),
}
"""Haloes by name; the first two are those of the Gaia Challenge."""


def find_halo(name: str) -> ZhaoHalo:
    """Find a halo by name, or read one: ``rho0=6e7,r_s=1,gamma=0.7,beta=3,alpha=1``.

    Raises
    ------
    UserError
        If there is no such halo.
    """
    if name in HALOES:
        return HALOES[name]
    fields: dict[str, float] = {}
    for part in name.split(","):
        key, _, value = part.partition("=")
        try:
            fields[key.strip()] = float(value)
        except ValueError:
            fields = {}
            break
    if not {"rho0", "r_s"} <= fields.keys() <= {"rho0", "r_s", "gamma", "beta", "alpha"}:
        raise UserError(
            f"There is no halo {name!r}.",
            f"Choose {', '.join(HALOES)}, or give rho0=6e7,r_s=1,gamma=0.7 (Msun/kpc^3, kpc).",
        )
    return ZhaoHalo(**fields)
