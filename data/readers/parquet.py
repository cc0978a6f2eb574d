"""Parquet files, read in batches of rows and only the columns that are wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from data.readers.arrow_columns import cells_from_array, fields_from_schema
from data.readers.base import Chunk, Field, TableInfo
from data.readers.packed import Unpacked

__all__ = ["ParquetReader"]


class ParquetReader:
    """A Parquet file.

    Parameters
    ----------
    path
        The file.
    packed
        What it is packed by.
    """

    format = "Parquet"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        self._unpacked = Unpacked(path, packed)
        try:
            self._file = pq.ParquetFile(self._unpacked.path, memory_map=True)
        except BaseException:
            self._unpacked.close()
            raise
        schema = self._file.schema_arrow
        self.n_rows: int | None = self._file.metadata.num_rows
        self.fields: Sequence[Field] = fields_from_schema(schema)
        names = [field.name for field in self.fields]
        self._places = {name: i for i, name in enumerate(names)}
        self._stored: list[str] = list(schema.names)
        self.tables: tuple[TableInfo, ...] = (TableInfo(path.name, self.n_rows, tuple(names)),)

    def choose(self, index: int) -> None:
        """There is only one table."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read batches, which end where a row group does."""
        total, done = self.n_rows or 1, 0
        wanted = list(dict.fromkeys(self._stored[self._places[name]] for name in names))
        for batch in self._file.iter_batches(rows, columns=wanted, use_threads=False):
            done += batch.num_rows
            cells = {
                name: cells_from_array(
                    batch.column(self._place(name, batch.schema.names)), as_text=name in as_text
                )
                for name in names
            }
            yield Chunk(batch.num_rows, cells, done / total)

    def _place(self, name: str, read: Sequence[str]) -> int:
        """Say which column of a batch has a name; those that share one come in their order."""
        place = self._places[name]
        stored = self._stored[place]
        before = self._stored[:place].count(stored)
        places = [i for i, other in enumerate(read) if other == stored]
        return places[before]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._unpacked.close()
