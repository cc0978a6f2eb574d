"""The job behind ``via-obscura map``: population, density model, accelerations, cubes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from data.population import Population, make_population
from data.renoise import has_errors
from data.selection import caption, selection_hash
from data.store import CatalogueStore
from engine.cubes.assemble import provenance
from engine.cubes.draws import draws_cube
from engine.cubes.store import write_cube
from engine.dark.cube import local_values
from engine.density.model import Coordinates
from engine.density.preprocess import BallMap
from engine.device import choose_device, limit_threads
from engine.mapping.check import model_cube
from engine.mapping.cost import estimate_cost
from engine.mapping.derived import derived_cubes
from engine.mapping.presets import MapSettings, resolve
from engine.mapping.solver import MapSolver
from engine.mapping.train import TrainingStars, train_density_model
from engine.runs.context import RunContext

__all__ = ["run_map"]

_VERSIONS = ("via-obscura", "torch", "zuko", "numpy", "xarray")


@dataclass(frozen=True)
class _Stages:
    """Which part of the whole each stage is, from the expected cost."""

    starts: dict[str, tuple[float, float]]
    report: Callable[[float, str], None]

    @classmethod
    def of(cls, settings: MapSettings, population: Population, context: RunContext) -> _Stages:
        errors = population.catalogue is not None and has_errors(population.catalogue)
        cost = estimate_cost(
            settings, len(population.rows), population.volume.radius, errors=errors
        )
        total, begun, starts = cost.seconds, 0.0, {}
        for name in ("position", "velocity", "solve", "check"):
            length = getattr(cost, name) / total
            starts[name] = (begun, length)
            begun += length
        return cls(starts, context.progress)

    def __call__(self, name: str, done: float) -> None:
        begun, length = self.starts[name]
        self.report(begun + length * done, _TITLES[name])


_TITLES = {
    "position": "fitting p(x)",
    "velocity": "fitting p(v|x)",
    "solve": "solving for the acceleration",
    "check": "comparing the model with the stars",
}


def run_map(context: RunContext) -> dict[str, object]:
    """Train a density model on a tracer population and map the acceleration.

    Parameters
    ----------
    context
        The run; its spec is that of ``engine.mapping.request.MapRequest``.

    Returns
    -------
    dict
        ``cubes`` (paths), ``at_sun``, ``population`` (counts), ``warnings``, ``timing`` (s).
    """
    spec: dict[str, Any] = dict(context.spec)
    threads = limit_threads(spec["threads"])
    device = choose_device(spec["device"])
    catalogue = CatalogueStore(context.home).open(spec["catalogue"])
    population = make_population(catalogue, spec["selection"], spec["volume"])
    settings = resolve(spec["preset"], spec["overrides"], population.volume.radius)
    plan = settings.plan(errors=has_errors(catalogue))
    context.log(
        f"{len(population.rows):,} tracers within {population.volume.radius:g} kpc; "
        f"{plan.total} members on {device} with {threads} thread{'s' * (threads != 1)}."
    )
    for warning in population.warnings:
        context.event("warning", code=warning.code, text=warning.sentence)
    stages = _Stages.of(settings, population, context)
    clock = _Clock()

    x, v = torch.tensor(population.x), torch.tensor(population.v)
    ball = BallMap(torch.tensor(population.volume.centre), population.volume.radius)
    model, split = train_density_model(
        TrainingStars.of(population, plan, spec["seed"]),
        Coordinates.fit(x, v, ball),
        settings,
        plan,
        device=device,
        seed=spec["seed"],
        checkpoints=context.checkpoints,
        reporter=context,
        on_progress=stages,
    )
    clock.lap("training")

    def on_solved(done: float) -> None:
        context.check_stop()
        stages("solve", done)

    solver = MapSolver(model, population, settings, spec["seed"], on_solved, plan)
    attributes = _attributes(context, population, settings, spec)
    solution = solver.grid()
    cubes = {
        "acceleration": solution.cube(attributes),
        "draws": draws_cube(solution.grid, solution.fields, attributes),
        "profiles": solver.profiles(solution.potential, attributes),
        **derived_cubes(solution, population, spec["seed"], attributes),
    }
    at_sun = solver.at_sun(solution.potential)
    if at_sun is not None:
        at_sun |= local_values(cubes.get("dark_matter"))
    clock.lap("solve")
    context.check_stop()
    stages("check", 0.1)
    stars = np.concatenate([population.x, population.v], 1).astype(np.float64)
    learnt = model.pick(plan.level(-1))
    cubes["model"] = model_cube(stars, learnt, split, spec["seed"], attributes)
    stages("check", 0.8)
    paths = {n: str(write_cube(cube, context.cubes, n)) for n, cube in cubes.items()}
    clock.lap("check")
    stages("check", 1.0)
    return {
        "cubes": paths,
        "at_sun": at_sun,
        "population": population.counts,
        "warnings": [warning.to_dict() for warning in population.warnings],
        "timing": clock.laps,
    }


class _Clock:
    """Seconds of each part of the job."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


def _attributes(
    context: RunContext, population: Population, settings: MapSettings, spec: dict[str, Any]
) -> dict[str, Any]:
    """Give what is needed to repeat the map."""
    return provenance(
        run_id=context.run_id,
        catalogue_id=population.catalogue_id,
        selection=population.selection,
        selection_hash=selection_hash(population.selection),
        selection_caption=caption(population.selection),
        sun=population.sun.to_dict(),
        volume=population.volume.to_dict(),
        tracers=len(population.rows),
        preset=spec["preset"],
        settings=settings.to_dict(),
        seed=spec["seed"],
        versions={name: version(name) for name in _VERSIONS},
    )
