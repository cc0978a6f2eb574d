"""From a tree and a catalogue to a mask."""

from __future__ import annotations

import math

import numpy as np

from data.columns.derived import ColumnSource, column
from data.parallel_rows import by_pieces
from data.selection.among import refine_among
from data.selection.comparisons import (
    Values,
    refine_bounds,
    refine_compare,
    refine_known,
)
from data.selection.kernels import BoolArray, FloatArray, refine_intervals, rounded
from data.selection.missing import missing_marks
from data.selection.polygons import prepared, refine_polygon
from data.selection.tree import Node, leaf_columns, leaves, period, validate

__all__ = ["mask", "refine"]

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
        True for the rows that pass. A number that a column is compared with is rounded to the
        precision of the column: 12.3 is what a column of single precision holds for 12.3.

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
        refine_rows(out[rows], node, values.rows(rows))

    by_pieces(out.size, work)


def columns_of(node: Node, catalogue: ColumnSource) -> Values:
    """Give the columns that a validated node needs, each of shape (n_rows,) and read-only.

    The loops are compiled for read-only columns alone, which is what the store gives.
    """
    names = {name for leaf in leaves(node) for name in leaf_columns(leaf)}
    values = {name: column(catalogue, name).view() for name in sorted(names)}
    for view in values.values():
        view.flags.writeable = False
    return Values(values, missing_marks(catalogue, values.items()))


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
        refine_among(out, values.columns[node["column"]], node["values"])
        refine_known(out, node["column"], values)
    elif kind == "polygon":
        u, v = (values.columns[name] for name in node["columns"])
        refine_polygon(out, u, v, prepared(node["points"], out.size))
        for name in node["columns"]:
            refine_known(out, name, values)
    else:
        refine_compare(out, node, values)


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
    column, turn = values.columns[name], period(name)
    if turn is None or low is None or high is None:
        refine_bounds(out, column, low, high)
    else:
        lows, highs = (
            np.array([rounded(bound, column.dtype) for bound in bounds])
            for bounds in _arc(low, high, turn)
        )
        refine_intervals(out, column, lows, highs)
    refine_known(out, name, values)


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
