"""Stars drawn from the distribution function of a dwarf galaxy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.mocks.dwarfs.model import DwarfModel

__all__ = ["draw_stars"]

FloatArray = npt.NDArray[np.float64]

_ROWS, _SPEEDS = 400, 512
_NEAREST, _FARTHEST = 1e-4, 1e4


def draw_stars(
    model: DwarfModel, count: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw stars.

    Parameters
    ----------
    model
        The galaxy.
    count
        Number of stars n.
    rng
        Source of all random numbers.

    Returns
    -------
    Positions (n, 3) kpc and velocities (n, 3) km/s about the centre.
    """
    ln_r = np.interp(rng.uniform(size=count), model.enclosed, np.log(model.radii))
    r = np.exp(ln_r)
    outward = _directions(count, rng)
    rows = model.r_star * np.geomspace(_NEAREST, _FARTHEST, _ROWS)
    place = np.interp(ln_r, np.log(rows), np.arange(_ROWS)) + rng.uniform(size=count)
    row = np.minimum(place.astype(np.int64), _ROWS - 1)
    angle = _speed_angles(model, rows, row, rng.uniform(size=count))
    u = np.sqrt(2 * model.halo.psi(r)) * np.sin(angle)
    sin2 = rng.beta(1 - model.beta, 0.5, size=count)
    cos = np.sqrt(1 - sin2) * rng.choice([-1.0, 1.0], size=count)
    sideways = _directions(count, rng)
    sideways -= np.sum(sideways * outward, axis=1, keepdims=True) * outward
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    tangential = u * np.sqrt(sin2 / model.stretch(r))
    return r[:, None] * outward, (u * cos)[:, None] * outward + tangential[:, None] * sideways


def _directions(count: int, rng: np.random.Generator) -> FloatArray:
    vector = rng.normal(size=(count, 3))
    unit: FloatArray = vector / np.linalg.norm(vector, axis=1, keepdims=True)
    return unit


def _speed_angles(
    model: DwarfModel, rows: FloatArray, row: npt.NDArray[np.int64], ticket: FloatArray
) -> FloatArray:
    """Draw a with u = u_escape sin a, from the table of each star's row."""
    angle = np.linspace(0, 0.5 * np.pi, _SPEEDS)
    sin, cos = np.sin(angle[:-1]), np.cos(angle[:-1])
    psi, depth = model.halo.psi(rows)[:, None], model.halo.depth(rows)[:, None]
    density = np.zeros((len(rows), _SPEEDS))  # at 90 degrees a star would just escape
    density[:, :-1] = model.f0(model.radius_at(depth + psi * sin**2, psi * cos**2))
    density[:, :-1] *= sin ** (2 - 2 * model.beta) * cos
    part = np.zeros_like(density)
    part[:, 1:] = np.cumsum(density[:, 1:] + density[:, :-1], axis=1)
    part /= part[:, -1:]
    joined = (part + 2 * np.arange(len(rows))[:, None]).ravel()
    return np.interp(ticket + 2 * row, joined, np.tile(angle, len(rows)))
