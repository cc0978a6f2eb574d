"""Averages over shells: weights, gaps, errors and the local value."""

import numpy as np
import pytest

from data.constants import GEV_PER_CM3
from data.literature.dark_matter import PUBLISHED_DARK_MATTER
from engine.dark_matter.local import compare_local, local_value
from engine.dark_matter.shells import default_edges, ellipsoidal_radius, shell_average
from engine.draws import Draws
from tests.engine.dark.fields import ball, exact, noisy

EDGES = np.arange(4.5, 12.5, 0.5)


def halo(grid, local):
    return local * (np.linalg.norm(grid.points, axis=1) / 8.122) ** -2.0


@pytest.fixture(scope="module")
def grid():
    return ball()


def test_a_constant_is_its_own_average(grid):
    profile = shell_average(exact(np.full(len(grid.points), 0.01)), grid, EDGES)
    np.testing.assert_allclose(profile.density.mean, 0.01)
    assert profile.cells.sum() == len(grid.points)
    np.testing.assert_allclose(profile.covered, 1.0)
    assert np.all(profile.of_shell < 0.3)


def test_cells_are_weighted_by_their_volume(grid):
    """Cells crowd towards the plane: a plain mean of z^2 would be far too small."""
    height2 = grid.points[:, 2] ** 2
    inside = np.linalg.norm(grid.points - [8.122, 0, 0.0208], axis=1) < 4
    assert inside.all()
    profile = shell_average(exact(height2), grid, np.array([0.0, 20.0]))
    assert profile.density.mean[0] == pytest.approx(4.0**2 / 5, rel=0.05)
    assert np.mean(height2) < 0.6 * 4.0**2 / 5


def test_the_profile_stands_at_the_mean_radius_of_what_was_used(grid):
    linear = exact(ellipsoidal_radius(grid.points, 0.8))
    profile = shell_average(linear, grid, EDGES, axis_ratio=0.8)
    np.testing.assert_allclose(profile.density.mean, profile.radius, rtol=1e-12)


def test_ellipsoidal_shells_follow_a_flattened_density(grid):
    """On its own shells a flattened halo varies within a shell only by the shell's thickness."""
    density = ellipsoidal_radius(grid.points, 0.6) ** -2.0
    own = shell_average(exact(density), grid, EDGES, axis_ratio=0.6)
    sphere = shell_average(exact(density), grid, EDGES)
    known = own.cells > 50
    np.testing.assert_allclose(own.density.mean[known], own.radius[known] ** -2.0, rtol=5e-3)
    wrong = np.abs(sphere.density.mean * sphere.radius**2 - 1)[(EDGES[:-1] > 6) & (EDGES[1:] < 11)]
    assert wrong.max() > 0.05


def test_untrusted_and_unknown_cells_are_left_out_and_counted(grid):
    radius = np.linalg.norm(grid.points, axis=1)
    values = np.full(len(grid.points), 0.01)
    trusted = grid.points[:, 2] > 0
    values[~trusted] = 99.0
    values[radius < 5.0] = np.nan
    profile = shell_average(exact(values), grid, EDGES, trusted=trusted)
    np.testing.assert_array_equal(np.isnan(profile.density.mean), EDGES[:-1] < 5.0)
    np.testing.assert_allclose(profile.density.mean[EDGES[:-1] >= 5.0], 0.01)
    assert np.all(profile.cells[EDGES[:-1] < 5.0] == 0)
    assert np.all((profile.covered > 0.3) == (EDGES[:-1] >= 5.0))
    assert np.all(profile.covered < 0.7)


def test_z_min_leaves_out_the_plane_and_says_so(grid):
    values = np.where(np.abs(grid.points[:, 2]) < 0.5, 99.0, 0.01)
    profile = shell_average(exact(values), grid, EDGES, z_min=0.5)
    seen = profile.cells > 0
    np.testing.assert_allclose(profile.density.mean[seen], 0.01)
    assert np.all(profile.covered[seen] < 1)


def test_errors_of_shells_know_the_covariance(grid):
    """An error common to all cells is not averaged away; independent ones are."""
    n = len(grid.points)
    rng = np.random.default_rng(0)
    common = Draws(np.full(n, 0.01), np.tile(0.002 * rng.standard_normal((400, 1)), (1, n)))
    single = Draws(np.full(n, 0.01), 0.002 * rng.standard_normal((400, n)))
    profile = shell_average(common, grid, EDGES)
    np.testing.assert_allclose(profile.density.sd, 0.002, rtol=0.1)
    assert np.all(shell_average(single, grid, EDGES).density.sd < 0.0015)


def test_default_edges_hold_every_cell(grid):
    profile = shell_average(exact(np.ones(len(grid.points))), grid, default_edges(grid))
    assert profile.cells.sum() == len(grid.points)
    assert profile.cells[0] > 0
    assert profile.cells[-1] > 0


@pytest.mark.parametrize("edges", [[1.0], [2.0, 1.0], [-1.0, 1.0]])
def test_nonsense_edges_are_refused(grid, edges):
    with pytest.raises(ValueError, match="shells"):
        shell_average(exact(np.ones(len(grid.points))), grid, np.array(edges))


def test_the_local_value_is_read_off_at_its_radius_though_half_the_shell_is_lost(grid):
    radius = np.linalg.norm(grid.points, axis=1)
    density = exact(0.01 * (radius / 8.122) ** -1.7)
    whole = local_value(density, grid)
    lost = local_value(density, grid, trusted=radius < 8.2)
    plain = shell_average(
        density, grid, np.array([8.122 - 0.75, 8.122 + 0.75]), trusted=radius < 8.2
    )
    assert whole.msun_pc3[0] == pytest.approx(0.01, rel=1e-3)
    assert lost.msun_pc3[0] == pytest.approx(0.01, rel=2e-3)
    assert plain.density.mean[0] > 0.0105
    assert lost.covered < 0.7 < whole.covered


def test_a_local_value_of_nothing_is_nan(grid):
    none = local_value(
        exact(np.ones(len(grid.points))), grid, trusted=np.zeros(len(grid.points), bool)
    )
    assert np.isnan(none.msun_pc3[0])
    assert none.cells == 0
    far = local_value(exact(np.ones(len(grid.points))), grid, radius=100.0)
    assert np.isnan(far.msun_pc3[0])
    assert np.isnan(far.covered)


def test_the_local_value_beside_the_published_ones(grid):
    local = local_value(noisy(halo(grid, 0.012380), 0.0), grid)
    assert local.gev_cm3[0] == pytest.approx(0.012380 * GEV_PER_CM3)
    rows = compare_local(local)
    assert len(rows) == len(PUBLISHED_DARK_MATTER) == 4
    flows = next(row for row in rows if "2305.13358" in row.published.reference)
    assert flows.pull == pytest.approx(0.0, abs=1e-2)  # 0.47 GeV/cm^3 is 0.012380 Msun/pc^3
    eilers = next(row for row in rows if "1810.09466" in row.published.reference)
    assert eilers.pull == pytest.approx(0.17 / 0.03, rel=1e-3)
    mckee = next(row for row in rows if "1509.05334" in row.published.reference)
    assert mckee.published.gev_cm3[0] == pytest.approx(0.494, abs=0.001)
    assert mckee.difference == pytest.approx(0.012380 - 0.013, abs=1e-6)


def test_without_draws_there_is_no_pull(grid):
    rows = compare_local(local_value(exact(np.full(len(grid.points), 0.01)), grid))
    assert all(np.isnan(row.pull) for row in rows)
    assert all(np.isfinite(row.difference) for row in rows)
