"""Circular velocity and the Jeans baseline against models whose answer is known."""

import numpy as np
import pytest

from data.constants import G
from data.mocks.potentials import named
from data.mocks.truth import Truth
from data.population.population import Volume
from engine.circular_velocity.binned_jeans import axisymmetric_jeans
from engine.circular_velocity.curve import map_curve
from engine.circular_velocity.jeans_curve import JeansCurveSettings, jeans_curve
from engine.cubes.grid import make_grid
from engine.draws import Draws

SUN = (8.122, 0.0, 0.0208)
BALL = Volume(SUN, 4.0)
RADII = np.arange(5.5, 11.01, 0.5)


def exact(values):
    return Draws(values, np.empty((0, *values.shape)))


@pytest.mark.parametrize("galaxy", ["milky-way", "two-discs", "flattened-halo"])
@pytest.mark.parametrize("layers", [32, 33])
def test_exact_map_gives_the_circular_velocity(galaxy, layers):
    """With a layer of cells in the plane, and with the plane between two."""
    grid = make_grid(SUN, 4.0, 0.4, layers)
    truth = Truth(named(galaxy))
    field = exact(truth.acceleration(grid.points))
    curve = map_curve(grid, field, np.ones(len(grid.points), bool), RADII)
    np.testing.assert_allclose(curve.v_circ.mean, truth.circular_velocity(RADII), rtol=2e-3)
    assert (curve.used > 20).all()


def test_lopsided_map_gives_the_mean_over_its_azimuths():
    """Between the smallest and the largest v_c of the azimuths, and near their mean."""
    grid = make_grid(SUN, 4.0, 0.4, 33)
    truth = Truth(named("lopsided"))
    curve = map_curve(
        grid, exact(truth.acceleration(grid.points)), np.ones(len(grid.points), bool), RADII[3:8]
    )
    for radius, found in zip(RADII[3:8], curve.v_circ.mean, strict=True):
        half = 2 * np.arcsin(np.sqrt(16 - (radius - SUN[0]) ** 2) / (2 * radius))
        azimuths = np.linspace(-half, half, 41)
        v = np.array([truth.circular_velocity([radius], phi)[0] for phi in azimuths])
        assert np.ptp(v) > 3
        assert found == pytest.approx(np.sqrt(np.mean(v**2)), rel=2e-3)


def test_error_of_the_curve_is_that_of_the_map():
    """Errors of the map that are the same everywhere do not average out; v dv = R da / 2."""
    grid = make_grid(SUN, 4.0, 0.8, 9)
    truth = named("milky-way").acceleration(grid.points)
    rng = np.random.default_rng(0)
    scale = rng.normal(0, 0.03, (400, 1, 1))
    curve = map_curve(grid, Draws(truth, scale * truth), np.ones(len(truth), bool), RADII)
    np.testing.assert_allclose(curve.v_circ.sd, curve.v_circ.mean * scale.std() / 2, rtol=0.05)
    noise = Draws(truth, 0.03 * 6000 * rng.normal(size=(400, *truth.shape)))
    single = map_curve(grid, noise, np.ones(len(truth), bool), RADII)
    assert (single.v_circ.sd < 0.6 * curve.v_circ.sd).all()


def test_radii_without_trusted_columns_are_not_given():
    grid = make_grid(SUN, 4.0, 0.4, 17)
    truth = named("milky-way").acceleration(grid.points)
    ring = np.hypot(*grid.points[:, :2].T)
    curve = map_curve(grid, exact(truth), ring < 8.5, np.array([3.0, 7.0, 9.0, 10.0]))
    assert np.isfinite(curve.v_circ.mean).tolist() == [False, True, False, False]
    assert curve.used[3] == 0


def disc_stars(count, rng, truth, h=3.0, fall=16.0):
    """Stars that fulfil the Jeans equation in the plane exactly, in every moment it has."""
    ring = rng.gamma(2.0, h, 8 * count)
    ring = ring[(ring > 5) & (ring < 12)][:count]
    sigma = 35 * np.exp(-(ring - 8) / fall)
    v_c = np.interp(ring, np.linspace(4, 13, 50), truth.circular_velocity(np.linspace(4, 13, 50)))
    square = v_c**2 + sigma**2 * (1 - ring / h - 2 * ring / fall)
    spread = sigma / np.sqrt(2)
    v_phi = np.sqrt(square - spread**2) + spread * rng.normal(size=len(ring))
    v_ring, phi = sigma * rng.normal(size=len(ring)), rng.uniform(-0.4, 0.4, len(ring))
    cos, sin = np.cos(phi), np.sin(phi)
    x = np.stack([ring * cos, -ring * sin, rng.normal(0, 0.1, len(ring))], axis=1)
    v = np.stack([v_ring * cos - v_phi * sin, -v_ring * sin - v_phi * cos, 0 * ring], axis=1)
    return x, v


