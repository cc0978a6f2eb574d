"""Columns in memory, read like a file: the way of the mocks into the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.readers.base import CellKind, Cells, Chunk, Field, native
from data.readers.written import numbers_from_text

__all__ = ["ArrayReader", "kind_of"]


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

    def chunks(self, names: Sequence[str], rows: int) -> Iterator[Chunk]:
        """Give the named columns in slices."""
        n = self.n_rows or 0
        for start in range(0, n, rows):
            stop = min(start + rows, n)
            cells = {name: _cells(self._columns[name][start:stop]) for name in names}
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


def _cells(values: Any) -> Cells:  # noqa: ANN401  (numpy types masked arrays loosely)
    """Turn a slice of a plain or masked array into cells."""
    mask = np.ma.getmaskarray(values)
    plain = np.asarray(np.ma.getdata(values))
    if plain.dtype.kind in "USO":
        return numbers_from_text(plain, mask)
    cells = native(plain)
    if not mask.any():
        return cells
    wrong = None if cells.wrong is None else cells.wrong & ~mask
    if cells.values.dtype.kind == "f":
        return Cells(np.where(mask, np.nan, cells.values).astype(cells.values.dtype), wrong=wrong)
    return Cells(cells.values, mask, wrong)
