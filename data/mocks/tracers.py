"""Tracer populations: where the stars of a mock start before they are phase-mixed.

The initial conditions are only near equilibrium; what makes the mock stationary is the time
average over each orbit (`data.mocks.orbits`). They settle which orbits there are: scale
lengths, dispersions, asymmetric drift. Numbers are typical of the solar neighbourhood (e.g.
Bland-Hawthorn & Gerhard 2016, ARA&A 54, 529) and no claim about any survey.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from data.frames import DEFAULT_SUN
from data.mocks.potentials import GalaxyPotential

__all__ = ["TRACERS", "DiscTracer", "HaloTracer", "RadialTables", "Tracer", "radial_tables"]

FloatArray = npt.NDArray[np.float64]

R_REFERENCE = DEFAULT_SUN.radius
"""Radius (kpc) at which the dispersions of a disc tracer are quoted."""

R_MAX = 60.0
"""Orbits that can reach further than this (kpc) are not started: they mix too slowly."""


@dataclass(frozen=True)
class DiscTracer:
    """A rotating disc population.

    Parameters
    ----------
    name, label, fraction
        Name, integer in the catalogue's `tracer` column, share of the stars in the ball.
    scale_length
        Exponential scale length of the surface density, kpc.
    sigma_R, sigma_z
        Dispersions at `R_REFERENCE`, km/s; both fall as exp(-R / sigma_length).
    sigma_length
        Scale length of the dispersions, kpc.
    """

    name: str
    label: int
    fraction: float
    scale_length: float
    sigma_R: float  # noqa: N815
    sigma_z: float
    sigma_length: float


@dataclass(frozen=True)
class HaloTracer:
    """A non-rotating spheroidal population, nu ~ (r^2 + core^2)^(-slope / 2).

    Parameters
    ----------
    name, label, fraction
        Name, integer in the catalogue's `tracer` column, share of the stars in the ball.
    core, slope
        Core radius (kpc) and outer logarithmic slope of the number density.
    beta
        Velocity anisotropy 1 - sigma_t^2 / sigma_r^2.
    """

    name: str
    label: int
    fraction: float
    core: float
    slope: float
    beta: float


Tracer = DiscTracer | HaloTracer

TRACERS: tuple[Tracer, ...] = (
    DiscTracer("thin", 0, 0.70, 2.6, 34.0, 20.0, 8.0),
    DiscTracer("thick", 1, 0.24, 2.2, 58.0, 38.0, 10.0),
    HaloTracer("halo", 2, 0.06, 4.0, 3.5, 0.4),
)


@dataclass(frozen=True)
class RadialTables:
    """Azimuthal averages of a galaxy, tabulated for the initial conditions.

    Parameters
    ----------
    R
        Radii (m,) in kpc, uniformly spaced.
    circular_velocity
        sqrt(R <dPhi/dR>) in the plane, (m,) km/s.
    z
        Heights (k,) in kpc, from 0.
    vertical_potential
        <Phi(R, z) - Phi(R, 0)>, (m, k) in (km/s)^2, averaged over both sides of the plane.
    energy_max
        Potential at `R_MAX` in the plane: no orbit is started above this energy.
    """

    R: FloatArray = field(repr=False)
    circular_velocity: FloatArray = field(repr=False)
    z: FloatArray = field(repr=False)
    vertical_potential: FloatArray = field(repr=False)
    energy_max: float


def radial_tables(galaxy: GalaxyPotential) -> RadialTables:
    """Tabulate the azimuthal averages that the initial conditions need."""
    R = np.linspace(0.25, R_MAX, 240)  # noqa: N806
    z = np.concatenate([np.linspace(0.0, 2.0, 81), np.geomspace(2.05, 20.0, 60)])
    azimuths = np.linspace(0.0, 2.0 * np.pi, 1 if galaxy.axisymmetric else 12, endpoint=False)
    speed_squared = np.mean([galaxy.circular_velocity(R, a) ** 2 for a in azimuths], axis=0)
    vertical = np.zeros((len(R), len(z)))
    grid_R, grid_z = (g.ravel() for g in np.meshgrid(R, z, indexing="ij"))  # noqa: N806
    for azimuth in azimuths:
        for side in (-1.0, 1.0):
            points = np.stack(
                [grid_R * np.cos(azimuth), grid_R * np.sin(azimuth), side * grid_z], axis=1
            )
            value = galaxy.potential(points).reshape(vertical.shape)
            vertical += (value - value[:, :1]) / (2 * len(azimuths))
    edge = float(galaxy.potential(np.array([[R_MAX, 0.0, 0.0]]))[0])
    return RadialTables(R, np.sqrt(speed_squared), z, vertical, edge)


def draw(
    tracer: Tracer, tables: RadialTables, n: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw `n` initial positions (kpc) and velocities (km/s), each (n, 3)."""
    if isinstance(tracer, DiscTracer):
        return _draw_disc(tracer, tables, n, rng)
    return _draw_halo(tracer, tables, n, rng)


