"""Tables in HDF5 files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py

from data.errors import UserError
from data.readers.base import Chunk, Field, TableInfo
from data.readers.hdf5_tables import Table, find_tables
from data.readers.packed import Unpacked

__all__ = ["Hdf5Reader"]


class Hdf5Reader:
    """An HDF5 file: tables of astropy, vaex and pandas, snapshots, or plain datasets in groups.

    Parameters
    ----------
    path
        The file.
    packed
        What it is packed by.
    """

    format = "HDF5"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        self._unpacked = Unpacked(path, packed)
        self._file: Any = None
        try:
            self._file = h5py.File(self._unpacked.path, "r")
            self._tables: list[Table] = [t for t in find_tables(self._file) if t.columns]
            if not self._tables:
                raise UserError(
                    f"{path.name} holds no table.",
                    "It needs one dataset with named members, or one dataset a column.",
                )
        except BaseException:
            self.close()
            raise
        self.tables: tuple[TableInfo, ...] = tuple(
            TableInfo(t.name, t.rows, tuple(f.name for f in t.fields), t.aliases)
            for t in self._tables
        )
        self.fields: Sequence[Field] = ()
        self.n_rows: int | None = None

    def choose(self, index: int) -> None:
        """Take one of the tables to read."""
        table = self._tables[index]
        self.fields, self.n_rows = table.fields, table.rows
        columns = list(table.columns.values())
        self._columns = {f.name: c for f, c in zip(table.fields, columns, strict=True)}

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read slices of the datasets."""
        n = self.n_rows or 0
        for start in range(0, n, rows):
            part = slice(start, min(start + rows, n))
            seen: dict[str, Any] = {}
            cells = {
                name: self._columns[name].read(part, seen, as_text=name in as_text)
                for name in names
            }
            yield Chunk(part.stop - start, cells, part.stop / n)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._unpacked.close()
