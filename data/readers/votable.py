"""VOTables. XML cannot be read in pieces by astropy, so this one is held in memory."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io.votable import parse

from data.errors import UserError
from data.readers.arrays import cells_from_values, kind_of
from data.readers.base import Chunk, Field, TableInfo
from data.readers.names import distinct
from data.readers.packed import unpacked

__all__ = ["VotableReader"]

_LARGEST = 2 << 30


class VotableReader:
    """The tables of a VOTable document.

    Parameters
    ----------
    path
        The file, in any of the serialisations.
    packed
        What it is packed by; it is unpacked on the way.
    """

    format = "VOTable"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        if path.stat().st_size > _LARGEST:
            raise UserError(
                f"{path.name} is too large for a VOTable, which must fit into memory.",
                "Save the table as Parquet or FITS.",
            )
        with unpacked(path) as (stream, _):
            content: Any = stream if packed is None else io.BytesIO(stream.read())
            document = parse(content, verify="ignore")
        self._tables = [table for table in document.iter_tables() if table.fields]
        if not self._tables:
            raise UserError(
                f"{path.name} holds no table{_failure(document)}.", "Choose a file with a table."
            )
        self._fields = [_fields(table) for table in self._tables]
        self.tables: tuple[TableInfo, ...] = tuple(
            _info(i + 1, table, fields, alone=len(self._tables) == 1)
            for i, (table, fields) in enumerate(zip(self._tables, self._fields, strict=True))
        )
        self.fields: Sequence[Field] = ()
        self.n_rows: int | None = None

    def choose(self, index: int) -> None:
        """Take one of the tables to read."""
        self.fields, self.n_rows = self._fields[index], self.tables[index].rows
        table = self._tables[index]
        self._columns = {
            field.name: table.array[stated.ID]
            for field, stated in zip(self.fields, table.fields, strict=True)
        }

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Give slices of what is in memory."""
        n = self.n_rows or 0
        for start in range(0, n, rows):
            stop = min(start + rows, n)
            cells = {}
            for name in names:
                part = self._columns[name][start:stop]
                plain, hidden = np.asarray(np.ma.getdata(part)), np.ma.getmaskarray(part)
                cells[name] = cells_from_values(plain, hidden, as_text=name in as_text)
            yield Chunk(stop - start, cells, stop / n)

    def close(self) -> None:
        """Nothing is open."""


def _fields(table: Any) -> list[Field]:  # noqa: ANN401
    """Describe the columns of a table."""
    fields = []
    names = distinct([str(field.name or field.ID) for field in table.fields])
    for field, (name, written, repeated) in zip(table.fields, names, strict=True):
        values = table.array[field.ID]
        lists = values.dtype.kind == "O" and field.datatype not in ("char", "unicodeChar")
        unit = str(field.unit) if field.unit is not None else ""
        about = " ".join(str(field.description or "").split())
        kind = "other" if lists else kind_of(np.ma.getdata(values))
        fields.append(Field(name, kind, unit.strip() or None, about, written, repeated))
    return fields


def _info(number: int, table: Any, fields: Sequence[Field], *, alone: bool) -> TableInfo:  # noqa: ANN401
    title = str(table.name or table.ID or "").strip()
    name = f"table {number} ({title})" if title else f"table {number}"
    aliases = [str(number), f"table {number}", *filter(None, (table.name, table.ID))]
    columns = tuple(field.name for field in fields)
    return TableInfo(title or name if alone else name, len(table.array), columns, tuple(aliases))


def _failure(document: Any) -> str:  # noqa: ANN401
    """Give the archive's own word on why there is no table."""
    for resource in document.resources:
        for info in resource.infos:
            if info.name == "QUERY_STATUS" and str(info.value).upper() == "ERROR":
                return (
                    f": the archive answered '{' '.join(str(info.content or '').split())[:160]}'"
                )
    return ""
