"""`mock spherical`: stars drawn from the exact distribution function of a spherical model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import Catalogue
from data.errors import UserError
from data.mocks.spherical import SphericalModel, challenge
from data.mocks.truth import Truth

__all__ = ["VOLUME", "draw_stars", "make_spherical"]

FloatArray = npt.NDArray[np.float64]

VOLUME = 5.0
"""Radius in r_* of the ball to be mapped: it holds about 95% of the stars."""

_ROWS, _SPEEDS = 400, 512
_NEAREST, _FARTHEST = 1e-4, 1e5
_MOST = 20_000_000


def draw_stars(
    model: SphericalModel, count: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw stars.

    Parameters
    ----------
    model
        The model.
    count
        Number of stars.
    rng
        Source of all random numbers.

    Returns
    -------
    Positions (n, 3) kpc and velocities (n, 3) km/s about the centre.

    Notes
    -----
    At a radius, Q = psi - u^2/2 with u = (v_r, v_t sqrt(1 + r^2/r_a^2)): u is isotropic, and its
    size has the density f(psi - u^2/2) u^2. That is tabulated at radii even in ln r; a star takes
    the table of one of its two neighbours, with the odds that interpolate between them.
    """
    ln_r = np.interp(rng.uniform(size=count), *_radial_table(model))
    outward = _directions(count, rng)
    x = np.exp(ln_r)[:, None] * outward
    rows = model.r_star * np.geomspace(_NEAREST, _FARTHEST, _ROWS)
    place = np.interp(ln_r, np.log(rows), np.arange(_ROWS)) + rng.uniform(size=count)
    row = np.minimum(place.astype(np.int64), _ROWS - 1)
    angle = _angles(model, rows, row, rng.uniform(size=count))
    speed = np.sqrt(2 * model.halo.psi(np.exp(ln_r))) * np.sin(angle)
    u = speed[:, None] * _directions(count, rng)
    along = np.sum(u * outward, axis=1, keepdims=True) * outward
    return x, along + (u - along) / np.sqrt(model.stretch(np.exp(ln_r)))[:, None]


def _radial_table(model: SphericalModel) -> tuple[FloatArray, FloatArray]:
    """Part of the stars within r, and ln r."""
    ln_r = np.log(model.radii)
    return model.enclosed(ln_r), ln_r


def _directions(count: int, rng: np.random.Generator) -> FloatArray:
    vector = rng.normal(size=(count, 3))
    unit: FloatArray = vector / np.linalg.norm(vector, axis=1, keepdims=True)
    return unit


def _angles(
    model: SphericalModel, rows: FloatArray, row: npt.NDArray[np.int64], ticket: FloatArray
) -> FloatArray:
    """Draw a, with u = u_escape sin a, from the table of each star's row."""
    angle = np.linspace(0, 0.5 * np.pi, _SPEEDS)
    low, high = np.sin(angle[:-1]), np.cos(angle[:-1])
    psi, depth = model.halo.psi(rows)[:, None], model.halo.depth(rows)[:, None]
    density = np.zeros((len(rows), _SPEEDS))
    # at a = 90 degrees a star would just escape; there are none
    density[:, :-1] = model.f(model.radius_at(depth + psi * low**2, psi * high**2))
    density[:, :-1] *= low**2 * high
    part = np.zeros_like(density)
    part[:, 1:] = np.cumsum(density[:, 1:] + density[:, :-1], axis=1)
    part /= part[:, -1:]
    # all tables in one: row i runs from 2 i to 2 i + 1
    joined = (part + 2 * np.arange(len(rows))[:, None]).ravel()
    joined_angle = np.tile(angle, len(rows))
    return np.interp(ticket + 2 * row, joined, joined_angle)


def make_spherical(
    home: str | Path,
    *,
    stars: int = 100_000,
    seed: int = 0,
    halo: str = "cusp",
    r_star: float | None = None,
    r_a: float | None = None,
    name: str | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Catalogue:
    """Make a spherical mock about the Galactic centre and store it beside its truth.

    Parameters
    ----------
    home
        The folder that holds the catalogues.
    stars
        Rows of the catalogue.
    seed
        Everything random follows from it.
    halo, r_star, r_a
        See ``challenge``.
    name
        Name of the catalogue; by default made of halo, stars and seed.
    progress
        Called with the fraction done and a word on the stage.

    Returns
    -------
    The catalogue: x, y, z, vx, vy, vz (kpc, km/s). Its provenance says under ``volume`` which
    ball is meant to be mapped.

    Raises
    ------
    UserError
        If a parameter makes no sense, or no equilibrium has it.
    """
    if not 1 <= stars <= _MOST:
        raise UserError(f"A mock cannot have {stars:,} stars.", f"Request 1 to {_MOST:,}.")
    if seed < 0:
        raise UserError(f"The seed {seed} is negative.", "Use 0 or a positive integer.")
    model = challenge(halo, r_star, r_a)
    if progress:
        progress(0.1, "distribution function")
    x, v = draw_stars(model, stars, np.random.default_rng([seed, 41]))
    if progress:
        progress(0.8, "storing")
    recipe = _recipe(model, stars, seed, halo)
    columns: dict[str, npt.NDArray[Any]] = {"source_id": np.arange(1, stars + 1)}
    for i, names in enumerate((("x", "vx"), ("y", "vy"), ("z", "vz"))):
        columns |= {names[0]: x[:, i].astype(np.float32), names[1]: v[:, i].astype(np.float32)}
    galaxy = model.to_galaxy(
        f"spherical-{halo}", f"Spherical halo with a {halo}, as in the Gaia Challenge."
    )
    catalogue = ingest_arrays(
        columns,
        Path(home),
        name=name or f"mock-{halo}-{stars}-s{seed}",
        kind="simulation",
        provenance={"source": "via-obscura mock spherical", **recipe},
        truth=Truth(galaxy, {"mock": recipe}).to_dict(),
    )
    if progress:
        progress(1.0, "done")
    return catalogue


def _recipe(model: SphericalModel, stars: int, seed: int, halo: str) -> dict[str, Any]:
    """All that is needed to make the same mock again."""
    isotropic = not np.isfinite(model.r_a)
    return {
        "stars": stars,
        "seed": seed,
        "halo": halo,
        "tracer_radius": {"value": model.r_star, "unit": "kpc"},
        "anisotropy_radius": None if isotropic else {"value": model.r_a, "unit": "kpc"},
        "tracer_slopes": [model.inner, model.outer],
        "volume": {"centre": [0.0, 0.0, 0.0], "radius": VOLUME * model.r_star},
    }
