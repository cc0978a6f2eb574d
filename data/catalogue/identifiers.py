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

from data.catalogue.remarks import Remark, several
from data.catalogue.schema import MISSING_IDENTIFIER
from data.errors import UserError
from data.readers.base import Cells, Field, Reader

__all__ = [
    "NO_ID",
    "Identifiers",
    "as_text",
    "placeholder_identifiers",
    "read_identifiers",
]

NO_ID = MISSING_IDENTIFIER
"""Stands for a missing identifier."""

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROWS = 1 << 18
_EXACT_IN_FLOAT32, _EXACT_IN_FLOAT64 = float(1 << 24), float(1 << 53)
_MOST_UNREAD = 0.4
"""Share of the identifiers that may be no numbers before the table is refused."""
_GAIA = (
    r"(?i)^\s*(?:gaia\s*(?:e?dr|data release)\s*\d\s*:?\s*)?(?P<number>[+-]?\d{1,19})(?:\.0*)?\s*$"
)
_SMALL = 1_000_000
"""Gaia's identifiers are far longer; a table that numbers its rows has smaller ones."""
_NINES = frozenset(int(sign + "9" * n) for n in range(2, 20) for sign in ("", "-") if n < 19)
_EXTREMES = frozenset((np.iinfo(np.int64).min, np.iinfo(np.int64).max, -(1 << 31), (1 << 31) - 1))
_SHARE = 0.05
"""Share of the rows from which on one small number cannot be the name of a star."""


def as_text(fields: Collection[Field], column: str) -> tuple[str, ...]:
    """Name the columns to be read as text, so that identifiers in them stay as written."""
    return tuple(f.name for f in fields if f.name == column and f.kind == "text")


class Identifiers:
    """Takes the identifiers of a table, chunk by chunk.

    Parameters
    ----------
    column
        The name of the column in the table, for sentences.
    """

    def __init__(self, column: str) -> None:
        self.column = column
        self._parts: list[Ids] = []
        self._filled = self._unread = 0
        self._example = ""

    def add(self, cells: Cells) -> None:
        """Take the cells of a chunk: integers, floats, or text.

        Raises
        ------
        UserError
            If digits have been lost in a float.
        """
        values = cells.values
        missing = np.zeros(len(values), dtype=np.bool_)
        if cells.missing is not None:
            missing |= cells.missing
        if values.dtype.kind in "OU":
            ids, unread = _from_text(values, missing)
            if unread.any() and not self._unread:
                self._example = str(values[int(np.argmax(unread))])
        else:
            unread = np.zeros_like(missing) if cells.wrong is None else cells.wrong & ~missing
            ids = self._from_numbers(values, missing | unread)
        self._unread += int(unread.sum())
        self._filled += int(np.sum(~missing & (unread | (ids != NO_ID))))
        self._parts.append(ids)

    def finish(self) -> tuple[Ids, list[Remark]]:
        """Give all identifiers, `NO_ID` where there is none, and remarks on them.

        Raises
        ------
        UserError
            If most of them are no numbers of 64 bits.
        """
        ids = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=np.int64)
        self._parts.clear()
        if self._unread > _MOST_UNREAD * self._filled:
            example = f", for example '{self._example}'" if self._example else ""
            raise UserError(
                f"The column {self.column} holds identifiers that are no integers of 64 bits"
                f"{example}.",
                "The catalogue keeps numbers such as 4295806720, also where they are written as "
                "'Gaia DR3 4295806720': name a column of such numbers, or leave this one out.",
            )
        remarks = []
        if self._unread:
            words = f"{several(self._unread, 'identifier')} in {self.column}"
            remarks.append(Remark("source_id", "no_number", f"{words} cannot be read as a number, "
                                  "taken as missing.", self._unread))  # fmt: skip
        hidden, found = placeholder_identifiers(ids)
        ids[hidden] = NO_ID
        if found:
            n, listed = sum(found.values()), ", ".join(map(str, list(found)[:3]))
            remarks.append(Remark("source_id", "placeholder", f"{several(n, 'row')} "
                                  f"{'has' if n == 1 else 'have'} {listed} in place of an "
                                  "identifier, taken as missing.", n,
                                  float(next(iter(found)))))  # fmt: skip
        return ids, remarks

    def _from_numbers(self, values: npt.NDArray[Any], missing: Mask) -> Ids:
        if values.dtype.kind == "f":
            missing = missing | np.isnan(values)
            filled = values[~missing]
            largest = _EXACT_IN_FLOAT32 if values.dtype.itemsize == 4 else _EXACT_IN_FLOAT64
            if np.any(filled != np.round(filled)) or np.any(np.abs(filled) > largest):
                raise UserError(
                    f"The identifiers in the column {self.column} are floating-point numbers, "
                    "which cannot hold all digits of a Gaia identifier.",
                    "Save them as 64-bit integers or as text.",
                )
            values = np.where(missing, NO_ID, values)
        ids: Ids = values.astype(np.int64)
        ids[missing] = NO_ID
        return ids


def _from_text(values: npt.NDArray[Any], missing: Mask) -> tuple[Ids, Mask]:
    """Take the numbers out of texts such as ``Gaia DR3 4295806720``; say which hold none."""
    text = pa.array(values, pa.string(), mask=missing)
    numbers = pc.struct_field(pc.extract_regex(text, pattern=_GAIA), "number")
    try:
        integers = pc.cast(numbers, pa.int64())
    except pa.ArrowInvalid:  # 19 digits may be one more than an integer holds
        exact = [None if n is None else int(n) for n in numbers.to_pylist()]
        limits = np.iinfo(np.int64)
        integers = pa.array(
            [n if n is None or limits.min <= n <= limits.max else None for n in exact], pa.int64()
        )
    unread: Mask = np.asarray(pc.is_null(integers)) & ~missing
    ids: Ids = np.array(pc.fill_null(integers, NO_ID))
    return ids, unread


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
    taken = Identifiers(column)
    for cells in chunks:
        taken.add(cells)
    ids, _ = taken.finish()
    return np.ma.MaskedArray(ids, ids == NO_ID)


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
