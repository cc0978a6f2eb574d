"""The acceleration of a trained population: on the grid, along the lines and at the Sun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.constants import ACCELERATION_UNIT
from data.population import Population
from engine.cubes.assemble import acceleration_cube, profiles_cube
from engine.cubes.grid import Grid, Line, make_grid, make_lines
from engine.cubes.trust import neighbours, reasons, trust_flags
from engine.density.model import DensityModel
from engine.draws import Draws
from engine.estimators.potential.field import PotentialField
from engine.estimators.potential.fit import fit_potential
from engine.estimators.solve import BoltzmannMap, solve_positions
from engine.mapping.presets import MapSettings

__all__ = ["GridSolution", "MapSolver"]

Floats = NDArray[np.float64]

_LINE_POINTS = 81
_SUN_VELOCITIES = 4096
_POTENTIAL_REACH = 0.95
"""Cells within this part of the volume's radius carry the potential: flows err at the edge."""

_FEWEST = 30
"""Cells without which no potential is fitted."""


@dataclass(frozen=True)
class GridSolution:
    """What was solved at the cells of a grid, P of them inside the volume.

    Parameters
    ----------
    grid
        The grid.
    fields
        Acceleration (P, 3) by estimator, the first the default.
    pointwise
        The ``boltzmann`` solution of every member.
    flags, tracers, edge_distance
        (P,), see ``engine.cubes.trust``.
    potential
        None where a single member tells no errors.
    """

    grid: Grid
    fields: dict[str, Draws]
    pointwise: BoltzmannMap
    flags: NDArray[np.int32]
    tracers: NDArray[np.int32]
    edge_distance: NDArray[np.floating]
    potential: PotentialField | None

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Tell which cells nothing speaks against, (P,)."""
        trusted: NDArray[np.bool_] = self.flags == 0
        return trusted

    @property
    def acceleration(self) -> Draws:
        """Acceleration by the default estimator, (P, 3)."""
        return next(iter(self.fields.values()))

    def cube(self, attributes: dict[str, Any]) -> xr.Dataset:
        """Give the ``acceleration`` cube."""
        return acceleration_cube(
            self.grid,
            self.fields,
            self.pointwise,
            tracers=self.tracers,
            edge_distance=self.edge_distance,
            flags=self.flags,
            attributes=attributes,
        )


class MapSolver:
    """Solutions on the grid, along the lines and at the Sun.

    Parameters
    ----------
    model
        The trained density model.
    population
        The tracers that it was trained on.
    settings
        The map's settings.
    seed
        Seed of the velocities and of the simulated fits.
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

    def grid(self) -> GridSolution:
        """Solve at the cells of the grid and fit the potential to them."""
        ball = self.population.volume
        grid = make_grid(ball.centre, ball.radius, self.settings.spacing, self.settings.z_cells)
        solution = self.solve(grid.points, self.settings.velocities, (0.0, 0.9))
        flags, tracers, edge = self.flags(grid.points, solution)
        potential = self._potential(grid.points, solution, edge)
        self.on_progress(0.94)
        return GridSolution(
            grid=grid,
            fields=self.fields(potential, grid.points, solution),
            pointwise=solution,
            flags=flags,
            tracers=tracers,
            edge_distance=edge,
            potential=potential,
        )

    def _potential(
        self, points: Floats, solution: BoltzmannMap, edge: NDArray[np.floating]
    ) -> PotentialField | None:
        ball = self.population.volume
        usable = edge > (1 - _POTENTIAL_REACH) * ball.radius
        # where the members disagree by more than the acceleration itself, nothing was learnt
        size = np.linalg.norm(solution.mean, axis=1)
        usable &= np.linalg.norm(solution.spread, axis=1) < np.maximum(size, np.median(size))
        if self.settings.members < 2 or np.count_nonzero(usable) < _FEWEST:
            return None
        return fit_potential(
            points,
            solution.acceleration,
            usable,
            centre=ball.centre,
            radius=ball.radius,
            seed=self.seed,
        )

    @staticmethod
    def fields(
        potential: PotentialField | None, points: Floats, solution: BoltzmannMap
    ) -> dict[str, Draws]:
        """Give the acceleration at points (n, 3) by each estimator, the default first."""
        pointwise = {"boltzmann": solution.draws}
        if potential is None:
            return pointwise
        return {"potential": potential.acceleration(points), **pointwise}

    def profiles(self, potential: PotentialField | None, attributes: dict[str, Any]) -> xr.Dataset:
        """Map the named lines."""
        ball, sun = self.population.volume, self.population.sun
        lines: list[Line] = make_lines(ball.centre, ball.radius, sun.position, _LINE_POINTS)
        fields, flags = [], []
        for index, line in enumerate(lines):
            points = line.points[np.isfinite(line.points).all(1)]
            part = (0.94 + 0.02 * index, 0.96 + 0.02 * index)
            solution = self.solve(points, self.settings.velocities, part)
            fields.append(self.fields(potential, points, solution))
            flags.append(self.flags(points, solution)[0])
        return profiles_cube(lines, fields, flags, attributes)

    def at_sun(self, potential: PotentialField | None) -> dict[str, object] | None:
        """Give the acceleration at the Sun, or None where the volume leaves the Sun out."""
        sun, ball = np.array([self.population.sun.position]), self.population.volume
        if np.linalg.norm(sun - np.asarray(ball.centre)) >= ball.radius:
            return None
        solution = self.solve(sun, max(_SUN_VELOCITIES, self.settings.velocities))
        estimator, field = next(iter(self.fields(potential, sun, solution).items()))
        word = int(self.flags(sun, solution)[0][0])
        words = [] if word & 1 == 0 else [w.sentence for w in self.population.warnings]
        return {
            "acceleration": [float(a) for a in field.mean[0]],
            "acceleration_sd": [float(a) for a in field.sd[0]],
            "estimator": estimator,
            "unit": ACCELERATION_UNIT,
            "position": [float(c) for c in sun[0]],
            "trusted": word == 0,
            "reasons": words + reasons(word & ~1),
        }
