"""The curl of an acceleration on a grid: zero for any gravity, so that it shows errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.cubes.grid import Grid

__all__ = ["relative_curl"]

Floats = NDArray[np.float64]


def relative_curl(grid: Grid, field: NDArray[np.floating]) -> Floats:
    """Give |curl a| / |grad a| by differences between neighbouring cells.

    |grad a| is the square root of the sum of the squares of all nine derivatives; a pure rotation
    has sqrt(2).

    Parameters
    ----------
    grid
        The grid.
    field
        Acceleration at ``grid.points``, (P, 3).

    Returns
    -------
    ndarray
        (P,); NaN where a neighbour lies outside of the volume.
    """
    full = grid.fill(np.asarray(field, dtype=np.float64).T)
    slopes = np.stack(
        [np.gradient(part, grid.x, grid.y, grid.z) for part in full]
    )  # i, j: d_j a_i
    curl = np.stack(
        [slopes[2, 1] - slopes[1, 2], slopes[0, 2] - slopes[2, 0], slopes[1, 0] - slopes[0, 1]]
    )
    size = np.sqrt((slopes**2).sum((0, 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative: Floats = (np.linalg.norm(curl, axis=0) / size)[grid.inside]
    return relative
