"""From a shape drawn on a panel to the selection tree, and back to outlines on the panels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dashboard.views import sky

__all__ = ["MODES", "SKY", "all_of", "box", "combine", "cuts", "lasso", "outlines", "without"]

Tree = dict[str, Any] | None

#: How a new shape meets the selection that is there, by the word on the screen.
MODES = {
    "refine": "Refine",
    "add": "Add",
    "remove": "Remove",
    "replace": "Replace",
}

#: The pair of columns that is drawn as a map of the sky.
SKY = ("l", "b")

#: Points along each edge of a box on the sky map, which is no box in longitude and latitude.
_EDGE = 24


def box(
    axes: tuple[str, str],
    bounds: tuple[float, float, float, float],
    frame: tuple[tuple[float, float], tuple[float, float]] | None = None,
    *,
    on_sky: bool | None = None,
) -> dict[str, Any]:
    """Make the node for a box.

    Parameters
    ----------
    axes
        Columns of the panel.
    bounds
        x0, y0, x1, y1 on the panel.
    frame
        The panel's visible ranges; a box that fills one of them is a range in the other
        column alone, which is what the range tools draw.
    on_sky
        The panel is a map of the sky in these columns; by default where they are `SKY`.
    """
    x0, x1 = sorted((float(bounds[0]), float(bounds[2])))
    y0, y1 = sorted((float(bounds[1]), float(bounds[3])))
    if _is_map(axes, on_sky):
        edge = np.linspace(0, 1, _EDGE, endpoint=False)
        xs = np.concatenate([x0 + edge * (x1 - x0), np.full(_EDGE, x1)])
        xs = np.concatenate([xs, x1 - edge * (x1 - x0), np.full(_EDGE, x0)])
        ys = np.concatenate([np.full(_EDGE, y0), y0 + edge * (y1 - y0)])
        ys = np.concatenate([ys, np.full(_EDGE, y1), y1 - edge * (y1 - y0)])
        return _sky_polygon(np.column_stack([xs, ys]), axes)
    x_range = {"kind": "range", "column": axes[0], "min": _tidy(x0), "max": _tidy(x1)}
    y_range = {"kind": "range", "column": axes[1], "min": _tidy(y0), "max": _tidy(y1)}
    if frame is not None and _fills((y0, y1), frame[1]):
        return x_range
    if frame is not None and _fills((x0, x1), frame[0]):
        return y_range
    return {"kind": "and", "of": [x_range, y_range]}


def lasso(
    axes: tuple[str, str], points: np.ndarray, *, on_sky: bool | None = None
) -> dict[str, Any] | None:
    """Make the node for a lasso; None for a line that encloses nothing.

    Parameters
    ----------
    axes
        Columns of the panel.
    points : (n, 2)
        Corners on the panel.
    on_sky
        As for `box`.
    """
    points = np.asarray(points, dtype=float)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 3:
        return None
    if _is_map(axes, on_sky):
        return _sky_polygon(points, axes)
    corners = [[_tidy(x), _tidy(y)] for x, y in points]
    return {"kind": "polygon", "columns": list(axes), "points": corners}


def combine(tree: Tree, node: dict[str, Any], mode: str) -> Tree:
    """Bring a new shape into the selection.

    ``refine`` keeps what lies in the shape as well; a shape that was drawn before in the same
    columns gives way, so that dragging a second box on a panel moves the cut. ``add`` takes
    what lies in either, ``remove`` what lies outside the shape, ``replace`` forgets the rest.
    """
    if mode == "replace" or (tree is None and mode != "remove"):
        return all_of([node])
    if mode == "add":
        return {"kind": "or", "of": [tree, node]}
    if mode == "remove":
        return all_of([*cuts(tree), {"kind": "not", "of": node}])
    kept = [cut for cut in cuts(tree) if _shape_columns(cut) != _shape_columns(node)]
    return all_of([*kept, node])


def without(tree: Tree, index: int) -> Tree:
    """Take the cut of this index, in the order of ``cuts``, out of the selection."""
    return all_of([cut for i, cut in enumerate(cuts(tree)) if i != index])


def cuts(tree: Tree) -> list[dict[str, Any]]:
    """Give the cuts that a star must pass one and all.

    These are the members of the top ``and``; a box, an ``and`` of two ranges inside it, and
    whatever bears a name stay whole.
    """
    if tree is None:
        return []
    if tree["kind"] != "and" or "name" in tree:
        return [tree]
    return [cut for m in tree["of"] for cut in ([m] if _is_box(m) else cuts(m))]


def _is_box(node: dict[str, Any]) -> bool:
    of = node["of"] if node["kind"] == "and" else []
    return (
        "name" not in node
        and len(of) == 2
        and all(n["kind"] == "range" and "name" not in n for n in of)
        and of[0]["column"] != of[1]["column"]
    )


def _shape_columns(node: dict[str, Any]) -> frozenset[str] | None:
    """Give the columns of a drawn shape; None for any other cut, which no shape replaces."""
    if "name" in node:
        return None
    if node["kind"] == "polygon":
        return frozenset(node["columns"])
    if node["kind"] == "range":
        return frozenset([node["column"]])
    if _is_box(node):
        return frozenset(n["column"] for n in node["of"])
    if node["kind"] == "or" and all(n["kind"] == "polygon" for n in node["of"]):
        columns = {frozenset(n["columns"]) for n in node["of"]}
        return columns.pop() if len(columns) == 1 else None
    return None


def all_of(cuts: list[dict[str, Any]]) -> Tree:
    """Give the selection of the stars that pass one and all of some cuts."""
    if not cuts:
        return None
    # A box alone is wrapped: at the top, an "and" of two ranges is two cuts.
    single = len(cuts) == 1 and not _is_box(cuts[0])
    return cuts[0] if single else {"kind": "and", "of": cuts}


def _is_map(axes: tuple[str, str], on_sky: bool | None) -> bool:
    return axes == SKY if on_sky is None else on_sky


def _sky_polygon(plane: np.ndarray, axes: tuple[str, str]) -> dict[str, Any]:
    """Make the node for a shape on the sky map.

    The map is cut at l = 180 degrees and continuous through l = 0, where the column jumps
    from 360 to 0: the part that lies at negative longitudes is a copy shifted by 360 degrees.
    The longitude along a great circle is cut where the map is, and needs no copy.
    """
    lon, lat = sky.from_plane(plane[:, 0], plane[:, 1])
    shifts = (0.0, 360.0) if lon.min() < 0 else (0.0,)
    if lon.max() < 0:
        shifts = (360.0,)
    if axes[0].startswith("phi1("):
        shifts = (0.0,)
    parts = [
        {
            "kind": "polygon",
            "columns": list(axes),
            "points": [[_tidy(a + shift), _tidy(b)] for a, b in zip(lon, lat, strict=True)],
        }
        for shift in shifts
    ]
    return parts[0] if len(parts) == 1 else {"kind": "or", "of": parts}


def _tidy(value: float) -> float:
    """Keep six significant digits: finer than a pixel, and a caption that can be read."""
    return float(f"{value:.6g}")


def _fills(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    low, high = sorted(outer)
    slack = 2e-3 * (high - low)
    return inner[0] <= low + slack and inner[1] >= high - slack


def outlines(
    tree: Tree,
    axes: tuple[str, str],
    frame: tuple[tuple[float, float], tuple[float, float]],
    *,
    on_sky: bool | None = None,
) -> list[np.ndarray]:
    """Give the lines by which a panel shows the cuts in its own columns.

    Parameters
    ----------
    tree
        The selection.
    axes
        Columns of the panel.
    frame
        The panel's visible ranges, to which open bounds are drawn.
    on_sky
        As for `box`.

    Returns
    -------
    list of (n, 2) arrays
        Closed outlines in the panel's coordinates.
    """
    lines: list[np.ndarray] = []
    sky_map = _is_map(axes, on_sky)
    for node in (shape for cut in cuts(tree) for shape in _inner(cut)):
        shape = _shape_columns(node)
        if node["kind"] == "polygon" and list(axes) == node["columns"]:
            points = np.array([*node["points"], node["points"][0]], dtype=float)
            lines.append(_on_sky(points) if sky_map else points)
        elif not sky_map and shape is not None and shape <= set(axes) and node["kind"] != "or":
            lines.append(_rectangle(node, axes, frame))
    return lines


def _inner(tree: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Walk to the drawn shapes, boxes whole."""
    if tree["kind"] in {"and", "or", "xor"} and not _is_box(tree):
        for member in tree["of"]:
            yield from _inner(member)
    elif tree["kind"] == "not":
        yield from _inner(tree["of"])
    else:
        yield tree


def _on_sky(points: np.ndarray) -> np.ndarray:
    """Project an outline; where it crosses the map's edge the line is broken by NaN."""
    x, y = sky.to_plane(points[:, 0], points[:, 1])
    line = np.column_stack([x, y]).astype(float)
    jumps = np.flatnonzero(np.abs(np.diff(x)) > sky.HALF_WIDTH) + 1
    return np.insert(line, jumps, np.nan, axis=0)


def _rectangle(
    node: dict[str, Any],
    axes: tuple[str, str],
    frame: tuple[tuple[float, float], tuple[float, float]],
) -> np.ndarray:
    ranges = {n["column"]: n for n in (node["of"] if node["kind"] == "and" else [node])}
    sides = []
    for column, visible in zip(axes, frame, strict=True):
        bounds = ranges.get(column, {})
        low, high = sorted(visible)
        # An open side is drawn just outside the frame.
        margin = 0.05 * (high - low)
        low = bounds["min"] if bounds.get("min") is not None else low - margin
        high = bounds["max"] if bounds.get("max") is not None else high + margin
        sides.append((low, high))
    (x0, x1), (y0, y1) = sides
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]], dtype=float)
