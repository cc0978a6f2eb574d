"""Bins of a ball and sums over them."""

import numpy as np
import pytest

from data.population.population import Volume
from engine.circular_velocity.bins import make_bins
from engine.circular_velocity.moments import bootstrap_sums, cell_sums, cylindrical_velocities

SUN = (8.122, 0.0, 0.0208)


@pytest.mark.parametrize(
    ("centre", "radius"), [(SUN, 4.0), ((0.0, 0.0, 0.0), 2.0), ((1.0, -6.0, 2.0), 1.5)]
)
def test_bins_share_out_the_ball(centre, radius):
    bins = make_bins(Volume(centre, radius), 0.2, 40, 0.5)
    assert bins.volume.sum() == pytest.approx(4 / 3 * np.pi * radius**3, rel=2e-3)
    assert bins.volume[bins.inside].sum() > 0.9 * bins.volume.sum()


@pytest.mark.parametrize("centre", [SUN, (1.0, -6.0, 2.0)])
def test_stars_of_constant_density_fall_into_bins_by_their_volume(centre):
    rng = np.random.default_rng(0)
    cube = rng.uniform(-1.5, 1.5, (400_000, 3))
    x = np.asarray(centre) + cube[np.linalg.norm(cube, axis=1) < 1.5]
    bins = make_bins(Volume(centre, 1.5), 0.3, 12, 0.5)
    ring = np.hypot(x[:, 0], x[:, 1])
    cells = bins.cells(ring, x[:, 2])
    assert (cells >= 0).all()
    counts = np.bincount(cells, minlength=bins.count)
    expected = bins.volume * len(x) / bins.volume.sum()
    full = bins.inside & (expected > 50)
    pull = (counts - expected)[full] / np.sqrt(expected[full])
    assert np.std(pull) == pytest.approx(1.0, abs=0.25)
    mean_ring = np.bincount(cells, ring, bins.count)[full] / counts[full]
    np.testing.assert_allclose(mean_ring, bins.R[full], atol=0.05)


def test_positions_outside_have_no_bin():
    bins = make_bins(Volume(SUN, 1.0), 0.2, 10, 0.5)
    ring, z = np.array([8.1, 20.0, 8.1, 0.0]), np.array([0.0, 0.0, 5.0, 0.0])
    assert (bins.cells(ring, z) < 0).tolist() == [False, True, True, True]
    assert bins.usable_at(ring, z).tolist() == [True, False, False, False]
    assert not bins.only(np.zeros(bins.count, bool)).usable_at(ring, z).any()


def test_bootstrap_has_the_variance_of_the_stars():
    rng = np.random.default_rng(1)
    cells = rng.integers(-1, 3, 6000)
    values = rng.exponential(size=6000) + cells
    columns = [np.ones(6000), values]
    sums, drawn = bootstrap_sums(cells, columns, 3, draws=400, groups=300, rng=rng)
    np.testing.assert_allclose(cell_sums(cells, columns, 3), sums)
    for cell in range(3):
        own = values[cells == cell]
        np.testing.assert_allclose(sums[:, cell], [len(own), own.sum()])
        mean = drawn[:, 1, cell] / drawn[:, 0, cell]
        assert mean.std() == pytest.approx(own.std() / np.sqrt(len(own)), rel=0.15)
        assert drawn[:, 0, cell].std() == pytest.approx(np.sqrt(len(own)), rel=0.15)


def test_bootstrap_of_a_cell_with_few_stars():
    rng = np.random.default_rng(2)
    sums, drawn = bootstrap_sums(
        np.zeros(9, np.int64), [np.ones(9)], 2, draws=50, groups=200, rng=rng
    )
    np.testing.assert_array_equal(sums, [[9, 0]])
    assert drawn.shape == (50, 1, 2)
    assert not drawn[:, :, 1].any()


def test_rotation_is_positive():
    ring, velocity = cylindrical_velocities(
        np.array([[8, 0, 0], [0, -4, 1]], np.float32),
        np.array([[10, -220, 5], [-200, 30, 0]], np.float32),
    )
    np.testing.assert_allclose(ring, [8, 4])
    np.testing.assert_allclose(velocity, [[10, 220, 5], [-30, 200, 0]], atol=1e-4)
