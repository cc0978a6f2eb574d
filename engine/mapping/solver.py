"""The acceleration of a trained population: on the grid, along the lines and at the Sun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.constants import ACCELERATION_UNIT
from data.population import Population
from engine.cubes.assemble import acceleration_cube, profiles_cube
from engine.cubes.grid import Line, make_grid, make_lines
from engine.cubes.trust import neighbours, reasons, trust_flags
from engine.density.model import DensityModel
from engine.estimators.solve import BoltzmannMap, solve_positions
from engine.mapping.presets import MapSettings

__all__ = ["MapSolver"]

_LINE_POINTS = 81
_SUN_VELOCITIES = 4096


class MapSolver:
    """The pointwise solution on the grid, along the lines and at the Sun.

    Parameters
    ----------
    model
        The trained density model.
    population
        The tracers that it was trained on.
    settings
        The map's settings.
    seed
        Seed of the velocities.
    on_progress
        Called with the finished part of the whole solve, 0 to 1; may raise to stop.
    """

    def __init__(
        self,
        model: DensityModel,
        population: Population,
        settings: MapSettings,
        seed: int,
        on_progress: Callable[[float], None],
    ) -> None:
        self.model, self.population, self.settings = model, population, settings
        self.seed, self.on_progress = seed, on_progress

    def solve(
        self,
        points: NDArray[np.floating],
        velocities: int,
        part: tuple[float, float] = (1.0, 1.0),
    ) -> BoltzmannMap:
        """Solve at points (n, 3); ``part`` is where in the stage this begins and ends."""

        def on_batch(done: float) -> None:
            self.on_progress(part[0] + (part[1] - part[0]) * done)

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
