r"""Spherical tracers in a spherical halo: the models of the Gaia Challenge and their exact f.

The tracers have the density (Walker & Penarrubia 2011, ApJ 742, 20)

    nu ~ (r/r_*)^-g (1 + (r/r_*)^2)^((g - b)/2),

and velocities that are isotropic in the centre and radial far out (Osipkov 1979, Merritt 1985):
beta = r^2 / (r^2 + r_a^2). Their distribution function depends on one integral of motion,
Q = psi - v^2/2 - L^2 / (2 r_a^2), and follows from nu by Eddington's inversion (Binney & Tremaine
2008, eq. 4.291): with rho_Q = (1 + r^2/r_a^2) nu and t^2 = Q - psi,

    f(Q) = 1 / (sqrt(2) pi^2) \int_0^sqrt(Q) d^2 rho_Q / dpsi^2 dt,

the boundary term vanishes as tracers far out are few. Names of the Gaia Challenge's files:
`gs010_bs050_rcrs010_rarc100_cusp_0064mpc3` means g = 0.1, b = 5, r_* = 0.10 halo radii,
r_a = r_*, halo with a cusp of 0.064 Msun pc^-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from data.constants import G
from data.errors import UserError
from data.mocks.halo import Halo
from data.mocks.potentials import Component, GalaxyPotential

__all__ = ["HALOS", "SphericalModel", "challenge"]

FloatArray = npt.NDArray[np.float64]

_NODES = 240
_INNER, _OUTER, _PER_E_FOLD = 1e-5, 1e6, 60


@dataclass(frozen=True)
class SphericalModel:
    """Tracers in a halo.

    Parameters
    ----------
    halo
        The halo, which alone has mass.
    r_star
        Radius at which the tracers' density bends, kpc.
    r_a
        Radius beyond which orbits are radial, kpc; infinite for isotropic velocities.
    inner, outer
        Slopes g and b of the tracers' density.
    """

    halo: Halo
    r_star: float
    r_a: float
    inner: float = 0.1
    outer: float = 5.0

    def nu(self, r: FloatArray) -> FloatArray:
        """Density of the tracers at radii (n,) kpc, in an arbitrary unit."""
        y = r / self.r_star
        nu: FloatArray = y**-self.inner * (1 + y**2) ** ((self.inner - self.outer) / 2)
        return nu

    def anisotropy(self, r: FloatArray) -> FloatArray:
        """Anisotropy beta = 1 - <v_t^2> / (2 <v_r^2>) at radii (n,) kpc."""
        return np.asarray(r**2 / (r**2 + self.r_a**2), dtype=np.float64)

    def pull(self, r: FloatArray) -> FloatArray:
        """Size of the acceleration at radii (n,) kpc, km^2 s^-2 kpc^-1."""
        return -self.halo.acceleration(np.stack([r, 0 * r, 0 * r], 1))[:, 0]

    @cached_property
    def radii(self) -> FloatArray:
        """Radii of the tables, even in ln r, kpc."""
        span = np.log(_OUTER / _INNER)
        return self.r_star * np.geomspace(_INNER, _OUTER, int(_PER_E_FOLD * span))

    @cached_property
    def enclosed(self) -> CubicSpline:
        """Part of the tracers within r, 0 to 1, as a function of ln r."""
        s = np.log(self.radii)
        within = CubicSpline(s, self.nu(self.radii) * self.radii**3).antiderivative()(s)
        within += self.nu(self.radii[:1]) * self.radii[0] ** 3 / (3 - self.inner)
        return CubicSpline(s, within / within[-1])

    def dispersion(self, r: FloatArray) -> FloatArray:
        r"""Radial dispersion (n,) km/s at radii (n,) kpc from the Jeans equation.

        nu sigma_r^2 (r^2 + r_a^2) = \int_r^oo nu a (r'^2 + r_a^2) dr' (Merritt 1985).
        """
        return np.asarray(np.exp(self._log_dispersion(np.log(r))), dtype=np.float64)

    def f(self, r_of_q: FloatArray) -> FloatArray:
        """Distribution function at Q = psi(r_of_q); f d^3v integrates to nu.

        Raises
        ------
        UserError
            If it is negative somewhere: no such tracers can be in equilibrium.
        """
        return np.asarray(np.exp(self._log_f(np.log(r_of_q))), dtype=np.float64)

    def radius_at(self, depth: FloatArray, psi: FloatArray) -> FloatArray:
        """Radius (n,) kpc where psi has the value given, as has psi(0) - psi: both, for digits."""
        return np.asarray(np.exp(self._log_r(np.log(depth) - np.log(psi))), dtype=np.float64)

    def stretch(self, r: FloatArray) -> FloatArray:
        """1 + r^2/r_a^2: by how much the tangential velocities are squeezed, squared."""
        return np.asarray(1 + (r / self.r_a) ** 2, dtype=np.float64)

    @cached_property
    def _log_r(self) -> CubicSpline:
        """Table of ln r as a function of ln(depth/psi): straight at both ends."""
        r = self.radii
        return CubicSpline(np.log(self.halo.depth(r)) - np.log(self.halo.psi(r)), np.log(r))

    @cached_property
    def _log_dispersion(self) -> CubicSpline:
        """Table of ln sigma_r as a function of ln r, the integral taken from far out inwards."""

        def integrand(r: FloatArray) -> FloatArray:
            value: FloatArray = self.nu(r) * self.pull(r) * self.stretch(r) * r
            return value

        r = self.radii
        middle = integrand(np.sqrt(r[1:] * r[:-1]))
        ends = integrand(r)
        panels = np.diff(np.log(r)) * (ends[1:] + 4 * middle + ends[:-1]) / 6
        outward = np.cumsum(panels[::-1])[::-1]
        square = outward / (self.nu(r) * self.stretch(r))[:-1]
        return CubicSpline(np.log(r[:-1]), 0.5 * np.log(square))

    @cached_property
    def _curvature(self) -> CubicSpline:
        """Curvature d^2 rho_Q / dpsi^2 times psi^2 / nu, of order one, as a function of ln r."""
        r = self.radii
        y2, nu, psi = (r / self.r_star) ** 2, self.nu(r), self.halo.psi(r)
        # derivatives in s = ln r of ln nu, rho_Q and psi
        bend = (self.outer - self.inner) * y2 / (1 + y2)
        first, second = -self.inner - bend, -2 * bend / (1 + y2)
        far = (r / self.r_a) ** 2
        rho_s = nu * ((1 + far) * first + 2 * far)
        rho_ss = nu * ((1 + far) * (first**2 + second) + 4 * far * (first + 1))
        psi_s = -r * self.pull(r)
        psi_ss = -psi_s - 4 * np.pi * G * self.halo.density(r) * r**2
        value = (rho_ss * psi_s - rho_s * psi_ss) / psi_s**3
        return CubicSpline(np.log(r), value * psi**2 / nu)

    @cached_property
    def _log_f(self) -> CubicSpline:
        """Table of ln f(psi(r)) as a function of ln r; f d^3v integrates to nu."""
        r = self.radii[:: _PER_E_FOLD // 12]
        q, depth = self.halo.psi(r), self.halo.depth(r)
        x, weight = np.polynomial.legendre.leggauss(_NODES)
        # psi = Q sin^2 a: the root's end is smooth, and both ends are well covered
        angle, weight = 0.25 * np.pi * (x + 1), 0.25 * np.pi * weight
        low, high = np.sin(angle), np.cos(angle)
        psi = q[:, None] * low**2
        at = self.radius_at(depth[:, None] + q[:, None] * high**2, psi)
        curvature = self._curvature(np.log(at)) * self.nu(at) / psi**2
        values = (curvature * np.sqrt(q)[:, None] * low) @ weight / (np.sqrt(2) * np.pi**2)
        if not (values > 0).all():
            raise UserError(
                "These tracers have no equilibrium: their distribution function is negative.",
                "Choose a larger anisotropy radius, or a halo with a cusp.",
            )
        return CubicSpline(np.log(r), np.log(values))

    def to_galaxy(self, name: str, description: str) -> GalaxyPotential:
        """Give the halo as a model galaxy, as truth.json stores it."""
        halo = self.halo
        parameters = {"rho0": halo.rho0, "r_s": halo.r_s, "gamma": halo.gamma}
        return GalaxyPotential(
            name, description, {"halo": Component("generalised-nfw", parameters)}
        )


HALOS = {"cusp": (Halo(6.4e7, 1.0, 1.0), 0.10), "core": (Halo(4.0e8, 1.0, 0.0), 0.25)}
"""Haloes of the two Gaia Challenge models in the project's trial data, and their r_* in kpc."""


def challenge(halo: str, r_star: float | None = None, r_a: float | None = None) -> SphericalModel:
    """Give a model of the Gaia Challenge.

    Parameters
    ----------
    halo
        ``cusp`` or ``core``.
    r_star
        kpc; by default that of the Challenge's files.
    r_a
        kpc; by default r_star.

    Raises
    ------
    UserError
        For another halo, or radii that are not positive.
    """
    if halo not in HALOS:
        raise UserError(f"Unknown halo {halo!r}.", f"Choose {' or '.join(HALOS)}.")
    mass, usual = HALOS[halo]
    chosen = usual if r_star is None else r_star
    turn = chosen if r_a is None else r_a
    if not (np.isfinite(chosen) and chosen > 0 and turn > 0):
        raise UserError(
            f"Radii of {chosen:g} kpc (tracers) and {turn:g} kpc (anisotropy) are invalid.",
            "Both must be positive; an infinite anisotropy radius makes the velocities isotropic.",
        )
    return SphericalModel(mass, chosen, turn)
