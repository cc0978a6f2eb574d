"""The joint test: calibrated without an asymmetry, powerful with one."""

import numpy as np
import pytest
from scipy import stats

from engine.draws import Draws
from engine.symmetry.significance import (
    joint_significance,
    significance,
    steady_weights,
)


def root_of_covariance(points, length, sd):
    apart = np.sum((points[:, None] - points[None]) ** 2, axis=-1)
    values, vectors = np.linalg.eigh(np.exp(-apart / (2 * length**2)))
    return sd[:, None] * vectors * np.sqrt(np.clip(values, 0, None))


@pytest.fixture(scope="module")
def smooth():
    """Random smooth fields at 120 places whose errors differ tenfold, (count, 120)."""
    rng = np.random.default_rng(4)
    places = rng.uniform(-1, 1, (120, 3))
    sd = 10 ** rng.uniform(0, 1, 120)
    root = root_of_covariance(places, 0.7, sd)
    covariance = root @ root.T
    return lambda count, rng: rng.normal(size=(count, 120)) @ root.T, covariance


@pytest.mark.parametrize("draws", [12, 40])
def test_p_values_are_uniform_where_there_is_nothing(smooth, draws):
    fields, _ = smooth
    rng = np.random.default_rng(draws)
    p_values = []
    for _ in range(400):
        sample = fields(draws + 1, rng)
        p_values.append(joint_significance(Draws(sample[0], sample[1:])).p_value)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.10


def test_members_that_add_up_to_zero_are_calibrated_too(smooth):
    """Deviations of an ensemble from its own mean, as a map has them."""
    fields, _ = smooth
    rng = np.random.default_rng(3)
    p_values = []
    for _ in range(400):
        sample = fields(25, rng)
        members = sample[1:] - sample[1:].mean(axis=0)
        p_values.append(joint_significance(Draws(sample[0], members * np.sqrt(24 / 23))).p_value)
    assert stats.kstest(p_values, "uniform").pvalue > 0.005


def test_number_of_modes_is_that_of_the_covariance(smooth):
    """Not the number of draws, nor the number of places."""
    fields, covariance = smooth
    weights = 1 / np.diag(covariance)
    scaled = covariance * np.sqrt(np.outer(weights, weights))
    wanted = np.trace(scaled) ** 2 / np.sum(scaled**2)
    rng = np.random.default_rng(0)
    found = [
        joint_significance(Draws(sample[0], sample[1:])).modes
        for sample in (fields(31, rng) for _ in range(60))
    ]
    assert 5 < wanted < 20
    assert np.mean(found) == pytest.approx(wanted, rel=0.15)


def test_independent_numbers_are_as_many_modes():
    rng = np.random.default_rng(5)
    sample = rng.normal(size=(33, 300))
    found = joint_significance(Draws(sample[0], sample[1:]))
    assert found.numbers == 300
    assert 200 < found.modes <= 300


def test_an_asymmetry_of_a_few_errors_everywhere_is_found(smooth):
    fields, covariance = smooth
    sample = fields(17, np.random.default_rng(6))
    signal = 4 * np.sqrt(np.diag(covariance))
    found = joint_significance(Draws(sample[0] + signal, sample[1:]))
    assert found.p_value < 1e-4
    assert found.chi2 > 5 * found.modes


def test_numbers_that_are_not_finite_are_left_out(smooth):
    fields, _ = smooth
    sample = fields(20, np.random.default_rng(7))
    holes = sample.copy()
    holes[:, ::3] = np.nan
    with np.errstate(invalid="ignore"):
        found = joint_significance(Draws(holes[0], holes[1:]))
    kept = np.delete(sample, np.arange(0, 120, 3), axis=1)
    assert found == joint_significance(Draws(kept[0], kept[1:]))
    assert found.numbers == 80


def test_recombined_draws_are_worth_no_more_than_what_they_were_made_of(smooth):
    """The same map with fewer independent draws is less significant."""
    fields, covariance = smooth
    sample = fields(41, np.random.default_rng(8))
    draws = Draws(sample[0] + 2 * np.sqrt(np.diag(covariance)), sample[1:])
    assert joint_significance(draws, independent=6).p_value > joint_significance(draws).p_value


@pytest.mark.parametrize(
    ("mean", "deviations"),
    [
        (np.ones(5), np.zeros((10, 5))),
        (np.ones(5), np.ones((2, 5))),
        (np.full(5, np.nan), np.ones((10, 5))),
        (np.ones(0), np.ones((10, 0))),
    ],
)
def test_without_errors_nothing_is_said(mean, deviations):
    found = joint_significance(Draws(mean, deviations))
    assert np.isnan(found.p_value)
    assert found.to_dict()["p_value"] is None


def test_significance_of_each_number():
    draws = Draws(np.array([6.0, 1.0]), np.array([[2.0, 0.0], [-2.0, 0.0]]))
    np.testing.assert_array_equal(significance(draws), [3.0, np.nan])


def test_weights_follow_the_variances_but_not_their_noise():
    rng = np.random.default_rng(9)
    deviations = rng.normal(size=(8, 1000))
    weights, raw = steady_weights(deviations), 1 / np.mean(deviations**2, axis=0)
    assert weights.std() / weights.mean() < 0.5 * raw.std() / raw.mean()
    deviations[:, 500:] *= 10
    weights = steady_weights(deviations)
    assert weights[:500].mean() > 2 * weights[500:].mean()
    np.testing.assert_array_equal(steady_weights(np.empty((0, 3))), 1)
