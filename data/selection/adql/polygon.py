"""Polygons in ADQL, which has no polygon but those on the sky: cut into trapezia.

Between two neighbouring heights at which an edge begins, ends or crosses another, the edges
that pass through lie side by side. A star is inside by the even-odd rule where it lies between
the first and the second of them, the third and the fourth, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from data.selection.adql.terms import Inexpressible, literal
from data.selection.tree import Node

__all__ = ["bounding_box", "trapezia"]

MAX_TRAPEZIA = 400
_MAX_CORNERS = 200
_LONGEST = 60_000

Edge = tuple[float, float, float, float]
"""An edge as the mask calculates with it: u and v of a corner, slope du/dv, and the other v."""


def trapezia(u: str, v: str, points: Sequence[Sequence[float]]) -> str:
    """Write the inside of a closed polygon by the even-odd rule.

    Parameters
    ----------
    u, v
        The two columns in ADQL.
    points
        The corners (n, 2).

    Returns
    -------
    str
        The condition, in brackets.

    Raises
    ------
    Inexpressible
        If the text would be too long.
    """
    if len(points) > _MAX_CORNERS:
        raise Inexpressible(f"a polygon of {len(points)} corners makes too long a query")
    edges = _edges(points)
    parts = []
    for low, high, pairs in _slabs(edges):
        limits = f"{v} >= {literal(low)} AND {v} < {literal(high)}"
        spans = [f"{u} >= {_line(a, v)} AND {u} < {_line(b, v)}" for a, b in pairs]
        inner = spans[0] if len(spans) == 1 else f"({' OR '.join(f'({s})' for s in spans)})"
        parts.append(f"({limits} AND {inner})")
        if len(parts) > MAX_TRAPEZIA or sum(map(len, parts)) > _LONGEST:
            raise Inexpressible(f"a polygon of {len(points)} corners makes too long a query")
    if not parts:  # it has no height, and so no inside
        return f"{v} < {literal(0)} AND {v} > {literal(0)}"
    return f"({' OR '.join(parts)})"


def bounding_box(node: Node) -> list[Node]:
    """Give the two ranges between which every star of a polygon lies."""
    boxes = []
    for axis, name in enumerate(node["columns"]):
        values = [point[axis] for point in node["points"]]
        # A comparison rather than a range: no arc of an angle is meant.
        for op, value in ((">=", min(values)), ("<=", max(values))):
            boxes.append({"kind": "compare", "left": {"column": name}, "op": op, "right": value})
    return boxes


def _edges(points: Sequence[Sequence[float]]) -> list[Edge]:
    """Give the edges that are not level, calculated as the mask does."""
    edges = []
    for k in range(len(points)):
        (uk, vk), (uj, vj) = points[k], points[k - 1]
        if vk != vj:
            edges.append((float(uk), float(vk), (uj - uk) / (vj - vk), float(vj)))
    return edges


def _slabs(edges: list[Edge]) -> Iterator[tuple[float, float, list[tuple[Edge, Edge]]]]:
    """Go through the heights between two events, with the pairs of edges that enclose stars."""
    heights = {v for edge in edges for v in (edge[1], edge[3])}
    for i, a in enumerate(edges):
        for b in edges[:i]:
            heights |= _crossing(a, b)
    ordered = sorted(heights)
    for low, high in pairwise(ordered):
        middle = 0.5 * (low + high)
        passing = [e for e in edges if min(e[1], e[3]) <= low and max(e[1], e[3]) >= high]
        passing.sort(key=lambda edge: edge[0] + (middle - edge[1]) * edge[2])
        pairs = list(zip(passing[::2], passing[1::2], strict=True))
        # Edges that lie on each other enclose nothing.
        pairs = [(a, b) for a, b in pairs if a[:3] != b[:3]]
        if pairs:
            yield low, high, pairs


def _crossing(a: Edge, b: Edge) -> set[float]:
    """Give the height at which two edges cross, if they do."""
    if a[2] == b[2]:
        return set()
    height = (b[0] - b[1] * b[2] - a[0] + a[1] * a[2]) / (a[2] - b[2])
    inside = all(min(e[1], e[3]) < height < max(e[1], e[3]) for e in (a, b))
    return {height} if inside else set()


def _line(edge: Edge, v: str) -> str:
    """Write where an edge is at the height of a star."""
    u, start, slope, _ = edge
    if slope == 0.0:
        return literal(u)
    first, by = literal(u, arithmetic=True), literal(slope, arithmetic=True)
    return f"{first} + ({v} - {literal(start, arithmetic=True)}) * {by}"
