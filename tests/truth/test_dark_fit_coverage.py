"""The intervals of a halo fit hold the truth as often as they say."""

import numpy as np
import pytest

from engine.dark_matter.fit import fit_halo
from engine.dark_matter.halo import gnfw_shape
from engine.draws import Draws

RADIUS = np.arange(4.5, 12.0, 0.5)
AT = np.array([5.0, 11.0])
REPEATS = 80


def ranks(model, count, seed=7):
    """Where the truth stands among the samples, for haloes drawn from the prior, (n, 5).

    Errors of 8% with a correlation of 0.8 between neighbouring shells, known from ``count``
    draws only (Talts+ 2018: the ranks of a right posterior are even).
    """
    rng = np.random.default_rng(seed)
    separation = np.abs(RADIUS[:, None] - RADIUS)
    root = np.linalg.cholesky(
        0.8 * np.exp(-0.5 * (separation / 2.0) ** 2) + 0.2 * np.eye(len(RADIUS))
    )
    rows = []
    for number in range(REPEATS):
        scale = np.exp(rng.uniform(np.log(4), np.log(60)))
        slope = rng.uniform(0, 2) if model == "gnfw" else 1.0
        density = rng.uniform(0.004, 0.016)
        true = density * gnfw_shape(RADIUS, scale, slope)
        errors = 0.08 * true
        measured = true + errors * (root @ rng.standard_normal(len(RADIUS)))
        draws = errors * (rng.standard_normal((count, len(RADIUS))) @ root.T)
        fit = fit_halo(RADIUS, Draws(measured, draws), model=model, count=2000, seed=number)
        samples = np.hstack([fit.samples, fit.profiles(AT)])
        truth = [density, scale, slope, *density * gnfw_shape(AT, scale, slope)]
        rows.append(np.mean(samples < truth, axis=0))
    return np.array(rows)


@pytest.mark.parametrize(("model", "count"), [("nfw", 400), ("nfw", 12), ("gnfw", 40)])
def test_intervals_of_68_per_cent_hold_the_truth(model, count):
    rank = ranks(model, count)
    if model == "nfw":
        rank = np.delete(rank, 2, axis=1)  # the slope is fixed
    inside = np.mean((rank > 0.16) & (rank < 0.84), axis=0)
    # three standard errors of a share of 0.68 in 80 repeats
    assert np.all(np.abs(inside - 0.68) < 0.16), inside
    assert np.all(np.abs(rank.mean(axis=0) - 0.5) < 0.11), rank.mean(axis=0)
    assert np.abs(inside.mean() - 0.68) < 0.09
