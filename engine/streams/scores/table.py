"""Columns for a scan from any table: a file, or a catalogue of the store; and scores to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from astropy.table import Table
from numpy.typing import NDArray

from data import derived
from data.errors import UserError
from data.readers import open_table
from data.store import Catalogue

__all__ = ["read_catalogue_columns", "read_columns", "write_table"]

Array = NDArray[Any]

_ROWS = 1 << 18
WRITTEN = (".parquet", ".csv", ".fits")


def read_columns(
    path: Path, names: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Array]:
    """Read columns of a table file by their own names.

    Parameters
    ----------
    path
        FITS, VOTable, ECSV, CSV, Parquet or HDF5.
    names
        Columns that must be there; missing cells of floats are NaN.
    optional
        Columns to read where they are there.

    Returns
    -------
    dict
        (N,) arrays: float64, int64 or bool; integers with missing cells become float64.

    Raises
    ------
    UserError
        If a column is missing or holds no numbers, or the table cannot be read.
    """
    reader = open_table(path)
    try:
        there = [field.name for field in reader.fields]
        _check_there(path.name, names, there)
        wanted = list(dict.fromkeys([*names, *(name for name in optional if name in there)]))
        texts = [f.name for f in reader.fields if f.name in names and f.kind == "other"]
        if texts:
            raise UserError(
                f"The column {texts[0]} of {path.name} is not numerical.", "Choose another one."
            )
        parts: dict[str, list[Array]] = {name: [] for name in wanted}
        for chunk in reader.chunks(wanted, _ROWS):
            for name in wanted:
                cells = chunk.columns[name]
                values = cells.values
                bad = [mask for mask in (cells.missing, cells.wrong) if mask is not None]
                if bad:
                    values = np.where(np.logical_or.reduce(bad), np.nan, values)
                parts[name].append(values)
    finally:
        reader.close()
    table = {name: np.concatenate(parts[name]) for name in wanted if parts[name]}
    if not table or not len(table[wanted[0]]):
        raise UserError(f"{path.name} has no rows.", "Choose a table that contains stars.")
    return table


def read_catalogue_columns(
    catalogue: Catalogue, names: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Array]:
    """Take columns of a catalogue, derived ones too; see ``read_columns``."""
    known = [*catalogue.columns, *derived.available(catalogue)]
    _check_there(f"The catalogue {catalogue.name}", names, known)
    wanted = dict.fromkeys([*names, *(name for name in optional if name in known)])
    return {name: np.asarray(derived.column(catalogue, name)) for name in wanted}


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
    building = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        if path.suffix.lower() == ".parquet":
            pa_parquet.write_table(pa.table(columns), building)
        elif path.suffix.lower() == ".csv":
            pa_csv.write_csv(pa.table(columns), building)
        else:
            Table(columns).write(building, format="fits", overwrite=True)
        building.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}.", "Choose another folder."
        ) from None
    finally:
        building.unlink(missing_ok=True)
