"""Vertical profiles of disc components, as fractions of the density in the plane.

Heights are in kpc, densities in Msun/pc^3, potentials in (km/s)^2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.integrate import cumulative_trapezoid
from scipy.interpolate import CubicHermiteSpline

from data.constants import MSUN_PC3_PER_LAPLACIAN

__all__ = [
    "VerticalPotential",
    "exponential",
    "from_force",
    "isothermal",
    "sech2",
    "self_consistent",
]

Floats = npt.NDArray[np.float64]

_REACH = 12.0
"""Height in kpc up to which the vertical potential is solved; it is straight beyond."""

_STEPS = 60


def exponential(z: Floats, height: float) -> Floats:
    """exp(-abs(z)/h); its integral over all z is 2 h."""
    profile: Floats = np.exp(-np.abs(z) / height)
    return profile


def sech2(z: Floats, height: float) -> Floats:
    """sech^2(z/h), the self-gravitating isothermal sheet; its integral over all z is 2 h."""
    decay = np.exp(-2.0 * np.abs(z) / height)
    profile: Floats = 4.0 * decay / (1.0 + decay) ** 2
    return profile


def isothermal(potential: Floats, dispersion: float) -> Floats:
    """exp(-Phi(z)/sigma^2) of stars or gas of one velocity dispersion sigma (km/s)."""
    profile: Floats = np.exp(-potential / dispersion**2)
    return profile


@dataclass(frozen=True)
class VerticalPotential:
    """The potential above the Sun's place in the plane, 0 in the plane and even in z.

    Parameters
    ----------
    z
        Heights, (n,) kpc, increasing from 0.
    potential
        (n,) (km/s)^2.
    force
        Its derivative, the size of K_z, (n,) km^2 s^-2 kpc^-1.
    """

    z: Floats
    potential: Floats
    force: Floats

    def __call__(self, z: Floats) -> Floats:
        """Give the potential at heights (...) kpc, (...) (km/s)^2; straight beyond the last."""
        height = np.abs(z)
        beyond = np.clip(height - self.z[-1], 0.0, None) * self.force[-1]
        potential: Floats = self._spline(np.minimum(height, self.z[-1])) + beyond
        return potential

    @cached_property
    def _spline(self) -> CubicHermiteSpline[np.float64]:
        return CubicHermiteSpline(self.z, self.potential, self.force)


def from_force(z: Floats, force: Floats) -> VerticalPotential:
    """Integrate a given vertical force by the trapezoidal rule.

    Parameters
    ----------
    z
        Heights, (n,) kpc, increasing from 0.
    force
        Size of K_z, (n,) km^2 s^-2 kpc^-1.
    """
    potential: Floats = cumulative_trapezoid(force, z, initial=0)
    return VerticalPotential(z, potential, force)


def self_consistent(
    densities: Sequence[float],
    dispersions: Sequence[float],
    others: Callable[[float], float],
) -> VerticalPotential:
    """Solve the Poisson equation of isothermal components in their own gravity.

    Phi'' = 4 pi G (sum_i rho_i exp(-Phi/sigma_i^2) + rho_others(z)), Phi(0) = Phi'(0) = 0,
    the vertical model of Bahcall (1984) and of Holmberg & Flynn (2000) for an infinite flat
    disc: radial gradients of the force are neglected.

    Parameters
    ----------
    densities, dispersions
        rho_i in the plane (Msun/pc^3) and sigma_i (km/s) of the isothermal components.
    others
        Density of everything else (dark halo included) at a height in kpc, Msun/pc^3.
    """
    rho = np.asarray(densities, dtype=np.float64) / MSUN_PC3_PER_LAPLACIAN
    inverse = np.asarray(dispersions, dtype=np.float64) ** -2.0

    def curvature(z: float, potential: float) -> float:
        return float(rho @ np.exp(-potential * inverse)) + others(z) / MSUN_PC3_PER_LAPLACIAN

    z = _REACH * np.sinh(np.linspace(0.0, 7.0, _STEPS)) / np.sinh(7.0)
    state = [(0.0, 0.0)]
    for low, high in pairwise(z.tolist()):
        state.append(_runge_kutta(curvature, low, high - low, *state[-1]))
    potential, force = np.array(state).T
    return VerticalPotential(z, potential, force)


def _runge_kutta(
    curvature: Callable[[float, float], float], z: float, h: float, phi: float, force: float
) -> tuple[float, float]:
    """Make one classical Runge-Kutta step of phi'' = curvature(z, phi).

    On the crowded heights 60 of them are right to 1e-6, in a fifth of the time of an adaptive
    solver.
    """
    k1 = curvature(z, phi)
    force2 = force + 0.5 * h * k1
    k2 = curvature(z + 0.5 * h, phi + 0.5 * h * force)
    force3 = force + 0.5 * h * k2
    k3 = curvature(z + 0.5 * h, phi + 0.5 * h * force2)
    force4 = force + h * k3
    k4 = curvature(z + h, phi + h * force3)
    return (
        phi + h / 6.0 * (force + 2.0 * force2 + 2.0 * force3 + force4),
        force + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4),
    )
