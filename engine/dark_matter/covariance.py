"""The covariance of a profile, estimated from few draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.draws import Draws

__all__ = ["ShrunkCovariance", "shrunk_covariance"]

Floats = NDArray[np.float64]

_MOST = 0.999
"""Largest common correlation of the target: at 1 it would have no inverse."""

_LEAST = 0.01
"""Smallest shrinkage where there are not more draws than numbers."""


@dataclass(frozen=True)
class ShrunkCovariance:
    """A covariance that can be inverted, whatever the number of draws.

    Parameters
    ----------
    covariance
        (B, B).
    shrinkage
        How far each correlation was drawn towards the mean of all: 0 keeps them, 1 makes them
        equal.
    draws
        Number K of draws that it comes from.
    """

    covariance: Floats
    shrinkage: float
    draws: int


def shrunk_covariance(values: Draws) -> ShrunkCovariance:
    """Estimate a covariance by shrinking the correlations towards a common one.

    With K draws of B numbers the sample covariance has rank K at most: below K = B it has no
    inverse, and not far above it the inverse is badly wrong. Each correlation is drawn towards
    the mean of all by the part that Ledoit & Wolf (2004, J. Portfolio Management 30, 110) find
    from the draws themselves; it goes to 0 as K grows. The standard errors and the mean
    correlation are kept, and with them the error of the level of the whole profile: shrinking
    towards none makes that error too small (in trials with 20 draws, 59% of the 68% intervals
    of the level held the truth).

    Parameters
    ----------
    values
        (B,), with K > 0 draws and no error of zero.
    """
    x = values.deviations / values.sd
    count, size = x.shape
    sample = x.T @ x / count
    mean = (sample.sum() - size) / (size * (size - 1)) if size > 1 else 0.0
    mean = float(np.clip(mean, -_MOST / max(size - 1, 1), _MOST))
    target = np.where(np.eye(size, dtype=np.bool_), 1.0, mean)
    shrinkage = _intensity(x, sample, target, mean)
    correlation = shrinkage * target + (1.0 - shrinkage) * sample
    covariance = correlation * np.outer(values.sd, values.sd)
    return ShrunkCovariance(covariance, shrinkage, count)


def _intensity(x: Floats, sample: Floats, target: Floats, mean: float) -> float:
    """Part of the way to the target that minimises the expected error (the paper's appendix B).

    For standardised x (K, B): pi is the variance of the sample correlations, rho what the target
    shares of it, gamma how far the target is.
    """
    count, size = x.shape
    square = x**2
    variance = square.T @ square / count - sample**2
    # theta_ij: covariance of s_ii with s_ij
    theta = (x**3).T @ x / count - sample
    shared = np.trace(variance) + mean * (theta.sum() - np.trace(theta))
    distance = float(np.sum((target - sample) ** 2))
    least = _LEAST if count <= size else 0.0
    if distance == 0.0:
        return least
    return float(np.clip((variance.sum() - shared) / distance / count, least, 1.0))
