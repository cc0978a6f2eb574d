"""From a tree and a catalogue to a mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from data.derived import ColumnSource, column
from data.selection.expressions import FUNCTIONS, Expression, expression_columns
from data.selection.kernels import (
    BoolArray,
    FloatArray,
    refine_intervals,
    refine_polygon,
    refine_range,
)
from data.selection.tree import CYCLIC, Node, leaves, validate

__all__ = ["mask", "refine"]

_BLOCK = 1 << 16  # rows: temporary arrays of an expression stay in the processor's cache
_INT64 = np.iinfo(np.int64)


def mask(tree: object, catalogue: ColumnSource) -> BoolArray:
    """Say which stars of a catalogue a selection keeps.

    Parameters
    ----------
    tree
        The selection; ``None`` keeps everything.
    catalogue
        Anything with ``n_rows``, ``has(name)`` and ``column(name)``.

    Returns
    -------
    ndarray, bool, (n,)
        True for the rows that pass. Columns enter with their stored precision and are compared
        as doubles.

    Raises
    ------
    UserError
        If the tree is malformed or names a column that the catalogue neither has nor can derive.
    """
    out = np.ones(catalogue.n_rows, dtype=np.bool_)
    node = validate(tree)
    if node is not None:
        refine(out, node, catalogue)
    return out


def refine(out: BoolArray, node: Node, catalogue: ColumnSource) -> None:
    """Set a mask to false, in place, where a validated node does not pass."""
    kind = node["kind"]
    if kind == "and":
        # Cheap cuts first: the costly ones then look at fewer stars.
        for member in sorted(node["of"], key=_cost):
            refine(out, member, catalogue)
    elif kind == "or":
        out &= _any_of(node["of"], catalogue, out.size)
    elif kind == "xor":
        odd = np.zeros(out.size, dtype=np.bool_)
        for member in node["of"]:
            odd ^= _alone(member, catalogue, out.size)
        out &= odd
    elif kind == "not":
        out &= ~_alone(node["of"], catalogue, out.size)
    elif kind == "range":
        _refine_range(out, node, catalogue)
    elif kind == "polygon":
        _refine_polygon(out, node, catalogue)
    else:
        _refine_compare(out, node, catalogue)


def _alone(node: Node, catalogue: ColumnSource, size: int) -> BoolArray:
    out = np.ones(size, dtype=np.bool_)
    refine(out, node, catalogue)
    return out


def _any_of(members: list[Node], catalogue: ColumnSource, size: int) -> BoolArray:
    """Evaluate an ``or``: each member is asked only about the stars not yet in."""
    missing = np.ones(size, dtype=np.bool_)
    for member in sorted(members, key=_cost):
        passed = missing.copy()
        refine(passed, member, catalogue)
        missing &= ~passed
    return ~missing


def _cost(node: Node) -> int:
    """Rank a node by what a star costs in it, roughly in comparisons."""
    return sum(
        {"range": 1, "polygon": len(leaf.get("points", ())), "compare": 3}[leaf["kind"]]
        for leaf in leaves(node)
    )


def _refine_range(out: BoolArray, node: Node, catalogue: ColumnSource) -> None:
    values, low, high = column(catalogue, node["column"]), node["min"], node["max"]
    period = CYCLIC.get(node["column"])
    if period is None or low is None or high is None:
        _refine_bounds(out, values, low, high)
        return
    lows, highs = _arc(low, high, period)
    refine_intervals(out, values, lows, highs)


def _arc(low: float, high: float, period: float) -> tuple[FloatArray, FloatArray]:
    """Write an arc of a circle as closed intervals of any angle from -period to 2 periods."""
    turns = np.arange(-2.0, 3.0) * period
    wrap = math.ceil((low - high) / period) * period if low > high else 0.0
    lows: FloatArray = low + turns
    highs: FloatArray = high + (turns + wrap)
    return lows, highs


def _refine_bounds(
    out: BoolArray, values: npt.NDArray[Any], low: float | None, high: float | None
) -> None:
    if values.dtype.kind in "iub":
        least = _INT64.min if low is None else max(math.ceil(low), _INT64.min)
        most = _INT64.max if high is None else min(math.floor(high), _INT64.max)
        if least > most or least > _INT64.max or most < _INT64.min:
            out[:] = False
        elif values.dtype.kind == "b":
            refine_range(out, values.view(np.uint8), least, most)
        else:
            refine_range(out, values, least, most)
        return
    refine_range(
        out,
        values,
        -math.inf if low is None else float(low),
        math.inf if high is None else float(high),
    )


def _refine_polygon(out: BoolArray, node: Node, catalogue: ColumnSource) -> None:
    u, v = (column(catalogue, name) for name in node["columns"])
    corners = np.asarray(node["points"], dtype=np.float64)
    refine_polygon(out, u, v, corners[:, 0].copy(), corners[:, 1].copy())


def _refine_compare(out: BoolArray, node: Node, catalogue: ColumnSource) -> None:
    left, op, right = node["left"], node["op"], node["right"]
    if isinstance(left, dict) and "column" in left and not isinstance(right, dict):
        values = column(catalogue, left["column"])
        if values.dtype.kind == "f" and op != "!=":
            _refine_bounds(out, values, *_bounds(op, float(right)))
            return
    used = {
        name: column(catalogue, name)
        for side in (left, right)
        for name in expression_columns(side)
    }
    compare = _COMPARE[op]
    with np.errstate(all="ignore"):
        for start in range(0, out.size, _BLOCK):
            rows = slice(start, start + _BLOCK)
            if not out[rows].any():
                continue
            block = {name: _widened(values[rows]) for name, values in used.items()}
            a, b = _evaluate(left, block), _evaluate(right, block)
            out[rows] &= compare(a, b)
            if op == "!=":
                out[rows] &= ~(np.isnan(a) | np.isnan(b))


def _bounds(op: str, value: float) -> tuple[float | None, float | None]:
    """Write a comparison with a number as a closed range of doubles, which is exact."""
    return {
        "<": (None, math.nextafter(value, -math.inf)),
        "<=": (None, value),
        ">": (math.nextafter(value, math.inf), None),
        ">=": (value, None),
        "==": (value, value),
    }[op]


_COMPARE: dict[str, Any] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _widened(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Widen floats to doubles (numpy would compare float32 with a rounded bound)."""
    kind = values.dtype.kind
    return values.astype(np.float64) if kind == "f" else values.astype(np.int64)


def _evaluate(expression: Expression, block: dict[str, npt.NDArray[Any]]) -> Any:  # noqa: ANN401
    """Evaluate an expression on one block of rows: an array, or a number."""
    if not isinstance(expression, dict):
        return expression
    if "column" in expression:
        return block[expression["column"]]
    parts = [_real(_evaluate(part, block)) for part in expression["of"]]
    return FUNCTIONS[expression["op"]].evaluate(*parts)


def _real(value: Any) -> Any:  # noqa: ANN401 - arrays and numbers alike
    """Calculate in doubles; only bare columns are compared as integers."""
    return np.asarray(value, dtype=np.float64)
