"""From initial conditions to stars inside a ball: phase mixing by orbit integration.

Every star is one orbit, observed at a random time late in a long integration. The time
average over orbits makes the population stationary whatever the initial conditions were
(the strong Jeans theorem: Binney & Tremaine 2008, 4.2). Symmetries of the potential raise
the yield without a second star from any orbit: the orbit is kept with a probability
proportional to the share of its azimuths that lie in the ball, and its azimuth is then drawn
from those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gala.dynamics as gd
import gala.integrate as gi
import numpy as np
import numpy.typing as npt

from data.mocks.ball import Ball, turn_into_ball
from data.mocks.potentials import KM_S_PER_KPC_MYR, GalaxyPotential
from data.mocks.tracers import RadialTables, Tracer, draw

__all__ = ["Candidates", "Mixing", "candidates", "choose_step", "integrate"]

FloatArray = npt.NDArray[np.float64]

GROUP = 128
"""Orbits that share one observation time; small enough that a chunk has dozens of times."""


@dataclass(frozen=True)
class Mixing:
    """How long orbits are followed: they are observed between `start` and `end`, Myr."""

    start: float = 2000.0
    end: float = 5000.0
    step: float = 1.0


@dataclass(frozen=True)
class Candidates:
    """Stars that may be kept, in the order drawn.

    Parameters
    ----------
    x, v
        Positions (n, 3) kpc and velocities (n, 3) km/s, all inside the ball.
    weight
        Share (n,) of the orbit's azimuths, or of its time, that lies inside the ball.
    ticket
        Uniform deviates (n,): a star is kept if ticket * (largest weight) < weight.
    """

    x: FloatArray
    v: FloatArray
    weight: FloatArray
    ticket: FloatArray


def integrate(
    galaxy: GalaxyPotential,
    x: FloatArray,
    v: FloatArray,
    duration: float,
    step: float,
    *,
    save_all: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Integrate orbits with gala's leapfrog, compiled and outside the interpreter lock.

    Parameters
    ----------
    galaxy
        The potential.
    x, v
        Initial conditions (n, 3), kpc and km/s.
    duration, step
        Time to integrate and longest step, Myr.
    save_all
        Whether to return every step instead of the last.

    Returns
    -------
    Positions and velocities, (n, 3), or (times, n, 3) with `save_all`.
    """
    n_steps = max(1, int(np.ceil(duration / step)))
    start = gd.PhaseSpacePosition.from_w(
        np.concatenate([x.T, v.T / KM_S_PER_KPC_MYR]), units=galaxy.gala.units
    )
    orbit: Any = galaxy.gala.integrate_orbit(
        start,
        Integrator=gi.LeapfrogIntegrator,
        dt=duration / n_steps,
        n_steps=n_steps,
        save_all=save_all,
    )
    w = np.asarray(orbit.w()).reshape(6, -1, len(x))
    positions = np.moveaxis(w[:3], 0, -1)
    velocities = np.moveaxis(w[3:], 0, -1) * KM_S_PER_KPC_MYR
    if save_all:
        return positions, velocities
    return positions[-1], velocities[-1]


def choose_step(
    galaxy: GalaxyPotential,
    tracer: Tracer,
    tables: RadialTables,
    ball: Ball,
    *,
    tolerance: float = 1e-3,
    longest: float = 2.0,
) -> tuple[float, float]:
    """Halve the step until the energies of a pilot sample are conserved.

    The error of an orbit is its change of energy after 1 Gyr over v_c^2 / 2 at the ball's
    centre; the step is accepted when 95% of 256 orbits stay below `tolerance`. Leapfrog
    errors do not grow with time, so 1 Gyr stands for any longer one.

    Returns
    -------
    The step in Myr and the median error with it.
    """
    rng = np.random.default_rng(12345)
    x, v = _draw_reachable(galaxy, tracer, tables, ball, 4096, rng)
    x, v = x[:256], v[:256]
    if len(x) == 0:
        return longest, 0.0  # nothing can reach the ball, so there is nothing to follow
    speed = float(np.interp(ball.centre[0], tables.R, tables.circular_velocity))
    before = _energy(galaxy, x, v)
    step = longest
    while True:
        error = np.abs(_energy(galaxy, *integrate(galaxy, x, v, 1000.0, step)) - before)
        error /= 0.5 * speed**2
        if np.quantile(error, 0.95) < tolerance or step < longest / 30:
            return step, float(np.median(error))
        step /= 2.0


