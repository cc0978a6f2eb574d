"""Velocity moments of stars in bins, with a bootstrap over groups of stars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.symmetry.cylindrical import cylindrical

__all__ = ["bootstrap_sums", "cell_sums", "cylindrical_velocities"]

Floats = NDArray[np.float64]


def cylindrical_velocities(
    x: NDArray[np.floating], v: NDArray[np.floating]
) -> tuple[Floats, Floats]:
    """Give R (n,) in kpc and (v_R, v_phi, v_z) (n, 3) in km/s; v_phi is along rotation."""
    positions, velocities = np.asarray(x, np.float64), np.asarray(v, np.float64)
    return np.hypot(positions[:, 0], positions[:, 1]), cylindrical(positions, velocities)


def cell_sums(cells: NDArray[np.int64], quantities: Sequence[Floats], n_cells: int) -> Floats:
    """Sum Q quantities (n,) over the stars of each cell (n,), (Q, n_cells); see below."""
    inside = cells >= 0
    places = cells[inside]
    return np.stack([np.bincount(places, values[inside], n_cells) for values in quantities])


def bootstrap_sums(
    cells: NDArray[np.int64],
    quantities: Sequence[Floats],
    n_cells: int,
    *,
    draws: int,
    groups: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Sum quantities over the stars of each cell, and over bootstrap samples of the stars.

    The stars are dealt at random into groups, and the groups are drawn with replacement: for
    sums this has the variance of a bootstrap of single stars whose number is not fixed (times
    1 - 1/groups), at the cost of one pass over the stars whatever the number of draws.

    Parameters
    ----------
    cells
        Cell of each star, (n,), 0 to ``n_cells`` - 1; negative for none.
    quantities
        Q columns of (n,).
    n_cells
        Number of cells.
    draws, groups
        Number of bootstrap samples and of groups.
    rng
        Source of the groups and of the draws.

    Returns
    -------
    sums
        Over the stars, (Q, n_cells).
    drawn
        Over each bootstrap sample, (draws, Q, n_cells).
    """
    inside = np.flatnonzero(cells >= 0)
    by_group = np.zeros((groups, len(quantities), n_cells))
    place = rng.integers(groups, size=len(inside)) * n_cells + cells[inside]
    for index, values in enumerate(quantities):
        counted = np.bincount(place, values[inside], groups * n_cells)
        by_group[:, index] = counted.reshape(groups, n_cells)
    times = rng.multinomial(groups, np.full(groups, 1 / groups), size=draws).astype(np.float64)
    drawn = (times @ by_group.reshape(groups, -1)).reshape(draws, len(quantities), n_cells)
    return by_group.sum(axis=0), drawn
