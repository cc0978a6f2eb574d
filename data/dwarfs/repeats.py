"""Repeated measurements of one star: combined by weight, their scatter noted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.stats import chi2

__all__ = ["Combined", "combine", "same_stars"]

Floats = npt.NDArray[np.float64]

_SAME_ARCSEC = 1.0
_UNLIKELY = 1e-3
"""Probability of a chi^2 below which the errors are inflated: a binary, or errors too small."""


@dataclass(frozen=True)
class Combined:
    """Stars with one velocity each.

    Parameters
    ----------
    first
        Row of the table that each star takes its other columns from, (m,).
    velocity, error
        Weighted mean and its error, km/s, inflated where the scatter says so.
    count
        Measurements.
    chi_square
        Of the measurements about their mean; 0 for one.
    variable
        Whether the scatter is larger than chance allows.
    """

    first: npt.NDArray[np.int64]
    velocity: Floats
    error: Floats
    count: npt.NDArray[np.int64]
    chi_square: Floats
    variable: npt.NDArray[np.bool_]


def same_stars(
    x: Floats, y: Floats, scale: float, source_id: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64]:
    """Give rows with one identifier, or at one place, the number of one star.

    Parameters
    ----------
    x, y
        Places, (n,).
    scale
        One arcsecond in their unit; 0 to take only the very same place as one star.
    source_id
        Identifiers, if the table has them.

    Returns
    -------
    ndarray
        The star of each row, (n,).
    """
    if source_id is not None and len(np.unique(source_id)) > 1:
        return np.unique(source_id, return_inverse=True)[1].astype(np.int64)
    tree = cKDTree(np.stack([x, y], 1))
    star = np.arange(len(x))
    for a, b in sorted(tree.query_pairs(max(_SAME_ARCSEC * scale, 1e-12))):
        star[b] = min(star[b], star[a])
    return np.unique(star, return_inverse=True)[1].astype(np.int64)


def combine(velocity: Floats, error: Floats, star: npt.NDArray[np.int64]) -> Combined:
    """Combine the measurements of each star by their weights, (n,) to (m,)."""
    number = int(star.max()) + 1 if len(star) else 0
    weight = error**-2
    total = np.bincount(star, weight, number)
    mean = np.bincount(star, weight * velocity, number) / total
    count = np.bincount(star, minlength=number)
    chi_square = np.bincount(star, weight * (velocity - mean[star]) ** 2, number)
    degrees = np.maximum(count - 1, 1)
    variable = (count > 1) & (chi2.sf(chi_square, degrees) < _UNLIKELY)
    inflation = np.where(variable, np.sqrt(chi_square / degrees), 1.0)
    _, first = np.unique(star, return_index=True)
    error_of_mean = np.asarray(total**-0.5 * inflation, dtype=np.float64)
    squares = np.asarray(chi_square, dtype=np.float64)
    counts = count.astype(np.int64)
    return Combined(first.astype(np.int64), mean, error_of_mean, counts, squares, variable)