def _draw_disc(
    tracer: DiscTracer, tables: RadialTables, n: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Exponential disc, isothermal in z at every radius, with asymmetric drift.

    Drift: <v_phi>^2 = v_c^2 - sigma_R^2 (sigma_phi^2 / sigma_R^2 - 1 + R (1/h_R + 2/h_sigma)),
    the axisymmetric Jeans equation in the plane (Binney & Tremaine 2008, 4.228), with
    sigma_phi^2 = sigma_R^2 / 2, as for a flat rotation curve.
    """
    # Surface density R exp(-R/h) is a gamma distribution; the tail beyond 10 h is negligible.
    R = np.clip(rng.gamma(2.0, tracer.scale_length, n), 0.3, 0.9 * R_MAX)  # noqa: N806
    phi = rng.uniform(0.0, 2.0 * np.pi, n)
    fall = np.exp(-(R - R_REFERENCE) / tracer.sigma_length)
    sigma_R, sigma_z = tracer.sigma_R * fall, tracer.sigma_z * fall  # noqa: N806
    v_c = np.interp(R, tables.R, tables.circular_velocity)
    gradient = R * (1.0 / tracer.scale_length + 2.0 / tracer.sigma_length)
    rotation = np.sqrt(np.clip(v_c**2 - sigma_R**2 * (gradient - 0.5), 0.0, None))
    z = _isothermal_height(R, sigma_z, tables, rng)
    v_R = rng.normal(size=n) * sigma_R  # noqa: N806
    # Counter-clockwise velocity is negative: seen from +z the disc turns clockwise.
    v_phi = -(rotation + rng.normal(size=n) * sigma_R / np.sqrt(2.0))
    v_z = rng.normal(size=n) * sigma_z
    cos, sin = np.cos(phi), np.sin(phi)
    x = np.stack([R * cos, R * sin, z], axis=1)
    v = np.stack([v_R * cos - v_phi * sin, v_R * sin + v_phi * cos, v_z], axis=1)
    return x, v


def _isothermal_height(
    R: FloatArray,  # noqa: N803
    sigma_z: FloatArray,
    tables: RadialTables,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw z (n,) from nu(z) ~ exp(-(Phi(R, z) - Phi(R, 0)) / sigma_z^2), either side."""
    row = np.searchsorted(tables.R, R).clip(0, len(tables.R) - 1)
    nu = np.exp(-tables.vertical_potential[row] / sigma_z[:, None] ** 2)
    steps = 0.5 * (nu[:, 1:] + nu[:, :-1]) * np.diff(tables.z)
    cumulative = np.concatenate([np.zeros((len(R), 1)), np.cumsum(steps, axis=1)], axis=1)
    target = rng.uniform(size=len(R)) * cumulative[:, -1]
    upper = (cumulative < target[:, None]).sum(axis=1).clip(1, len(tables.z) - 1)
    stars = np.arange(len(R))
    below, above = cumulative[stars, upper - 1], cumulative[stars, upper]
    share = (target - below) / np.maximum(above - below, 1e-300)
    height = tables.z[upper - 1] + share * (tables.z[upper] - tables.z[upper - 1])
    return np.asarray(height * rng.choice([-1.0, 1.0], size=len(R)), dtype=np.float64)


def _draw_halo(
    tracer: HaloTracer, tables: RadialTables, n: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Spheroid with the dispersion of a power law in a flat rotation curve.

    sigma_r^2 = v_c^2 / (slope - 2 beta) solves the spherical Jeans equation for nu ~ r^-slope
    and constant v_c and beta (Binney & Tremaine 2008, 4.215).
    """
    grid = np.linspace(0.0, 0.8 * R_MAX, 2000)
    shell = grid**2 * (grid**2 + tracer.core**2) ** (-tracer.slope / 2)
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (shell[1:] + shell[:-1]))])
    r = np.interp(rng.uniform(size=n) * cumulative[-1], cumulative, grid)
    slope = np.maximum(tracer.slope * r**2 / (r**2 + tracer.core**2), 1.5)
    sigma_r = np.interp(r, tables.R, tables.circular_velocity) / np.sqrt(slope - 2 * tracer.beta)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    isotropic = rng.normal(size=(n, 3))
    radial = np.sum(isotropic * direction, axis=1, keepdims=True) * direction
    tangential = (isotropic - radial) * np.sqrt(1.0 - tracer.beta)
    return r[:, None] * direction, sigma_r[:, None] * (radial + tangential)
