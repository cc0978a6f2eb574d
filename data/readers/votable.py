"""VOTables. XML cannot be read in pieces by astropy, so this one is held in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io.votable import parse_single_table

from data.errors import UserError
from data.readers.arrays import ArrayReader
from data.readers.base import Chunk, Field

__all__ = ["VotableReader"]

_LARGEST = 2 << 30


class VotableReader:
    """The first table of a VOTable.

    Parameters
    ----------
    path
        The file, plain or gzipped, in any of the serialisations.
    """

    format = "VOTable"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        if path.stat().st_size > _LARGEST:
            raise UserError(
                f"{path.name} is too large for a VOTable, which must fit into memory.",
                "Save the table as Parquet or FITS.",
            )
        table = parse_single_table(str(path), verify="ignore")
        columns = {field.name: _column(table.array[field.ID], field) for field in table.fields}
        if len(columns) < len(table.fields):
            raise UserError(f"Two columns of {path.name} have one name.", "Rename one of them.")
        units = {f.name: str(f.unit) for f in table.fields if f.unit is not None and str(f.unit)}
        descriptions = {f.name: " ".join(str(f.description or "").split()) for f in table.fields}
        self._inner = ArrayReader(columns, units, descriptions)
        self.fields: Sequence[Field] = self._inner.fields
        self.n_rows = self._inner.n_rows
        self.tables = self._inner.tables

    def choose(self, index: int) -> None:
        """There is only one table."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Give slices of what is in memory."""
        yield from self._inner.chunks(names, rows, as_text=as_text)

    def close(self) -> None:
        """Nothing is open."""


def _column(values: Any, field: Any) -> Any:  # noqa: ANN401
    """Give a column, one of arrays of any length as a column of nothing that is read."""
    if values.dtype.kind == "O" and field.datatype not in ("char", "unicodeChar"):
        return np.zeros((len(values), 0))
    return values
