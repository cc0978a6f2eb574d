"""From a tracer population to its maps: a function of its arguments, without a run around it.

``engine.mapping.job`` calls it inside a run; benchmarks and notebooks call it as it is.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from data.population.measurement_noise import has_errors
from data.population.population import Population
from engine.cubes.draws import draws_cube
from engine.dark_matter.cube import local_values
from engine.density.model import Coordinates, DensityModel
from engine.density.plan import MemberPlan
from engine.density.preprocess import BallMap
from engine.density.split import MemberSplit
from engine.mapping.check import model_cube
from engine.mapping.derived import derived_cubes
from engine.mapping.presets import MapSettings
from engine.mapping.solution import GridSolution
from engine.mapping.solver import MapSolver
from engine.mapping.train import Reporter, TrainingStars, train_density_model

__all__ = ["MapResult", "Silent", "TrainedPopulation", "map_population", "train_population"]

Progress = Callable[[str, float], None]
"""Called with a stage (``position``, ``velocity``, ``solve``, ``check``) and its finished part."""


class Silent:
    """A reporter that records nothing and never stops the work."""

    def event(self, kind: str, **fields: object) -> None:
        """Drop an event."""

    def check_stop(self) -> None:
        """Go on."""


@dataclass(frozen=True)
class TrainedPopulation:
    """A tracer population with the density model that was trained on it.

    Parameters
    ----------
    population, model
        The tracers and their density model.
    split
        The rows that each member did and did not learn from.
    plan, settings, seed
        What the training was given.
    """

    population: Population
    model: DensityModel
    split: MemberSplit
    plan: MemberPlan
    settings: MapSettings
    seed: int

    def solver(self, on_progress: Callable[[float], None] = lambda _: None) -> MapSolver:
        """Give the solver of this model; ``on_progress`` may raise to stop it."""
        return MapSolver(
            self.model, self.population, self.settings, self.seed, on_progress, self.plan
        )


@dataclass(frozen=True)
class MapResult:
    """What a map consists of.

    Parameters
    ----------
    cubes
        ``acceleration``, ``draws``, ``profiles``, ``model`` and those of
        `engine.mapping.derived`, by name.
    at_sun
        The values at the Sun; None where the volume leaves the Sun out.
    solution
        The solved grid.
    timing
        Seconds of ``training``, ``solve`` and ``check``.
    """

    cubes: dict[str, xr.Dataset]
    at_sun: dict[str, object] | None
    solution: GridSolution
    timing: dict[str, float]


def train_population(
    population: Population,
    settings: MapSettings,
    seed: int,
    *,
    device: torch.device | None = None,
    checkpoints: Path | None = None,
    reporter: Reporter | None = None,
    on_progress: Progress = lambda *_: None,
) -> TrainedPopulation:
    """Train the density model of a tracer population.

    Parameters
    ----------
    population
        The tracers.
    settings, seed
        Of the map.
    device
        Where to train; the CPU by default.
    checkpoints
        Folder that the training keeps its state in and goes on from; none is kept by default.
    reporter
        Takes events and says when to stop.
    on_progress
        Called with a stage and its finished part.
    """
    errors = population.catalogue is not None and has_errors(population.catalogue)
    plan = settings.plan(errors=errors)
    x, v = torch.tensor(population.x), torch.tensor(population.v)
    ball = BallMap(torch.tensor(population.volume.centre), population.volume.radius)
    with ExitStack() as stack:
        folder = checkpoints or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model, split = train_density_model(
            TrainingStars.of(population, plan, seed),
            Coordinates.fit(x, v, ball),
            settings,
            plan,
            device=device or torch.device("cpu"),
            seed=seed,
            checkpoints=folder,
            reporter=reporter or Silent(),
            on_progress=on_progress,
        )
    return TrainedPopulation(population, model, split, plan, settings, seed)


def map_population(
    population: Population,
    settings: MapSettings,
    seed: int,
    *,
    device: torch.device | None = None,
    checkpoints: Path | None = None,
    reporter: Reporter | None = None,
    on_progress: Progress = lambda *_: None,
    attributes: Mapping[str, Any] | None = None,
) -> MapResult:
    """Train a density model on a tracer population and map the acceleration.

    Parameters
    ----------
    population, settings, seed, device, checkpoints, reporter, on_progress
        See `train_population`.
    attributes
        Provenance for the cubes.
    """
    reporter, noted = reporter or Silent(), dict(attributes or {})
    laps = _Laps()
    trained = train_population(
        population,
        settings,
        seed,
        device=device,
        checkpoints=checkpoints,
        reporter=reporter,
        on_progress=on_progress,
    )
    laps.end("training")

    def on_solved(done: float) -> None:
        reporter.check_stop()
        on_progress("solve", done)

    solver = trained.solver(on_solved)
    solution = solver.grid()
    cubes = {
        "acceleration": solution.cube(noted),
        "draws": draws_cube(solution.grid, solution.fields, noted),
        "profiles": solver.profiles(solution.potential, noted),
        **derived_cubes(solution, population, seed, noted),
    }
    at_sun = solver.at_sun(solution.potential)
    if at_sun is not None:
        at_sun |= local_values(cubes.get("dark_matter"))
    laps.end("solve")
    reporter.check_stop()
    on_progress("check", 0.1)
    stars = np.concatenate([population.x, population.v], 1).astype(np.float64)
    without_noise = trained.model.pick(trained.plan.level(-1))
    cubes["model"] = model_cube(stars, without_noise, trained.split, seed, noted)
    on_progress("check", 0.8)
    laps.end("check")
    return MapResult(cubes, at_sun, solution, laps.seconds)


class _Laps:
    """Seconds of each part of the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.monotonic()

    def end(self, name: str) -> None:
        """Note the seconds since the last part ended."""
        now = time.monotonic()
        self.seconds[name] = round(now - self._start, 3)
        self._start = now
