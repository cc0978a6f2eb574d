"""Mock galaxies are in equilibrium, their stars independent, and the seed is all that counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from data.errors import UserError
from data.mocks import orbits, sampling
from data.mocks.ball import Ball, turn_into_ball
from data.mocks.orbits import Mixing, candidates, choose_step, integrate
from data.mocks.potentials import GalaxyPotential, named
from data.mocks.sampling import Sample, sample_galaxy, share_out
from data.mocks.tracers import TRACERS, draw, radial_tables

SUN = (8.122, 0.0, 0.0208)
BALL = Ball(SUN, 4.0)
EVERYWHERE = Ball(SUN, 80.0)
MILKY_WAY = named("milky-way")
LOPSIDED = named("lopsided")


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    """Draw fewer orbits at a time: the samples here are small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "CHUNK", 512)
        yield


@pytest.fixture(scope="module")
def milky_way_sample() -> Sample:
    return sample_galaxy(MILKY_WAY, 12_000, 7, BALL, threads=2)


@pytest.fixture(scope="module")
def lopsided_sample() -> Sample:
    return sample_galaxy(LOPSIDED, 1_000, 7, BALL, threads=2)


def boltzmann_pulls(
    x: np.ndarray, v: np.ndarray, galaxy: GalaxyPotential, force: float = 1.0
) -> np.ndarray:
    """Means of {psi, H}, in standard errors, for functions psi(x, v) that vanish at the edge.

    The collisionless Boltzmann equation in its weak form: in a stationary population the mean
    of v . dpsi/dx + a . dpsi/dv is zero for every psi. With psi = w(x) and w(x) v_i, w of
    compact support, these are the continuity and the Jeans equations, averaged over w.
    """
    a = force * galaxy.acceleration(x)
    pulls = []
    for offset in ((0, 0, 0), (1.2, 0, 0), (-1.2, 0, 0), (0, 1.2, 0), (0, -1.2, 0), (0, 0, 0.6)):
        size = np.array([2.6, 2.6, 1.5])
        y = (x - np.array(SUN) - np.array(offset)) / size
        inside = np.clip(1.0 - np.sum(y**2, axis=1), 0.0, None)
        w = inside**3
        drift = np.sum(v * (-6.0 * inside[:, None] ** 2 * y / size), axis=1)
        rates = [drift, *(drift * v[:, i] + w * a[:, i] for i in range(3))]
        pulls += [r.mean() / (r.std() / np.sqrt(len(r))) for r in rates]
    return np.array(pulls)


@pytest.mark.parametrize("tracer", TRACERS, ids=lambda t: t.name)
@pytest.mark.parametrize("galaxy", [MILKY_WAY, LOPSIDED], ids=lambda g: g.name)
def test_orbits_conserve_energy_over_the_whole_integration(galaxy, tracer):
    tables = radial_tables(galaxy)
    step, median = choose_step(galaxy, tracer, tables, BALL)
    assert median < 1e-3
    rng = np.random.default_rng(3)
    x, v = orbits._draw_reachable(galaxy, tracer, tables, BALL, 600, rng)
    x, v = x[:128], v[:128]
    before = galaxy.potential(x) + 0.5 * np.sum(v**2, axis=1)
    after_x, after_v = integrate(galaxy, x, v, Mixing().end, step)
    after = galaxy.potential(after_x) + 0.5 * np.sum(after_v**2, axis=1)
    relative = np.abs(after / before - 1.0)
    assert np.median(relative) < 1e-4
    assert np.quantile(relative, 0.9) < 1e-3


def test_every_mock_obeys_the_boltzmann_equation(milky_way_sample):
    pulls = boltzmann_pulls(milky_way_sample.x, milky_way_sample.v, MILKY_WAY)
    assert np.abs(pulls).max() < 4.0
    assert np.sqrt(np.mean(pulls**2)) < 1.6


def test_that_check_sees_a_force_that_is_wrong_by_a_fifth(milky_way_sample):
    pulls = boltzmann_pulls(milky_way_sample.x, milky_way_sample.v, MILKY_WAY, force=1.2)
    assert np.abs(pulls).max() > 5.0


def test_the_lopsided_mock_obeys_its_own_boltzmann_equation(lopsided_sample):
    pulls = boltzmann_pulls(lopsided_sample.x, lopsided_sample.v, LOPSIDED)
    assert np.abs(pulls).max() < 4.0


