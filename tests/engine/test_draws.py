"""Draws carry a covariance through functions."""

import numpy as np
import pytest

from engine.draws import Draws, map_draws


@pytest.fixture
def correlated():
    covariance = np.array([[4.0, 3.0], [3.0, 9.0]])
    deviations = np.random.default_rng(0).multivariate_normal([0, 0], covariance, 200_000)
    return Draws(np.array([10.0, -2.0]), deviations), covariance


def test_sd_is_that_of_the_distribution(correlated):
    draws, covariance = correlated
    np.testing.assert_allclose(draws.sd, np.sqrt(np.diag(covariance)), rtol=0.01)


def test_the_error_of_a_difference_knows_the_correlation(correlated):
    draws, covariance = correlated
    difference = draws.map(lambda value: value[..., 0] - value[..., 1])
    assert difference.mean == 12.0
    expected = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    np.testing.assert_allclose(difference.sd, expected, rtol=0.01)


def test_two_inputs_of_one_field_stay_together():
    field = Draws(np.array([1.0]), np.array([[0.5], [-0.5]]))
    nothing = map_draws(np.subtract, field, field)
    assert nothing.mean == 0
    assert nothing.sd == 0


def test_an_input_without_draws_is_exact():
    field = Draws(np.array([1.0]), np.array([[0.5], [-0.5]]))
    exact = Draws(np.array([2.0]), np.empty((0, 1)))
    assert map_draws(np.multiply, field, exact).sd == 1.0
    assert np.isnan(exact.sd)


def test_draws_that_do_not_belong_are_refused():
    with pytest.raises(ValueError, match="belong"):
        Draws(np.zeros(3), np.zeros((5, 2)))
    with pytest.raises(ValueError, match="belong together"):
        map_draws(
            np.add, Draws(np.zeros(1), np.zeros((2, 1))), Draws(np.zeros(1), np.ones((3, 1)))
        )


def test_more_draws_have_the_same_covariance():
    few = Draws(np.zeros(3), np.random.default_rng(2).standard_normal((4, 3)))
    many = few.resized(32)
    assert many.count == 32
    np.testing.assert_allclose(
        many.deviations.T @ many.deviations / 32, few.deviations.T @ few.deviations / 4, atol=1e-12
    )


def test_fewer_draws_are_the_first_ones():
    many = Draws(np.zeros(2), np.arange(16.0).reshape(8, 2))
    np.testing.assert_array_equal(many.resized(3).deviations, many.deviations[:3])


def test_no_error_stays_no_error():
    assert Draws(np.zeros(2), np.empty((0, 2))).resized(5).count == 0
