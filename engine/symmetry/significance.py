r"""Whether a field of small numbers with correlated errors is zero.

A symmetry of the Galaxy makes thousands of differences vanish that are far from independent:
the error of a map is smooth. With differences d_i, their covariance C known only by K draws
e_k, and weights w_i, the statistic here is

    T = sum_i w_i d_i^2 / mean_k sum_i w_i e_ki^2 ,

which needs no inverse of C (it has rank K at most and would be singular). For normal errors and
no asymmetry the numerator is a sum of chi^2 of one degree of freedom each, times the
eigenvalues of the weighted covariance W. Its variance is that of chi^2 with

    N = (tr W)^2 / tr(W^2)

degrees of freedom, relative to its mean: the number of independent modes (Satterthwaite 1946).
The denominator is the mean of K such sums and adds T^2/K of that variance. The p-value comes
from the chi^2 distribution of nu = (tr W^2)^3 / (tr W^3)^2 degrees of freedom, shifted and
scaled to that mean and variance, which has the skewness of T too (Pearson 1959, Biometrika 46,
364); nu = N where all modes weigh the same.

Two shrinkages make this right for few draws. (a) The mean square of sample correlations
exceeds that of the true ones by about 1/K, which would make N at most K; the traces of powers
of W are therefore taken from products of *different* draws, in whose mean no noise is left (what
the shrinkage intensity of Schaefer & Strimmer 2005 does to squared correlations). (b) The
weights are inverse variances, drawn towards their median with the strength of ``PRIOR_DRAWS``
draws; in the denominator each draw is weighted by the variances of the others, as the
differences are, or it would come out too small.

On random smooth fields p is uniform to within a few per cent from K = 12 on; below that N
scatters by a third and p is no more than an order of magnitude.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from engine.draws import Draws

__all__ = [
    "JointSignificance",
    "joint_significance",
    "significance",
    "steady_weights",
    "weighted_mean",
]

Floats = NDArray[np.float64]

PRIOR_DRAWS = 8
"""Strength, in draws, with which a variance is drawn towards the median of all."""

_FEWEST_DRAWS = 4


@dataclass(frozen=True)
class JointSignificance:
    """The test of many numbers against zero at once.

    Parameters
    ----------
    numbers
        How many numbers were compared.
    modes
        How many of them are independent.
    chi2
        What stands in for chi^2: near ``modes`` where nothing but errors is seen.
    p_value
        Probability of a larger chi2 where all are zero. NaN, as the two before it, with fewer
        than four draws, without numbers, or where the errors are all zero.
    """

    numbers: int
    modes: float
    chi2: float
    p_value: float

    def to_dict(self) -> dict[str, float | int | None]:
        """Give the form that attributes of cubes carry; None for NaN."""
        return {name: None if np.isnan(value) else value for name, value in asdict(self).items()}


def significance(draws: Draws) -> Floats:
    """Give each number in units of its error, (...); NaN where no error is known or it is 0."""
    error = draws.sd
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(error > 0, draws.mean / error, np.nan)


def steady_weights(deviations: Floats) -> Floats:
    """Give inverse variances that a few draws do not throw about.

    Parameters
    ----------
    deviations
        (K, n).

    Returns
    -------
    ndarray
        1/((K s_i^2 + k0 m)/(K + k0)), (n,), where m is the median of the sample variances s_i^2
        and k0 is ``PRIOR_DRAWS``; all 1 without draws, or where most numbers are exact.
    """
    count = len(deviations)
    if count == 0 or deviations.shape[1] == 0:
        return np.ones(deviations.shape[1])
    return _weights(np.sum(deviations**2, axis=0), count)


def weighted_mean(draws: Draws) -> Draws:
    """Give the mean of numbers (n, ...) over their first axis, (...), with its error.

    The joint test looks in every direction and needs a large asymmetry; one of the same sign
    throughout, such as a displaced plane makes, shows in the mean at far smaller size. The
    weights are ``steady_weights``, constant over the draws; numbers that are not finite are left
    out, and the mean of none is NaN.
    """
    shape = draws.mean.shape[1:]
    values = draws.mean.reshape(len(draws.mean), math.prod(shape))
    errors = draws.deviations.reshape(draws.count, *values.shape)
    mean = np.full(values.shape[1], np.nan)
    deviations = np.full((draws.count, values.shape[1]), np.nan)
    for column in range(values.shape[1]):
        finite = np.isfinite(values[:, column]) & np.isfinite(errors[:, :, column]).all(axis=0)
        if finite.any():
            weights = steady_weights(errors[:, finite, column])
            weights /= weights.sum()
            mean[column] = weights @ values[finite, column]
            deviations[:, column] = errors[:, finite, column] @ weights
    return Draws(mean.reshape(shape), deviations.reshape(draws.count, *shape))


def joint_significance(draws: Draws, independent: int | None = None) -> JointSignificance:
    """Test whether many numbers are all zero within their correlated errors.

    Parameters
    ----------
    draws
        The numbers, of any shape; those that are not finite are left out.
    independent
        How many of the draws are independent of each other, where they were made by
        recombining fewer; by default all.
    """
    values = draws.mean.reshape(-1)
    errors = draws.deviations.reshape(draws.count, values.size)
    finite = np.isfinite(values) & np.isfinite(errors).all(axis=0)
    values, errors = values[finite], errors[:, finite]
    numbers = int(np.count_nonzero(finite))
    count = draws.count
    if numbers == 0 or count < _FEWEST_DRAWS or not errors.any():
        return JointSignificance(numbers, np.nan, np.nan, np.nan)
    squares = errors**2
    total = squares.sum(axis=0)
    weights = _weights(total, count)
    others = [_weights(total - squares[k], count - 1) for k in range(count)]
    expected = np.mean([np.sum(w * e) for w, e in zip(others, squares, strict=True)])
    statistic = float(np.sum(weights * values**2) / expected)
    modes, shape = _moments(errors * np.sqrt(weights))
    scatter = np.sqrt(2 / modes * (1 + statistic**2 / (independent or count)))
    argument = shape + np.sqrt(2 * shape) * (statistic - 1) / scatter
    p_value = float(stats.chi2.sf(argument, shape))
    return JointSignificance(numbers, modes, modes * statistic, p_value)


def _weights(total: Floats, count: int) -> Floats:
    """Give shrunk inverse variances from sums (n,) of squares over draws."""
    typical = float(np.median(total)) / count
    if typical == 0:
        return np.ones(len(total))
    weights: Floats = (count + PRIOR_DRAWS) / (total + PRIOR_DRAWS * typical)
    return weights


def _moments(weighted: Floats) -> tuple[float, float]:
    """Give (tr W)^2/tr(W^2) and (tr W^2)^3/(tr W^3)^2 from draws (K, n).

    Products of two different draws scatter about 0 with the variance tr(W^2), and cycles of three
    products have the mean tr(W^3). Deviations from the mean of an ensemble add up to zero,
    which shifts their products; the mean product is therefore subtracted.
    """
    count, numbers = weighted.shape
    products = weighted @ weighted.T
    trace = float(np.trace(products)) / count
    pairs = count * (count - 1)
    apart = products - (products.sum() - count * trace) / pairs
    np.fill_diagonal(apart, 0.0)
    squared = float(np.sum(apart**2)) / (pairs - 2)
    cubed = float(np.trace(apart @ apart @ apart)) / (pairs * (count - 2))
    if squared <= 0:
        return float(numbers), float(numbers)
    modes = float(np.clip(trace**2 / squared, 1.0, numbers))
    if cubed <= 0:
        return modes, modes
    return modes, float(np.clip(squared**3 / cubed**2, 1.0, modes))
