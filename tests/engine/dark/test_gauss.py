"""The sums of Gauss's check: regions, gaps and errors."""

import numpy as np
import pytest

from data.constants import G
from engine.cubes.grid import Grid
from engine.dark_matter.gauss import gauss_check
from engine.draws import Draws
from tests.engine.dark.fields import ball, exact

RHO = 0.01


@pytest.fixture(scope="module")
def grid():
    return ball(spacing=0.5, z_cells=25)


@pytest.fixture(scope="module")
def linear(grid):
    """Field of constant divergence -4 pi G rho, with a part that has none."""
    x, y, z = grid.points.T
    pull = -4 * np.pi * G * RHO * 1e9
    field = np.stack([0.5 * pull * x + 900 * y, 0.3 * pull * y, 0.2 * pull * z - 70 * x], axis=1)
    return exact(field), exact(np.full(len(x), RHO))


def regions(grid):
    x, y, z = grid.points.T
    rng = np.random.default_rng(5)
    return {
        "volume": None,
        "ball": np.linalg.norm(grid.points - [8.122, 0, 0], axis=1) < 3.0,
        "box": (np.abs(x - 8.0) < 2) & (np.abs(y) < 1.5) & (np.abs(z) < 1.2),
        "ragged": rng.random(len(x)) < 0.97,
    }


@pytest.mark.parametrize("name", ["volume", "ball", "box", "ragged"])
def test_a_linear_field_is_summed_exactly_over_any_region(grid, linear, name):
    check = gauss_check(*linear, grid, region=regions(grid)[name])
    assert check.blocks > 50
    mass = RHO * 1e9 * check.volume
    assert check.from_density.mean == pytest.approx(mass, rel=1e-9)
    assert check.from_flux.mean == pytest.approx(mass, rel=1e-9)
    assert 0 < check.covered <= 1


def test_untrusted_cells_never_enter(grid, linear):
    field, density = linear
    bad = grid.points[:, 2] > 1.0
    broken = exact(np.where(bad[:, None], 1e12, field.mean))
    check = gauss_check(broken, density, grid, trusted=~bad)
    assert abs(check.relative) < 1e-9
    assert check.covered < 0.8
    everything = gauss_check(broken, density, grid)
    assert abs(everything.relative) > 1


def test_a_wrong_density_is_found_out(grid, linear):
    field, density = linear
    check = gauss_check(field, exact(1.05 * density.mean), grid)
    assert check.relative == pytest.approx(-0.05 / 1.05, rel=1e-6)


def test_errors_of_one_field_cancel_and_of_two_add_up(grid, linear):
    field, density = linear
    scale = 0.03 * np.random.default_rng(0).standard_normal(100)
    paired = gauss_check(
        Draws(field.mean, scale[:, None, None] * field.mean),
        Draws(density.mean, scale[:, None] * density.mean),
        grid,
    )
    mass = float(paired.from_density.mean)
    assert paired.from_flux.sd == pytest.approx(0.03 * mass, rel=0.3)
    assert paired.difference.sd < 1e-6 * mass
    fewer = Draws(density.mean, scale[:40, None] * density.mean)
    independent = gauss_check(Draws(field.mean, scale[:, None, None] * field.mean), fewer, grid)
    expected = np.hypot(independent.from_flux.sd, independent.from_density.sd)
    assert independent.difference.sd == pytest.approx(expected)
    alone = gauss_check(field, fewer, grid)
    assert alone.difference.sd == pytest.approx(alone.from_density.sd)


def test_a_region_without_a_block_has_no_mass(grid, linear):
    check = gauss_check(*linear, grid, region=np.zeros(len(grid.points), bool))
    assert check.blocks == 0
    assert np.isnan(check.from_flux.mean)
    assert np.isnan(check.pull)


def test_one_block_is_counted_with_its_six_faces():
    axis = np.array([0.0, 2.0])
    grid = Grid(axis, axis, axis, np.ones((2, 2, 2), dtype=bool))
    check = gauss_check(exact(-grid.points), exact(np.ones(8)), grid)
    # div a = -3: mass 3 V/(4 pi G)
    assert check.blocks == 1
    assert check.from_flux.mean == pytest.approx(3 * 8 / (4 * np.pi * G))
