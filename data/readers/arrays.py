"""Columns in memory, read like a file: the way of the mocks into the store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.readers.base import CellKind, Cells, Chunk, Field, TableInfo, native
from data.readers.written import numbers_from_text, texts_from_values

__all__ = ["ArrayReader", "cells_from_values", "kind_of"]


class ArrayReader:
    """A table held in memory.

    Parameters
    ----------
    columns
        Arrays of one shape (n,); masked arrays are taken as such.
    units, descriptions
        By column name, where there are any.
    format
        What to call the table.

    Raises
    ------
    UserError
        If the columns are not all one-dimensional and of one length.
    """

    def __init__(
        self,
        columns: Mapping[str, npt.NDArray[Any]],
        units: Mapping[str, str] | None = None,
        descriptions: Mapping[str, str] | None = None,
        format: str = "arrays",  # noqa: A002  (the word of the protocol)
    ) -> None:
        self.format = format
        self._columns = {name: np.ma.asanyarray(values) for name, values in columns.items()}
        lengths = {values.shape[0] for values in self._columns.values() if values.ndim}
        if len(lengths) > 1 or any(values.ndim == 0 for values in self._columns.values()):
            raise UserError("The columns of the table are not all of one length.")
        self.n_rows: int | None = lengths.pop() if lengths else 0
        units, descriptions = units or {}, descriptions or {}
        self.fields: Sequence[Field] = [
            Field(name, kind_of(values), units.get(name), descriptions.get(name, ""))
            for name, values in self._columns.items()
        ]
        self.table: str | None = None
        self.tables: tuple[TableInfo, ...] = (
            TableInfo(format, self.n_rows, tuple(self._columns)),
        )

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Give the named columns in slices."""
        n = self.n_rows or 0
        for start in range(0, n, rows):
            stop = min(start + rows, n)
            cells = {
                name: _cells(self._columns[name][start:stop], as_text=name in as_text)
                for name in names
            }
            yield Chunk(stop - start, cells, stop / n)

    def close(self) -> None:
        """Nothing is open."""


def kind_of(values: npt.NDArray[Any]) -> CellKind:
    """Say what an array holds."""
    if values.ndim != 1:
        return "other"
    kinds: dict[str, CellKind] = {
        "f": "float",
        "i": "integer",
        "u": "integer",
        "b": "boolean",
        "U": "text",
        "S": "text",
        "O": "text",
    }
    return kinds.get(values.dtype.kind, "other")


def cells_from_values(
    values: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None, *, as_text: bool = False
) -> Cells:
    """Turn numbers, booleans or strings of shape (m,) and a mask into cells."""
    hidden = None if missing is None or not missing.any() else missing
    if as_text:
        return texts_from_values(values, hidden)
    if values.dtype.kind in "USO":
        none = np.zeros(len(values), dtype=np.bool_)
        return numbers_from_text(values, none if hidden is None else hidden)
    cells = native(values)
    if hidden is None:
        return cells
    wrong = None if cells.wrong is None else cells.wrong & ~hidden
    if cells.values.dtype.kind == "f":
        blanked = np.where(hidden, np.nan, cells.values).astype(cells.values.dtype)
        return Cells(blanked, wrong=wrong)
    return Cells(cells.values, hidden, wrong)


def _cells(values: Any, *, as_text: bool) -> Cells:  # noqa: ANN401  (numpy types them loosely)
    """Turn a slice of a plain or masked array into cells."""
    plain = np.asarray(np.ma.getdata(values))
    return cells_from_values(plain, np.ma.getmaskarray(values), as_text=as_text)
