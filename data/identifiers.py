"""Identifiers of stars, exact to the last digit, however a table writes them.

One way for `ingest`, `join` and `streams score`: integers stay integers, text that ends in the
number of a Gaia source (``Gaia DR3 4295806720``) gives the number, and a float is taken only
where it holds every digit. What stands for "no identifier" (0, -9999, 9999 ...) is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.errors import UserError
from data.readers.base import Cells, Field, Reader

__all__ = [
    "NO_ID",
    "as_text",
    "exact_identifiers",
    "placeholder_identifiers",
    "read_identifiers",
]

NO_ID = -1
"""Stands for a missing identifier."""

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROWS = 1 << 18
_EXACT_IN_FLOAT64 = float(1 << 53)
_GAIA = (
    r"(?i)^\s*(?:gaia\s*(?:e?dr|data release)\s*\d\s*:?\s*)?(?P<number>[+-]?\d{1,19})(?:\.0*)?\s*$"
)
_SMALL = 1_000_000
"""Gaia's identifiers are far longer; a table that numbers its rows has smaller ones."""
_NINES = frozenset(int(sign + "9" * n) for n in range(1, 20) for sign in ("", "-") if n < 19)
_EXTREMES = frozenset((np.iinfo(np.int64).min, np.iinfo(np.int64).max, -(1 << 31), (1 << 31) - 1))
_SHARE = 0.05
"""Share of the rows from which on one small number cannot be the name of a star."""


def as_text(fields: Collection[Field], column: str) -> tuple[str, ...]:
    """Name the columns to be read as text, so that identifiers in them stay as written."""
    return tuple(f.name for f in fields if f.name == column and f.kind == "text")


def exact_identifiers(column: str, cells: Cells) -> Ids:
    """Give identifiers as integers, `NO_ID` where there is none.

    Parameters
    ----------
    column
        The name of the column, for the error's sentence.
    cells
        Integers, floats, or text.

    Raises
    ------
    UserError
        If digits have been lost in a float, a number is too long for an integer of 64 bits, or
        text is no number.
    """
    values = cells.values
    missing = np.zeros(len(values), dtype=np.bool_)
    if cells.missing is not None:
        missing |= cells.missing
    if values.dtype.kind in "OU":
        return _from_text(column, values, missing)
    if cells.wrong is not None and np.any(cells.wrong & ~missing):
        raise UserError(
            f"The column {column} holds identifiers that are no integers of 64 bits.",
            "Name a column of integers, or save them as integers.",
        )
    if values.dtype.kind == "f":
        missing |= np.isnan(values)
        filled = values[~missing]
        if np.any(filled != np.round(filled)) or np.any(np.abs(filled) > _EXACT_IN_FLOAT64):
            raise UserError(
                f"The identifiers in the column {column} are floating-point numbers, "
                "which cannot hold all digits of a Gaia identifier.",
                "Save them as 64-bit integers or as text.",
            )
        values = np.where(missing, NO_ID, values)
    ids: Ids = values.astype(np.int64)
    ids[missing] = NO_ID
    return ids


def _from_text(column: str, values: npt.NDArray[Any], missing: Mask) -> Ids:
    """Take the numbers out of texts such as ``Gaia DR3 4295806720``."""
    text = pa.array(values, pa.string(), mask=missing)
    numbers = pc.struct_field(pc.extract_regex(text, pattern=_GAIA), "number")
    unread = np.asarray(pc.is_null(numbers)) & ~missing
    try:
        integers = pc.cast(numbers, pa.int64())
    except pa.ArrowInvalid:
        raise _unreadable(column, "a number of more than 64 bits") from None
    if unread.any():
        raise _unreadable(column, f"'{values[int(np.argmax(unread))]}'")
    ids: Ids = np.asarray(pc.fill_null(integers, NO_ID))
    return ids


def _unreadable(column: str, example: str) -> UserError:
    return UserError(
        f"The column {column} holds identifiers that are no numbers, for example {example}.",
        "The catalogue keeps numbers such as 4295806720, also written as 'Gaia DR3 4295806720': "
        "name a column of such numbers, or leave the column out.",
    )


