"""The draws cube gives back the field that was put in."""

import numpy as np
import pytest

from data.errors import UserError
from engine.cubes.draws import KEPT_DRAWS, draws_cube, read_draws
from engine.cubes.grid import make_grid
from engine.draws import Draws
from tests.dashboard.synthetic import acceleration_cube


@pytest.fixture
def fields():
    grid = make_grid((8.122, 0.0, 0.0), 4.0, 2.0, 5)
    random = np.random.default_rng(1)
    count = len(grid.points)
    mean = random.standard_normal((count, 3))
    field = Draws(mean, random.standard_normal((6, count, 3)))
    return grid, {"potential": field, "single": Draws(mean, np.empty((0, count, 3)))}


def stored(grid, fields):
    words = grid.fill(np.zeros(len(grid.points), np.int32), -1)
    mean = np.stack([grid.fill(f.mean.T) for f in fields.values()])
    dims = ("estimator", "component", "x", "y", "z")
    cube = draws_cube(grid, fields, {})
    return cube.drop_vars("deviation").assign(
        acceleration=(dims, mean), trust_flags=(("x", "y", "z"), words)
    )


def test_it_keeps_means_order_and_covariances(fields):
    grid, by_name = fields
    field = by_name["potential"]
    found = read_draws(stored(*fields), draws_cube(grid, by_name, {}), "potential")
    np.testing.assert_allclose(found.mean, field.mean)
    assert found.count == KEPT_DRAWS
    np.testing.assert_allclose(found.sd, field.sd, rtol=1e-5)
    slope = lambda a: a[3] - a[7]  # noqa: E731
    np.testing.assert_allclose(found.map(slope).sd, field.map(slope).sd, rtol=1e-5)


def test_an_estimator_without_errors_has_no_draws(fields):
    grid, by_name = fields
    assert read_draws(stored(*fields), draws_cube(grid, by_name, {}), "single").count == 0


def test_an_unknown_estimator_is_refused_with_the_known_ones(fields):
    grid, by_name = fields
    with pytest.raises(UserError, match="no estimator 'jeans'") as error:
        read_draws(acceleration_cube(n=4), draws_cube(grid, by_name, {}), "jeans")
    assert "boltzmann" in error.value.hint
