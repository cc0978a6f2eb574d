"""Readers of table formats, one protocol for all."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from data.errors import UserError
from data.readers.base import Reader, TableFile, TableInfo
from data.readers.choice import Suits, choose_table, describe_tables
from data.readers.content import SUFFIXES, recognise
from data.readers.opened import OpenedTable, explained
from data.readers.packed import PACKINGS

__all__ = ["PACKINGS", "SUFFIXES", "TableInfo", "describe_tables", "open_table"]

_READERS = {
    "FITS": "data.readers.fits:FitsReader",
    "VOTable": "data.readers.votable:VotableReader",
    "CSV": "data.readers.delimited:DelimitedReader",
    "CDS": "data.readers.fixed:CdsReader",
    "IPAC": "data.readers.fixed:IpacReader",
    "Parquet": "data.readers.parquet:ParquetReader",
    "HDF5": "data.readers.hdf5:Hdf5Reader",
    "Arrow": "data.readers.feather:ArrowReader",
    "folder": "data.readers.folder:FolderReader",
}


def open_table(path: Path, table: str | None = None, suits: Suits | None = None) -> Reader:
    """Open a table file for reading in chunks.

    Parameters
    ----------
    path
        The file, or a folder of Parquet files; its content says the format, and its ending
        where the content does not. It may be packed.
    table
        Which table of a file that holds several: its number, name or path, in any mixture of
        capitals.
    suits
        Whether a table of these column names is of use; it chooses where ``table`` does not.

    Returns
    -------
    Reader
        Whatever goes wrong while it reads is a `UserError` too. If no table suits, it reads
        the one with most columns, and ``tables`` says what else the file holds.

    Raises
    ------
    UserError
        If there is no such file, it cannot be read, it is no table, or it holds several
        tables that suit and none was named.
    """
    _check_file(path)
    form, packed = "folder", None
    if not path.is_dir():
        content = recognise(path)
        form, packed = content.form, content.packed
    module, _, attribute = _READERS[form].partition(":")
    make = cast(
        "Callable[[Path, str | None], TableFile]", getattr(import_module(module), attribute)
    )
    with explained(path, form):
        file = make(path, packed)
    try:
        with explained(path, file.format):
            index = choose_table(path.name, file.tables, table, suits)
            file.choose(index)
        if not file.fields:
            raise UserError(f"{path.name} has no columns.", "Choose a file with a table in it.")
        return OpenedTable(file, path, file.tables[index])
    except BaseException:
        file.close()
        raise


def _check_file(path: Path) -> None:
    """Refuse what is no file or folder that can be read."""
    if path.is_dir():
        return
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except FileNotFoundError:
        raise UserError(f"File {path} not found.", "Check the path.") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Check the permissions of the file.",
        ) from None
    if not first:
        raise UserError(f"{path.name} is empty.", "Choose a file with a table in it.")
