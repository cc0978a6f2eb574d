"""The job behind ``via-obscura map``: population, density model, accelerations, cubes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.constants import ACCELERATION_UNIT
from data.population import Population, make_population
from data.selection import caption, selection_hash
from data.store import CatalogueStore
from engine.cubes.assemble import acceleration_cube, profiles_cube, provenance
from engine.cubes.grid import Line, make_grid, make_lines
from engine.cubes.store import write_cube
from engine.cubes.trust import neighbours, reasons, trust_flags
from engine.density.model import DensityModel, Frame
from engine.density.preprocess import BallMap
from engine.device import choose_device, limit_threads
from engine.estimators.solve import BoltzmannMap, solve_positions
from engine.mapping.check import model_cube
from engine.mapping.cost import estimate_cost
from engine.mapping.presets import MapSettings, resolve
from engine.mapping.train import as_tensors, train_density_model
from engine.runs.context import RunContext

__all__ = ["run_map"]

_LINE_POINTS = 81
_SUN_VELOCITIES = 4096
_VERSIONS = ("via-obscura", "torch", "zuko", "numpy", "xarray")


@dataclass(frozen=True)
class _Stages:
    """Which part of the whole each stage is, from the expected cost."""

    starts: dict[str, tuple[float, float]]
    report: Callable[[float, str], None]

    @classmethod
    def of(cls, settings: MapSettings, population: Population, context: RunContext) -> _Stages:
        cost = estimate_cost(settings, len(population.rows), population.volume.radius)
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
    "position": "learning where the stars are",
    "velocity": "learning how they move",
    "solve": "solving for the acceleration",
    "check": "comparing the model with the stars",
}


def run_map(context: RunContext) -> dict[str, object]:
    """Train a density model on a tracer population and map the acceleration.

    Parameters
    ----------
    context
        The run; its spec is that of ``engine.runs.specs.check_map``.

    Returns
    -------
    dict
        ``cubes`` (paths), ``at_sun``, ``population`` (counts), ``warnings``, ``timing`` (s).
    """
    spec: dict[str, Any] = dict(context.spec)
    settings = resolve(spec["preset"], spec["overrides"])
    threads = limit_threads(spec["threads"])
    device = choose_device(spec["device"])
    catalogue = CatalogueStore(context.home).open(spec["catalogue"])
    population = make_population(catalogue, spec["selection"], spec["volume"])
    context.log(
        f"{len(population.rows):,} tracers within {population.volume.radius:g} kpc; "
        f"{settings.members} members on {device} with {threads} threads."
    )
    for warning in population.warnings:
        context.event("warning", code=warning.code, message=warning.sentence)
    stages = _Stages.of(settings, population, context)
    clock = _Clock()

    x, v = as_tensors(device, population.x, population.v)
    centre = as_tensors(device, np.asarray(population.volume.centre))[0]
    frame = Frame.fit(x, v, BallMap(centre, population.volume.radius))
    model, split = train_density_model(
        x,
        v,
        frame,
        settings,
        seed=spec["seed"],
        checkpoints=context.checkpoints,
        reporter=context,
        on_progress=stages,
    )
    clock.lap("training")
    solver = _Solver(model, population, settings, spec["seed"], context, stages)
    attributes = _attributes(context, population, settings, spec)
    cubes = {"acceleration": solver.cube(attributes), "profiles": solver.profiles(attributes)}
    at_sun = solver.at_sun()
    clock.lap("solve")
    context.check_stop()
    stages("check", 0.1)
    stars = np.concatenate([population.x, population.v], 1).astype(np.float64)
    cubes["model"] = model_cube(stars, model, split, spec["seed"], attributes)
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


class _Solver:
    """The pointwise solution on the grid, along the lines and at the Sun."""

    def __init__(
        self,
        model: DensityModel,
        population: Population,
        settings: MapSettings,
        seed: int,
        context: RunContext,
        stages: _Stages,
    ) -> None:
        self.model, self.population, self.settings = model, population, settings
        self.seed, self.context, self.stages = seed, context, stages

    def solve(
        self,
        points: NDArray[np.floating],
        velocities: int,
        part: tuple[float, float] = (1.0, 1.0),
    ) -> BoltzmannMap:
        """Solve at points (n, 3); ``part`` is where in the stage this begins and ends."""

        def on_batch(done: float) -> None:
            self.context.check_stop()
            self.stages("solve", part[0] + (part[1] - part[0]) * done)

        return solve_positions(
            self.model,
            points,
            velocities=velocities,
            seed=self.seed,
            clip=self.settings.clip,
            on_batch=on_batch,
        )

    def flags(
        self, points: NDArray[np.floating], solution: BoltzmannMap
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.floating]]:
        """Give flags, tracers nearby and distance to the edge at points (n, 3)."""
        ball = self.population.volume
        edge = ball.radius - np.linalg.norm(points - np.asarray(ball.centre), axis=1)
        tracers = neighbours(self.population.x, points)
        flags = trust_flags(
            acceleration=solution.mean,
            spread=solution.spread,
            condition=solution.condition,
            residual=solution.residual,
            tracers=tracers,
            edge_distance=edge,
            radius=ball.radius,
            distrust_population=bool(self.population.warnings),
        )
        return flags, tracers, edge

    def cube(self, attributes: dict[str, Any]) -> xr.Dataset:
        """Map the grid."""
        ball = self.population.volume
        grid = make_grid(ball.centre, ball.radius, self.settings.spacing, self.settings.z_cells)
        points = grid.points
        solution = self.solve(points, self.settings.velocities, (0.0, 0.94))
        flags, tracers, edge = self.flags(points, solution)
        return acceleration_cube(
            grid,
            solution,
            tracers=tracers,
            edge_distance=edge,
            flags=flags,
            attributes=attributes,
        )

    def profiles(self, attributes: dict[str, Any]) -> xr.Dataset:
        """Map the named lines."""
        ball, sun = self.population.volume, self.population.sun
        lines: list[Line] = make_lines(ball.centre, ball.radius, sun.position, _LINE_POINTS)
        solutions, flags = [], []
        for index, line in enumerate(lines):
            points = line.points[np.isfinite(line.points).all(1)]
            part = (0.94 + 0.02 * index, 0.96 + 0.02 * index)
            solution = self.solve(points, self.settings.velocities, part)
            solutions.append(solution)
            flags.append(self.flags(points, solution)[0])
        return profiles_cube(lines, solutions, flags, attributes)

    def at_sun(self) -> dict[str, object] | None:
        """Give the acceleration at the Sun, or None where the volume leaves the Sun out."""
        sun, ball = np.array([self.population.sun.position]), self.population.volume
        if np.linalg.norm(sun - np.asarray(ball.centre)) >= ball.radius:
            return None
        solution = self.solve(sun, max(_SUN_VELOCITIES, self.settings.velocities))
        word = int(self.flags(sun, solution)[0][0])
        words = [] if word & 1 == 0 else [w.sentence for w in self.population.warnings]
        return {
            "acceleration": [float(a) for a in solution.mean[0]],
            "acceleration_sd": [float(a) for a in solution.spread[0]],
            "unit": ACCELERATION_UNIT,
            "position": [float(c) for c in sun[0]],
            "trusted": word == 0,
            "reasons": words + reasons(word & ~1),
        }


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
