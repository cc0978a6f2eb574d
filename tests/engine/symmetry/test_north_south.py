"""Pairs of mirror cells, and differences with their errors."""

import numpy as np
import pytest

from data.errors import UserError
from engine.cubes.grid import make_grid
from engine.draws import Draws
from engine.symmetry.cylindrical import azimuth, cylindrical
from engine.symmetry.north_south import (
    component_difference,
    density_asymmetry,
    mirror_pairs,
    north_south,
    size_asymmetry,
)

SUN = (8.122, 0.0, 0.0208)


@pytest.fixture(scope="module")
def grid():
    return make_grid(SUN, 2.0, 0.5, 9)


def exact(values):
    return Draws(values, np.empty((0, *values.shape)))


def test_pairs_are_mirror_images(grid):
    pairs = mirror_pairs(grid)
    points = grid.points
    assert (points[pairs.north, 2] > 0).all()
    np.testing.assert_allclose(points[pairs.south], points[pairs.north] * [1, 1, -1], atol=1e-12)
    # every cell north of the plane whose mirror image is inside has one
    inside = np.linalg.norm(points * [1, 1, -1] - np.array(SUN), axis=1) < 2.0
    assert len(pairs.north) == np.count_nonzero((points[:, 2] > 0) & inside)


@pytest.mark.parametrize("side", ["north", "south"])
def test_a_cell_that_is_not_trusted_takes_its_pair_along(grid, side):
    pairs = mirror_pairs(grid)
    trusted = np.ones(len(grid.points), bool)
    trusted[getattr(pairs, side)[5]] = False
    left = mirror_pairs(grid, trusted)
    np.testing.assert_array_equal(left.north, np.delete(pairs.north, 5))


def test_grid_without_mirror_cells_is_refused():
    with pytest.raises(UserError, match="not symmetric about the plane"):
        mirror_pairs(make_grid((8.0, 0.0, 3.0), 2.0, 0.5, 9))


def test_no_trusted_pair_is_refused(grid):
    with pytest.raises(UserError, match="trusted"):
        mirror_pairs(grid, grid.points[:, 2] > 0)


def test_parity_of_each_component(grid):
    """A field that is even, even and odd is symmetric; the opposite parities are seen."""
    pairs = mirror_pairs(grid)
    z = grid.points[:, 2]
    even = np.stack([1 + z**2, np.cos(z), np.sinh(z)], axis=1)
    np.testing.assert_allclose(component_difference(exact(even), pairs).mean, 0, atol=1e-12)
    odd = np.stack([z, z, np.ones_like(z)], axis=1)
    north = z[pairs.north]
    wanted = np.stack([2 * north, 2 * north, np.full_like(north, 2)], axis=1)
    np.testing.assert_allclose(component_difference(exact(odd), pairs).mean, wanted)


def test_ratios_are_those_of_the_formulae(grid):
    pairs = mirror_pairs(grid)
    north = grid.points[:, 2] > 0
    a = np.where(north[:, None], [0.0, -3.0, -4.0], [0.0, 0.0, 15.0])
    np.testing.assert_allclose(size_asymmetry(exact(a), pairs).mean, (5 - 15) / (5 + 15))
    np.testing.assert_allclose(north_south(exact(a), pairs).mean[0], [0, -3 / 20, 11 / 20])
    rho = np.where(north, 0.3, 0.1)
    np.testing.assert_allclose(density_asymmetry(exact(rho), pairs).mean, 0.5)
    assert np.isnan(density_asymmetry(exact(-rho), pairs).mean).all()


def test_error_of_a_difference_knows_that_the_cells_move_together(grid):
    """An error that is even in z does not touch the difference; an odd one doubles in it."""
    pairs = mirror_pairs(grid)
    z = grid.points[:, 2]
    mean = np.zeros((len(z), 3))
    strength = np.random.default_rng(1).normal(size=(50, 1, 1))
    even = Draws(mean, strength * np.array([1.0, 1.0, 0.0]) * np.ones((len(z), 1)))
    assert np.abs(component_difference(even, pairs).sd).max() == 0
    odd = Draws(mean, strength * np.sign(z)[:, None] * np.array([1.0, 1.0, 0.0]))
    np.testing.assert_allclose(
        component_difference(odd, pairs).sd[:, 0], 2 * np.sqrt(np.mean(strength**2))
    )


def test_cylindrical_components_at_the_sun_and_a_quarter_turn_ahead():
    points = np.array([[8.0, 0.0, 0.0], [0.0, -8.0, 0.0]])
    np.testing.assert_allclose(azimuth(points), [0, np.pi / 2])
    rotation = np.array([[0.0, -220.0, 0.0], [-220.0, 0.0, 0.0]])
    np.testing.assert_allclose(cylindrical(points, rotation), [[0, 220, 0]] * 2, atol=1e-12)
    inward = np.array([[-5.0, 0.0, 1.0], [0.0, 5.0, 1.0]])
    np.testing.assert_allclose(cylindrical(points, inward), [[-5, 0, 1]] * 2, atol=1e-12)
    assert np.isnan(cylindrical(np.zeros((1, 3)), np.ones((1, 3)))[0, :2]).all()
