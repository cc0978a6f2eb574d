"""`mock dwarf`: a dwarf galaxy in equilibrium as it is seen, with its truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.store import Catalogue
from data.dwarfs.local_group import Dwarf
from data.dwarfs.projection import sky_of
from data.dwarfs.store import store_dwarf
from data.dwarfs.table import make_table
from data.errors import UserError
from data.mocks.dwarfs.halo import find_halo
from data.mocks.dwarfs.model import DwarfModel
from data.mocks.dwarfs.stars import draw_stars

__all__ = ["binary_velocities", "make_dwarf", "observe"]

FloatArray = npt.NDArray[np.float64]

_MOST = 10_000_000
_FIELD = 8.0  # radius in R_h over which the foreground lies
_FOREGROUND = (-60.0, 60.0)  # its mean relative to the dwarf and its dispersion, km/s


def make_dwarf(
    home: str | Path,
    *,
    stars: int = 1000,
    seed: int = 0,
    halo: str = "cusp",
    r_star: float | None = None,
    inner: float = 0.1,
    outer: float = 5.0,
    beta: float = 0.0,
    r_a: float = np.inf,
    error: float = 2.0,
    foreground: float = 0.0,
    binaries: float = 0.0,
    distance: float | None = None,
    name: str | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Catalogue:
    """Make a dwarf galaxy and store it beside its truth.

    Parameters
    ----------
    home
        The folder that holds the catalogues.
    stars
        Members.
    seed
        Everything random follows from it, together with the model: no two models share draws.
    halo
        A name or parameters, see `data.mocks.dwarfs.halo.find_halo`.
    r_star, inner, outer
        The tracers: where their density bends (kpc; 0.25 for haloes with a core, else 0.1) and
        its slopes.
    beta, r_a
        Anisotropy in the centre, and anisotropy radius (kpc; infinite: constant).
    error
        Error of the velocities, km/s.
    foreground
        Foreground stars, as a share of the members.
    binaries
        Share of the members that move about a companion.
    distance
        kpc; with it the stars get places in degrees about a centre, without it they are in kpc.
    name
        Name of the catalogue.
    progress
        Called with the fraction done and a word on the stage.

    Raises
    ------
    UserError
        If a parameter makes no sense, or no equilibrium has it.
    """
    if not 1 <= stars <= _MOST:
        raise UserError(f"A mock cannot have {stars:,} stars.", f"Ask for 1 to {_MOST:,}.")
    if seed < 0:
        raise UserError(f"The seed {seed} is negative.", "Use 0 or a positive whole number.")
    if not (0 < error < 1000 and 0 <= foreground <= 100 and 0 <= binaries <= 1):
        raise UserError(
            "The error of the velocities, the foreground or the binaries are impossible.",
            "The error is above 0 km/s, the foreground 0 to 100, the binaries 0 to 1.",
        )
    say = progress or (lambda fraction, word: None)
    mass = find_halo(halo)
    model = DwarfModel(
        mass,
        r_star or (0.25 if mass.gamma < 0.5 else 0.1),
        inner,
        outer,
        beta=beta,
        r_a=r_a,
    )
    recipe = _recipe(model, stars, seed, error, foreground, binaries)
    digest = np.frombuffer(repr(sorted(recipe["model"].items())).encode(), dtype=np.uint8)
    rng = np.random.default_rng([seed, 43, *digest.tolist()])
    say(0.1, "distribution function")
    columns = observe(model, stars, rng, error=error, foreground=foreground, binaries=binaries)
    dwarf = None
    if distance is not None:
        dwarf = Dwarf("mock", 15.0, -33.7, distance)
        columns["ra"], columns["dec"] = sky_of(
            columns.pop("x") / distance, columns.pop("y") / distance, dwarf
        )
    say(0.8, "storing")
    table = make_table(columns, dwarf)
    catalogue = store_dwarf(
        table,
        Path(home),
        name or f"mock-dwarf-{halo.split('=', maxsplit=1)[0]}-{stars}-s{seed}",
        {"source": "via-obscura mock dwarf", **recipe},
        _truth(model, recipe),
    )
    say(1.0, "done")
    return catalogue


def observe(
    model: DwarfModel,
    stars: int,
    rng: np.random.Generator,
    *,
    error: float,
    foreground: float = 0.0,
    binaries: float = 0.0,
) -> dict[str, npt.NDArray[Any]]:
    """Draw stars as they are seen: ``x``, ``y`` (kpc), ``v_los``, ``v_los_error`` (km/s)."""
    x, v = draw_stars(model, stars, rng)
    velocity = v[:, 2]
    if binaries:
        moving = rng.uniform(size=stars) < binaries
        velocity = velocity + np.where(moving, binary_velocities(stars, rng), 0.0)
    sky = x[:, :2]
    extra = rng.poisson(foreground * stars) if foreground else 0
    if extra:
        field = _FIELD * model.half_light_radius() * np.sqrt(rng.uniform(size=extra))
        angle = rng.uniform(0, 2 * np.pi, size=extra)
        sky = np.concatenate([sky, np.stack([field * np.cos(angle), field * np.sin(angle)], 1)])
        velocity = np.concatenate([velocity, rng.normal(*_FOREGROUND, size=extra)])
    errors = np.full(len(velocity), error)
    return {
        "source_id": np.arange(1, len(velocity) + 1),
        "x": sky[:, 0].copy(),
        "y": sky[:, 1].copy(),
        "v_los": velocity + rng.normal(size=len(velocity)) * errors,
        "v_los_error": errors,
    }


def binary_velocities(count: int, rng: np.random.Generator) -> FloatArray:
    """Draw what a companion adds to the velocity of a giant, (n,) km/s.

    Circular orbits with log-normal periods (Duquennoy & Mayor 1991, A&A 248, 485), no closer than
    0.21 AU, which a giant would fill; masses 0.8 Msun and even ratios above 0.1.
    """
    total, period = np.empty(count), np.empty(count)
    ratio = rng.uniform(0.1, 1.0, size=count)
    total[:] = 0.8 * (1 + ratio)
    days = 10 ** rng.normal(4.8, 2.3, size=4 * count + 100)
    days = days[(days > 30) & (days < 10**10)]
    period[:] = rng.choice(days, size=count) / 365.25
    axis = (total * period**2) ** (1 / 3)
    axis = np.maximum(axis, 0.21)
    speed = 29.785 * np.sqrt(total / axis) * ratio / (1 + ratio)
    tilt = np.sqrt(1 - rng.uniform(size=count) ** 2)
    return np.asarray(speed * tilt * np.cos(rng.uniform(0, 2 * np.pi, size=count)))


def _recipe(
    model: DwarfModel, stars: int, seed: int, error: float, foreground: float, binaries: float
) -> dict[str, Any]:
    halo = model.halo
    return {
        "stars": stars,
        "seed": seed,
        "velocity_error": {"value": error, "unit": "km/s"},
        "foreground": foreground,
        "binaries": binaries,
        "model": {
            "rho0": halo.rho0, "r_s": halo.r_s, "gamma": halo.gamma, "beta_halo": halo.beta,
            "alpha": halo.alpha, "r_star": model.r_star, "inner": model.inner,
            "outer": model.outer, "beta": model.beta,
            "r_a": None if np.isinf(model.r_a) else model.r_a,
        },
    }  # fmt: skip


def _truth(model: DwarfModel, recipe: dict[str, Any]) -> dict[str, Any]:
    """Give the true profiles on a grid, with the model's parameters."""
    half = model.half_light_radius()
    r = half * np.geomspace(0.03, 15, 64)
    return {
        "format": 1,
        "mock": recipe,
        "half_light_radius": {"value": half, "unit": "kpc"},
        "profiles": {
            "r": r.tolist(),
            "density": (model.halo.density(r) * 1e-9).tolist(),
            "log_slope": (-model.halo.slope(r)).tolist(),
            "mass": model.halo.mass(r).tolist(),
            "anisotropy": model.anisotropy(r).tolist(),
            "dispersion": model.dispersion(r).tolist(),
        },
        "units": {"r": "kpc", "density": "Msun pc-3", "mass": "Msun", "dispersion": "km s-1"},
    }
