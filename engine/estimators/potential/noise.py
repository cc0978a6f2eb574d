"""The errors of the pointwise accelerations, with their correlation from place to place.

A flow has ripples: its errors at neighbouring positions are alike over one or two kpc in the
plane and some hundred parsecs across it. A fit that took them for independent would follow them.
The members of the ensemble differ by errors of just this kind, so their deviations from the mean
say how large the errors are (their spread) and how far they reach (their correlation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as sl
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

__all__ = ["Correlation", "Heights", "fit_correlation", "smoothed_spread"]

Floats = NDArray[np.float64]

_FITTED = 450
"""Positions that the correlation is learnt from at most."""

# the nugget is at least 2%: members that differ smoothly would make every small roughness count
_START = np.array([-1.1, 0.1, -1.0, 0.0, -3.0, 0.0])
_LOW = np.array([-2.4, -1.1, -3.0, -5.0, -4.0, -2.0])
_HIGH = np.array([0.1, 1.6, 1.5, 5.0, 0.0, 2.0])


@dataclass(frozen=True)
class Heights:
    """A stretched coordinate across the Galactic plane, in which ripples look alike.

    Parameters
    ----------
    radius
        Radius of the volume, kpc: the unit of the other directions.
    scale
        kpc; asinh(z / scale) is the coordinate.
    """

    radius: float
    scale: float

    @classmethod
    def of(cls, centre: tuple[float, float, float], radius: float) -> Heights:
        """Choose for a ball: a tenth of its radius where the plane crosses it, else no stretch."""
        return cls(radius, radius * (0.1 if abs(centre[2]) < 0.5 * radius else 10.0))

    def coordinates(self, points: Floats) -> Floats:
        """Give (P, 3): x and y in radii, and the stretched z."""
        stretched = np.arcsinh(points[:, 2] / self.scale)
        if self.scale > self.radius:
            stretched = stretched * self.scale / self.radius
        return np.column_stack([points[:, :2] / self.radius, stretched])


def smoothed_spread(points: Floats, spread: Floats, heights: Heights, near: int = 40) -> Floats:
    """Average the members' variance over the nearest positions: few members scatter widely.

    Parameters
    ----------
    points, spread
        (P, 3) kpc and (P, 3) standard deviations.
    heights
        The coordinates.
    near
        Positions in an average.
    """
    where = heights.coordinates(points) * np.array([4.0, 4.0, 2.0])
    _, index = cKDTree(where).query(where, min(near, len(points)))
    smooth: Floats = np.sqrt((spread[index] ** 2).mean(1))
    return smooth


@dataclass(frozen=True)
class Correlation:
    """The correlation of errors of one component, in the coordinates of ``Heights``.

    The covariance of two errors, each in units of its spread, is ``variance`` times
    (1 - nugget) [(1 - share) g(short) + share g(long)], where g(l) is
    exp(-d^2 / 2 l^2 - dw^2 / 2 height^2), and the nugget itself on the diagonal.
    """

    short: float
    long: float
    height: float
    share: float
    nugget: float
    variance: float

    @classmethod
    def from_numbers(cls, numbers: Floats) -> Correlation:
        """Read logarithms and logits."""
        short, long, height, variance = (float(np.exp(numbers[i])) for i in (0, 1, 2, 5))
        share, nugget = (float(1 / (1 + np.exp(-numbers[i]))) for i in (3, 4))
        return cls(short, long, height, share, nugget, variance)

    def matrix(self, where: Floats) -> Floats:
        """Give the covariance (P, P) at coordinates (P, 3)."""
        plane = cdist(where[:, :2], where[:, :2], "sqeuclidean")
        across = (where[:, 2:] - where[:, 2]) ** 2 / self.height**2
        smooth = (1 - self.share) * np.exp(-0.5 * (plane / self.short**2 + across))
        smooth += self.share * np.exp(-0.5 * (plane / self.long**2 + across))
        smooth *= (1 - self.nugget) * self.variance
        smooth[np.diag_indices_from(smooth)] += self.nugget * self.variance
        return smooth


def fit_correlation(
    where: Floats, deviations: Floats, spread: Floats, seed: int
) -> list[Correlation]:
    """Learn the correlation of each component from the members, by maximum likelihood.

    Parameters
    ----------
    where
        Coordinates (P, 3) of ``Heights``.
    deviations
        Accelerations of the members minus their mean, (M, P, 3), M >= 2.
    spread
        (P, 3), see ``smoothed_spread``.
    seed
        Chooses the positions where there are too many.

    Returns
    -------
    list of Correlation
        For x, y and z.
    """
    rows = np.arange(len(where))
    if len(rows) > _FITTED:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _FITTED, replace=False))
    free = len(deviations) - 1
    found = []
    for axis in range(3):
        scaled = (deviations[:, rows, axis] / spread[rows, axis]).T

        def cost(numbers: Floats, scaled: Floats = scaled) -> float:
            inside = np.clip(numbers, _LOW, _HIGH)
            matrix = Correlation.from_numbers(inside).matrix(where[rows])
            try:
                factor = sl.cholesky(matrix, lower=True, check_finite=False)
            except sl.LinAlgError:
                return 1e12
            white = sl.solve_triangular(factor, scaled, lower=True, check_finite=False)
            fit = 0.5 * (white**2).sum() + free * np.log(np.diag(factor)).sum()
            return float(fit + 10 * ((numbers - inside) ** 2).sum())

        simplex = _START + np.vstack([np.zeros(6), 0.5 * np.eye(6)])
        best = minimize(
            cost,
            _START,
            method="Nelder-Mead",
            options={"maxfev": 220, "initial_simplex": simplex},
        )
        found.append(Correlation.from_numbers(np.clip(best.x, _LOW, _HIGH)))
    return found
