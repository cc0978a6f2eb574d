"""Areas of strips: the grid against the formula, and areas learnt from stars against the truth."""

import numpy as np
import pytest

from data.errors import UserError
from engine.streams.area import SkyArea, disc_strip

THETA = np.pi / 40 * (np.arange(40) + 0.5)
EDGES = np.arange(-10.0, 10.01, 1.0)


def test_strips_of_a_full_disc_are_the_formula():
    disc = SkyArea.disc(10.0)
    exact, grid = disc.strips(THETA, EDGES), disc.grid.strips(THETA, EDGES)
    np.testing.assert_allclose(exact.sum(axis=1), np.pi * 100.0)
    np.testing.assert_allclose(grid, exact, rtol=5e-3)
    np.testing.assert_allclose(grid[:, 2:-2], exact[:, 2:-2], rtol=5e-4)
    assert disc.total == pytest.approx(disc.grid.total, rel=3e-4)


def test_disc_formula_against_numbers():
    y = np.linspace(0.3, 0.9, 200_001)
    numeric = np.trapezoid(2 * np.sqrt(1 - (y / 2.0) ** 2) * 2.0, y)
    assert disc_strip(2.0, np.array(0.3), np.array(0.9)) == pytest.approx(numeric, rel=1e-9)


def test_strips_of_a_slanted_shape_are_those_of_even_places():
    """The projection of cells against counting: an L-shaped area."""
    weight = np.ones((80, 60))
    weight[40:, 20:] = 0.0
    area = SkyArea(9.0, weight, (-4.0, -3.0), 0.1)
    rng = np.random.default_rng(5)
    x, y = area.draw(400_000, rng)
    assert area.contains(x, y).all()
    edges = np.arange(-6.0, 6.01, 0.5)
    found = area.strips(THETA, edges)
    for t, theta in enumerate(THETA):
        r = x * np.sin(theta) - y * np.cos(theta)
        share = np.histogram(r, edges)[0] / len(x) * area.total
        assert np.abs(found[t] - share).max() < 5 * np.sqrt(area.total * 0.5 * 10 / len(x))
        assert found[t].sum() == pytest.approx(area.total, rel=1e-9)


@pytest.mark.parametrize(("n", "within"), [(3_000, 0.06), (30_000, 0.02)])
def test_a_disc_is_learnt(n, within):
    disc = SkyArea.disc(10.0)
    x, y = disc.draw(n, np.random.default_rng(n))
    learnt = SkyArea.learn(x, y)
    assert learnt.total == pytest.approx(disc.total, rel=within)
    assert learnt.contains(x, y).all()


def test_a_slanted_strip_with_a_hole_is_learnt():
    rng = np.random.default_rng(2)
    x = rng.uniform(-25, 25, 20_000)
    y = rng.uniform(-4, 4, 20_000) + 0.1 * x
    keep = np.hypot(x - 5, y) > 2.0
    learnt = SkyArea.learn(x[keep], y[keep])
    assert learnt.total == pytest.approx(400.0 - 4.0 * np.pi, rel=0.03)
    assert not learnt.contains(np.array([5.0, 20.0]), np.array([0.0, -3.0])).any()
    outside = learnt.draw(5_000, rng)
    assert learnt.contains(*outside).all()


def test_a_gradient_is_followed():
    rng = np.random.default_rng(7)
    x, y = SkyArea.disc(10.0).draw(60_000, rng)
    keep = rng.random(len(x)) < (12.0 + x) / 24.0
    area = SkyArea.disc(10.0).like(x[keep], y[keep])
    assert area.total == pytest.approx(SkyArea.disc(10.0).grid.total, rel=1e-6)
    strips = area.strips(np.array([np.pi / 2]), np.arange(-6.0, 6.1, 2.0))[0]
    counts = np.histogram(x[keep], np.arange(-6.0, 6.1, 2.0))[0]
    np.testing.assert_allclose(strips / strips.sum(), counts / counts.sum(), rtol=0.06)


def test_discs_are_taken_out():
    area = SkyArea.disc(10.0).without([(3.0, 4.0, 1.0)])
    assert area.total == pytest.approx(99.0 * np.pi, rel=1e-3)
    assert not area.contains(np.array([3.0]), np.array([4.0])).any()


def test_too_few_stars_teach_no_area():
    with pytest.raises(UserError, match="cannot be determined"):
        SkyArea.learn(np.arange(10.0), np.arange(10.0))
