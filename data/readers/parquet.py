"""Parquet files, read in batches of rows and only the columns that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.readers.base import CellKind, Cells, Chunk, Field, native
from data.readers.headers import units_from_yaml
from data.readers.written import numbers_from_arrow

__all__ = ["ParquetReader"]

_UNIT_KEYS = (b"unit", b"units", b"ucd_unit")


class ParquetReader:
    """A Parquet file.

    Parameters
    ----------
    path
        The file.
    """

    format = "Parquet"

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, memory_map=True)
        schema = self._file.schema_arrow
        units = _astropy_units(schema)
        self.n_rows: int | None = self._file.metadata.num_rows
        self.fields: Sequence[Field] = [
            Field(f.name, _kind(f.type), _unit(f) or units.get(f.name), _description(f))
            for f in schema
        ]

    def chunks(self, names: Sequence[str], rows: int) -> Iterator[Chunk]:
        """Read batches, which end where a row group does."""
        total, done = self.n_rows or 1, 0
        for batch in self._file.iter_batches(rows, columns=list(names), use_threads=False):
            done += batch.num_rows
            cells = {name: _cells(batch.column(name)) for name in names}
            yield Chunk(batch.num_rows, cells, done / total)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _kind(type_: Any) -> CellKind:  # noqa: ANN401
    """Say what an Arrow type holds."""
    if pa.types.is_dictionary(type_):
        return _kind(type_.value_type)
    if pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "float"
    if pa.types.is_integer(type_):
        return "integer"
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return "text"
    return "float" if pa.types.is_null(type_) else "other"


def _cells(array: Any) -> Cells:  # noqa: ANN401
    """Turn an Arrow array into cells without sending integers through floats."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = _kind(array.type)
    if kind == "text":
        return numbers_from_arrow(pc.cast(array, pa.string()))
    if kind == "float":
        if not pa.types.is_floating(array.type):
            array = pc.cast(array, pa.float64())
        return native(array.to_numpy(zero_copy_only=False))
    missing = np.asarray(array.is_null()) if array.null_count else None
    filled = pc.fill_null(array, False if kind == "boolean" else 0)
    cells = native(filled.to_numpy(zero_copy_only=False))
    return Cells(cells.values, missing, cells.wrong)


def _unit(field: Any) -> str | None:  # noqa: ANN401
    metadata = field.metadata or {}
    units = [metadata[key].decode("utf-8", "replace") for key in _UNIT_KEYS if key in metadata]
    return next((unit.strip() for unit in units if unit.strip()), None)


def _description(field: Any) -> str:  # noqa: ANN401
    return str((field.metadata or {}).get(b"description", b"").decode("utf-8", "replace"))


def _astropy_units(schema: Any) -> dict[str, str]:  # noqa: ANN401
    """Read the units that astropy writes beside the schema."""
    text = (schema.metadata or {}).get(b"table_meta_yaml")
    return {} if text is None else units_from_yaml(text.decode("utf-8").split("\n"))
