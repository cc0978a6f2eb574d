"""Classifiers that tell the stars of a window from its background, out of fold."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from engine.streams.scores.network import Problem, network_odds
from engine.streams.scores.settings import ScoreSettings

__all__ = ["log_odds"]

Floats = NDArray[np.float64]

_BINS = 255
"""Of each coordinate, for trees."""
_LEAST_LEAVES, _SMALLEST_LEAF = 50, 5
"""Leaves that fill the window at least, so that small windows can be divided at all."""


def log_odds(
    stars: Floats,
    background: Floats,
    weight: Floats,
    asked: Floats,
    settings: ScoreSettings,
    seed: int,
) -> Floats:
    """Train on stars against background of the same total weight, and give ln R where asked.

    Parameters
    ----------
    stars, background
        (n, D) and (b, D).
    weight
        (b,) weights of the background, of any scale.
    asked
        (q, D), none of them among the stars.
    settings, seed
        See ``ScoreSettings``.

    Returns
    -------
    Floats
        ln p_star/p_background, (q,).
    """
    problem = Problem(stars, background, weight, asked)
    if settings.classifier == "network":
        return network_odds([problem], settings, seed)[0]
    x, label, weights = problem.table()
    model = HistGradientBoostingClassifier(
        max_iter=settings.trees,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=min(settings.min_leaf, max(_SMALLEST_LEAF, len(x) // _LEAST_LEAVES)),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    # The trees keep to as many threads as torch was given.
    binned, where = _binned(x, asked)
    with threadpool_limits(torch.get_num_threads(), "openmp"):
        model.fit(binned, label, sample_weight=weights)
        odds: Floats = model.decision_function(where)
    return odds


def _binned(x: Floats, asked: Floats) -> tuple[Floats, Floats]:
    """Give both as numbers of bins with as many of x each.

    scikit-learn would sort all points once more for every edge where they have weights: five
    sixths of the time of a fit.
    """
    edges = np.quantile(x, np.linspace(0, 1, _BINS + 1)[1:-1], axis=0)
    pairs = ((part[:, d], edges[:, d]) for part in (x, asked) for d in range(x.shape[1]))
    numbers = [np.searchsorted(edge, values, "right").astype(np.float64) for values, edge in pairs]
    dimensions = x.shape[1]
    return np.stack(numbers[:dimensions], 1), np.stack(numbers[dimensions:], 1)
