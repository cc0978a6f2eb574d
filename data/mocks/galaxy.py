"""`mock galaxy`: an equilibrium Milky Way with known truth, as a catalogue in the store."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gala
import numpy as np
import numpy.typing as npt

from data.catalogue.ingest import ingest_arrays
from data.catalogue.schema import Kind
from data.catalogue.store import Catalogue
from data.errors import UserError
from data.frames import SolarParameters
from data.mocks.ball import Ball
from data.mocks.gaia_errors import observe
from data.mocks.orbits import Mixing
from data.mocks.potentials import DEFAULT, named
from data.mocks.sampling import Sample, sample_galaxy
from data.mocks.tracers import TRACERS
from data.mocks.truth import Truth

__all__ = ["ERROR_MARGIN", "make_galaxy"]

ERROR_MARGIN = 1.3
"""With errors the stars fill a ball this much larger, so that noise moves them across the
surface of the wanted one in both directions, as it does in a real catalogue. At its edge, for
4 kpc, the parallax error of a clump giant is 10%: 2.9 standard errors from the wanted ball."""

BYTES_PER_STAR = 600
"""Peak memory for each star of a mock, measured with some to spare."""

TRACER_NAMES = ", ".join(f"{tracer.label} {tracer.name}" for tracer in TRACERS)


def make_galaxy(
    home: str | Path,
    *,
    stars: int = 200_000,
    seed: int = 0,
    potential: str = DEFAULT,
    errors: bool = False,
    name: str | None = None,
    radius: float = 4.0,
    progress: Callable[[float, str], None] | None = None,
    threads: int | None = None,
) -> Catalogue:
    """Make a mock galaxy and store it beside its truth.

    Parameters
    ----------
    home
        The folder that holds the catalogues.
    stars
        Rows of the catalogue.
    seed
        Everything random follows from it, whatever `threads` is. The stars of a mock with errors
        are those of the mock without errors of the same seed and of a radius larger by
        `ERROR_MARGIN`, row by row.
    potential
        Name of a model galaxy (`data.mocks.potentials.names`).
    errors
        Observe the stars with Gaia-like errors: a catalogue of kind astrometry. Its stars fill a
        ball that is larger by `ERROR_MARGIN`, and all stay in the table wherever noise puts them.
    name
        Name of the catalogue; by default made of potential, stars and seed.
    radius
        Radius of the ball round the Sun, kpc.
    progress
        Called with the fraction done and a word on the stage.
    threads
        Orbits are integrated in so many threads; by default one for each available core.

    Returns
    -------
    The catalogue: x, y, z, vx, vy, vz (kpc, km/s) without errors, ra ... radial_velocity with
    errors, and `tracer` (0 thin, 1 thick, 2 halo) with both.

    Raises
    ------
    UserError
        If a parameter makes no sense or the mock does not fit into memory.
    """
    galaxy = named(potential)
    sun = SolarParameters()
    _check(stars, seed, radius, threads)
    ball = Ball(sun.position, radius * ERROR_MARGIN if errors else radius)
    mixing = Mixing()
    sample = sample_galaxy(
        galaxy,
        stars,
        seed,
        ball,
        threads=threads or _cores(),
        mixing=mixing,
        progress=(lambda done, stage: progress(0.95 * done, stage)) if progress else None,
    )
    if progress:
        progress(0.95, "storing")
    recipe = _recipe(sample, stars, seed, potential, errors, ball, mixing)
    kind: Kind = "astrometry" if errors else "simulation"
    catalogue = ingest_arrays(
        _observed(sample, seed, sun) if errors else _phase_space(sample),
        Path(home),
        name=name or default_name(potential, stars, seed, errors),
        kind=kind,
        provenance={"source": "via-obscura mock galaxy", **recipe},
        truth=Truth(galaxy, {"mock": recipe}).to_dict(),
        sun=sun,
    )
    if progress:
        progress(1.0, "done")
    return catalogue


def default_name(potential: str, stars: int, seed: int, errors: bool) -> str:
    """Name of a mock whose user gave none, such as ``mock-milky-way-200000-s0``."""
    return f"mock-{potential}-{stars}-s{seed}" + ("-errors" if errors else "")


def _phase_space(sample: Sample) -> dict[str, npt.NDArray[Any]]:
    """Columns of a simulation."""
    columns: dict[str, npt.NDArray[Any]] = {
        name: sample.x[:, i].astype(np.float32) for i, name in enumerate(("x", "y", "z"))
    }
    for i, column in enumerate(("vx", "vy", "vz")):
        columns[column] = sample.v[:, i].astype(np.float32)
    return {**_labels(sample), **columns}


def _observed(sample: Sample, seed: int, sun: SolarParameters) -> dict[str, npt.NDArray[Any]]:
    """Columns of a Gaia-like catalogue; the errors have a random stream of their own."""
    rng = np.random.default_rng([seed, len(TRACERS) + 1])
    return {**_labels(sample), **observe(sample.x, sample.v, sun, rng)}


def _labels(sample: Sample) -> dict[str, npt.NDArray[Any]]:
    """Give the identifier and the tracer population of each star."""
    return {"source_id": np.arange(1, len(sample.x) + 1), "tracer": sample.tracer}


def _recipe(
    sample: Sample,
    stars: int,
    seed: int,
    potential: str,
    errors: bool,
    ball: Ball,
    mixing: Mixing,
) -> dict[str, Any]:
    """All that is needed to make the same mock again, and how well orbits were followed."""
    return {
        "stars": stars,
        "seed": seed,
        "potential": potential,
        "errors": errors,
        "ball": {"centre": list(ball.centre), "radius": ball.radius, "unit": "kpc"},
        "tracer_labels": TRACER_NAMES,
        "observed_between": {"start": mixing.start, "end": mixing.end, "unit": "Myr"},
        "time_step": {**sample.steps, "unit": "Myr"},
        "median_energy_error": sample.energy_errors,
        "gala": gala.__version__,
    }


def _check(stars: int, seed: int, radius: float, threads: int | None) -> None:
    """Refuse numbers that make no sense, before anything is computed."""
    if stars < 1:
        raise UserError(f"A mock cannot have {stars} stars.", "Request at least one.")
    if seed < 0:
        raise UserError(f"The seed {seed} is negative.", "Use 0 or a positive integer.")
    if not (np.isfinite(radius) and 0.5 <= radius <= 20.0):
        raise UserError(f"Invalid radius of the ball: {radius:g} kpc.", "Choose 0.5 to 20 kpc.")
    if threads is not None and threads < 1:
        raise UserError(f"Invalid number of threads: {threads}.", "Use at least one.")
    memory = _memory()
    if memory is not None and stars * BYTES_PER_STAR > memory:
        raise UserError(
            f"{stars:,} stars need about {stars * BYTES_PER_STAR / 1e9:.0f} GB of memory; "
            f"this machine has {memory / 1e9:.0f} GB.",
            f"Request at most {int(memory / BYTES_PER_STAR):,} stars.",
        )


def _memory() -> int | None:
    """Physical memory in bytes, None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
