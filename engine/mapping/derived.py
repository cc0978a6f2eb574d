"""The cubes that follow from a solved grid: asymmetry, circular velocity and density."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.baryons import packaged
from data.errors import UserError
from data.population.population import Population
from engine.circular_velocity.cube import circular_velocity_cube
from engine.circular_velocity.curve import HALF_WIDTH, Curve, map_curve
from engine.circular_velocity.jeans_curve import jeans_curve
from engine.cubes.density import density_cube, density_flags
from engine.cubes.draws import KEPT_DRAWS
from engine.cubes.lengths import default_kernel, shrunk
from engine.dark_matter.cube import dark_matter_cube
from engine.dark_matter.smoothed import smoothed_baryons
from engine.dark_matter.summary import MapFields, dark_matter
from engine.draws import Draws
from engine.lattice import Lattice
from engine.mapping.solution import GridSolution
from engine.smoothing import Kernel
from engine.symmetry.cube import asymmetry_cube

__all__ = ["derived_cubes"]

Floats = NDArray[np.float64]

_BARYONS = "mckee-2015"
_POTENTIAL_NODES = (8, 2, 4)
"""Layers, rings and azimuths: 64 nodes, with which a disc's density is right to 0.2%."""

_STEP = 0.5  # kpc between the radii of the circular-velocity curve, in large volumes


def derived_cubes(
    solution: GridSolution, population: Population, seed: int, attributes: dict[str, Any]
) -> dict[str, xr.Dataset]:
    """Give the cubes that follow from the grid, by name.

    ``density`` and ``dark_matter`` are left out where no field has enough finite cells,
    ``circular_velocity`` where neither the map nor the stars reach the plane.

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
    kernel = default_kernel(population.volume.radius)
    densities = _densities(solution, kernel)
    cubes = {}
    if densities.totals:
        baryons = smoothed_baryons(
            packaged(_BARYONS), solution.grid.points, kernel, KEPT_DRAWS, seed
        )
        named = {
            **attributes,
            "kernel_bandwidths_kpc": list(kernel.bandwidths),
            "kernel_truncation": kernel.truncation,
            "baryon_model": _BARYONS,
        }
        cubes["density"] = density_cube(
            solution.grid, densities.totals, baryons, flags=densities.flags, attributes=named
        )
        cubes["dark_matter"] = _dark_matter(solution, densities, baryons, population, seed, named)
    density = next(iter(densities.totals.values()), None)
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


@dataclass(frozen=True)
class _Densities:
    """Total density and reasons against cells, (P,), by estimator, the first the default."""

    totals: dict[str, Draws]
    flags: dict[str, NDArray[np.int32]]


def _densities(solution: GridSolution, kernel: Kernel) -> _Densities:
    """Give the density of each estimator's field, averaged with the kernel.

    That of the potential is the average of the mass itself; the others follow from their
    accelerations by Gauss's law. A field with next to no finite cell has none.
    """
    grid, totals, flags = solution.grid, {}, {}

    def words(name: str, missing: NDArray[np.bool_] | None = None) -> NDArray[np.int32]:
        return density_flags(
            solution.flags_by[name], solution.edge_distance, kernel.reach, missing
        )

    for name, field in solution.fields.items():
        if name == "potential" and solution.potential is not None:
            nodes = kernel.layers(*_POTENTIAL_NODES).nodes()
            totals[name] = solution.potential.smoothed_density(grid.points, *nodes).resized(
                KEPT_DRAWS
            )
            flags[name] = words(name)
            continue
        with contextlib.suppress(ValueError):
            lattice = Lattice.of(grid, field.resized(KEPT_DRAWS))
            density = lattice.density(kernel)
            totals[name] = Draws(density.mean[grid.inside], density.deviations[:, grid.inside])
            flags[name] = words(name, lattice.missing_nearby(kernel))
    return _Densities(totals, flags)


def _dark_matter(
    solution: GridSolution,
    densities: _Densities,
    baryons: Draws,
    population: Population,
    seed: int,
    attributes: dict[str, Any],
) -> xr.Dataset:
    """Give the ``dark_matter`` cube, by the first estimator that has a density."""
    estimator, total = next(iter(densities.totals.items()))
    pointwise, potential = solution.fields.get(solution.source), solution.potential
    mass = None if potential is None else potential.density(solution.grid.points)
    fields = MapFields(
        grid=solution.grid,
        acceleration=solution.fields[estimator].resized(KEPT_DRAWS),
        total=total,
        trusted=solution.flags_by[estimator] == 0,
        trusted_density=densities.flags[estimator] == 0,
        sun=population.sun.position,
        pointwise=None if pointwise is None else pointwise.resized(KEPT_DRAWS),
        mass=None if mass is None else mass.resized(KEPT_DRAWS),
    )
    found = dark_matter(fields, baryons, packaged(_BARYONS), seed=seed)
    return dark_matter_cube(found, fields, {**attributes, "estimator": estimator})


def _curves(solution: GridSolution, population: Population, seed: int) -> dict[str, Curve]:
    """Give the circular-velocity curves of the map and of the stars, where there are any."""
    ball = population.volume
    middle = float(np.hypot(ball.centre[0], ball.centre[1]))
    step = shrunk(_STEP, ball.radius)
    radii = np.arange(np.ceil((middle - ball.radius) / step), (middle + ball.radius) / step)
    radii = radii[radii > 0] * step
    curves = {}
    # without stars or cells near the plane there is no curve
    with contextlib.suppress(UserError):
        curves["map"] = map_curve(
            solution.grid,
            solution.acceleration,
            solution.trusted,
            radii,
            half_width=shrunk(HALF_WIDTH, ball.radius),
        )
    with contextlib.suppress(UserError):
        x, v = population.x.astype(np.float64), population.v.astype(np.float64)
        curves["jeans"] = jeans_curve(x, v, seed=seed)
    return curves
