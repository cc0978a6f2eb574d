"""Numbers written as text, as CSV files and string columns have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.base import CellKind, Cells

__all__ = ["EMPTY", "numbers_from_arrow", "numbers_from_text", "written_kind"]

EMPTY = ["", "nan", "null", "none", "na", "n/a", "--", "masked"]
"""What stands for a cell without a value, in any mixture of capitals."""

_FLOAT = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?$"
_INTEGER = r"^[+-]?\d{1,18}$|^[+-]?[0-8]\d{18}$|^[+-]?9[01]\d{17}$"
_TRUTH = {"true": True, "t": True, "false": False, "f": False}


def numbers_from_text(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> Cells:
    """Read the numbers in an array of strings, bytes or objects.

    Parameters
    ----------
    values
        Shape (m,).
    mask
        Shape (m,), True where there is no value.
    """
    texts = [
        None if hidden else v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v)
        for v, hidden in zip(values.tolist(), mask.tolist(), strict=True)
    ]
    return numbers_from_arrow(pa.array(texts, pa.string()))


def numbers_from_arrow(text: Any, kind: CellKind | None = None) -> Cells:  # noqa: ANN401
    """Read the numbers in an Arrow array of strings.

    Integers are parsed as integers, never through a float: a Gaia identifier has more digits
    than a float holds.

    Parameters
    ----------
    text
        Arrow string array, shape (m,).
    kind
        ``boolean`` to read true and false; else integers where every cell is one, and
        floats otherwise.
    """
    trimmed = pc.utf8_trim_whitespace(text)
    empty = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(EMPTY))
    there = pc.if_else(pc.fill_null(empty, True), pa.scalar(None, pa.string()), trimmed)
    missing = np.asarray(there.is_null())
    if kind == "boolean":
        return _booleans(there, missing)
    try:
        whole = pc.cast(_unsigned(there), pa.int64())
        return Cells(_filled(whole, np.int64), missing if missing.any() else None)
    except pa.ArrowInvalid:
        return _floats(there)


def written_kind(text: Any) -> CellKind:  # noqa: ANN401
    """Guess from some cells what a column holds; one without any is taken for floats."""
    cells = numbers_from_arrow(text)
    filled = len(cells.values) - int(_count(cells.missing))
    if cells.values.dtype.kind == "f":
        filled = int(np.sum(~np.isnan(cells.values))) + int(_count(cells.wrong))
    if cells.wrong is None or 2 * int(_count(cells.wrong)) <= filled:
        return "integer" if cells.values.dtype == np.int64 and filled else "float"
    truth = numbers_from_arrow(text, "boolean")
    return "boolean" if truth.wrong is None else "text"


def _floats(there: Any) -> Cells:  # noqa: ANN401
    try:
        return Cells(_filled(pc.cast(_unsigned(there), pa.float64()), np.float64))
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(there, _FLOAT)
        wrong = np.asarray(pc.fill_null(pc.invert(good), False))
        numbers = pc.if_else(good, there, pa.scalar(None, pa.string()))
        cast = pc.cast(_unsigned(numbers), pa.float64())
        return Cells(_filled(cast, np.float64), wrong=wrong)


def _booleans(there: Any, missing: npt.NDArray[np.bool_]) -> Cells:  # noqa: ANN401
    small = pc.utf8_lower(there)
    known = pc.is_in(small, value_set=pa.array([*_TRUTH, "0", "1"]))
    wrong = np.asarray(pc.fill_null(known, False)) == missing  # there, yet neither
    wrong = ~np.asarray(known) & ~missing
    true = pc.is_in(small, value_set=pa.array([k for k, v in _TRUTH.items() if v] + ["1"]))
    return Cells(
        np.asarray(true),
        missing if missing.any() else None,
        wrong if wrong.any() else None,
    )


def _unsigned(text: Any) -> Any:  # noqa: ANN401
    """Strip a leading plus, which Arrow does not read."""
    return pc.replace_substring_regex(text, r"^\+", "")


def _filled(array: Any, dtype: type) -> npt.NDArray[Any]:  # noqa: ANN401
    if dtype is np.float64:
        filled: npt.NDArray[Any] = array.to_numpy(zero_copy_only=False)
        return filled
    return np.asarray(pc.fill_null(array, 0))


def _count(mask: npt.NDArray[np.bool_] | None) -> int:
    return 0 if mask is None else int(mask.sum())
