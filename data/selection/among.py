"""The cut that names its stars: a column whose value is one of a list, as source identifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.selection.expressions import column_name, number
from data.selection.kernels import BLOCK, INT64, BoolArray, rounded

__all__ = ["MAX_VALUES", "among_key", "refine_among", "validate_among"]

MAX_VALUES = 20_000


def validate_among(node: dict[str, Any]) -> dict[str, Any]:
    """Check the entries of ``{"kind": "among", "column": c, "values": [v, ...]}`` from outside.

    Raises
    ------
    UserError
        If the column is no name, or the values no list of 1 to 20,000 numbers.
    """
    column, values = column_name(node.get("column"), "column of a list"), node.get("values")
    if not isinstance(values, list | tuple) or not 1 <= len(values) <= MAX_VALUES:
        raise UserError(
            f"The list of values of {column} must hold 1 to {MAX_VALUES:,} numbers.",
            "Stars of a longer list are better joined: give them a column of their own.",
        )
    return {"column": column, "values": [number(v, f"value of {column}") for v in values]}


def among_key(node: dict[str, Any]) -> dict[str, Any]:
    """Give the one form of all spellings of a list: sorted, nothing twice, without its name."""
    return {"kind": "among", "column": node["column"], "values": sorted(set(node["values"]))}


def refine_among(out: BoolArray, values: npt.NDArray[Any], wanted: list[float | int]) -> None:
    """Keep the rows whose value is one of those that are wanted.

    Integers are compared as integers (source identifiers have 19 digits), floats in the precision
    of the column; NaN is equal to none.
    """
    if values.dtype.kind in "iub":
        whole = [int(v) for v in wanted if v == int(v) and INT64.min <= v <= INT64.max]
        known = np.unique(np.array(whole, dtype=np.int64))
    else:
        numbers = [rounded(float(v), values.dtype) for v in wanted]
        known = np.unique(np.array(numbers, dtype=np.float64))
    if not known.size:
        out[:] = False
        return
    for start in range(0, out.size, BLOCK):
        rows = slice(start, start + BLOCK)
        block = values[rows].astype(known.dtype)
        place = np.minimum(np.searchsorted(known, block), known.size - 1)
        out[rows] &= known[place] == block
