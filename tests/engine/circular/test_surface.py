"""Smooth surfaces: their derivatives, and fits to noisy values, ratios and counts."""

import numpy as np
import pytest

from engine.circular_velocity.surface import fit_counts, fit_positive, fit_values, make_surface


@pytest.fixture(scope="module")
def surface():
    return make_surface((4.0, 12.0), (-4.0, 4.0), (4, 8), 0.5)


@pytest.fixture(scope="module")
def places():
    ring, u = np.meshgrid(np.linspace(4.2, 11.8, 20), np.linspace(-2.7, 2.7, 40), indexing="ij")
    return ring.ravel(), 0.5 * np.sinh(u.ravel())


def test_derivatives_are_those_of_the_basis(surface, places):
    ring, z = (p[::37] for p in places)
    step = 1e-5
    _, along, across = surface.design(ring, z)
    above, below = (surface.design(ring + s, z)[0] for s in (step, -step))
    np.testing.assert_allclose(along, (above - below) / (2 * step), atol=1e-8)
    above, below = (surface.design(ring, z + s)[0] for s in (step, -step))
    np.testing.assert_allclose(across, (above - below) / (2 * step), atol=1e-8)


def test_what_is_linear_is_not_smoothed(surface, places):
    ring, z = places
    design = surface.design(ring, z)[0]
    wanted = 3 + 0.2 * ring - 0.5 * np.arcsinh(z / 0.5)
    fit = fit_values(surface, design, wanted, np.ones(len(ring)))
    np.testing.assert_allclose(design @ fit.coefficients, wanted, atol=1e-6)


def test_noise_is_smoothed_away_and_what_is_left_is_known(surface, places):
    ring, z = places
    design = surface.design(ring, z)[0]
    wanted = 5 + np.exp(-(ring - 4) / 3) * (1 + np.tanh(z))
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(20):
        fit = fit_values(
            surface, design, wanted + 0.2 * rng.normal(size=len(ring)), np.full(len(ring), 25)
        )
        errors.append(design @ fit.coefficients - wanted)
    expected = fit.draw(200, rng) @ design.T
    assert np.std(errors) < 0.06
    assert np.std(errors) / np.std(expected) == pytest.approx(1.0, abs=0.25)
    inside = np.abs(np.array(errors)) < expected.std(axis=0)
    assert np.mean(inside) == pytest.approx(0.68, abs=0.1)


def test_positive_values_have_no_bias_from_their_errors(surface, places):
    """A fit to the logarithms would be off by ln 3 - digamma(3) = 0.18."""
    ring, z = places
    design, along, _ = surface.design(ring, z)
    rng = np.random.default_rng(1)
    slopes, offsets = [], []
    for _ in range(20):
        values = np.exp(2 - ring / 3) * rng.gamma(3.0, 1 / 3, len(ring))
        fit = fit_positive(surface, design, values, np.full(len(ring), 3.0))
        slopes.append(np.mean(along @ fit.coefficients))
        offsets.append(np.mean(design @ fit.coefficients - 2 + ring / 3))
    assert np.mean(slopes) == pytest.approx(-1 / 3, abs=0.005)
    assert np.mean(offsets) == pytest.approx(0.0, abs=0.015)


def test_counts_give_the_slope_of_the_density_through_empty_bins(surface, places):
    ring, z = places
    design, along, across = surface.design(ring, z)
    rng = np.random.default_rng(2)
    exposure = rng.uniform(0.5, 1.5, len(ring))
    expected = exposure * np.exp(6 - ring / 2 - np.hypot(z, 0.5))
    weights = expected * z**2
    slopes = []
    for _ in range(6):
        counts = rng.poisson(expected).astype(float)
        fit = fit_counts(surface, design, counts, exposure)
        upwards = np.sign(z) * (across @ fit.coefficients)
        slopes.append((np.mean(along @ fit.coefficients), np.average(upwards, weights=weights)))
    assert np.mean(counts == 0) > 0.1
    vertical = np.average(-np.abs(z) / np.hypot(z, 0.5), weights=weights)
    np.testing.assert_allclose(np.mean(slopes, axis=0), [-0.5, vertical], atol=0.1)


def test_values_that_are_not_finite_are_refused(surface, places):
    ring, z = places
    design = surface.design(ring, z)[0]
    with pytest.raises(ValueError, match="infs or NaNs"):
        fit_values(surface, design, np.full(len(ring), np.nan), np.ones(len(ring)))
