"""Numbers written as text, as CSV files and string columns have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.base import CellKind, Cells

__all__ = [
    "EMPTY",
    "as_arrow",
    "cells_from_arrow",
    "numbers_from_arrow",
    "numbers_from_text",
    "texts_from_arrow",
    "texts_from_values",
    "written_kind",
]

EMPTY = (
    *("", "nan", "+nan", "-nan", "null", "none", "na", "n/a", "#n/a", "<na>", "nat", "masked"),
    *("-", "--", "---", "–", "—", "−", "..", "...", "....", "…", "\\n", "1.#qnan", "-1.#ind"),
)
"""What stands for a cell without a value, in any mixture of capitals."""

_MINUS = "[−–‒﹣－]"  # as word processors and typeset tables write it
_FLOAT = r"^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^-?[iI][nN][fF]([iI][nN][iI][tT][yY])?$"
_INTEGER = r"^[+-]?\d+$"
_SHORT_INTEGER = r"^-?0*\d{1,18}$"
_TRUE, _FALSE = ("true", "t"), ("false", "f")
_LONGEST_SURE = 18
"""Digits that any integer of this length may have."""


def numbers_from_text(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> Cells:
    """Read the numbers in an array of strings, bytes or objects.

    Parameters
    ----------
    values
        Shape (m,).
    mask
        Shape (m,), True where there is no value.
    """
    return numbers_from_arrow(as_arrow(values, mask))


def as_arrow(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None = None) -> Any:  # noqa: ANN401
    """Give an array of strings, bytes or objects as an Arrow array of strings."""
    hidden = np.zeros(len(values), dtype=np.bool_) if mask is None else mask
    texts = [
        None if gone or v is None else _decoded(v)
        for v, gone in zip(values.tolist(), hidden.tolist(), strict=True)
    ]
    return pa.array(texts, pa.string())


def _decoded(value: Any) -> str:  # noqa: ANN401
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.rstrip("\0")


def cells_from_arrow(text: Any, kind: CellKind | None, *, as_text: bool) -> Cells:  # noqa: ANN401
    """Read an Arrow array of strings as texts or as numbers."""
    return texts_from_arrow(text) if as_text else numbers_from_arrow(text, kind)


def texts_from_arrow(text: Any) -> Cells:  # noqa: ANN401
    """Give the trimmed cells of an Arrow array of strings as they are, without the empty ones."""
    filled = _filled_cells(text)
    missing = np.asarray(filled.is_null()) if filled.null_count else None
    values = np.array(pc.fill_null(filled, "").to_pylist(), dtype=object)
    return Cells(values, missing)


def texts_from_values(values: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None) -> Cells:
    """Give numbers, booleans or strings as the texts of their exact values."""
    if values.dtype.kind in "OSU":
        return texts_from_arrow(as_arrow(values, missing))
    gone = np.zeros(len(values), dtype=np.bool_) if missing is None else missing
    if values.dtype.kind == "f":
        gone = gone | np.isnan(values)
    texts = np.array([str(value) for value in values], dtype=object)
    texts[gone] = ""
    return Cells(texts, gone if gone.any() else None)


def numbers_from_arrow(text: Any, kind: CellKind | None = None) -> Cells:  # noqa: ANN401
    """Read the numbers in an Arrow array of strings.

    Integers are parsed as integers, never through a float: a Gaia identifier has more digits
    than a float holds. Those that no 64-bit integer holds are wrong.

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
        # words for no value ("nan") would make floats of integers: those go the longer way
        cells = _cast(quick, pa.float64() if kind == "float" else pa.int64())
        if cells is not None:
            return cells
    plain = _plain(_filled_cells(text))
    if kind != "float":
        cells = _cast(plain, pa.int64())
        if cells is not None:
            return cells
        longest = pc.max(pc.binary_length(plain)).as_py() or 0
        if longest > _LONGEST_SURE and _all_match(plain, _INTEGER):
            return _mixed(plain, kind)  # integers of too many digits, not floats
    return _cast(plain, pa.float64()) or _mixed(plain, kind)


