"""The tables of an HDF5 file: astropy's, vaex's, pandas', snapshots of simulations, and plain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py

from data.readers.base import Field
from data.readers.hdf5_columns import Column, Columns, Strings, description_of, unit_of
from data.readers.hdf5_pandas import is_pandas, pandas_tables
from data.readers.headers import stated_by_yaml
from data.readers.names import distinct

__all__ = ["Table", "find_tables"]

_META = ".__table_column_meta__"
_PARTICLES = re.compile(r"^PartType(\d)$")
_VECTORS = {
    "Coordinates": ("x", "y", "z"),
    "Positions": ("x", "y", "z"),
    "Velocities": ("vx", "vy", "vz"),
}
"""How the vectors of a snapshot in Gadget's format are called in single columns."""
_WIDEST = 9
"""Columns of a dataset that are offered one by one."""

Stated = dict[str, tuple[str | None, str]]


@dataclass
class Table:
    """Columns that belong together.

    Parameters
    ----------
    name
        The path of the group or dataset.
    rows
        Their length.
    columns
        By the name that they are offered under.
    fields
        Their descriptions, in the same order.
    aliases
        Other names of the table.
    """

    name: str
    rows: int
    columns: Columns
    fields: list[Field] = field(default_factory=list)
    aliases: tuple[str, ...] = ()


def find_tables(file: Any) -> list[Table]:  # noqa: ANN401
    """Find every table of a file."""
    return list(_tables(file, set()))


def _tables(group: Any, seen: set[int]) -> Iterator[Table]:  # noqa: ANN401
    """Find every table in and below a group; links to what was seen are not followed."""
    address = h5py.h5o.get_info(group.id).addr
    if address in seen:
        return
    seen.add(address)
    if is_pandas(group):
        for name, rows, columns in pandas_tables(group):
            yield _table(name, rows, columns, dict.fromkeys(columns, (None, "")))
        return
    items = {name: item for name in group if (item := _item(group, name)) is not None}
    datasets = {k: d for k, d in items.items() if isinstance(d, h5py.Dataset) and d.ndim}
    for name, dataset in datasets.items():
        if dataset.dtype.names and dataset.ndim == 1 and not name.endswith(_META):
            yield _compound(dataset, items.get(name + _META))
    plain = {
        name: dataset
        for name, dataset in datasets.items()
        if not dataset.dtype.names and not name.endswith(_META)
    }
    yield from _by_length(group, plain)
    vaex = {k: g for k, g in items.items() if isinstance(g, h5py.Group) and _is_vaex(g)}
    if vaex:
        yield from _vaex(group, vaex)
    for name, item in items.items():
        if isinstance(item, h5py.Group) and name not in vaex:
            yield from _tables(item, seen)


def _item(group: Any, name: str) -> Any:  # noqa: ANN401
    """Give what a name in a group stands for; None for a link to nothing."""
    try:
        return group[name]
    except (KeyError, OSError):
        return None


def _compound(dataset: Any, meta: Any) -> Table:  # noqa: ANN401
    """Take the members of a compound dataset for columns, as astropy and PyTables write them."""
    columns: dict[str, Column] = {}
    for name in dataset.dtype.names:
        shape = dataset.dtype[name].shape
        if len(shape) == 1 and shape[0] <= _WIDEST:
            columns |= {f"{name}_{i}": Column(dataset, name, i) for i in range(shape[0])}
        else:
            columns[name] = Column(dataset, name)
    stated: Stated = {}
    if isinstance(meta, h5py.Dataset):
        stated = stated_by_yaml([line.decode("utf-8") for line in meta[:]])
    return _table(dataset.name, len(dataset), columns, stated)


