"""The acceleration of a trained population: on the grid, along the lines and at the Sun."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.constants import ACCELERATION_UNIT
from data.population.population import Population
from data.population.warnings import UNCURED
from engine.cubes.assemble import profiles_cube
from engine.cubes.grid import Grid, Line, make_grid, make_lines
from engine.cubes.lengths import grid_step, neighbourhood
from engine.cubes.trust import FLAGS, neighbours, populated, reasons, trust_flags
from engine.density.model import DensityModel
from engine.density.plan import MemberPlan
from engine.estimators.budget import Budget, Corrected, SourceMap, correct, without_errors
from engine.estimators.potential.field import PotentialField
from engine.estimators.potential.fit import fit_potential
from engine.estimators.potential.noise import Heights
from engine.estimators.registry import ESTIMATORS
from engine.estimators.solve import PointwiseMap, solve_positions
from engine.mapping.presets import MapSettings
from engine.mapping.solution import GridSolution, SolvedFields

__all__ = ["MapSolver"]

Floats = NDArray[np.float64]
Flags = NDArray[np.int32]

_LINE_POINTS = 81
_SUN_VELOCITIES = 4096
_POTENTIAL_REACH = 0.95
"""Cells within this part of the volume's radius carry the potential: flows err at the edge."""

_FEWEST = 30
"""Cells without which no potential is fitted."""


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
    plan
        Who the model's members are.
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
        plan: MemberPlan | None = None,
    ) -> None:
        self.model, self.population, self.settings = model, population, settings
        self.seed, self.on_progress = seed, on_progress
        self.plan = plan or MemberPlan(model.members, (), settings.bootstrap)
        self.heights = Heights.of(population.volume.centre, population.volume.radius)
        self._sources: dict[str, SourceMap] = {}

    @property
    def source(self) -> str:
        """The pointwise estimator that answers for this population.

        ``conditional`` where the selection imitates an acceleration, which ``boltzmann`` would
        take for real.
        """
        return ESTIMATORS.for_population(selected=bool(self.population.warnings))

    def solve(
        self,
        points: NDArray[np.floating],
        velocities: int,
        part: tuple[float, float] = (1.0, 1.0),
    ) -> PointwiseMap:
        """Solve at points (n, 3); ``part`` is where in the stage this begins and ends."""

        def on_batch(done: float) -> None:
            self.on_progress(part[0] + (part[1] - part[0]) * done)

        return solve_positions(
            self.model,
            points,
            velocities=velocities,
            seed=self.seed,
            clip=self.settings.clip,
            plan=self.plan,
            on_batch=on_batch,
        )

    def pointwise(self) -> PointwiseMap:
        """Solve at the cells of the grid, which takes most of the time."""
        return self.solve(self._grid.points, self.settings.velocities, (0.0, 0.9))

    def grid(self, pointwise: PointwiseMap | None = None) -> GridSolution:
        """Solve at the cells of the grid and fit the potential to them.

        Parameters
        ----------
        pointwise
            What `pointwise` gave before; solved by default.
        """
        ball, grid = self.population.volume, self._grid
        solution = pointwise or self.pointwise()
        corrected = self._corrected(solution)
        if self.plan.base > 1:
            self._sources = {
                name: SourceMap(grid.points, found, self.heights)
                for name, found in corrected.items()
            }
        potential = self._potential(grid.points, corrected[self.source], self._edge(grid.points))
        if potential is not None:
            found = self._of_potential(potential, grid.points)
            self._sources["potential"] = SourceMap(grid.points, found, self.heights)
        self.on_progress(0.94)
        fields = self.fields(potential, grid.points, solution)
        return GridSolution(
            grid=grid,
            budgets=fields.budgets,
            flags_by=fields.flags,
            pointwise=fields.pointwise,
            tracers=fields.tracers,
            edge_distance=fields.edge_distance,
            radius=ball.radius,
            potential=potential,
            source=self.source,
        )

    @cached_property
    def _grid(self) -> Grid:
        ball = self.population.volume
        step = grid_step(self.settings.spacing, ball.radius)
        return make_grid(ball.centre, ball.radius, step, self.settings.z_cells)

    def _edge(self, points: Floats) -> Floats:
        ball = self.population.volume
        edge: Floats = ball.radius - np.linalg.norm(points - np.asarray(ball.centre), axis=1)
        return edge

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.population.x)

    def _tracers(self, points: Floats) -> NDArray[np.int32]:
        """Count the tracers near points (n, 3) kpc, (n,)."""
        return neighbours(self._tree, points, neighbourhood(self.population.volume.radius))

    def _corrected(self, solution: PointwiseMap) -> dict[str, Corrected]:
        return {name: correct(values, self.plan) for name, values in solution.acceleration.items()}

    def _of_potential(self, potential: PotentialField, points: Floats) -> Corrected:
        values = potential.of_members(points, naive=False)
        noisy = bool(self.plan.levels)
        naive = potential.of_members(points, naive=True) if noisy else values
        doubt = 0.5 * np.abs(potential.bias(points)) if noisy else np.zeros(values.shape[1:])
        return Corrected(naive, values, doubt, self.plan)

    def _potential(
        self, points: Floats, found: Corrected, edge: NDArray[np.floating]
    ) -> PotentialField | None:
        if self.plan.base < 2:
            return None
        ball = self.population.volume
        usable = edge > (1 - _POTENTIAL_REACH) * ball.radius
        # where the members disagree by more than the acceleration itself, nothing was learnt
        size = np.linalg.norm(found.values.mean(0), axis=1)
        spread = np.linalg.norm(found.values.std(0, ddof=1), axis=1)
        usable &= spread < np.maximum(size, np.nanmedian(size))
        if np.count_nonzero(usable) < _FEWEST:
            return None
        usable = populated(usable, self._tracers(points))
        return fit_potential(
            points,
            found.values,
            usable,
            centre=ball.centre,
            radius=ball.radius,
            seed=self.seed,
            naive=found.naive if self.plan.levels else None,
        )

    def fields(
        self, potential: PotentialField | None, points: Floats, solution: PointwiseMap
    ) -> SolvedFields:
        """Give what is known at points (n, 3) by each estimator, the default first."""
        corrected = self._corrected(solution)
        order = sorted(ESTIMATORS.names, key=lambda name: name != self.source)
        budgets = {}
        if potential is not None:
            by_source = self._sources["potential"].at(points)
            field = potential.acceleration(points)
            share = by_source / np.maximum(by_source.sum(0), 1e-30)
            budgets["potential"] = Budget(field, np.sqrt(share) * field.sd, potential.bias(points))
        for name in order:
            found = corrected[name]
            budgets[name] = (
                self._sources[name].budget(points, found, ESTIMATORS[name].error_scale)
                if name in self._sources
                else without_errors(found)
            )
        pointwise = solution.pick(self.plan.level(-1))
        edge = self._edge(points)
        tracers = self._tracers(points)
        flags = {name: self._flags(name, budgets, pointwise, tracers, edge) for name in budgets}
        return SolvedFields(budgets, flags, pointwise, tracers, edge)

    def _flags(
        self,
        name: str,
        budgets: dict[str, Budget],
        pointwise: PointwiseMap,
        tracers: NDArray[np.int32],
        edge: Floats,
    ) -> Flags:
        source = self.source if name == "potential" else name
        budget = budgets[source]
        return trust_flags(
            acceleration=budget.field.mean,
            spread=budget.field.sd,
            condition=np.median(pointwise.condition[source], 0),
            residual=np.median(pointwise.residual[source], 0),
            tracers=tracers,
            edge_distance=edge,
            radius=self.population.volume.radius,
            distrust_population=bool(self._against(name)),
        )

    def _against(self, estimator: str) -> list[str]:
        """Give the reasons against the population that an estimator does not answer.

        A potential that is fitted to ``conditional`` is still a smooth field over places that the
        selection left empty, and stays in doubt.
        """
        robust = estimator in ESTIMATORS and ESTIMATORS[estimator].robust_to_selection
        return [
            warning.sentence
            for warning in self.population.warnings
            if not robust or warning.code in UNCURED
        ]

    def profiles(self, potential: PotentialField | None, attributes: dict[str, Any]) -> xr.Dataset:
        """Map the named lines."""
        ball, sun = self.population.volume, self.population.sun
        lines: list[Line] = make_lines(ball.centre, ball.radius, sun.position, _LINE_POINTS)
        fields, flags = [], []
        for index, line in enumerate(lines):
            points = line.points[np.isfinite(line.points).all(1)]
            part = (0.94 + 0.02 * index, 0.96 + 0.02 * index)
            found = self.fields(
                potential, points, self.solve(points, self.settings.velocities, part)
            )
            fields.append({name: budget.field for name, budget in found.budgets.items()})
            flags.append(next(iter(found.flags.values())))
        return profiles_cube(lines, fields, flags, attributes)

    def at_sun(self, potential: PotentialField | None) -> dict[str, object] | None:
        """Give the acceleration at the Sun, or None where the volume leaves the Sun out."""
        sun = np.array([self.population.sun.position])
        if self._edge(sun)[0] <= 0:
            return None
        solution = self.solve(sun, max(_SUN_VELOCITIES, self.settings.velocities))
        found = self.fields(potential, sun, solution)
        estimator, budget = next(iter(found.budgets.items()))
        word = int(found.flags[estimator][0])
        population = FLAGS["population"][0]
        words = self._against(estimator) if word & population else []
        return {
            "acceleration": [float(a) for a in budget.field.mean[0]],
            "acceleration_sd": [float(a) for a in budget.field.sd[0]],
            "estimator": estimator,
            "unit": ACCELERATION_UNIT,
            "position": [float(c) for c in sun[0]],
            "trusted": word == 0,
            "reasons": words + reasons(word & ~population),
            "by_estimator": {
                name: {
                    "acceleration": [float(a) for a in one.field.mean[0]],
                    "acceleration_sd": [float(a) for a in one.field.sd[0]],
                    "trusted": int(found.flags[name][0]) == 0,
                }
                for name, one in found.budgets.items()
            },
        }
