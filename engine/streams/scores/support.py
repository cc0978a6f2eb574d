"""The borders of a table in the coordinate of the scan and its features, learnt from its stars.

A table is cut before it is scanned: a box in proper motion along right ascension and
declination is, in the frame of a stream, a rectangle that turns from place to place, and its
slanted edges leave narrow sidebands. A density that ignores them is wrong on both sides of each
edge. So the region that can hold stars is learnt first: in the plane of the coordinate m and a
feature f it is convex, and its support function in direction a,

    h(a, c) = max over stars of (m cos a + f sin a),

is a polynomial of the other features c. Each direction is a linear programme, the least mean
h(a, c_i) that no star exceeds (frontier estimation; Bouchard, Girard, Iouditski & Nazin 2004).
Where there is no edge, the frontier lies outside of the stars and cuts nothing. No labels enter,
and overdensities do not move a frontier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

__all__ = ["Support"]

Floats = NDArray[np.float64]

_DIRECTIONS = 24
_ROUNDS = 30


@dataclass(frozen=True)
class _Facet:
    """m cos a + f sin a <= coefficients . terms(c)."""

    feature: int
    angle: float
    coefficients: Floats


@dataclass(frozen=True)
class Support:
    """The region in (features, coordinate) that can hold stars.

    Parameters
    ----------
    middle, half
        Centre and half width of every column of (features, coordinate), (F + 1,).
    compact
        Features that have borders and stand among the covariates.
    facets
        Inequalities that a star inside fulfils.
    """

    middle: Floats
    half: Floats
    compact: tuple[int, ...]
    facets: tuple[_Facet, ...]

    @classmethod
    def fit(cls, features: Floats, coordinate: Floats) -> Support:
        """Learn the borders from features (N, F) and a coordinate (N,), all finite.

        Features with long tails are not used as covariates c, since a polynomial that bounds
        all stars would follow the tail alone; their plane with m is bounded all the same.
        """
        table = np.column_stack([features, coordinate])
        low, high = table.min(0), table.max(0)
        middle, half = 0.5 * (low + high), np.maximum(0.5 * (high - low), 1e-300)
        scaled = (table - middle) / half
        compact = tuple(int(j) for j in np.flatnonzero(_compact(scaled[:, :-1])))
        facets = []
        for feature in compact:
            others = [j for j in compact if j != feature]
            terms = _terms(scaled[:, others])
            for angle in 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS:
                extent = np.cos(angle) * scaled[:, -1] + np.sin(angle) * scaled[:, feature]
                found = _frontier(extent, terms)
                if found is not None:
                    facets.append(_Facet(feature, float(angle), found))
        return cls(middle, half, compact, tuple(facets))

    def contains(self, features: Floats, coordinate: Floats) -> NDArray[np.bool_]:
        """Tell which points, features (N, F) and coordinate (N,), lie inside, (N,)."""
        scaled = (np.column_stack([features, coordinate]) - self.middle) / self.half
        inside: NDArray[np.bool_] = np.asarray((np.abs(scaled) <= 1 + 1e-9).all(1))
        for feature in self.compact:
            facets = [facet for facet in self.facets if facet.feature == feature]
            if not facets:
                continue
            rows = np.flatnonzero(inside)
            part = scaled[rows]
            angles = np.array([facet.angle for facet in facets])
            extent = part[:, [-1, feature]] @ np.stack([np.cos(angles), np.sin(angles)])
            others = [j for j in self.compact if j != feature]
            frontier = _terms(part[:, others]) @ np.stack([f.coefficients for f in facets], 1)
            inside[rows] = (extent <= frontier + 1e-9).all(1)
        return inside


def _compact(scaled: Floats) -> NDArray[np.bool_]:
    """Tell which columns, scaled to [-1, 1], fill their range: no long empty tails."""
    spread = np.quantile(scaled, 0.99, axis=0) - np.quantile(scaled, 0.01, axis=0)
    wide: NDArray[np.bool_] = spread > 0.8
    return wide


def _terms(covariates: Floats) -> Floats:
    """Give 1, powers up to the third and products of two of covariates (N, C)."""
    columns = [np.ones(len(covariates))]
    for j in range(covariates.shape[1]):
        columns += [covariates[:, j] ** power for power in (1, 2, 3)]
        columns += [covariates[:, i] * covariates[:, j] for i in range(j)]
    return np.stack(columns, 1)


def _frontier(extent: Floats, terms: Floats) -> Floats | None:
    """Solve for the lowest polynomial above all extents, adding stars only as they are needed."""
    stars = len(extent)
    every = max(1, stars // 500)
    active = np.union1d(np.argsort(-extent)[:300], np.arange(0, stars, every))
    mean, free = terms.mean(0), [(None, None)] * terms.shape[1]
    for _ in range(_ROUNDS):
        answer = linprog(mean, A_ub=-terms[active], b_ub=-extent[active], bounds=free)
        if answer.status != 0:
            return None
        solution: Floats = np.asarray(answer.x, np.float64)
        excess = extent - terms @ solution
        above = np.flatnonzero(excess > 1e-7)
        if not len(above):
            return solution
        active = np.union1d(active, above[np.argsort(-excess[above])[:200]])
    return None
