"""The compiled loops of the selection.

Each refines a mask in place: a row that is already out stays out, so the costly tests of an
``and`` run only where the cheap ones left something. Values of any numeric type are compared
as doubles, integers as integers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from data.selection.compiled import compiled

__all__ = ["refine_ball", "refine_intervals", "refine_range", "rounded"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

BLOCK = 1 << 16
"""Rows that are looked at together where numpy does the work: they stay in the cache."""
INT64 = np.iinfo(np.int64)
"""Bounds of what integers are compared as."""


def rounded(bound: float, dtype: np.dtype[Any]) -> float:
    """Round a number to the precision of a column; one beyond its range stays as it is."""
    if dtype.kind != "f" or dtype.itemsize >= 8:
        return bound
    with np.errstate(over="ignore"):
        narrow = float(dtype.type(bound))
    return narrow if math.isfinite(narrow) else float(bound)


@compiled
def refine_range(out: BoolArray, values: npt.NDArray[Any], low: Any, high: Any) -> None:  # noqa: ANN401
    """Keep the rows with low <= value <= high; NaN fails both comparisons."""
    for i in range(out.size):
        out[i] &= (values[i] >= low) & (values[i] <= high)


@compiled
def refine_ball(
    out: BoolArray,
    x: npt.NDArray[Any],
    y: npt.NDArray[Any],
    z: npt.NDArray[Any],
    centre: FloatArray,
    radius: float,
) -> None:
    """Keep the rows whose position lies inside a ball; a missing one does not."""
    for i in range(out.size):
        square = (x[i] - centre[0]) ** 2 + (y[i] - centre[1]) ** 2 + (z[i] - centre[2]) ** 2
        out[i] &= square <= radius**2


@compiled
def refine_intervals(
    out: BoolArray, values: npt.NDArray[Any], lows: FloatArray, highs: FloatArray
) -> None:
    """Keep the rows whose value lies in one of a few closed intervals."""
    for i in range(out.size):
        inside = False
        for k in range(lows.size):
            inside |= (values[i] >= lows[k]) & (values[i] <= highs[k])
        out[i] &= inside
