"""Frames that pandas keeps in HDF5 through PyTables, read without either.

The fixed format has one array for all columns of a type and their names beside it; the table
format has one compound dataset whose members may hold several columns. Names are pickled
there, and are read as the plain lists and texts that they are, without unpickling.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from data.errors import UserError
from data.readers.base import CellKind
from data.readers.hdf5_columns import Column
from data.readers.pickled_texts import NotPlainError, plain_value

__all__ = ["is_pandas", "pandas_tables"]

_NO_NUMBERS = ("datetime", "timedelta", "category", "date", "object")


def is_pandas(group: Any) -> bool:  # noqa: ANN401
    """Say whether pandas wrote a group."""
    return "pandas_type" in group.attrs


def pandas_tables(group: Any) -> Iterator[tuple[str, int, dict[str, Column]]]:  # noqa: ANN401
    """Give the name, the length and the columns of what pandas wrote into a group."""
    type_ = _text(group.attrs["pandas_type"])
    if type_ == "frame":
        yield _fixed(group)
    elif type_ == "frame_table":
        yield _appendable(group)
    elif type_ in ("series", "series_table"):
        return  # one column is no table
    else:
        raise UserError(
            f"The group {group.name} holds a {type_} of pandas, which is not read.",
            "Write a DataFrame, as Parquet or CSV.",
        )


def _fixed(group: Any) -> tuple[str, int, dict[str, Column]]:  # noqa: ANN401
    """Read the description of a frame in the fixed format."""
    for axis in ("axis0", "axis1"):
        if _text(group.attrs.get(f"{axis}_variety", "regular")) != "regular":
            raise _many_levels(group.name)
    index = group["axis1"]
    rows = 0 if "shape" in index.attrs else index.shape[0]
    if not rows:
        return group.name, 0, {name: Column(index) for name in _names(group["axis0"])}
    found: dict[str, Column] = {}
    for i in range(int(group.attrs["nblocks"])):
        values = group[f"block{i}_values"]
        dates = "value_type" in values.attrs or values.ndim != 2 or values.dtype.kind == "O"
        kind: CellKind | None = "other" if dates else None
        for place, name in enumerate(_names(group[f"block{i}_items"])):
            if name in found:
                raise UserError(
                    f"Two columns of {group.name} are called {name}.", "Rename one of them."
                )
            found[name] = Column(values, None, place, kind=kind)
    ordered = {name: found[name] for name in _names(group["axis0"])}
    return group.name, rows, _with_index(index, None, _index_name(index), ordered, rows)


def _appendable(group: Any) -> tuple[str, int, dict[str, Column]]:  # noqa: ANN401
    """Read the description of a frame in the table format."""
    if "multi" in _text(group.attrs.get("table_type", "")):
        raise _many_levels(group.name)
    table = group["table"]
    columns: dict[str, Column] = {}
    for member in table.dtype.names:
        stored = _text(table.attrs.get(f"{member}_dtype", ""))
        meta = _unpickled(table.attrs.get(f"{member}_meta"))
        kind: CellKind | None = None
        if stored.startswith(_NO_NUMBERS) or meta == "category":
            kind = "other"
        elif stored == "bool":
            kind = "boolean"
        names = _unpickled(table.attrs.get(f"{member}_kind")) if stored else None
        if member == "index":
            continue
        if not table.dtype[member].shape:
            columns[member] = Column(table, member, kind=kind)
        elif isinstance(names, list) and len(names) == table.dtype[member].shape[0]:
            columns |= {str(n): Column(table, member, i, kind=kind) for i, n in enumerate(names)}
        else:
            raise UserError(f"The columns of {group.name} have no names.", "Write it as Parquet.")
    axes = _unpickled(group.attrs.get("non_index_axes"))
    named = isinstance(axes, list) and axes and isinstance(axes[0], tuple)
    order = [str(name) for name in axes[0][1]] if named else list(columns)
    ordered = {name: columns[name] for name in order if name in columns}
    kind = None if _text(table.attrs.get("index_kind", "integer")) in _PLAIN_INDEX else "other"
    info = _unpickled(group.attrs.get("info"))
    name = _name_in(info)
    return group.name, len(table), _with_index(table, "index", name, ordered, len(table), kind)


_PLAIN_INDEX = ("integer", "float", "string")


def _with_index(
    dataset: Any,  # noqa: ANN401
    member: str | None,
    name: str | None,
    columns: dict[str, Column],
    rows: int,
    kind: CellKind | None = None,
) -> dict[str, Column]:
    """Put the index before the columns, unless it only counts the rows."""
    if name is None:
        if dataset.dtype[member].kind == "i" if member else dataset.dtype.kind == "i":
            values = dataset[:] if member is None else dataset.fields(member)[:]
            if np.array_equal(values, np.arange(rows)):
                return columns
        name = "index"
    if name in columns:
        return columns
    return {name: Column(dataset, member, kind=kind), **columns}


def _names(dataset: Any) -> list[str]:  # noqa: ANN401
    """Read the names that an axis holds."""
    if dataset.dtype.kind == "O" and h5py.check_string_dtype(dataset.dtype) is None:
        raise UserError(
            f"The names in {dataset.name} are pickled, and are not read.", "Write it as Parquet."
        )
    return [_text(value) for value in np.asarray(dataset[()]).tolist()]


def _index_name(dataset: Any) -> str | None:  # noqa: ANN401
    name = _unpickled(dataset.attrs.get("name"))
    return None if name is None else str(name)


def _name_in(info: Any) -> str | None:  # noqa: ANN401
    """Find the name of the index in what pandas keeps about a table."""
    about = info.get("index", {}) if isinstance(info, dict) else {}
    name = about.get("index_name") if isinstance(about, dict) else None
    return None if name is None else str(name)


def _text(value: Any) -> str:  # noqa: ANN401
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _unpickled(value: Any) -> Any:  # noqa: ANN401
    """Give a pickled attribute, which PyTables writes where HDF5 has no type for it."""
    if not isinstance(value, (bytes, np.bytes_)):
        return None if value is None or isinstance(value, h5py.Empty) else value
    try:
        return plain_value(bytes(value))
    except NotPlainError:
        return value.decode("utf-8", "replace")


def _many_levels(name: str) -> UserError:
    return UserError(
        f"The table {name} of pandas has an index or names of several levels.",
        "Call reset_index() and write it again.",
    )
