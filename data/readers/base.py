"""What every reader of a table format promises."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["CellKind", "Cells", "Chunk", "Field", "Reader", "TableFile", "TableInfo", "native"]

CellKind = Literal["float", "integer", "boolean", "text", "other"]
"""``text`` may hold written numbers; ``other`` is what no reader gives: lists, dates, bytes."""


@dataclass(frozen=True)
class Field:
    """A column as the table describes it.

    Parameters
    ----------
    name
        As in the table, unless two columns share it or it ends in a unit; no two columns of a
        reader have one name.
    kind
        What its cells hold.
    unit
        As the table states it; None if it states none.
    description
        One line, often empty.
    written
        The name in the file, where it is not ``name``.
    repeated
        Whether other columns of the file have the same name: ``ra`` and ``ra`` are offered
        as ``ra_1`` and ``ra_2``.
    """

    name: str
    kind: CellKind
    unit: str | None = None
    description: str = ""
    written: str | None = None
    repeated: bool = False


@dataclass(frozen=True)
class TableInfo:
    """One of the tables of a file.

    Parameters
    ----------
    name
        What to call it: ``HDU 2 (STARS)``, ``/tracers``, ``PartType4``.
    rows
        Its length; None where the format says it only at the end.
    columns
        The names of its columns.
    aliases
        Other words by which a user may name it.
    """

    name: str
    rows: int | None
    columns: tuple[str, ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cells:
    """The cells of one column in one chunk.

    Parameters
    ----------
    values
        Shape (m,): float64, float32, int64 or bool, in native byte order; an object array of
        ``str`` where the column was asked for as text (an empty one where missing).
    missing
        Shape (m,), True for an empty cell; None if there is none. Floats use NaN instead.
    wrong
        Shape (m,), True where something stands that is no number; None if there is none.
    """

    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_] | None = None
    wrong: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Chunk:
    """Some consecutive rows.

    Parameters
    ----------
    rows
        Number of rows m.
    columns
        The cells of the columns that were asked for.
    fraction
        How much of the table has been read with this chunk, 0 to 1.
    broken
        Lines that could not be split into cells; they are no rows of the chunk.
    """

    rows: int
    columns: dict[str, Cells] = field(default_factory=dict)
    fraction: float = 1.0
    broken: int = 0


class Reader(Protocol):
    """A table that is open for reading.

    Every format promises the same: integers never pass through a float, an empty cell is NaN
    or ``missing`` whatever the format's mark for it, memory is bounded by the chunk (VOTable
    and tables with a byte-by-byte description excepted), and a damaged file raises.
    """

    format: str
    fields: Sequence[Field]
    n_rows: int | None
    """None where the format says it only at the end."""
    table: str | None
    """The name of the table that is read; None if the file has only one."""
    tables: tuple[TableInfo, ...]
    """All tables of the file."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read the named columns, about ``rows`` rows at a time.

        Columns in ``as_text`` come as the exact text of their cells.
        """
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


class TableFile(Protocol):
    """An open file of one format, which may hold several tables."""

    format: str
    tables: tuple[TableInfo, ...]
    fields: Sequence[Field]
    """Of the table that was chosen."""
    n_rows: int | None

    def choose(self, index: int) -> None:
        """Take one of ``tables`` to read."""
        ...

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read as `Reader` does, without anything that holds for all formats."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


def native(values: npt.NDArray[Any]) -> Cells:
    """Bring an array of real numbers or booleans into one of the types of `Cells`.

    Unsigned integers beyond int64 are marked as wrong; smaller integers become int64. A
    long double keeps what a double holds.
    """
    if values.dtype.kind == "b":
        return Cells(np.ascontiguousarray(values, dtype=np.bool_))
    if values.dtype.kind == "u" and values.dtype.itemsize == 8:
        wrong = values > np.uint64(np.iinfo(np.int64).max)
        return Cells(values.astype(np.int64), wrong=wrong if wrong.any() else None)
    if values.dtype.kind in "iu":
        return Cells(np.ascontiguousarray(values, dtype=np.int64))
    small = values.dtype.itemsize <= 4
    return Cells(np.ascontiguousarray(values, dtype=np.float32 if small else np.float64))
