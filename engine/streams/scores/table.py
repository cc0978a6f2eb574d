"""Columns for a scan from any table: a file, or a catalogue of the store; and scores to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from astropy.table import MaskedColumn, Table
from numpy.typing import NDArray

from data.catalogue.identifiers import NO_ID, read_identifiers
from data.catalogue.store import Catalogue
from data.columns import derived
from data.errors import UserError
from data.readers import open_table
from data.readers.base import Cells

__all__ = ["read_catalogue_columns", "read_columns", "write_table"]

Array = NDArray[Any]

_ROWS = 1 << 18
WRITTEN = (".parquet", ".csv", ".fits")


def read_columns(
    path: Path,
    names: Sequence[str],
    identifier: str | None = None,
    table: str | None = None,
) -> dict[str, Array]:
    """Read columns of a table file by their own names.

    Parameters
    ----------
    path
        In any format that `data.readers` reads.
    names
        Columns that must be there; missing cells of floats are NaN.
    identifier
        A column that names the stars, to be read where there is one, in any mixture of
        capitals. It comes under the name that was asked for.
    table
        Which table of the file, where it has several.

    Returns
    -------
    dict
        (N,) arrays: float64, int64 or bool; integers with missing cells become float64. The
        identifiers are exact: masked int64 (uint64 where they need it), or masked text.

    Raises
    ------
    UserError
        If a column is missing or holds no numbers, or the table cannot be read.
    """
    with closing(open_table(path, table, lambda there: set(names) <= set(there))) as reader:
        available = [field.name for field in reader.fields]
        _check_there(path.name, names, available)
        texts = [f.name for f in reader.fields if f.name in names and f.kind == "other"]
        if texts:
            raise UserError(
                f"The column {texts[0]} of {path.name} is not numerical.", "Choose another one."
            )
        parts: dict[str, list[Array]] = {name: [] for name in names}
        for chunk in reader.chunks(list(parts), _ROWS):
            for name, values in parts.items():
                values.append(_numbers(chunk.columns[name]))
        columns = {name: np.concatenate(values) for name, values in parts.items() if values}
        if not columns or not len(columns[names[0]]):
            raise UserError(f"{path.name} has no rows.", "Choose a table that contains stars.")
        if identifier is not None and (source := _spelled(identifier, available)):
            columns[identifier] = read_identifiers(reader, source)
    return columns


def _spelled(name: str, available: Sequence[str]) -> str:
    alike = [other for other in available if other.lower() == name.lower()]
    return name if name in available else alike[0] if len(alike) == 1 else ""


def _numbers(cells: Cells) -> Array:
    bad = [mask for mask in (cells.missing, cells.wrong) if mask is not None]
    return np.where(np.logical_or.reduce(bad), np.nan, cells.values) if bad else cells.values


def read_catalogue_columns(
    catalogue: Catalogue, names: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Array]:
    """Take columns of a catalogue, derived ones too; see ``read_columns``."""
    known = [*catalogue.columns, *derived.available(catalogue)]
    optional = [name for name in optional if name in known]
    _check_there(f"The catalogue {catalogue.name}", names, known)
    columns = {n: np.asarray(derived.column(catalogue, n)) for n in dict.fromkeys(names)}
    for name in optional:
        values = np.asarray(derived.column(catalogue, name))
        about = catalogue.columns.get(name)
        mark = NO_ID if name == "source_id" else about.missing if about else None
        missing = np.zeros(len(values), dtype=np.bool_) if mark is None else values == mark
        columns[name] = np.ma.MaskedArray(values, missing)
    return columns


def _check_there(where: str, names: Sequence[str], there: Sequence[str]) -> None:
    missing = [name for name in names if name not in there]
    if missing:
        raise UserError(f"{where} has no column {missing[0]}.", f"It has {', '.join(there[:60])}.")


def write_table(columns: dict[str, Array], path: Path) -> None:
    """Write a table as Parquet, CSV or FITS, by the ending; whole or not at all.

    Raises
    ------
    UserError
        If the ending is none of these or the folder cannot be written.
    """
    if path.suffix.lower() not in WRITTEN:
        raise UserError(
            f"Scores cannot be written in the format of {path.name}.",
            f"Choose {', '.join(WRITTEN)}.",
        )
    arrays = {name: _as_arrow(values) for name, values in columns.items()}
    building = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        if path.suffix.lower() == ".parquet":
            pa_parquet.write_table(pa.table(arrays), building)
        elif path.suffix.lower() == ".csv":
            pa_csv.write_csv(pa.table(arrays), building)
        else:
            Table({n: _for_fits(v) for n, v in columns.items()}).write(
                building, format="fits", overwrite=True
            )
        building.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}.", "Choose another folder."
        ) from None
    finally:
        building.unlink(missing_ok=True)


def _as_arrow(values: Array) -> pa.Array:
    """Give a column with its missing values as nulls; integers stay integers."""
    if not isinstance(values, np.ma.MaskedArray):
        return pa.array(values)
    return pa.array(np.ma.getdata(values), mask=np.ma.getmaskarray(values))


def _for_fits(values: Array) -> Array:
    """Give a column as FITS can hold it: text as such, integers with a null of their own."""
    if not isinstance(values, np.ma.MaskedArray):
        return values
    if values.dtype.kind == "O":
        return np.asarray(values.filled(""), dtype=np.str_)
    if not np.ma.getmaskarray(values).any():
        return np.asarray(np.ma.getdata(values))
    column: Array = MaskedColumn(values, fill_value=NO_ID if values.dtype.kind == "i" else None)
    return column
