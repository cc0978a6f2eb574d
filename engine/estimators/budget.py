"""Errors of a map by their sources, from the differences between the members of an ensemble.

See ``engine.density.members`` for who they are. The variances of few members scatter widely, so
that each is averaged over the nearest positions before sources are told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from engine.density.plan import MemberPlan
from engine.draws import Draws
from engine.estimators.potential.noise import Heights
from engine.estimators.simex import extrapolate

__all__ = ["SOURCES", "Budget", "Corrected", "SourceMap", "correct", "without_errors"]

Floats = NDArray[np.float64]

SOURCES = ("initialisation", "sample", "noise")

_STRETCH = np.array([4.0, 4.0, 2.0])
_NEAR, _ASKED = 40, 6


@dataclass(frozen=True)
class Budget:
    """A field with its errors by source.

    Parameters
    ----------
    field
        With all errors, mean (P, 3).
    by_source
        Standard errors from each of ``SOURCES``, (3, P, 3); their quadrature is ``field.sd``.
    bias
        What measurement errors had added to the field and was taken away, (P, 3).
    """

    field: Draws
    by_source: Floats
    bias: Floats


@dataclass(frozen=True)
class Corrected:
    """Results of the members before and after noise was extrapolated away.

    Parameters
    ----------
    naive, values
        Of each member without additional noise, as it is and extrapolated, (M, P, 3).
    doubt
        How far the mean of ``values`` depends on the form of the extrapolation, (P, 3).
    plan
        Who the members are.
    """

    naive: Floats
    values: Floats
    doubt: Floats
    plan: MemberPlan

    @property
    def bias(self) -> Floats:
        """What was taken away, (P, 3)."""
        bias: Floats = (self.naive - self.values).mean(0)
        return bias

    def variances(self) -> Floats:
        """Give what sources are told apart by: variances over members, twins and noise, (3, P, 3).

        The last is that of the mean and includes the doubt about the extrapolation.
        """
        members, spread = len(self.naive), self.naive.var(0, ddof=1)
        pairs = [(self.naive[2 * k] - self.naive[2 * k + 1]) for k in range(self.plan.twins)]
        twins = np.mean([0.5 * pair**2 for pair in pairs], axis=0) if pairs else 0 * spread
        if not self.plan.bootstrap:
            twins = spread
        noise = (self.naive - self.values).var(0, ddof=1) / members + self.doubt**2
        return np.stack([spread, twins, noise])


def correct(results: Floats, plan: MemberPlan) -> Corrected:
    """Extrapolate the noise away, for each member by itself.

    Parameters
    ----------
    results
        Of all members in the order of the plan, (total, P, 3).
    plan
        Who the members are.
    """
    levels = results.reshape(1 + len(plan.levels), plan.base, *results.shape[1:])
    values, _ = extrapolate(levels, plan.levels)
    _, doubt = extrapolate(levels.mean(1), plan.levels)
    return Corrected(levels[0], values, doubt, plan)


class SourceMap:
    """Variances by source on a grid, for any other position nearby.

    Parameters
    ----------
    points
        Positions (P, 3) kpc.
    corrected
        The members' results there; M >= 2.
    heights
        The coordinates in which errors look alike.
    """

    def __init__(self, points: Floats, corrected: Corrected, heights: Heights) -> None:
        self._heights = heights
        where = heights.coordinates(points) * _STRETCH
        self._tree = cKDTree(where)
        _, index = self._tree.query(where, min(_NEAR, len(points)))
        smooth = corrected.variances()[:, index].mean(2)
        self._variances = _by_source(smooth, corrected.plan)

    def at(self, points: Floats) -> Floats:
        """Give the variances by source (3, P, 3) at positions (P, 3) kpc."""
        if len(points) == 0:
            return np.zeros((len(SOURCES), 0, 3))
        where = self._heights.coordinates(points) * _STRETCH
        count = min(_ASKED, self._tree.n)
        distance, index = self._tree.query(where, list(range(1, count + 1)))
        weight: Floats = 1 / (np.asarray(distance) + 1e-3)
        weight /= weight.sum(axis=1, keepdims=True)
        near: Floats = np.einsum("pk,spki->spi", weight, self._variances[:, index])
        return near

    def budget(self, points: Floats, corrected: Corrected, scale: float = 1.0) -> Budget:
        """Give the members' results at positions with errors by source.

        Parameters
        ----------
        points, corrected
            Positions (P, 3) and the members' results there.
        scale
            Factor on all errors.
        """
        by_source: Floats = scale * np.sqrt(self.at(points))
        total: Floats = np.sqrt(np.square(by_source).sum(axis=0))
        mean = corrected.values.mean(0)
        deviations = corrected.values - mean
        size = np.sqrt((deviations**2).mean(0))
        deviations = deviations * (total / np.maximum(size, 1e-12))
        return Budget(Draws(mean, deviations), by_source, corrected.bias)


def without_errors(corrected: Corrected) -> Budget:
    """Give a field of which no error is known, as a single member tells none."""
    mean = corrected.values.mean(0)
    unknown = np.full((len(SOURCES), *mean.shape), np.nan)
    return Budget(Draws(mean, np.empty((0, *mean.shape))), unknown, corrected.bias)


def _by_source(smooth: Floats, plan: MemberPlan) -> Floats:
    """Turn averaged variances over members, twins and noise into those by source.

    With r the part of all pairs of members that share their stars, members scatter by
    init + (1 - r) sample. The error of the mean of M members is init / M from the start; their
    stars are one sample, whose error stays, and its M resamplings add a part of it.
    """
    spread, twins, noise = smooth
    members = plan.base
    start = np.minimum(twins, spread)
    shared = plan.twins / (members * (members - 1) / 2)
    sample = (spread - start) / (1 - shared)
    return np.stack([start / members, sample * (1 + 1 / members), noise])
