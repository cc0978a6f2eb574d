"""Folders of Parquet files that make one table, with partitions in the names of subfolders."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from data.errors import UserError
from data.readers.arrow_columns import cells_from_array, fields_from_schema
from data.readers.base import Chunk, Field, TableInfo

__all__ = ["FolderReader"]

_ENDINGS = (".parquet", ".pq", ".parq")
_HATS = ("hats.properties", "properties", "catalog_info.json")


class FolderReader:
    """A folder of Parquet files.

    Parameters
    ----------
    path
        The folder.
    packed
        Always None; the protocol's.
    """

    format = "Parquet folder"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        if any((path / name).is_file() for name in _HATS) and (
            (path / _HATS[0]).is_file() or (path / "dataset").is_dir()
        ):
            raise UserError(
                f"{path.name} is a HATS catalogue.", f"Read it by fetch --hats {path} instead."
            )
        files = sorted(str(file) for file in path.rglob("*") if _is_part(file, path))
        if not files:
            raise UserError(
                f"{path} is a folder, not a table.",
                "Name a file in it, or a folder of Parquet files.",
            )
        partitioning = ds.HivePartitioning.discover(infer_dictionary=True)
        first = ds.dataset(
            files, format="parquet", partitioning=partitioning, partition_base_dir=str(path)
        )
        schema = _common(path, first)
        self._dataset = ds.dataset(
            files,
            schema=schema,
            format="parquet",
            partitioning=partitioning,
            partition_base_dir=str(path),
        )
        self.fields: Sequence[Field] = fields_from_schema(schema)
        if any(field.repeated for field in self.fields):
            names = next(f.written for f in self.fields if f.repeated)
            raise UserError(
                f"The files in {path.name} have two columns called {names}.", "Rename one of them."
            )
        self.n_rows: int | None = self._dataset.count_rows()
        self.tables: tuple[TableInfo, ...] = (
            TableInfo(path.name, self.n_rows, tuple(field.name for field in self.fields)),
        )

    def choose(self, index: int) -> None:
        """There is only one table."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read the files one after the other, in the order of their names."""
        total, done = self.n_rows or 1, 0
        batches = self._dataset.to_batches(
            columns=list(names), batch_size=rows, use_threads=False, fragment_readahead=1
        )
        for batch in batches:
            if not batch.num_rows:
                continue
            done += batch.num_rows
            cells = {
                name: cells_from_array(batch.column(name), as_text=name in as_text)
                for name in names
            }
            yield Chunk(batch.num_rows, cells, done / total)

    def close(self) -> None:
        """Nothing stays open between two reads."""


def _is_part(file: Path, folder: Path) -> bool:
    """Say whether a file is part of the table: not hidden, no ``_metadata``."""
    inside = file.relative_to(folder).parts
    hidden = any(part.startswith((".", "_")) and "=" not in part for part in inside)
    return file.suffix.lower() in _ENDINGS and file.is_file() and not hidden


def _common(path: Path, dataset: Any) -> Any:  # noqa: ANN401
    """Give the columns of all files and of the partitions.

    Raises
    ------
    UserError
        If a column is of two types.
    """
    schemas = [fragment.physical_schema for fragment in dataset.get_fragments()]
    stored = {name for schema in schemas for name in schema.names}
    keys = [item for item in dataset.partitioning.schema if item.name not in stored]
    try:
        schema = pa.unify_schemas(schemas).with_metadata(schemas[0].metadata)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UserError(
            f"The files in {path.name} do not have the same columns: {_short(error)}.",
            "Choose one of them, or write them again with one schema.",
        ) from None
    for key in keys:
        schema = schema.append(key)
    return schema


def _short(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:160]
