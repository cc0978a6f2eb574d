"""Columns of FITS tables, from stored bytes to cells (FITS 4.0, sections 7.2 and 7.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.readers.arrays import cells_from_values
from data.readers.base import CellKind, Cells
from data.readers.written import as_arrow, cells_from_arrow, numbers_from_text

__all__ = ["Column", "ascii_columns", "binary_columns", "column_length"]

Header = Any
Bytes = npt.NDArray[np.uint8]

_BINARY = re.compile(r"^(?P<repeat>\d*)(?P<letter>[LXBIJKAEDCMPQ])(?P<rest>.*)$")
_ASCII = re.compile(r"^(?P<letter>[AIFED])(?P<width>\d+)(\.\d+)?$")
_DTYPES = {
    "L": "u1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8",
    "C": ">c8", "M": ">c16", "P": ">i8", "Q": ">c16",
}  # fmt: skip
_KINDS: dict[str, CellKind] = {
    "L": "boolean", "B": "integer", "I": "integer", "J": "integer", "K": "integer",
    "E": "float", "D": "float", "F": "float", "A": "text",
}  # fmt: skip
_TRUE, _FALSE, _NULL = ord("T"), ord("F"), 0
_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name, unit, description
        As the header states them.
    letter
        The type's code.
    dtype
        Of the bytes of a row, with the shape of the array in a cell.
    offset
        Where in a row they are.
    null
        What stands for no value: an integer as stored, or the text of an ASCII table.
    scale, zero
        TSCAL and TZERO.
    written
        Whether its numbers are written as text (ASCII tables).
    """

    name: str
    unit: str | None
    description: str
    letter: str
    dtype: np.dtype[Any]
    offset: int
    null: int | str | None
    scale: float
    zero: int | float
    written: bool = False

    @property
    def kind(self) -> CellKind:
        """What its cells hold; a scaled integer is a float unless it is only shifted."""
        if self.dtype.shape or not self.dtype.itemsize:
            return "other"
        kind = _KINDS.get(self.letter, "other")
        whole = self.scale == 1 and isinstance(self.zero, int)
        return "float" if kind == "integer" and not whole else kind

    def cells(self, stored: npt.NDArray[Any], *, as_text: bool) -> Cells:
        """Turn stored values, shape (m,), into cells."""
        if self.letter == "A":
            return cells_from_arrow(as_arrow(stored), None, as_text=as_text)
        if self.written:
            return self._written(stored, as_text=as_text)
        if self.letter == "L":
            return _logical(stored, as_text=as_text)
        missing = None
        if self.kind != "other" and self.letter in "BIJK" and isinstance(self.null, int):
            missing = stored == self.null
        values, wrong = self._physical(stored)
        cells = cells_from_values(values, missing, as_text=as_text)
        if wrong is None or not wrong.any():
            return cells
        if missing is not None:
            wrong &= ~missing
        return Cells(
            cells.values, cells.missing, wrong if cells.wrong is None else wrong | cells.wrong
        )

    def _physical(
        self, stored: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
        """Apply TSCAL and TZERO, integers exactly; and say which no integer type holds."""
        if self.scale == 1 and self.zero == 0:
            return stored, None
        if self.kind == "float":
            return stored.astype(np.float64) * self.scale + float(self.zero), None
        zero = int(self.zero)
        if zero == 1 << 63 and self.letter == "K":
            return stored.astype(np.int64).view(np.uint64) ^ np.uint64(1 << 63), None
        if not _INT64.min <= zero <= _INT64.max:
            exact = [value + zero for value in stored.tolist()]
            beyond = np.array([not _INT64.min <= value <= _INT64.max for value in exact], np.bool_)
            kept = [0 if out else value for value, out in zip(exact, beyond, strict=True)]
            return np.array(kept, np.int64), beyond
        whole = stored.astype(np.int64)
        low, high = max(_INT64.min, _INT64.min - zero), min(_INT64.max, _INT64.max - zero)
        wrong = (whole < low) | (whole > high) if low <= high else np.ones(len(whole), np.bool_)
        with np.errstate(over="ignore"):
            return np.where(wrong, 0, whole) + np.int64(zero), wrong

    def _written(self, stored: npt.NDArray[Any], *, as_text: bool) -> Cells:
        """Read numbers of an ASCII table; a blank field has no value."""
        texts = np.char.strip(stored)
        hidden = np.zeros(len(texts), dtype=np.bool_)
        if self.null is not None:
            hidden = texts == str(self.null).strip().encode()
        if as_text:
            return cells_from_arrow(as_arrow(texts, hidden), None, as_text=True)
        cells = numbers_from_text(texts, hidden)
        if self.scale == 1 and self.zero == 0:
            return cells
        values = cells.values.astype(np.float64) * self.scale + float(self.zero)
        if cells.missing is not None:
            values[cells.missing] = np.nan
        return Cells(values, None, cells.wrong)


def binary_columns(header: Header) -> list[Column]:
    """Read the columns of a binary table."""
    columns, offset = [], 0
    for i in range(1, int(header["TFIELDS"]) + 1):
        form = str(header[f"TFORM{i}"]).strip().upper()
        parts = _BINARY.match(form)
        if parts is None:
            raise UserError(f"The format {form} of column {i} is none of FITS.")
        letter, repeat = parts["letter"], int(parts["repeat"] or 1)
        dtype = _binary_dtype(letter, repeat, parts["rest"], str(header.get(f"TDIM{i}", "")))
        columns.append(_column(header, i, letter, dtype, offset))
        offset += dtype.itemsize
    if offset != int(header["NAXIS1"]):
        raise UserError("The columns do not fill the rows that the header states.")
    return columns


def _binary_dtype(letter: str, repeat: int, rest: str, dim: str) -> np.dtype[Any]:
    """Give the type of a cell; arrays in a cell have a shape, slowest axis first."""
    if letter == "X":
        return np.dtype(("u1", ((repeat + 7) // 8,)))
    axes = tuple(int(n) for n in re.findall(r"\d+", dim))[::-1]
    if letter == "A":
        width = int(rest) if rest.isdigit() else repeat
        if axes and int(np.prod(axes)) == repeat:
            width, axes = axes[-1], axes[:-1]
        else:
            axes = (repeat // width,) if width and repeat > width else ()
        if not width:
            return np.dtype(("u1", (0,)))
        text = np.dtype(f"S{width}")
        left = repeat - width * int(np.prod(axes))
        return np.dtype((text, axes)) if axes and not left else np.dtype(f"S{repeat}")
    plain = np.dtype(_DTYPES[letter])
    if repeat == 1:
        return plain
    shape = axes if axes and int(np.prod(axes)) == repeat else (repeat,)
    return np.dtype((plain, shape))


def ascii_columns(header: Header) -> list[Column]:
    """Read the columns of an ASCII table."""
    columns = []
    for i in range(1, int(header["TFIELDS"]) + 1):
        form = str(header[f"TFORM{i}"]).strip().upper()
        parts = _ASCII.match(form)
        if parts is None:
            raise UserError(f"The format {form} of column {i} is none of FITS.")
        start, width = int(header[f"TBCOL{i}"]) - 1, int(parts["width"])
        if start < 0 or start + width > int(header["NAXIS1"]):
            raise UserError(f"Column {i} ends beyond the rows that the header states.")
        columns.append(_column(header, i, parts["letter"], np.dtype(f"S{width}"), start, True))
    return columns


def _column(
    header: Header, i: int, letter: str, dtype: np.dtype[Any], offset: int, written: bool = False
) -> Column:
    null = header.get(f"TNULL{i}")
    zero = header.get(f"TZERO{i}", 0)
    whole = isinstance(zero, int) or float(zero).is_integer()
    return Column(
        name=str(header.get(f"TTYPE{i}", "")).strip() or f"column_{i}",
        unit=str(header.get(f"TUNIT{i}", "")).strip() or None,
        description=str(header.get(f"TCOMM{i}", "")).strip(),
        letter=letter,
        dtype=dtype,
        offset=offset,
        null=null if written or null is None else int(null),
        scale=float(header.get(f"TSCAL{i}", 1)),
        zero=int(zero) if whole else float(zero),
        written=written and letter != "A",
    )


def column_length(columns: list[Column], n_rows: int) -> int | None:
    """Give the length of the arrays of a column-oriented table; None if it is no such table.

    TOPCAT's colfits has one row, whose cells are the columns.
    """
    if n_rows != 1 or not columns:
        return None
    lengths = {c.dtype.shape[0] if c.dtype.shape else 1 for c in columns}
    fixed = all(c.letter not in "XPQ" for c in columns)
    return lengths.pop() if fixed and len(lengths) == 1 and max(lengths) > 1 else None


def _logical(stored: Bytes, *, as_text: bool) -> Cells:
    """Read logical values: a zero byte is no value."""
    true, missing = stored == _TRUE, stored == _NULL
    wrong = ~(true | missing | (stored == _FALSE))
    cells = cells_from_values(true, missing, as_text=as_text)
    return Cells(cells.values, cells.missing, wrong if wrong.any() and not as_text else None)