def placeholder_identifiers(ids: Ids) -> tuple[Mask, Mapping[int, int]]:
    """Find the numbers that stand for "no identifier".

    0, a row of nines of either sign and the ends of the integers count as such where they are
    more frequent than identifiers of this table are (once, or the usual number of rows of a
    star; positive nines twice as frequent), or stand alone among long identifiers. So does any
    short number that a twentieth of the rows share.

    Parameters
    ----------
    ids
        Shape (n,).

    Returns
    -------
    placeholder
        Shape (n,), True for a placeholder; `NO_ID` itself is none.
    found
        Number of rows by placeholder.
    """
    nothing = np.zeros(len(ids), dtype=np.bool_)
    real = ids[ids != NO_ID]
    if not len(real):
        return nothing, {}
    values, counts = np.unique(real, return_counts=True)
    usual = int(np.median(counts))
    short = np.abs(values.astype(np.float64)) < _SMALL
    alone = np.median(np.abs(values.astype(np.float64))) >= _SMALL
    special = (values == 0) | np.isin(values, np.array([*_NINES, *_EXTREMES], dtype=np.int64))
    frequent = counts > np.where(values > 0, 2 * usual, usual)
    chosen = special & (frequent | alone)
    crowded = counts > max(2, 5 * usual, _SHARE * len(ids))
    chosen |= short & crowded
    if not chosen.any():
        return nothing, {}
    found = {int(v): int(n) for v, n in zip(values[chosen], counts[chosen], strict=True)}
    return np.isin(ids, values[chosen]), found


def read_identifiers(reader: Reader, column: str) -> np.ma.MaskedArray[Any, Any]:
    """Read a column of identifiers as it is, for a table that is not a catalogue of the store.

    Parameters
    ----------
    reader
        The table.
    column
        As the table calls it.

    Returns
    -------
    numpy.ma.MaskedArray
        Shape (n,): int64; uint64 where the numbers need it; or text, where it is no plain
        number. Masked where there is none, placeholders included.

    Raises
    ------
    UserError
        If digits have been lost in a float.
    """
    written = as_text(reader.fields, column)
    chunks = [c.columns[column] for c in reader.chunks([column], _ROWS, as_text=written) if c.rows]
    if any(cells.wrong is not None for cells in chunks):  # beyond int64, or text among numbers
        chunks = [
            c.columns[column] for c in reader.chunks([column], _ROWS, as_text=[column]) if c.rows
        ]
    if chunks and chunks[0].values.dtype.kind in "OU":
        return _texts(chunks)
    ids = np.concatenate([exact_identifiers(column, cells) for cells in chunks])
    hidden, _ = placeholder_identifiers(ids)
    return np.ma.MaskedArray(ids, hidden | (ids == NO_ID))


def _texts(chunks: Collection[Cells]) -> np.ma.MaskedArray[Any, Any]:
    """Give identifiers that are written as text: as integers if all of them are, else as text."""
    values = np.concatenate([cells.values for cells in chunks])
    missing = np.concatenate(
        [
            np.zeros(len(c.values), dtype=np.bool_) if c.missing is None else c.missing
            for c in chunks
        ]
    )
    missing |= np.array([not str(v).strip() for v in values.tolist()], dtype=np.bool_)
    text = pa.array(values, pa.string(), mask=missing)
    for kind in (pa.int64(), pa.uint64()):
        try:
            numbers = pc.cast(pc.ascii_trim_whitespace(text), kind)
        except pa.ArrowInvalid:
            continue
        ids = np.asarray(pc.fill_null(numbers, 0))
        if kind == pa.int64():
            ids = np.where(missing, NO_ID, ids)
            hidden, _ = placeholder_identifiers(ids)
            missing = missing | hidden | (ids == NO_ID)
        return np.ma.MaskedArray(ids, missing)
    return np.ma.MaskedArray(values.astype(object), missing)
