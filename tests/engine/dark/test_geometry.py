"""Cell volumes, interpolation and linear maps of fields with gaps."""

import numpy as np
import pytest

from engine.cubes.grid import Grid
from engine.dark_matter.geometry import (
    apply_linear,
    cell_volumes,
    interpolation_weights,
    trusted_cells,
)
from engine.draws import Draws
from tests.engine.dark.fields import ball, exact


def test_the_cells_fill_the_ball():
    grid = ball(spacing=0.25, z_cells=65)
    volume = 4 / 3 * np.pi * 4.0**3
    assert cell_volumes(grid).sum() == pytest.approx(volume, rel=0.02)


def test_cells_of_a_box_fill_it():
    axis = np.array([0.0, 1.0, 3.0])
    grid = Grid(axis, axis, axis, np.ones((3, 3, 3), dtype=bool))
    # half a step beyond the first and the last: 0.5 + 3 + 1
    assert cell_volumes(grid).sum() == pytest.approx(4.5**3)


def test_interpolation_is_exact_for_a_trilinear_field():
    grid = ball()
    rng = np.random.default_rng(0)
    points = grid.points[0] * 0 + np.array([8.1, 0, 0]) + rng.uniform(-2, 2, (50, 3))

    def field(x):
        return 3 + x[:, 0] - 2 * x[:, 1] + 0.5 * x[:, 0] * x[:, 2]

    weights, valid = interpolation_weights(grid, np.ones(len(grid.points), bool), points)
    assert valid.all()
    np.testing.assert_allclose(weights @ field(grid.points), field(points), rtol=1e-12)


def test_nothing_is_interpolated_from_an_untrusted_corner_or_outside():
    grid = ball()
    usable = np.ones(len(grid.points), bool)
    lost = np.argmin(np.linalg.norm(grid.points - [8.122, 0, 0], axis=1))
    usable[lost] = False
    beside = grid.points[lost] + [0.1, 0.1, 0.01]
    beyond = np.array([8.122 + 4.2, 0.0, 0.0])
    next_node = grid.points[lost] + [0.5, 0.0, 0.0]
    weights, valid = interpolation_weights(grid, usable, np.array([beside, beyond, next_node]))
    np.testing.assert_array_equal(valid, [False, False, True])
    np.testing.assert_allclose(weights.sum(axis=1), [0, 0, 1])


def test_cells_that_are_not_finite_are_not_trusted():
    values = Draws(np.array([1.0, np.nan, 1.0, 1.0]), np.array([[0.0, 0.0, np.inf, 0.0]]))
    np.testing.assert_array_equal(
        trusted_cells(values, np.array([True, True, True, False])), [True, False, False, False]
    )
    with pytest.raises(ValueError, match="does not belong"):
        trusted_cells(values, np.array([True]))


def test_a_gap_without_weight_does_no_harm():
    values = exact([1.0, np.nan, 3.0])
    assert apply_linear(np.array([[0.5, 0.0, 0.5]]), values).mean[0] == 2.0