def candidates(
    galaxy: GalaxyPotential,
    tracer: Tracer,
    tables: RadialTables,
    ball: Ball,
    mixing: Mixing,
    n: int,
    rng: np.random.Generator,
) -> Candidates:
    """Draw `n` orbits, mix them, and return at most one star of each, inside the ball."""
    x, v = _draw_reachable(galaxy, tracer, tables, ball, n, rng)
    groups = [slice(i, i + GROUP) for i in range(0, len(x), GROUP)]
    observe = _observe_turned if galaxy.axisymmetric else _observe_along
    parts = [observe(galaxy, x[g], v[g], ball, mixing, rng) for g in groups]
    if not parts:  # no orbit of this chunk can reach the ball
        return Candidates(np.empty((0, 3)), np.empty((0, 3)), np.empty(0), np.empty(0))
    stars_x, stars_v, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Candidates(stars_x, stars_v, weight, rng.uniform(size=len(weight)))


def _observe_turned(
    galaxy: GalaxyPotential,
    x: FloatArray,
    v: FloatArray,
    ball: Ball,
    mixing: Mixing,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observe each orbit once and turn it about z into the ball (axisymmetric potentials)."""
    x, v = integrate(galaxy, x, v, rng.uniform(mixing.start, mixing.end), mixing.step)
    if galaxy.mirror_z:
        side = rng.choice([-1.0, 1.0], size=len(x))
        x[:, 2] *= side
        v[:, 2] *= side
    return turn_into_ball(x, v, ball, rng)


def _observe_along(
    galaxy: GalaxyPotential,
    x: FloatArray,
    v: FloatArray,
    ball: Ball,
    mixing: Mixing,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observe each orbit at a random one of the steps that it spends in the ball.

    For potentials without symmetry: the weight is the share of the steps inside. Returns
    positions, velocities and weights of the orbits that enter the ball at all.
    """
    x, v = integrate(galaxy, x, v, mixing.start, mixing.step)
    window = mixing.end - mixing.start
    path_x, path_v = integrate(galaxy, x, v, window, mixing.step, save_all=True)
    inside = ball.contains(path_x)
    steps_inside = inside.sum(axis=0)
    enters = np.flatnonzero(steps_inside)
    wanted = rng.integers(steps_inside[enters])
    # The wanted-th step inside is the first at which the running count exceeds `wanted`.
    step = np.argmax(np.cumsum(inside[:, enters], axis=0) > wanted, axis=0)
    return path_x[step, enters], path_v[step, enters], steps_inside[enters] / len(inside)


def _draw_reachable(
    galaxy: GalaxyPotential,
    tracer: Tracer,
    tables: RadialTables,
    ball: Ball,
    n: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw `n` initial conditions; keep those that may enter the ball and stay within R_MAX.

    A star can be at x only if its energy is at least Phi(x), or Phi(x) + L_z^2 / 2 R^2 where
    L_z is conserved; orbits below the least of that over the ball have no weight and need
    not be followed.
    """
    x, v = draw(tracer, tables, n, rng)
    energy = _energy(galaxy, x, v)
    keep = (energy > _least_energy(galaxy, ball, x, v)) & (energy < tables.energy_max)
    return x[keep], v[keep]


def _least_energy(
    galaxy: GalaxyPotential, ball: Ball, x: FloatArray, v: FloatArray
) -> FloatArray | float:
    """Bound from below the energy that brings each star into the ball: scalar or (n,)."""
    R, potential = _potential_in_ball(galaxy, ball)  # noqa: N806
    # 0.1% of the range more than covers grid spacing and integration errors.
    slack = 1e-3 * float(np.ptp(potential))
    if not galaxy.axisymmetric:
        return float(potential.min()) - slack
    l_z = x[:, 0] * v[:, 1] - x[:, 1] * v[:, 0]
    least = np.min(potential + 0.5 * (l_z[:, None] / R) ** 2, axis=1)
    return np.asarray(least - slack, dtype=np.float64)


def _potential_in_ball(galaxy: GalaxyPotential, ball: Ball) -> tuple[FloatArray, FloatArray]:
    """Sample the potential at cylindrical radii in the ball: (R, Phi), each (m,)."""
    x_c, _, z_c = ball.centre
    axis = np.linspace(-ball.radius, ball.radius, 31)
    R = np.linspace(max(x_c - ball.radius, 0.05), x_c + ball.radius, 200)  # noqa: N806
    if galaxy.axisymmetric and galaxy.mirror_z:
        # The plane is where the potential is deepest at each radius.
        grid = np.stack([R, 0.0 * R, 0.0 * R], axis=1)
    elif galaxy.axisymmetric:
        grid = np.stack(np.meshgrid(R, [0.0], axis + z_c, indexing="ij"), axis=-1).reshape(-1, 3)
    else:
        grid = np.stack(np.meshgrid(axis + x_c, axis, axis + z_c, indexing="ij"), axis=-1).reshape(
            -1, 3
        )
        grid = grid[ball.contains(grid)]
    return np.hypot(grid[:, 0], grid[:, 1]), galaxy.potential(grid)


def _energy(galaxy: GalaxyPotential, x: FloatArray, v: FloatArray) -> FloatArray:
    """Energies (n,) in (km/s)^2."""
    return np.asarray(galaxy.potential(x) + 0.5 * np.sum(v**2, axis=1))
