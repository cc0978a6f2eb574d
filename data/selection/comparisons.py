"""Comparisons of columns with numbers and with each other.

A number that a column is compared with is rounded to the precision of the column first: a column
of single precision that was written as 12.3 holds 12.300000190734863, and that is what 12.3 means
there. Doubles are compared as doubles, integers as integers. A missing value passes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.selection.expressions import FUNCTIONS, Expression, expression_columns
from data.selection.kernels import BLOCK, INT64, BoolArray, refine_range, rounded
from data.selection.tree import MIRRORED, Node

__all__ = ["Values", "evaluate_expression", "refine_bounds", "refine_compare", "refine_known"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Values:
    """The columns that a cut looks at.

    Parameters
    ----------
    columns
        By name, each of shape (n,).
    marks
        The integer that stands for a missing value, for columns of integers that have one.
    """

    columns: dict[str, Array]
    marks: dict[str, int]

    def rows(self, rows: slice) -> Values:
        """Give some of the rows."""
        return Values({name: values[rows] for name, values in self.columns.items()}, self.marks)

    def numbers(self, name: str, rows: slice) -> Array:
        """Give a column as doubles, NaN where a value is missing."""
        part = self.columns[name][rows]
        numbers = part.astype(np.float64)
        if name in self.marks:
            numbers[part == self.marks[name]] = np.nan
        return numbers


def refine_known(out: BoolArray, name: str, values: Values) -> None:
    """Drop the rows in which an integer is missing; a missing float has failed already."""
    if name in values.marks:
        out &= values.columns[name] != values.marks[name]


def refine_bounds(out: BoolArray, values: Array, low: float | None, high: float | None) -> None:
    """Keep the rows with low <= value <= high, both rounded to the column; None is no bound."""
    if values.dtype.kind in "iub":
        least = INT64.min if low is None else math.ceil(low)
        most = INT64.max if high is None else math.floor(high)
        _refine_integers(out, values, least, most)
        return
    refine_range(
        out,
        values,
        -math.inf if low is None else float(rounded(low, values.dtype)),
        math.inf if high is None else float(rounded(high, values.dtype)),
    )


def _refine_integers(out: BoolArray, values: Array, least: int, most: int) -> None:
    least, most = max(least, INT64.min), min(most, INT64.max)
    if least > most:
        out[:] = False
    else:
        view = values.view(np.uint8) if values.dtype.kind == "b" else values
        refine_range(out, view, least, most)


def refine_compare(out: BoolArray, node: Node, values: Values) -> None:
    """Keep the rows that pass a comparison of two expressions."""
    left, op, right = node["left"], node["op"], node["right"]
    if _is_constant(left) and not _is_constant(right):
        left, op, right = right, MIRRORED[op], left
    if _is_constant(right) and not _is_constant(left):
        right = _constant(right)
        if "column" in left and math.isfinite(right):
            _refine_constant(out, values.columns[left["column"]], op, right)
            refine_known(out, left["column"], values)
            return
        precision = _precision(left, values)
        right = right if precision is None else rounded(right, precision)
    _refine_expressions(out, (left, right), op, values)


def _is_constant(side: Expression) -> bool:
    return next(expression_columns(side), None) is None


def _constant(side: Expression) -> float | int:
    """Give the number that an expression without columns is."""
    if not isinstance(side, dict):
        return side
    with np.errstate(all="ignore"):
        return float(evaluate_expression(side, {}))


def _precision(side: Expression, values: Values) -> np.dtype[Any] | None:
    """Give the type of a column whose size or sign alone is taken, so that its digits stay."""
    while isinstance(side, dict) and side.get("op") in ("abs", "neg"):
        side = side["of"][0]
    bare = isinstance(side, dict) and "column" in side
    return values.columns[side["column"]].dtype if bare else None  # type: ignore[index]


def _refine_constant(out: BoolArray, values: Array, op: str, value: float) -> None:
    """Keep the rows of a column that compare with a finite number as they should."""
    if op == "!=":
        equal = np.ones(out.size, dtype=np.bool_)
        _refine_constant(equal, values, "==", value)
        out &= ~equal
        refine_bounds(out, values, None, None)  # NaN is unequal to nothing
    elif values.dtype.kind in "iub":
        low, high = math.floor(value), math.ceil(value)
        least, most = {
            "<": (INT64.min, high - 1),
            "<=": (INT64.min, low),
            ">": (low + 1, INT64.max),
            ">=": (high, INT64.max),
            "==": (high, low),
        }[op]
        _refine_integers(out, values, least, most)
    else:
        bound = float(rounded(value, values.dtype))
        least_real, most_real = {
            "<": (-math.inf, math.nextafter(bound, -math.inf)),
            "<=": (-math.inf, bound),
            ">": (math.nextafter(bound, math.inf), math.inf),
            ">=": (bound, math.inf),
            "==": (bound, bound),
        }[op]
        refine_range(out, values, least_real, most_real)


_COMPARE: dict[str, Any] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _refine_expressions(
    out: BoolArray, sides: tuple[Expression, Expression], op: str, values: Values
) -> None:
    """Compare two expressions block by block, where rows are left."""
    with np.errstate(all="ignore"):
        for start in range(0, out.size, BLOCK):
            rows = slice(start, start + BLOCK)
            if not out[rows].any():
                continue
            a, b = (_side(side, values, rows) for side in sides)
            out[rows] &= _COMPARE[op](a, b)
            if op == "!=":
                out[rows] &= ~(np.isnan(a) | np.isnan(b))
    for side in sides:
        if isinstance(side, dict) and "column" in side:
            refine_known(out, side["column"], values)


def _side(side: Expression, values: Values, rows: slice) -> Any:  # noqa: ANN401
    """Give one side of a comparison: integers where it is a column of them, else doubles."""
    if isinstance(side, dict) and "column" in side:
        part = values.columns[side["column"]][rows]
        return part.astype(np.float64 if part.dtype.kind == "f" else np.int64)
    names = set(expression_columns(side))
    return evaluate_expression(side, {name: values.numbers(name, rows) for name in names})


def evaluate_expression(expression: Expression, columns: dict[str, Array]) -> Any:  # noqa: ANN401
    """Evaluate an expression of columns that are given as doubles: an array, or a number."""
    if not isinstance(expression, dict):
        return expression
    if "column" in expression:
        return columns[expression["column"]]
    parts = [
        np.asarray(evaluate_expression(part, columns), dtype=np.float64)
        for part in expression["of"]
    ]
    return FUNCTIONS[expression["op"]].evaluate(*parts)
