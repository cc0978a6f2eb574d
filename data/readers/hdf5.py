"""Tables in HDF5: one compound dataset, or one dataset a column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from data.errors import UserError
from data.readers.arrays import cells_from_values, kind_of
from data.readers.base import Chunk, Field, TableInfo
from data.readers.headers import stated_by_yaml
from data.readers.packed import Unpacked

__all__ = ["Hdf5Reader"]

_META = ".__table_column_meta__"
_UNIT_KEYS = ("unit", "units", "Unit", "Units")


@dataclass(frozen=True)
class _Table:
    """Columns that belong together.

    Parameters
    ----------
    rows
        Their length.
    columns
        By name: the dataset, and the member of it where the dataset is compound.
    units
        By name, where stated.
    """

    rows: int
    columns: dict[str, tuple[Any, str | None]]
    units: dict[str, str]


class Hdf5Reader:
    """The largest table of an HDF5 file: astropy's, vaex's, or plain datasets in a group.

    Parameters
    ----------
    path
        The file.
    """

    format = "HDF5"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        self._unpacked = Unpacked(path, packed)
        self._file = h5py.File(self._unpacked.path, "r")
        try:
            tables = list(_tables(self._file))
            if not tables:
                raise UserError(
                    f"{path.name} holds no table.",
                    "It needs one dataset with named members, or one dataset a column.",
                )
            self._table = max(tables, key=lambda table: (len(table.columns), table.rows))
            self.n_rows: int | None = self._table.rows
            self.fields: Sequence[Field] = [
                Field(name, _kind(dataset, member), self._table.units.get(name))
                for name, (dataset, member) in self._table.columns.items()
            ]
            self.tables: tuple[TableInfo, ...] = (
                TableInfo(path.name, self.n_rows, tuple(f.name for f in self.fields)),
            )
        except BaseException:
            self.close()
            raise

    def choose(self, index: int) -> None:
        """There is only one table."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read slices of the datasets."""
        n = self._table.rows
        for start in range(0, n, rows):
            part = slice(start, min(start + rows, n))
            whole: dict[str, Any] = {}
            cells = {}
            for name in names:
                dataset, member = self._table.columns[name]
                if dataset.name not in whole:
                    whole = {dataset.name: dataset[part]}
                values = whole[dataset.name]
                part_of = values if member is None else values[member]
                cells[name] = cells_from_values(part_of, None, as_text=name in as_text)
            yield Chunk(part.stop - start, cells, part.stop / n)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._unpacked.close()


def _tables(group: Any) -> Iterator[_Table]:  # noqa: ANN401
    """Find every table below a group."""
    lines = [item for item in group.values() if isinstance(item, h5py.Dataset) and item.ndim == 1]
    compound = [d for d in lines if d.dtype.names]
    for dataset in compound:
        columns = {name: (dataset, name) for name in dataset.dtype.names}
        meta = group.get(dataset.name + _META)
        yield _Table(len(dataset), columns, _meta_units(meta))
    plain = {_leaf(d): d for d in lines if not d.dtype.names and not _leaf(d).endswith(_META)}
    vaex = {
        name: item["data"]
        for name, item in group.items()
        if isinstance(item, h5py.Group) and isinstance(item.get("data"), h5py.Dataset)
    }
    for datasets in (plain, vaex):
        yield from _same_length(datasets)
    for item in group.values():
        if isinstance(item, h5py.Group):
            yield from _tables(item)


def _same_length(datasets: Mapping[str, Any]) -> Iterator[_Table]:
    """Take the datasets of the most common length for the columns of a table."""
    lengths = Counter(d.shape[0] for d in datasets.values() if d.ndim == 1)
    if not lengths:
        return
    rows = lengths.most_common(1)[0][0]
    same = {name: d for name, d in datasets.items() if d.ndim == 1 and d.shape[0] == rows}
    units = {name: unit for name, d in same.items() if (unit := _unit(d))}
    yield _Table(rows, {name: (d, None) for name, d in same.items()}, units)


def _kind(dataset: Any, member: str | None) -> Any:  # noqa: ANN401
    dtype = dataset.dtype if member is None else dataset.dtype[member]
    if dtype.shape or dtype.names:
        return "other"
    if h5py.check_string_dtype(dtype) is None and dtype.kind == "O":
        return "other"
    return kind_of(np.empty(0, dtype))


def _leaf(dataset: Any) -> str:  # noqa: ANN401
    return str(dataset.name).rsplit("/", 1)[-1]


def _unit(dataset: Any) -> str | None:  # noqa: ANN401
    for key in _UNIT_KEYS:
        if key in dataset.attrs:
            unit = dataset.attrs[key]
            text = unit.decode("utf-8", "replace") if isinstance(unit, bytes) else str(unit)
            return text.strip() or None
    return None


def _meta_units(meta: Any) -> dict[str, str]:  # noqa: ANN401
    """Read the units that astropy stores beside a compound dataset."""
    if not isinstance(meta, h5py.Dataset):
        return {}
    stated = stated_by_yaml([line.decode("utf-8") for line in meta[:]])
    return {name: unit for name, (unit, _) in stated.items() if unit}
