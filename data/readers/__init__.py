"""Readers of table formats, one protocol for all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import cast

from data.errors import UserError
from data.readers.base import Chunk, Field, Reader

__all__ = ["SUFFIXES", "open_table"]

_FORMATS = {
    "FITS": ("data.readers.fits:FitsReader", (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz")),
    "VOTable": (
        "data.readers.votable:VotableReader",
        (".vot", ".votable", ".xml", ".vot.gz", ".votable.gz", ".xml.gz"),
    ),
    "ECSV": ("data.readers.delimited:DelimitedReader", (".ecsv", ".ecsv.gz")),
    "CSV": ("data.readers.delimited:DelimitedReader", (".csv", ".csv.gz", ".tsv", ".tsv.gz")),
    "Parquet": ("data.readers.parquet:ParquetReader", (".parquet", ".pq", ".parq")),
    "HDF5": ("data.readers.hdf5:Hdf5Reader", (".hdf5", ".h5", ".hdf", ".he5")),
}
SUFFIXES = {suffix: name for name, (_, suffixes) in _FORMATS.items() for suffix in suffixes}
"""The endings of file names by which formats are known."""


def open_table(path: Path) -> Reader:
    """Open a table file for reading in chunks.

    Parameters
    ----------
    path
        The file; its ending names the format.

    Returns
    -------
    Reader
        Whatever goes wrong while it reads is a `UserError` too.

    Raises
    ------
    UserError
        If there is no such file, it cannot be read, its ending is unknown, or its content is
        not what the ending says.
    """
    _check_file(path)
    name = path.name.lower()
    endings = [suffix for suffix in SUFFIXES if name.endswith(suffix)]
    if not endings:
        raise UserError(
            f"The ending of {path.name} names no table format that is known.",
            f"Known endings are {', '.join(SUFFIXES)}.",
        )
    form = SUFFIXES[max(endings, key=len)]
    module, _, attribute = _FORMATS[form][0].partition(":")
    make = cast("Callable[[Path], Reader]", getattr(import_module(module), attribute))
    with _explained(path, form):
        reader = make(path)
    if not reader.fields:
        reader.close()
        raise UserError(f"{path.name} has no columns.", "Choose a file with a table in it.")
    return _Guarded(reader, path, form)


def _check_file(path: Path) -> None:
    """Refuse what is no file that can be read."""
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a table.", "Name a file in it.")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", "Check the path.") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Check the permissions of the file.",
        ) from None
    if not first:
        raise UserError(f"{path.name} is empty.", "Choose a file with a table in it.")


@contextmanager
def _explained(path: Path, form: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into one sentence.

    The libraries raise nearly anything on nearly anything; catching less would let a
    traceback through to the user.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tables in the wild bend their standards
            yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__  # MemoryError is mute
        raise UserError(
            f"{path.name} cannot be read as {form}: it is damaged, or not what its ending says.",
            f"The reader said: {reason}",
        ) from error


class _Guarded:
    """A reader whose every failure is a `UserError`."""

    def __init__(self, reader: Reader, path: Path, form: str) -> None:
        self._reader = reader
        self._path = path
        self.format = form
        self.fields: Sequence[Field] = reader.fields
        self.n_rows = reader.n_rows

    def chunks(self, names: Sequence[str], rows: int) -> Iterator[Chunk]:
        """Read as the reader does, one explained step at a time."""
        with _explained(self._path, self.format):
            chunks = iter(self._reader.chunks(names, rows))
        while True:
            with _explained(self._path, self.format):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        """Let the file go."""
        self._reader.close()
