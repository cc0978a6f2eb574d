"""The inside of a polygon, prepared so that most stars are told by one look into a table.

The bounding box is divided into cells. A cell that no edge comes near lies wholly inside or
outside; only the stars of the other cells are asked edge by edge. The answer is that of the
crossing test for every star: cells are trusted only a whole cell away from any edge, far more
than rounding can move a star or an edge.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from data.selection.compiled import compiled

__all__ = ["prepared", "refine_polygon"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]

OUTSIDE, INSIDE, ASK = 0, 1, 2

_CELLS = 256
_FEW = 20_000
"""Stars below which the table costs more than it saves."""


class Prepared(NamedTuple):
    """A polygon with what speeds up its test.

    Parameters
    ----------
    corner_u, corner_v
        Shape (k,).
    offsets, edges
        The edges that reach into each slab of v: (slabs + 1,) and edge numbers.
    cells
        Shape (n, n), v first: outside, inside, or to be asked.
    """

    corner_u: FloatArray
    corner_v: FloatArray
    offsets: IntArray
    edges: IntArray
    cells: ByteArray


@compiled
def _scale(low: float, high: float, parts: int) -> float:
    """Parts per unit of length; 0 where the polygon has no extent to speak of."""
    scale = parts / (high - low) if high > low else 0.0
    return scale if np.isfinite(scale) else 0.0


@compiled
def _part(value: float, low: float, scale: float, parts: int) -> int:
    """Find the part that a value lies in.

    The number never falls as the value grows, rounding included, so an edge that straddles y is
    always on the list of y's slab.
    """
    return min(max(int((value - low) * scale), 0), parts - 1)


@compiled
def _edges_by_slab(corner_v: FloatArray, slabs: int) -> tuple[IntArray, IntArray]:
    """List the edges that reach into each slab: offsets (slabs + 1) and edge numbers."""
    low = corner_v.min()
    scale = _scale(low, corner_v.max(), slabs)
    corners = corner_v.size
    offsets = np.zeros(slabs + 1, dtype=np.int64)
    for k in range(corners):
        first = _part(min(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        last = _part(max(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        for s in range(first, last + 1):
            offsets[s + 1] += 1
    offsets = np.cumsum(offsets)
    filled = offsets[:-1].copy()
    edges = np.empty(offsets[-1], dtype=np.int64)
    for k in range(corners):
        first = _part(min(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        last = _part(max(corner_v[k], corner_v[k - 1]), low, scale, slabs)
        for s in range(first, last + 1):
            edges[filled[s]] = k
            filled[s] += 1
    return offsets, edges


@compiled
def _crosses(
    x: float,
    y: float,
    slab: int,
    corner_u: FloatArray,
    corner_v: FloatArray,
    offsets: IntArray,
    edges: IntArray,
) -> bool:
    """Count the edges that a ray towards +u crosses: odd is inside.

    An edge is crossed when its ends lie on different sides of the ray, one end counted
    half-open, so a corner is never counted twice.
    """
    inside = False
    for e in range(offsets[slab], offsets[slab + 1]):
        k = edges[e]
        yk, yj = corner_v[k], corner_v[k - 1]
        if (yk > y) != (yj > y):
            slope = (corner_u[k - 1] - corner_u[k]) / (yj - yk)
            if x < corner_u[k] + (y - yk) * slope:
                inside = not inside
    return inside


@compiled
def _classified(
    corner_u: FloatArray, corner_v: FloatArray, offsets: IntArray, edges: IntArray, size: int
) -> ByteArray:
    """Sort the cells into outside, inside and to be asked: shape (size, size), v first."""
    low_u, high_u = corner_u.min(), corner_u.max()
    low_v, high_v = corner_v.min(), corner_v.max()
    per_u, per_v = _scale(low_u, high_u, size), _scale(low_v, high_v, size)
    cells = np.full((size, size), ASK, dtype=np.uint8)
    if per_u == 0.0 or per_v == 0.0:
        return cells
    near = np.zeros((size, size), dtype=np.bool_)
    for k in range(corner_u.size):
        ua, va, ub, vb = corner_u[k], corner_v[k], corner_u[k - 1], corner_v[k - 1]
        if va > vb:
            ua, va, ub, vb = ub, vb, ua, va
        first, last = _part(va, low_v, per_v, size), _part(vb, low_v, per_v, size)
        for row in range(max(first - 1, 0), min(last + 2, size)):
            # The stretch of the edge in this row and in its neighbours.
            start = min(max(low_v + (row - 1) / per_v, va), vb)
            stop = min(max(low_v + (row + 2) / per_v, va), vb)
            u0, u1 = ua, ub
            if vb > va:
                u0 = ua + (start - va) * ((ub - ua) / (vb - va))
                u1 = ua + (stop - va) * ((ub - ua) / (vb - va))
            left = _part(min(u0, u1), low_u, per_u, size)
            right = _part(max(u0, u1), low_u, per_u, size)
            for column in range(max(left - 1, 0), min(right + 2, size)):
                near[row, column] = True
    slabs = offsets.size - 1
    per_slab = _scale(low_v, high_v, slabs)
    for row in range(size):
        y = low_v + (row + 0.5) / per_v
        slab = _part(y, low_v, per_slab, slabs)
        for column in range(size):
            if not near[row, column]:
                x = low_u + (column + 0.5) / per_u
                inside = _crosses(x, y, slab, corner_u, corner_v, offsets, edges)
                cells[row, column] = INSIDE if inside else OUTSIDE
    return cells


def prepared(points: npt.ArrayLike, stars: int) -> Prepared:
    """Prepare a polygon for so many stars; that of the last few is kept.

    Parameters
    ----------
    points
        Corners, shape (k, 2).
    stars
        How many will be asked: a table for few of them would cost more than it saves.
    """
    corners = np.asarray(points, dtype=np.float64)
    return _prepared(corners.tobytes(), _CELLS if stars >= _FEW else 1)


@lru_cache(maxsize=16)
def _prepared(corners: bytes, size: int) -> Prepared:
    table = np.frombuffer(corners, dtype=np.float64).reshape(-1, 2)
    u, v = table[:, 0].copy(), table[:, 1].copy()
    offsets, edges = _edges_by_slab(v, min(4 * v.size, 1024))
    if size == 1:
        cells = np.full((1, 1), ASK, dtype=np.uint8)
    else:
        cells = _classified(u, v, offsets, edges, size)
    return Prepared(u, v, offsets, edges, cells)


def refine_polygon(
    out: BoolArray, u: npt.NDArray[Any], v: npt.NDArray[Any], polygon: Prepared
) -> None:
    """Keep the rows inside a closed polygon by the even-odd rule, in place.

    Parameters
    ----------
    out
        Shape (n,); rows that are out already stay out and cost next to nothing.
    u, v
        Shape (n,), of any numeric type; a missing value is inside of nothing.
    polygon
        From `prepared`.
    """
    _refine(out, u, v, *polygon)


@compiled
def _refine(
    out: BoolArray,
    u: npt.NDArray[Any],
    v: npt.NDArray[Any],
    corner_u: FloatArray,
    corner_v: FloatArray,
    offsets: IntArray,
    edges: IntArray,
    cells: ByteArray,
) -> None:
    low_u, high_u = corner_u.min(), corner_u.max()
    low_v, high_v = corner_v.min(), corner_v.max()
    size, slabs = cells.shape[0], offsets.size - 1
    per_u, per_v = _scale(low_u, high_u, size), _scale(low_v, high_v, size)
    per_slab = _scale(low_v, high_v, slabs)
    table = cells.ravel()
    for i in range(out.size):
        # No branch but the rare last one: the processor cannot guess where a star lies.
        x, y = np.float64(u[i]), np.float64(v[i])
        within = (x >= low_u) & (x <= high_u) & (y >= low_v) & (y <= high_v)
        row, column = _part(y, low_v, per_v, size), _part(x, low_u, per_u, size)
        told = table[np.uint64(row * size + column)] * within * out[i]
        out[i] = told == INSIDE
        if told == ASK:
            slab = _part(y, low_v, per_slab, slabs)
            out[i] = _crosses(x, y, slab, corner_u, corner_v, offsets, edges)
