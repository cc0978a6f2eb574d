"""From a tree and a catalogue to a mask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from data.derived import ColumnSource, column
from data.pieces import by_pieces
from data.selection.among import refine_among
from data.selection.expressions import FUNCTIONS, Expression, expression_columns
from data.selection.kernels import (
    BLOCK,
    INT64,
    BoolArray,
    FloatArray,
    refine_intervals,
    refine_range,
)
from data.selection.polygons import prepared, refine_polygon
from data.selection.tree import Node, leaf_columns, leaves, period, validate

__all__ = ["mask", "refine"]

Values = Mapping[str, npt.NDArray[Any]]

_COST = {"range": 1, "polygon": 5, "compare": 8, "among": 10}
_LARGEST = float(np.finfo(np.float64).max)


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
    values = columns_of(node, catalogue)

    def work(rows: slice) -> None:
        refine_rows(out[rows], node, {name: column[rows] for name, column in values.items()})

    by_pieces(out.size, work)


def columns_of(node: Node, catalogue: ColumnSource) -> dict[str, npt.NDArray[Any]]:
    """Give the columns that a validated node needs, each of shape (n_rows,) and read-only.

    The loops are compiled for read-only columns alone, which is what the store gives.
    """
    names = {name for leaf in leaves(node) for name in leaf_columns(leaf)}
    values = {name: column(catalogue, name).view() for name in sorted(names)}
    for view in values.values():
        view.flags.writeable = False
    return values


def refine_rows(out: BoolArray, node: Node, values: Values) -> None:
    """Refine the mask of some rows by a validated node, given their columns."""
    kind = node["kind"]
    if kind == "and":
        # Cheap cuts first: the costly ones then look at fewer stars.
        for member in sorted(node["of"], key=_cost):
            refine_rows(out, member, values)
    elif kind == "or":
        out &= _any_of(node["of"], values, out.size)
    elif kind == "xor":
        odd = np.zeros(out.size, dtype=np.bool_)
        for member in node["of"]:
            odd ^= _alone(member, values, out.size)
        out &= odd
    elif kind == "not":
        out &= ~_alone(node["of"], values, out.size)
    elif kind == "range":
        _refine_range(out, node, values)
    elif kind == "among":
        refine_among(out, values[node["column"]], node["values"])
    elif kind == "polygon":
        u, v = (values[name] for name in node["columns"])
        refine_polygon(out, u, v, prepared(node["points"], out.size))
    else:
        _refine_compare(out, node, values)


def _alone(node: Node, values: Values, size: int) -> BoolArray:
    out = np.ones(size, dtype=np.bool_)
    refine_rows(out, node, values)
    return out


def _any_of(members: list[Node], values: Values, size: int) -> BoolArray:
    """Evaluate an ``or``: each member is asked only about the stars not yet in."""
    missing = np.ones(size, dtype=np.bool_)
    for member in sorted(members, key=_cost):
        passed = missing.copy()
        refine_rows(passed, member, values)
        missing &= ~passed
    return ~missing


def _cost(node: Node) -> int:
    """Rank a node by what a star costs in it, roughly in comparisons."""
    return sum(_COST[leaf["kind"]] for leaf in leaves(node))


def _refine_range(out: BoolArray, node: Node, values: Values) -> None:
    name, low, high = node["column"], node["min"], node["max"]
    turn = period(name)
    if turn is None or low is None or high is None:
        _refine_bounds(out, values[name], low, high)
        return
    lows, highs = _arc(low, high, turn)
    refine_intervals(out, values[name], lows, highs)


def _arc(low: float, high: float, period: float) -> tuple[FloatArray, FloatArray]:
    """Write an arc of a circle as closed intervals of any angle from -period to 2 periods."""
    if low > high:
        high += math.ceil((low - high) / period) * period
    if high - low >= period:
        return np.array([-_LARGEST]), np.array([_LARGEST])
    first = math.ceil((-period - high) / period)
    last = math.floor((2.0 * period - low) / period)
    turns = [turn * period for turn in range(first, last + 1)]
    return np.array([low + turn for turn in turns]), np.array([high + turn for turn in turns])


def _refine_bounds(
    out: BoolArray, values: npt.NDArray[Any], low: float | None, high: float | None
) -> None:
    if values.dtype.kind in "iub":
        least = INT64.min if low is None else max(math.ceil(low), INT64.min)
        most = INT64.max if high is None else min(math.floor(high), INT64.max)
        if least > most or least > INT64.max or most < INT64.min:
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


def _refine_compare(out: BoolArray, node: Node, values: Values) -> None:
    left, op, right = node["left"], node["op"], node["right"]
    if isinstance(left, dict) and "column" in left and not isinstance(right, dict):
        only = values[left["column"]]
        if only.dtype.kind == "f" and op != "!=":
            _refine_bounds(out, only, *_bounds(op, float(right)))
            return
    names = {name for side in (left, right) for name in expression_columns(side)}
    compare = _COMPARE[op]
    with np.errstate(all="ignore"):
        for start in range(0, out.size, BLOCK):
            rows = slice(start, start + BLOCK)
            if not out[rows].any():
                continue
            block = {name: _widened(values[name][rows]) for name in names}
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
