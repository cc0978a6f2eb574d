"""Feather and other Arrow IPC files, mapped and read batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.readers.arrow_columns import cells_from_array, fields_from_schema
from data.readers.base import Chunk, Field, TableInfo
from data.readers.packed import Unpacked

__all__ = ["ArrowReader"]


class ArrowReader:
    """An Arrow IPC file (Feather's second version), or a stream saved in a file.

    Parameters
    ----------
    path
        The file.
    packed
        What it is packed by.
    """

    format = "Arrow"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        self._unpacked = Unpacked(path, packed)
        try:
            self._file = pa.memory_map(str(self._unpacked.path), "r")
            self._stream = self._file.read(6) != b"ARROW1"
            opened = self._opened()
        except BaseException:
            self._unpacked.close()
            raise
        self.fields: Sequence[Field] = fields_from_schema(opened.schema)
        names = tuple(field.name for field in self.fields)
        self._places = {name: i for i, name in enumerate(names)}
        self.n_rows: int | None = None
        if not self._stream:
            n = range(opened.num_record_batches)
            self.n_rows = sum(opened.get_batch(i).num_rows for i in n)
        self.tables: tuple[TableInfo, ...] = (TableInfo(path.name, self.n_rows, names),)

    def choose(self, index: int) -> None:
        """There is only one table."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read slices of the batches of the file."""
        size, done = self._file.size(), 0
        for batch in self._batches():
            for start in range(0, batch.num_rows, rows):
                part = batch.slice(start, rows)
                done += part.num_rows
                cells = {
                    name: cells_from_array(
                        part.column(self._places[name]), as_text=name in as_text
                    )
                    for name in names
                }
                read = done / self.n_rows if self.n_rows else self._file.tell() / max(size, 1)
                yield Chunk(part.num_rows, cells, read)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._unpacked.close()

    def _opened(self) -> Any:  # noqa: ANN401
        self._file.seek(0)
        return pa.ipc.open_stream(self._file) if self._stream else pa.ipc.open_file(self._file)

    def _batches(self) -> Iterator[Any]:
        opened = self._opened()
        if self._stream:
            yield from opened
        else:
            yield from (opened.get_batch(i) for i in range(opened.num_record_batches))