def whole_galaxy(tracer, n: int, *, mixed: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """Stars of one tracer from the whole galaxy, before the ball is cut out."""
    tables = radial_tables(MILKY_WAY)
    step = 1.0
    rng = np.random.default_rng(11)
    if not mixed:
        return *draw(tracer, tables, n, rng), step
    stars = candidates(MILKY_WAY, tracer, tables, EVERYWHERE, Mixing(step=step), n, rng)
    return stars.x, stars.v, step


def change_of_histogram(x: np.ndarray, v: np.ndarray, step: float) -> float:
    """Chi^2 a bin between the stars' (R, |z|) histogram now and 333 Myr later.

    Stars flow in and out of every bin. Both counts are taken as independent, which they are
    not quite: the expected value is at most one.
    """
    later, _ = integrate(MILKY_WAY, x, v, 333.0, step)
    edges = ([4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0], [0.0, 0.15, 0.4, 0.8, 1.6, 3.0])
    now, then = (
        np.histogram2d(np.hypot(w[:, 0], w[:, 1]), np.abs(w[:, 2]), bins=edges)[0]
        for w in (x, later)
    )
    return float(np.mean((now - then) ** 2 / np.maximum(now + then, 1.0)))


@pytest.mark.parametrize("tracer", TRACERS[:2], ids=lambda t: t.name)
def test_the_mixed_population_does_not_change_with_time(tracer):
    assert change_of_histogram(*whole_galaxy(tracer, 8_000, mixed=True)) < 1.5


def test_that_check_sees_initial_conditions_that_are_not_mixed():
    # The isothermal start is close to equilibrium, so it is squeezed here to be well off it.
    x, v, step = whole_galaxy(TRACERS[0], 8_000, mixed=False)
    assert change_of_histogram(x * [1.0, 1.0, 0.5], v, step) > 3.0


def test_turning_into_the_ball_keeps_a_uniform_density_uniform():
    rng = np.random.default_rng(2)
    x = rng.uniform(-13.0, 13.0, (400_000, 3)) * [1.0, 1.0, 0.35]
    v = rng.normal(size=x.shape) * 100.0
    turned, velocity, weight = turn_into_ball(x, v, BALL, rng)
    kept = rng.uniform(size=len(weight)) * (BALL.largest_half_arc / np.pi) < weight
    offset = turned[kept] - np.array(SUN)
    distance = np.linalg.norm(offset, axis=1)
    assert weight.max() <= BALL.largest_half_arc / np.pi
    # Uniform in a ball: distance^3 is uniform, and each axis has its parabolic distribution.
    assert stats.kstest((distance / 4.0) ** 3, "uniform").pvalue > 1e-3
    for axis in range(3):
        s = offset[:, axis] / 4.0
        assert stats.kstest((2.0 + 3.0 * s - s**3) / 4.0, "uniform").pvalue > 1e-3
    assert len(velocity) == len(turned)


def test_turning_keeps_angular_momentum_and_radial_velocity():
    rng = np.random.default_rng(4)
    x = rng.uniform(5.0, 7.0, (200, 3)) * [1.0, 1.0, 0.1]
    v = rng.normal(size=x.shape) * 100.0
    turned, velocity, weight = turn_into_ball(x, v, BALL, rng)
    found = np.flatnonzero(BALL.half_arc(np.hypot(x[:, 0], x[:, 1]), x[:, 2]) > 0.0)
    assert 20 < len(weight) == len(found)
    before, after = (x[found], v[found]), (turned, velocity)
    for invariant in (
        lambda x, v: x[:, 0] * v[:, 1] - x[:, 1] * v[:, 0],
        lambda x, v: x[:, 0] * v[:, 0] + x[:, 1] * v[:, 1],
        lambda x, v: np.hypot(x[:, 0], x[:, 1]),
        lambda x, v: v[:, 2],
    ):
        np.testing.assert_allclose(invariant(*after), invariant(*before), rtol=1e-9)


def test_following_orbits_without_symmetry_gives_the_same_population():
    """Two ways to the same stars: turned by symmetry, or caught in the ball as they pass."""
    no_symmetry = replace(MILKY_WAY, axisymmetric=False, mirror_z=False)
    turned = sample_galaxy(MILKY_WAY, 1_000, 5, BALL, threads=2)
    caught = sample_galaxy(no_symmetry, 1_000, 6, BALL, threads=2)
    for a, b in zip(
        np.hstack([turned.x, turned.v]).T, np.hstack([caught.x, caught.v]).T, strict=True
    ):
        assert stats.ks_2samp(a, b).pvalue > 1e-3


def test_every_star_is_an_orbit_of_its_own(milky_way_sample):
    x, v = milky_way_sample.x, milky_way_sample.v
    energy = MILKY_WAY.potential(x) + 0.5 * np.sum(v**2, axis=1)
    # Copies by symmetry would share their energy to rounding.
    assert np.diff(np.sort(energy)).min() > 1e-9


def test_stars_lie_in_the_ball_and_turn_with_the_disc(milky_way_sample):
    s = milky_way_sample
    assert s.x.shape == s.v.shape == (12_000, 3)
    assert BALL.contains(s.x).all()
    assert np.bincount(s.tracer).tolist() == share_out(12_000) == [8400, 2880, 720]
    thin = s.tracer == 0
    assert -235.0 < s.v[thin, 1].mean() < -190.0
    assert abs(s.v[s.tracer == 2, 1].mean()) < 25.0
    near = thin & (np.abs(np.hypot(s.x[:, 0], s.x[:, 1]) - 8.122) < 0.5)
    heights = [np.median(np.abs(s.x[s.tracer == i, 2])) for i in range(3)]
    assert heights[0] < heights[1] < heights[2]
    assert 12.0 < s.v[near, 2].std() < 30.0


def test_the_seed_decides_and_not_the_number_of_threads():
    one = sample_galaxy(MILKY_WAY, 300, 3, BALL, threads=1)
    two = sample_galaxy(MILKY_WAY, 300, 3, BALL, threads=2)
    other = sample_galaxy(MILKY_WAY, 300, 4, BALL, threads=2)
    np.testing.assert_array_equal(one.x, two.x)
    np.testing.assert_array_equal(one.v, two.v)
    np.testing.assert_array_equal(one.tracer, two.tracer)
    assert not np.isin(one.x[:, 0], other.x[:, 0]).any()


@pytest.mark.parametrize("stars", [1, 7, 1000, 200_000])
def test_shares_add_up(stars):
    assert sum(share_out(stars)) == stars
    assert min(share_out(stars)) >= 0


def test_a_ball_that_no_orbit_enters_is_one_sentence(monkeypatch):
    monkeypatch.setattr(sampling, "MAX_EMPTY_CHUNKS", 1)
    with pytest.raises(UserError, match="No orbit of the thin tracers"):
        sample_galaxy(MILKY_WAY, 10, 0, Ball((58.0, 0.0, 20.0), 0.5))
