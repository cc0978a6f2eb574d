"""Oort's constants of fields that are known by heart, and of fields with gaps."""

import numpy as np
import pytest

from engine.dark_matter.oort import circular_speed, oort_constants
from engine.draws import Draws
from tests.engine.dark.fields import ball, exact


@pytest.fixture(scope="module")
def grid():
    return ball(spacing=0.25, z_cells=33)


def inward(grid, speed):
    """In-plane acceleration v_c^2/R towards the axis for a speed v_c(R, phi)."""
    x, y = grid.points[:, 0], grid.points[:, 1]
    radius, phi = np.hypot(x, y), np.arctan2(-y, x)
    pull = speed(radius, phi) ** 2 / radius
    return np.stack([-pull * x / radius, -pull * y / radius, 0 * x], axis=1)


def test_a_rigid_rotator_has_no_shear(grid):
    found = oort_constants(exact(inward(grid, lambda radius, phi: 28.0 * radius)), grid)
    assert found.A.mean == pytest.approx(0.0, abs=1e-3)
    assert found.B.mean == pytest.approx(-28.0, rel=1e-4)
    assert found.slope.mean == pytest.approx(28.0, rel=1e-4)


def test_a_flat_curve_shears_by_half_its_frequency(grid):
    found = oort_constants(exact(inward(grid, lambda radius, phi: 230.0 + 0 * radius)), grid)
    assert found.A.mean == pytest.approx(0.5 * 230 / 8.122, rel=2e-3)
    assert found.B.mean == pytest.approx(-0.5 * 230 / 8.122, rel=2e-3)
    assert abs(found.C.mean) < 1e-6


def test_c_counts_azimuth_along_rotation(grid):
    """v_c that grows towards -y, along rotation: C = -1/2 dv_c/(R dphi) is negative."""
    found = oort_constants(
        exact(inward(grid, lambda radius, phi: 230.0 + 16.0 * phi)), grid, reach=0.5
    )
    assert found.C.mean == pytest.approx(-0.5 * 16.0 / 8.122, rel=0.01)
    assert found.K.mean == pytest.approx(0.5 * 16.0 / 8.122, rel=0.01)


def test_errors_are_carried_through_the_root(grid):
    field = inward(grid, lambda radius, phi: 230.0 + 0 * radius)
    rng = np.random.default_rng(0)
    scale = 0.02 * rng.standard_normal(200)
    found = oort_constants(Draws(field, scale[:, None, None] * field), grid)
    relative = np.sqrt(np.mean(scale**2))
    assert found.speed.sd == pytest.approx(0.5 * relative * 230.0, rel=0.02)
    # a common factor changes A and B by the same factor: their ratio is exact
    assert found.A.sd / found.A.mean == pytest.approx(-found.B.sd / found.B.mean, rel=1e-3)


def test_untrusted_cells_leave_fewer_nodes_and_none_no_number(grid):
    field = inward(grid, lambda radius, phi: 230.0 + 0 * radius)
    broken = np.where(grid.points[:, :1] > 8.7, 1e9, field)
    half = oort_constants(exact(broken), grid, trusted=grid.points[:, 0] < 8.7)
    assert 12 <= half.nodes < half.wanted
    assert half.A.mean == pytest.approx(0.5 * 230 / 8.122, rel=0.01)
    none = oort_constants(exact(field), grid, trusted=np.zeros(len(field), bool))
    assert none.nodes == 0
    assert np.isnan(none.A.mean)
    far = oort_constants(exact(field), grid, z=30.0)
    assert np.isnan(far.speed.mean)


def test_where_the_force_points_outwards_there_is_no_circular_orbit():
    speed = circular_speed(np.array([[10.0, 0, 0], [-10.0, 0, 0]]), np.array([[8.0, 0, 0]] * 2))
    assert np.isnan(speed[0])
    assert speed[1] == pytest.approx(np.sqrt(80.0))