def test_jeans_curve_of_a_disc_and_its_errors():
    truth = Truth(named("milky-way"))
    rng = np.random.default_rng(1)
    pulls = []
    for seed in range(20):
        curve = jeans_curve(*disc_stars(20_000, rng, truth), seed=seed)
        pulls.append((curve.v_circ.mean - truth.circular_velocity(curve.R)) / curve.v_circ.sd)
    assert len(curve.R) == 14
    assert (curve.v_circ.sd < 3).all()
    pulls = np.array(pulls)
    assert np.mean(np.abs(pulls) < 1) == pytest.approx(0.683, abs=0.08)
    assert np.abs(pulls.mean(axis=0)).max() < 1.2


def test_jeans_curve_moves_with_the_scale_length_as_the_formula_says():
    truth = Truth(named("milky-way"))
    stars = disc_stars(20_000, np.random.default_rng(2), truth)
    usual = jeans_curve(*stars)
    longer = jeans_curve(*stars, JeansCurveSettings(scale_length=4.0))
    sigma = 35 * np.exp(-(usual.R - 8) / 16)
    wanted = -(sigma**2) * usual.R * (1 / 3 - 1 / 4)
    np.testing.assert_allclose(longer.v_circ.mean**2 - usual.v_circ.mean**2, wanted, rtol=0.2)


def in_ball(count, rng, density, largest):
    """Positions (count, 3) in the ball with a density that is nowhere above ``largest``."""
    points = []
    while sum(map(len, points)) < count:
        place = rng.uniform(-1, 1, (count, 3))
        place = np.array(SUN) + 4 * place[np.linalg.norm(place, axis=1) < 1]
        points.append(place[rng.uniform(size=len(place)) * largest < density(place)])
    return np.concatenate(points)[:count]


def plummer(count, rng, mass=1e11, scale=5.0):
    """Isotropic Plummer sphere: f(E) ~ E^(7/2), so (v/v_esc)^2 is beta(3/2, 9/2) distributed."""
    x = in_ball(count, rng, lambda p: (1 + np.sum(p**2, 1) / scale**2) ** -2.5, 0.35)
    depth = np.sqrt(np.sum(x**2, axis=1) + scale**2)
    speed = np.sqrt(rng.beta(1.5, 4.5, count) * 2 * G * mass / depth)
    direction = rng.normal(size=(count, 3))
    v = speed[:, None] * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    return x, v, lambda p: -G * mass * p / (np.sum(p**2, 1)[:, None] + scale**2) ** 1.5


def radial(count, rng, v_c=220.0, slope=3.0, beta=0.5):
    """nu ~ r^-slope in a logarithmic potential: sigma_r^2 = v_c^2/(slope - 2 beta), tilted."""
    x = in_ball(count, rng, lambda p: np.sum(p**2, 1) ** (-slope / 2), 4.12**-slope)
    outward = x / np.linalg.norm(x, axis=1, keepdims=True)
    free = rng.normal(size=(count, 3))
    along = np.sum(free * outward, axis=1, keepdims=True) * outward
    v = v_c / np.sqrt(slope - 2 * beta) * (along + np.sqrt(1 - beta) * (free - along))
    return x, v, lambda p: -(v_c**2) * p / np.sum(p**2, 1)[:, None]


@pytest.mark.parametrize("model", [plummer, radial])
def test_binned_jeans_is_unbiased_and_knows_its_errors(model):
    rng = np.random.default_rng(3)
    places = in_ball(3000, rng, lambda p: np.linalg.norm(p - SUN, axis=1) < 3.2, 1.0)
    errors, pulls = [], []
    for seed in range(4):
        x, v, truth = model(60_000, rng)
        found = axisymmetric_jeans(x, v, BALL, seed=seed).at(places)
        assert np.isfinite(found.mean).all(1).mean() > 0.95
        errors.append(
            (found.mean - truth(places)) / np.linalg.norm(truth(places), axis=1)[:, None]
        )
        pulls.append((found.mean - truth(places)) / found.sd)
    size = np.linalg.norm(errors, axis=-1)
    assert np.nanmedian(size) < 0.10
    # what four samples have in common; without the cross terms it is 0.2 for the tilted model
    assert np.nanmedian(np.linalg.norm(np.mean(errors, axis=0), axis=-1)) < 0.06
    for component in (0, 2):
        inside = np.abs(np.array(pulls)[..., component]) < 1
        assert 0.5 < np.mean(inside) < 0.9


def test_binned_jeans_at_bins_and_at_positions_are_the_same_field():
    x, v, _ = plummer(40_000, np.random.default_rng(4))
    field = axisymmetric_jeans(x, v, BALL)
    phi = 0.2
    points = np.stack([field.R * np.cos(phi), -field.R * np.sin(phi), field.z], axis=1)
    there = field.at(points)
    np.testing.assert_allclose(np.hypot(*there.mean[:, :2].T), -field.acceleration.mean[:, 0])
    np.testing.assert_allclose(there.mean[:, 2], field.acceleration.mean[:, 1])
    np.testing.assert_allclose(there.sd[:, 2], field.acceleration.sd[:, 1])
    assert np.isnan(field.at(np.array([[0.0, 0.0, 0.0], [8.0, 0.0, 30.0]])).mean).all()
    assert (field.count >= 20).all()
