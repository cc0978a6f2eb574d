"""Numbers written as text, as CSV files and string columns have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.base import CellKind, Cells

__all__ = ["EMPTY", "numbers_from_arrow", "numbers_from_text", "written_kind"]

EMPTY = ("", "nan", "null", "none", "na", "n/a", "--", "masked")
"""What stands for a cell without a value, in any mixture of capitals."""

_FLOAT = r"^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^-?[iI][nN][fF]([iI][nN][iI][tT][yY])?$"
_INTEGER = r"^-?\d{1,19}$"
_TRUE, _FALSE = ("true", "t"), ("false", "f")


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
        ``boolean`` to read true and false, ``float`` to read floats; else integers where every
        number is written as one, and floats otherwise.
    """
    if kind == "boolean":
        return _booleans(_filled_cells(text))
    quick = pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)
    if not pc.any(pc.match_substring(quick, "x", ignore_case=True)).as_py():  # 0x10 is no number
        cells = _as_written(quick, kind)
        if cells is not None:
            return cells
    plain = pc.replace_substring_regex(_filled_cells(text), r"^\+", "")  # which Arrow cannot read
    return _as_written(plain, kind) or _mixed(plain)


def _as_written(text: Any, kind: CellKind | None) -> Cells | None:  # noqa: ANN401
    """Read cells that are all numbers or null; None if one is something else."""
    readers = [(pa.int64(), _integers), (pa.float64(), _floats)]
    # Arrow tries every cell before it gives up: ten times the cost of reading them
    for type_, read in readers[1:] if kind == "float" else readers:
        try:
            return read(pc.cast(text, type_), None)
        except pa.ArrowInvalid:
            continue
    return None


def written_kind(text: Any) -> CellKind:  # noqa: ANN401
    """Guess from some cells what a column holds; one without any is taken for floats.

    A column of which most cells are numbers is one of numbers: the others are bad cells.
    """
    cells = numbers_from_arrow(text)
    filled = len(text) - _filled_cells(text).null_count
    if not filled:
        return "float"
    if cells.wrong is None or 2 * int(cells.wrong.sum()) <= filled:
        return "integer" if cells.values.dtype == np.int64 else "float"
    return "text" if numbers_from_arrow(text, "boolean").wrong is not None else "boolean"


def _filled_cells(text: Any) -> Any:  # noqa: ANN401
    """Trim the cells and make those without a value null."""
    trimmed = pc.ascii_trim_whitespace(text)
    empty = pc.is_in(pc.ascii_lower(trimmed), value_set=pa.array(EMPTY))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def _mixed(plain: Any) -> Cells:  # noqa: ANN401
    """Read numbers among cells that are none, which are marked as wrong."""
    number = pc.match_substring_regex(plain, _FLOAT)
    wrong = np.asarray(pc.fill_null(pc.invert(number), False))
    numbers = pc.if_else(number, plain, pa.scalar(None, pa.string()))
    if pc.all(pc.match_substring_regex(numbers, _INTEGER)).as_py() is not False:
        try:
            return _integers(pc.cast(numbers, pa.int64()), wrong)
        except pa.ArrowInvalid:
            pass  # more digits than an integer holds
    return _floats(pc.cast(numbers, pa.float64()), wrong)


def _integers(array: Any, wrong: npt.NDArray[np.bool_] | None) -> Cells:  # noqa: ANN401
    missing = np.asarray(array.is_null()) if array.null_count else None
    return Cells(np.asarray(pc.fill_null(array, 0)), missing, wrong)


def _floats(array: Any, wrong: npt.NDArray[np.bool_] | None) -> Cells:  # noqa: ANN401
    return Cells(array.to_numpy(zero_copy_only=False), None, wrong)


def _booleans(there: Any) -> Cells:  # noqa: ANN401
    small = pc.ascii_lower(there)
    true, false = (
        np.asarray(pc.is_in(small, value_set=pa.array(words))) for words in (_TRUE, _FALSE)
    )
    missing = np.asarray(there.is_null())
    wrong = ~(true | false | missing)
    return Cells(true, missing if missing.any() else None, wrong if wrong.any() else None)
