"""The curl on a grid."""

import numpy as np

from data.mocks.potentials import named
from data.mocks.truth import Truth
from engine.cubes.curl import relative_curl
from engine.cubes.grid import make_grid

GRID = make_grid((8.122, 0.0, 0.02), 4.0, 0.25, 65)


def test_gravity_has_none():
    curl = relative_curl(GRID, Truth(named("lopsided")).acceleration(GRID.points))
    inside = np.isfinite(curl)
    assert 0.7 < inside.mean() < 1
    assert np.median(curl[inside]) < 0.01


def test_a_rotation_is_all_curl():
    field = np.cross([0.0, 0.0, 3.0], GRID.points)
    curl = relative_curl(GRID, field)
    np.testing.assert_allclose(curl[np.isfinite(curl)], np.sqrt(2))


def test_where_a_neighbour_is_missing_nothing_is_said():
    curl = relative_curl(GRID, np.ones((len(GRID.points), 3)))
    offset = np.linalg.norm(GRID.points - [8.122, 0.0, 0.02], axis=1)
    assert np.isnan(curl[offset > 3.95]).all()
