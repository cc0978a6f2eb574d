"""The column at the Sun where cells are not trusted, and its errors."""

import numpy as np
import pytest

from data.constants import G
from engine.dark_matter.vertical import surface_density, vertical_column
from engine.draws import Draws
from tests.engine.dark.fields import ball, exact, truth


@pytest.fixture(scope="module")
def grid():
    return ball()


@pytest.fixture(scope="module")
def field(grid):
    return truth().acceleration(grid.points)


def cells_at(grid, height, offset=0.0):
    """Cells of the column (or beside it) whose height is the nearest to the given one."""
    z = grid.z[np.argmin(np.abs(grid.z - height))]
    x = grid.points - [8.122 + offset, 0.0, z]
    return np.linalg.norm(x, axis=1) < 1e-6


def test_a_gap_at_the_end_of_the_column_leaves_no_number(grid, field):
    trusted = ~cells_at(grid, 1.1)
    sigma = surface_density(vertical_column(exact(field), grid, trusted=trusted))
    assert np.isnan(sigma.vertical_only.mean)
    assert np.isnan(sigma.total.mean)


def test_a_gap_beside_the_column_is_bridged_and_counted(grid, field):
    whole = surface_density(vertical_column(exact(field), grid))
    bad = cells_at(grid, 0.4, offset=0.5)
    assert bad.sum() == 1
    broken = field.copy()
    broken[bad] = 1e9
    sigma = surface_density(vertical_column(exact(broken), grid, trusted=~bad))
    assert (whole.missing, sigma.missing) == (0, 1)
    assert sigma.nodes == whole.nodes - 1
    assert sigma.vertical_only.mean == whole.vertical_only.mean
    assert sigma.total.mean == pytest.approx(float(whole.total.mean), rel=1e-3)


def test_a_column_outside_the_volume_has_no_number(grid, field):
    sigma = surface_density(vertical_column(exact(field), grid, place=(20.0, 0.0)))
    assert np.isnan(sigma.total.mean)
    assert sigma.nodes == 0


def test_the_error_is_that_of_the_difference(grid, field):
    """An error of a_z common to both sides of the plane does not touch the surface density."""
    common = np.zeros((2, *field.shape))
    common[0, :, 2], common[1, :, 2] = 100.0, -100.0
    odd = common * np.sign(grid.points[:, 2])[:, None]
    still = surface_density(vertical_column(Draws(field, common), grid))
    moved = surface_density(vertical_column(Draws(field, odd), grid))
    assert still.total.sd == pytest.approx(0.0, abs=1e-6)
    assert moved.total.sd == pytest.approx(200.0 / (4 * np.pi * G) * 1e-6, rel=1e-4)


def test_the_height_must_be_positive(grid, field):
    with pytest.raises(ValueError, match="positive"):
        surface_density(vertical_column(exact(field), grid), z_max=0.0)
