"""A smooth correction of a window's background by the window's own stars.

A background that comes from sidebands may be off at the corners of a window that no sideband
holds. A quadratic surface in all coordinates can mend that, and cannot hold a stream, which is
narrow in several coordinates at once. It is fitted to the stars of the other folds alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

__all__ = ["quadratic_weights"]

Floats = NDArray[np.float64]

_REACH, _STEPS, _RIDGE = 3.0, 12, 3.0


def quadratic_weights(stars: Floats, points: Floats, weight: Floats) -> Floats:
    """Give factors by which background points match stars up to second order.

    Parameters
    ----------
    stars, points
        (n, D) and (b, D), standardised coordinates.
    weight
        (b,) weights of the points so far.

    Returns
    -------
    Floats
        (b,) exp of the fitted quadratic: logistic regression with a ridge.
    """
    design = np.concatenate([_terms(stars), _terms(points)])
    label = np.r_[np.ones(len(stars)), np.zeros(len(points))]
    weights = np.r_[np.ones(len(stars)), weight * (len(stars) / weight.sum())]
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = 1e-6
    theta = np.zeros(design.shape[1])
    # So few columns gain nothing from a second thread, which waits for a busy core busily.
    with threadpool_limits(1, "blas"):
        for _ in range(_STEPS):
            p = 1 / (1 + np.exp(-np.clip(design @ theta, -30, 30)))
            gradient = design.T @ (weights * (label - p)) - penalty * theta
            curvature = (design * (weights * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
            step = np.linalg.solve(curvature, gradient)
            theta += step
            if np.abs(step).max() < 1e-3:
                break
    factor: Floats = np.exp(np.clip(design[len(stars) :] @ theta, -5, 5))
    return factor


def _terms(values: Floats) -> Floats:
    """Give 1, every coordinate and every product of two, clipped to where most stars are."""
    clipped = np.clip(values, -_REACH, _REACH)
    first, second = np.triu_indices(values.shape[1])
    products = clipped[:, first] * clipped[:, second]
    return np.concatenate([np.ones((len(values), 1)), clipped, products], 1)