def _by_length(group: Any, datasets: Mapping[str, Any]) -> Iterator[Table]:  # noqa: ANN401
    """Take the datasets of one length for the columns of a table; the most common length first."""
    lengths = Counter(dataset.shape[0] for dataset in datasets.values())
    for i, (rows, _) in enumerate(lengths.most_common()):
        columns: dict[str, Column] = {}
        written: dict[str, str] = {}
        for name, dataset in datasets.items():
            if dataset.shape[0] != rows:
                continue
            wide = dataset.ndim == 2 and dataset.shape[1] <= _WIDEST
            parts = _parts(group, name, dataset.shape[1], datasets) if wide else (name,)
            for place, part in enumerate(parts):
                columns[part] = Column(dataset, None, place if wide else None)
                written[part] = name
        yield _table(group.name if not i else f"{group.name} #{i + 1}", rows, columns, {})


def _parts(group: Any, name: str, width: int, others: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ANN401
    """Name the columns of a dataset that has several."""
    known = _VECTORS.get(name, ())
    leaf = str(group.name).rsplit("/", 1)[-1]
    if _PARTICLES.match(leaf) and len(known) == width and not any(k in others for k in known):
        return known
    return tuple(f"{name}_{i}" for i in range(width))


def _is_vaex(group: Any) -> bool:  # noqa: ANN401
    """Say whether a group is a column: it holds ``data`` and nothing else but masks and places."""
    parts = {"data", "mask", "null_bitmap", "indices", "dictionary"}
    inside = set(group)
    return bool(inside) and inside <= parts and bool(inside & {"data", "dictionary"})


def _vaex(group: Any, found: Mapping[str, Any]) -> Iterator[Table]:  # noqa: ANN401
    """Take the groups of vaex for columns, each with its mask."""
    columns: dict[str, Column | Strings] = {}
    stated: Stated = {}
    lengths: dict[str, int] = {}
    for name, item in found.items():
        data, mask, bitmap = item.get("data"), item.get("mask"), item.get("null_bitmap")
        if not isinstance(data, h5py.Dataset):  # coded by a dictionary
            data = item["indices"]["data"] if "data" in item["indices"] else item["indices"]
            columns[name] = Column(data, kind="other")
            lengths[name] = data.shape[0]
        elif "indices" in item:
            columns[name] = Strings(data, item["indices"], bitmap)
            lengths[name] = item["indices"].shape[0] - 1
        else:
            dates = str(data.attrs.get("dtype", "")).startswith(("datetime", "timedelta"))
            kind = "other" if dates else None
            columns[name] = Column(data, mask=mask, bitmap=bitmap, kind=kind)  # type: ignore[arg-type]
            lengths[name] = data.shape[0]
        stated[name] = (unit_of(item, data), description_of(item, data))
    path = str(group.name).removesuffix("/columns") or "/"
    for i, (rows, _) in enumerate(Counter(lengths.values()).most_common()):
        same = {name: column for name, column in columns.items() if lengths[name] == rows}
        yield _table(path if not i else f"{path} #{i + 1}", rows, same, stated)


def _table(name: str, rows: int, columns: Columns, stated: Stated) -> Table:
    """Describe a table."""
    names = distinct(list(columns))
    fields = []
    for (new, written, repeated), (old, column) in zip(names, columns.items(), strict=True):
        unit, description = stated.get(old, (None, ""))
        if isinstance(column, Column) and column.member is not None and column.place is not None:
            unit, description = stated.get(column.member, (unit, description))
        if isinstance(column, Column) and old not in stated and column.member is None:
            unit, description = unit_of(column.dataset), description_of(column.dataset)
            if column.place is not None and not repeated:
                leaf = str(column.dataset.name).rsplit("/", 1)[-1]
                fields.append(Field(new, column.holds, unit, description, leaf))
                continue
        fields.append(Field(new, column.holds, unit, description, written, repeated))
    leaf = name.rsplit("/", 1)[-1]
    particles = _PARTICLES.match(leaf)
    aliases = (name.strip("/"), leaf) + ((particles[1],) if particles else ())
    called = leaf if particles and name == f"/{leaf}" else name
    kept = tuple(dict.fromkeys(alias for alias in aliases if alias))
    return Table(called, rows, dict(columns), fields, kept)