def _cast(text: Any, type_: Any) -> Cells | None:  # noqa: ANN401
    """Read cells that are all numbers of a type, or null; None if one is something else.

    Arrow tries every cell before it gives up: ten times the cost of reading them.
    """
    try:
        array = pc.cast(text, type_)
    except pa.ArrowInvalid:
        return None
    return _integers(array, None) if pa.types.is_integer(type_) else _floats(array, None)


def _all_match(text: Any, pattern: str) -> bool:  # noqa: ANN401
    return pc.all(pc.match_substring_regex(text, pattern)).as_py() is not False


def written_kind(text: Any) -> CellKind | None:  # noqa: ANN401
    """Guess from some cells what a column holds; None for one without any.

    A column of which most cells are numbers is one of numbers: the others are bad cells.
    """
    cells = numbers_from_arrow(text)
    filled = len(text) - _filled_cells(text).null_count
    if not filled:
        return None
    if cells.wrong is None or 2 * int(cells.wrong.sum()) <= filled:
        return "integer" if cells.values.dtype == np.int64 else "float"
    return "text" if numbers_from_arrow(text, "boolean").wrong is not None else "boolean"


def _filled_cells(text: Any) -> Any:  # noqa: ANN401
    """Trim the cells and make those without a value null."""
    trimmed = pc.utf8_trim_whitespace(text)
    empty = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(EMPTY))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def _plain(text: Any) -> Any:  # noqa: ANN401
    """Spell numbers as Arrow reads them: typeset minus signs, Fortran's D, a leading plus."""
    text = pc.replace_substring_regex(text, rf"^{_MINUS}\s*([\d.iI])", r"-\1")
    text = pc.replace_substring_regex(text, rf"^(.*[\d.][eEdD]){_MINUS}(\d+)$", r"\1-\2")
    text = pc.replace_substring_regex(text, r"^([+-]?[\d.]+)[dD]([+-]?\d+)$", r"\1e\2")
    return pc.replace_substring_regex(text, r"^\+([\d.iI])", r"\1")


def _mixed(plain: Any, kind: CellKind | None) -> Cells:  # noqa: ANN401
    """Read numbers among cells that are none, which are marked as wrong."""
    number = pc.match_substring_regex(plain, _FLOAT)
    numbers = pc.if_else(number, plain, pa.scalar(None, pa.string()))
    if kind != "float" and _all_match(numbers, _INTEGER):
        short = pc.match_substring_regex(numbers, _SHORT_INTEGER)
        if not pc.all(short).as_py():
            number = pc.and_(number, pc.fill_null(pc.or_(short, _fits(numbers)), False))
            numbers = pc.if_else(number, plain, pa.scalar(None, pa.string()))
        return _integers(pc.cast(numbers, pa.int64()), _wrong(number, plain))
    return _floats(pc.cast(numbers, pa.float64()), _wrong(number, plain))


def _wrong(number: Any, plain: Any) -> npt.NDArray[np.bool_]:  # noqa: ANN401
    """Say which filled cells are not among the numbers."""
    return np.asarray(pc.and_(pc.is_valid(plain), pc.invert(pc.fill_null(number, False))))


def _fits(integers: Any) -> Any:  # noqa: ANN401
    """Say which written integers a 64-bit integer holds."""
    limits = np.iinfo(np.int64)
    return pa.array(
        [None if t is None else limits.min <= int(t) <= limits.max for t in integers.to_pylist()],
        pa.bool_(),
    )


def _integers(array: Any, wrong: npt.NDArray[np.bool_] | None) -> Cells:  # noqa: ANN401
    missing = np.asarray(array.is_null()) if array.null_count else None
    if missing is not None and wrong is not None:
        missing = missing & ~wrong
    return Cells(np.asarray(pc.fill_null(array, 0)), missing, wrong)


def _floats(array: Any, wrong: npt.NDArray[np.bool_] | None) -> Cells:  # noqa: ANN401
    return Cells(array.to_numpy(zero_copy_only=False), None, wrong)


def _booleans(filled: Any) -> Cells:  # noqa: ANN401
    small = pc.utf8_lower(filled)
    true, false = (
        np.asarray(pc.is_in(small, value_set=pa.array(words))) for words in (_TRUE, _FALSE)
    )
    missing = np.asarray(filled.is_null())
    wrong = ~(true | false | missing)
    return Cells(true, missing if missing.any() else None, wrong if wrong.any() else None)
