"""Which cells of a cube may be believed, and why the others may not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["FLAGS", "TrustLimits", "neighbours", "populated", "reasons", "trust_flags"]

FLAGS: dict[str, tuple[int, str]] = {
    "population": (1, "the selection of the tracers mimics an acceleration"),
    "near_edge": (2, "close to the edge of the volume, where the flow extrapolates"),
    "few_tracers": (4, "too few tracers nearby"),
    "ill_conditioned": (8, "the velocities do not determine all three components"),
    "large_spread": (16, "the members of the ensemble disagree"),
    "disequilibrium": (32, "no acceleration fulfils the Boltzmann equation here"),
    "not_finite": (64, "the solution is not a number"),
}
"""Name -> (bit, meaning)."""


@dataclass(frozen=True)
class TrustLimits:
    """Where distrust begins; every limit is stored with the cube.

    Parameters
    ----------
    edge
        Smallest distance to the edge of the volume as a part of its radius.
    tracers
        Smallest number of tracers within ``engine.cubes.lengths.neighbourhood``.
    condition
        Largest condition number of the information matrix.
    spread
        Largest error relative to the size of the acceleration.
    residual
        Largest residual of the Boltzmann equation relative to its size at a = 0.
    """

    edge: float = 0.05
    tracers: int = 30
    condition: float = 1e3
    spread: float = 0.3
    residual: float = 0.8


_TRACERS, _SPARSEST = 40, 0.25
"""Tracers near a cell that the potential is fitted to, but never without more than this part of
the cells. Where there are fewer the flows follow those below: above 2 kpc of 100,000 stars the
dispersions rose too slowly in every mock, and the force was a fifth too large."""


def neighbours(
    tracers: NDArray[np.floating] | cKDTree, points: NDArray[np.floating], reach: float
) -> NDArray[np.int32]:
    """Count the tracers (n, 3), or those of a tree, within a reach of points (p, 3) kpc; (p,)."""
    if len(points) == 0:
        return np.zeros(0, np.int32)
    tree = tracers if isinstance(tracers, cKDTree) else cKDTree(tracers)
    counts = tree.query_ball_point(points, reach, return_length=True, workers=-1)
    return np.asarray(counts, np.int32)


def populated(usable: NDArray[np.bool_], near: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Leave out of the usable cells (n,) those with few tracers near (n,), a quarter at most."""
    enough: NDArray[np.bool_] = near >= min(_TRACERS, np.quantile(near[usable], _SPARSEST))
    return usable & enough


def trust_flags(
    *,
    acceleration: NDArray[np.floating],
    spread: NDArray[np.floating],
    condition: NDArray[np.floating],
    residual: NDArray[np.floating],
    tracers: NDArray[np.integer],
    edge_distance: NDArray[np.floating],
    radius: float,
    distrust_population: bool,
    limits: TrustLimits | None = None,
) -> NDArray[np.int32]:
    """Give the reasons against each position as bits of ``FLAGS``; 0 is trusted.

    Parameters
    ----------
    acceleration, spread
        (p, 3) and its error, km2 s-2 kpc-1.
    condition, residual, tracers, edge_distance
        (p,), see ``TrustLimits``; distances in kpc.
    radius
        Radius of the volume in kpc.
    distrust_population
        Whether the population as a whole is distrusted.
    limits
        Where distrust begins.
    """
    bounds = limits or TrustLimits()
    size = np.linalg.norm(acceleration, axis=-1)
    tests = {
        "population": np.full(len(size), distrust_population),
        "near_edge": edge_distance < bounds.edge * radius,
        "few_tracers": tracers < bounds.tracers,
        "ill_conditioned": ~(condition < bounds.condition),
        "large_spread": ~(np.linalg.norm(spread, axis=-1) < bounds.spread * size),
        "disequilibrium": ~(residual < bounds.residual),
        "not_finite": ~np.isfinite(acceleration).all(-1),
    }
    flags = np.zeros(len(size), np.int32)
    for name, failed in tests.items():
        flags |= np.where(failed, FLAGS[name][0], 0).astype(np.int32)
    return flags


def reasons(flags: int) -> list[str]:
    """Give the reasons in a flag word as sentences."""
    return [meaning for bit, meaning in FLAGS.values() if flags & bit]
