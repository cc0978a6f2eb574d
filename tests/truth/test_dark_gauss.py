"""Acceptance test 10 on the grid of a map: the flux of exact accelerations, and known masses."""

import numpy as np
import pytest

from data.mocks.potentials import Component, GalaxyPotential, named, names
from data.mocks.truth import Truth
from engine.dark_matter.gauss import gauss_check
from tests.engine.dark.fields import ball, exact, noisy, truth


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(("spacing", "z_cells", "accuracy"), [(0.5, 33, 3e-3), (0.25, 49, 1.5e-3)])
def test_flux_and_density_of_a_mock_tell_the_same_mass(name, spacing, z_cells, accuracy):
    model, grid = truth(name), ball(spacing, z_cells)
    check = gauss_check(
        exact(model.acceleration(grid.points)), exact(model.density(grid.points)), grid
    )
    assert abs(check.relative) < accuracy


def test_the_flux_of_a_mass_inside_is_4_pi_g_times_it():
    """A mass that lies well inside the ball, whatever the grid resolves of its density."""
    mass, core = 3e10, 0.05
    ball_of_mass = GalaxyPotential("", "", {"m": Component("plummer", {"m": mass, "b": core})})
    grid = ball(spacing=0.4, z_cells=33, centre=(0.0, 0.0, 0.0))
    model = Truth(ball_of_mass)
    field = exact(model.acceleration(grid.points))
    density = exact(model.density(grid.points))
    check = gauss_check(field, density, grid)
    assert check.from_flux.mean == pytest.approx(mass, rel=0.01)
    # its centre lies between the nodes of no grid: the density cannot be summed
    assert abs(check.relative) > 0.1
    outside = gauss_check(field, density, grid, region=grid.points[:, 0] > 0.5)
    assert outside.blocks > 500
    assert abs(outside.from_flux.mean) < 0.01 * mass


def test_the_mass_in_a_ball_inside_the_volume_is_that_of_the_mock():
    """Against the density summed on a far finer lattice over the same blocks."""
    model = Truth(named("milky-way"))
    grid = ball(0.25, 49)
    box = np.all(np.abs(grid.points - [8.122, 0, 0]) <= [2.0, 2.0, 1.6], axis=1)
    check = gauss_check(
        exact(model.acceleration(grid.points)),
        exact(model.density(grid.points)),
        grid,
        region=box,
    )
    inside = grid.points[box]
    low, high = inside.min(axis=0), inside.max(axis=0)
    steps = [low + (high - low) * (np.arange(n) + 0.5)[:, None] / n for n in (48, 48, 96)]
    axes = [step[:, i] for i, step in enumerate(steps)]
    fine = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    volume = np.prod(high - low)
    assert check.volume == pytest.approx(volume)
    mass = model.density(fine).mean() * volume * 1e9
    assert check.from_flux.mean == pytest.approx(mass, rel=2e-3)
    assert check.from_density.mean == pytest.approx(mass, rel=2e-3)


def test_the_pull_has_unit_width_where_the_errors_are_right():
    model, grid = truth("milky-way"), ball(spacing=0.8, z_cells=25)
    field, density = model.acceleration(grid.points), model.density(grid.points)
    offset = gauss_check(exact(field), exact(density), grid).difference.mean
    noise = 0.02 * np.linalg.norm(field, axis=1, keepdims=True) * np.ones(3)
    pulls = []
    for seed in range(150):
        check = gauss_check(
            noisy(field, noise, count=40, seed=seed),
            noisy(density, 0.1 * density, count=60, seed=500 + seed),
            grid,
        )
        pulls.append((check.difference.mean - offset) / check.difference.sd)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)
    assert abs(np.mean(pulls)) < 0.3
