"""The compiled loops of the selection.

Each refines a mask in place: a row that is already out stays out, so the costly tests of an
``and`` run only where the cheap ones left something. Values of any numeric type are compared
as doubles, integers as integers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["refine_ball", "refine_intervals", "refine_polygon", "refine_range"]

F = TypeVar("F", bound=Callable[..., Any])
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def _compiled(function: F) -> F:
    """Compile a loop, keeping the machine code on disk where a folder for it can be written."""
    try:
        return cast("F", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast("F", numba.njit(nogil=True)(function))


@_compiled
def refine_range(out: BoolArray, values: npt.NDArray[Any], low: Any, high: Any) -> None:  # noqa: ANN401
    """Keep the rows with low <= value <= high; NaN fails both comparisons."""
    for i in range(out.size):
        out[i] &= (values[i] >= low) & (values[i] <= high)


@_compiled
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


@_compiled
def refine_intervals(
    out: BoolArray, values: npt.NDArray[Any], lows: FloatArray, highs: FloatArray
) -> None:
    """Keep the rows whose value lies in one of a few closed intervals."""
    for i in range(out.size):
        inside = False
        for k in range(lows.size):
            inside |= (values[i] >= lows[k]) & (values[i] <= highs[k])
        out[i] &= inside


@_compiled
def _slab(y: float, low: float, scale: float, slabs: int) -> int:
    """Find the slab of constant height that y lies in.

    The number never falls as y grows, rounding included, so an edge that straddles y is always
    on the list of y's slab.
    """
    return min(max(int((y - low) * scale), 0), slabs - 1)


@_compiled
def _edges_by_slab(
    corner_v: FloatArray, slabs: int, low: float, scale: float
) -> tuple[IntArray, IntArray]:
    """List the edges that reach into each slab: offsets (slabs + 1) and edge numbers."""
    corners = corner_v.size
    offsets = np.zeros(slabs + 1, dtype=np.int64)
    for k in range(corners):
        first = _slab(min(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        last = _slab(max(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        for s in range(first, last + 1):
            offsets[s + 1] += 1
    offsets = np.cumsum(offsets)
    filled = offsets[:-1].copy()
    edges = np.empty(offsets[-1], dtype=np.int64)
    for k in range(corners):
        first = _slab(min(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        last = _slab(max(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        for s in range(first, last + 1):
            edges[filled[s]] = k
            filled[s] += 1
    return offsets, edges


@_compiled
def refine_polygon(
    out: BoolArray,
    u: npt.NDArray[Any],
    v: npt.NDArray[Any],
    corner_u: FloatArray,
    corner_v: FloatArray,
) -> None:
    """Keep the rows inside a closed polygon by the even-odd rule.

    A ray towards +u crosses an edge when the edge's ends lie on different sides of it (one end
    counted half-open, so a corner is never counted twice). Only the edges that reach into the
    slab of v around the star are asked.
    """
    low_u, high_u = corner_u.min(), corner_u.max()
    low_v, high_v = corner_v.min(), corner_v.max()
    slabs = min(4 * corner_v.size, 1024)
    scale = slabs / (high_v - low_v) if high_v > low_v else 0.0
    if not np.isfinite(scale):  # a polygon of no height to speak of
        scale = 0.0
    offsets, edges = _edges_by_slab(corner_v, slabs, low_v, scale)
    for i in range(out.size):
        if not out[i]:
            continue
        x, y = np.float64(u[i]), np.float64(v[i])
        if not (low_u <= x <= high_u and low_v <= y <= high_v):
            out[i] = False
            continue
        slab = _slab(y, low_v, scale, slabs)
        inside = False
        for e in range(offsets[slab], offsets[slab + 1]):
            k = edges[e]
            yk, yj = corner_v[k], corner_v[k - 1]
            if (yk > y) != (yj > y):
                slope = (corner_u[k - 1] - corner_u[k]) / (yj - yk)
                if x < corner_u[k] + (y - yk) * slope:
                    inside = not inside
        out[i] = inside
