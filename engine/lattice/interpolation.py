"""Cubic interpolation along one axis, as weights of four neighbours.

The cubic through the two neighbours on each side (Lagrange) needs no equal steps, is exact for
any cubic and reaches no farther than two cells, so that the weights of a kernel stay few.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cubic_weights", "padded_axis"]

Floats = NDArray[np.float64]


def padded_axis(axis: Floats, low: int, high: int) -> Floats:
    """Continue an axis (n,) by values on both sides, with the steps that it ends with."""
    before = axis[0] - (axis[1] - axis[0]) * np.arange(low, 0, -1)
    after = axis[-1] + (axis[-1] - axis[-2]) * np.arange(1, high + 1)
    return np.concatenate([before, axis, after])


def cubic_weights(axis: Floats, at: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Give the first of four neighbours on an axis (n,), n > 3, and their weights.

    Parameters
    ----------
    axis
        Increasing.
    at
        Places of any shape (...). Beyond the second cell from the end the cubic of the last
        four values is continued.

    Returns
    -------
    first, weights
        (...) and (..., 4).
    """
    first = np.clip(np.searchsorted(axis, at, side="right") - 2, 0, len(axis) - 4)
    nodes = axis[first[..., None] + np.arange(4)]
    offset = at[..., None] - nodes
    weights = np.ones((*at.shape, 4))
    for i in range(4):
        for j in range(4):
            if j != i:
                weights[..., i] *= offset[..., j] / (nodes[..., i] - nodes[..., j])
    return first, weights
