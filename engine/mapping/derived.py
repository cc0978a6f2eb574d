"""The cubes that follow from a solved grid: asymmetry, circular velocity and density."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.baryons import packaged
from data.errors import UserError
from data.population import Population
from engine.circular.cube import circular_velocity_cube
from engine.circular.curve import Curve, map_curve
from engine.circular.jeans_curve import jeans_curve
from engine.cubes.density import density_cube
from engine.dark.density import baryon_density
from engine.draws import Draws
from engine.estimators.potential.field import PotentialField
from engine.mapping.solver import GridSolution
from engine.smoothing import Kernel
from engine.symmetry.cube import asymmetry_cube

__all__ = ["derived_cubes"]

Floats = NDArray[np.float64]

_BARYONS = "mckee-2015"
_KERNEL_NODES = 64
_STEP = 0.5  # kpc between the radii of the circular-velocity curve


def derived_cubes(
    solution: GridSolution, population: Population, seed: int, attributes: dict[str, Any]
) -> dict[str, xr.Dataset]:
    """Give the cubes that follow from the grid, by name.

    ``density`` needs the potential and is left out without it; ``circular_velocity`` is left out
    where neither the map nor the stars reach the plane.

    Parameters
    ----------
    solution
        The solved grid.
    population
        The tracers, for the curve that is made from the stars themselves.
    seed
        Of bootstraps and of draws of the baryons.
    attributes
        Provenance.
    """
    cubes = {}
    density = None
    if solution.potential is not None:
        kernel = Kernel()
        density, baryons = _densities(solution.potential, solution.grid.points, kernel, seed)
        cubes["density"] = density_cube(
            solution.grid,
            {"potential": density},
            baryons,
            reach=kernel.truncation * max(kernel.bandwidths),
            edge_distance=solution.edge_distance,
            flags=solution.flags,
            attributes={
                **attributes,
                "kernel_bandwidths_kpc": list(kernel.bandwidths),
                "kernel_truncation": kernel.truncation,
                "baryon_model": _BARYONS,
            },
        )
    estimator = next(iter(solution.fields))
    named = {**attributes, "estimator": estimator}
    cubes["asymmetry"] = asymmetry_cube(
        solution.grid,
        solution.acceleration,
        solution.trusted,
        density=density,
        attributes=named,
    )
    curves = _curves(solution, population, seed)
    if curves:
        cubes["circular_velocity"] = circular_velocity_cube(curves, named)
    return cubes


def _densities(
    potential: PotentialField, points: Floats, kernel: Kernel, seed: int
) -> tuple[Draws, Draws]:
    """Give the total density and that of the baryons, both averaged with the kernel, (P,)."""
    offsets, weights = kernel.nodes(_KERNEL_NODES, seed)
    total = potential.smoothed_density(points, offsets, weights)
    model = packaged(_BARYONS)
    mean, deviations = np.zeros(len(points)), np.zeros((total.count, len(points)))
    for offset, weight in zip(offsets, weights, strict=True):
        part = baryon_density(model, points + offset, total.count, seed)
        mean += weight * part.mean
        deviations += weight * part.deviations
    return total, Draws(mean, deviations)


def _curves(solution: GridSolution, population: Population, seed: int) -> dict[str, Curve]:
    """Give the circular-velocity curves of the map and of the stars, where there are any."""
    ball = population.volume
    middle = float(np.hypot(ball.centre[0], ball.centre[1]))
    radii = np.arange(np.ceil((middle - ball.radius) / _STEP), (middle + ball.radius) / _STEP)
    radii = radii[radii > 0] * _STEP
    curves = {}
    # without stars or cells near the plane there is no curve
    with contextlib.suppress(UserError):
        curves["map"] = map_curve(solution.grid, solution.acceleration, solution.trusted, radii)
    with contextlib.suppress(UserError):
        x, v = population.x.astype(np.float64), population.v.astype(np.float64)
        curves["jeans"] = jeans_curve(x, v, seed=seed)
    return curves
