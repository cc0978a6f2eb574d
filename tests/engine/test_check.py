"""Pulls and the classifier, where the answer is known."""

import numpy as np
import pytest

from engine.mapping.check import classifier_auc, pull


@pytest.mark.parametrize("weight", [0.2, 1.0, 2.0])
def test_pulls_of_the_same_distribution_are_standard_normal(weight):
    rng = np.random.default_rng(0)
    drawn = rng.poisson(500, 20_000).astype(float)
    data = rng.poisson(500 * weight, 20_000).astype(float)
    pulls = pull(data, drawn, weight)
    assert pulls.mean() == pytest.approx(0, abs=0.05)
    assert pulls.std() == pytest.approx(1, abs=0.05)


def test_sparse_and_empty_bins_do_not_inflate_the_pulls():
    rng = np.random.default_rng(1)
    drawn, data = (rng.poisson(0.3, 20_000).astype(float) for _ in range(2))
    pulls = pull(data, drawn, 1.0)
    assert pulls.std() < 1
    assert np.all(pulls[(data == 0) & (drawn == 0)] == 0)


def test_a_bin_that_the_model_misses_stands_out():
    assert pull(np.array([100.0]), np.array([0.0]), 1.0)[0] > 10


def test_classifier_cannot_tell_equals_apart_and_tells_a_shift():
    rng = np.random.default_rng(2)
    stars, samples = rng.normal(size=(2, 4000, 6))
    auc, error = classifier_auc(stars, samples, seed=0)
    assert auc == pytest.approx(0.5, abs=4 * error)
    assert 0.005 < error < 0.02
    shifted = stars + np.array([0.5, 0, 0, 0, 0, 0])
    assert classifier_auc(shifted, samples, seed=0)[0] > 0.58
