"""From regions to proto-clusters: regions that show the same line are joined.

Via Machinae 2 joins, again and again, the two clusters whose chosen stars together make the
most significant line, if they come from different trainings and agree in proper motion. A star
that four regions chose votes four times, so that sigma_L of a cluster means nothing by itself:
pure noise repeated eight times gives 9.5. The de-duplicated value stands beside it.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from data.frames import Floats
from engine.streams.line_kernels import Counts
from engine.streams.lines import Line, LineGrid, best_line
from engine.streams.regions import Region
from engine.streams.stars import PatchStars
from engine.streams.windows import Window

__all__ = ["Cluster", "cluster_regions", "line_of", "unique_stars"]

Integers = npt.NDArray[np.int64]


class ClusterSettings(Protocol):
    """What the joining needs of the settings of a search."""

    @property
    def seed_sigma(self) -> float:
        """Regions below it stay alone."""
        ...

    @property
    def motion_distance(self) -> float:
        """Largest squared distance in proper motion, in units of the variances."""
        ...


@dataclass(eq=False)
class Cluster:
    """Regions that show the same line.

    Parameters
    ----------
    regions
        Numbers of the regions.
    windows
        The windows that they were trained in; no two regions share one.
    counts
        Votes of all their chosen stars, duplicates and all, (n_theta, n_r).
    n
        Votes cast.
    moments
        Sums over the chosen stars of (mu_lon, mu_lat) and of their squares, (2, 2).
    sigma
        Best sigma_L of the votes.
    """

    regions: list[int]
    windows: set[Window]
    counts: Counts
    n: int
    moments: Floats
    sigma: float
    alive: bool = field(default=True)

    @property
    def mean(self) -> Floats:
        """Mean proper motion, mas/yr, (2,)."""
        return np.asarray(self.moments[0] / self.n)

    @property
    def variance(self) -> Floats:
        """Variance of the proper motions, (2,)."""
        return np.asarray(np.maximum(self.moments[1] / self.n - self.mean**2, 1e-12))


def cluster_regions(
    found: Sequence[Region], stars: PatchStars, grid: LineGrid, settings: ClusterSettings
) -> list[Cluster]:
    """Join regions as long as that makes the line more significant.

    Parameters
    ----------
    found
        Regions of a patch.
    stars
        Of the patch.
    grid
        Boxes of its area.
    settings
        ``seed_sigma`` and ``motion_distance``.

    Returns
    -------
    list of Cluster
        The best first; those of single regions too.
    """
    x, y = stars.lon, stars.lat
    motion = np.stack([stars["mu_lon"], stars["mu_lat"]], axis=1)
    clusters: list[Cluster] = []
    for number, region in enumerate(found):
        counts = grid.votes(x[region.index], y[region.index])
        sigma = float(grid.scores(counts, len(region.index)).max())
        if sigma >= settings.seed_sigma:
            chosen = motion[region.index]
            moments = np.stack([chosen.sum(axis=0), (chosen**2).sum(axis=0)])
            clusters.append(
                Cluster([number], {region.window}, counts, len(chosen), moments, sigma)
            )
    _join(clusters, grid, settings.motion_distance)
    return sorted((c for c in clusters if c.alive), key=lambda c: -c.sigma)


def _join(clusters: list[Cluster], grid: LineGrid, limit: float) -> None:
    """Join the best pair until there is none; joined clusters are appended, their parts die."""
    pairs: list[tuple[float, int, int]] = []

    def consider(a: int, b: int) -> None:
        first, second = clusters[a], clusters[b]
        if first.windows & second.windows:
            return
        apart = (first.mean - second.mean) ** 2 / (first.variance + second.variance)
        if apart.sum() >= limit:
            return
        counts = first.counts + second.counts
        sigma = float(grid.scores(counts, first.n + second.n).max())
        if sigma > max(first.sigma, second.sigma):
            heapq.heappush(pairs, (-sigma, a, b))

    for b in range(len(clusters)):
        for a in range(b):
            consider(a, b)
    while pairs:
        negative, a, b = heapq.heappop(pairs)
        first, second = clusters[a], clusters[b]
        if not (first.alive and second.alive):
            continue
        first.alive = second.alive = False
        clusters.append(
            Cluster(
                first.regions + second.regions,
                first.windows | second.windows,
                first.counts + second.counts,
                first.n + second.n,
                first.moments + second.moments,
                -negative,
            )
        )
        for other in range(len(clusters) - 1):
            if clusters[other].alive:
                consider(other, len(clusters) - 1)


def unique_stars(cluster: Cluster, found: Sequence[Region], top: int) -> Integers:
    """Choose as many different stars as one region has, those that most regions chose.

    Ties are broken by the mean place in the regions' order of scores. The number is that of a
    region, so that the significance means the same.

    Returns
    -------
    ndarray
        Rows of the stars, (m,), m <= top.
    """
    chosen = [found[number].index for number in cluster.regions]
    rows, inverse = np.unique(np.concatenate(chosen), return_inverse=True)
    votes = np.bincount(inverse)
    ranks = np.concatenate([np.arange(len(index)) / len(index) for index in chosen])
    place = np.bincount(inverse, weights=ranks) / votes
    return np.asarray(rows[np.lexsort((place, -votes))][:top])


def line_of(rows: Integers, stars: PatchStars, grid: LineGrid) -> Line:
    """Find the line through stars of the patch; its members are rows of the patch."""
    line = best_line(grid, stars.lon[rows], stars.lat[rows])
    return line.of_rows(rows)
