"""Which format a file has, by its content first and by its ending where that does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from data.errors import UserError
from data.readers.packed import PACKINGS, first_bytes

__all__ = ["SUFFIXES", "Content", "recognise"]

_ENDINGS = {
    "FITS": (".fits", ".fit", ".fts", ".fz", ".colfits"),
    "VOTable": (".vot", ".votable", ".vo", ".xml"),
    "ECSV": (".ecsv",),
    "CSV": (".csv", ".tsv", ".tab"),
    "text": (".txt", ".dat", ".asc", ".ascii", ".mrt", ".cds", ".tbl", ".ipac"),
    "Parquet": (".parquet", ".pq", ".parq"),
    "HDF5": (".hdf5", ".h5", ".hdf", ".he5"),
    "Arrow": (".feather", ".arrow", ".ipc"),
}
SUFFIXES = {
    f"{ending}{packed}": form
    for form, endings in _ENDINGS.items()
    for ending in endings
    for packed in ("", *PACKINGS)
}
"""The endings of file names by which formats are known, and those of packed files."""

_SIZE = 1 << 16
_TEXTS = ("ECSV", "CSV", "text")
_MAGIC = (
    (b"SIMPLE  =", "FITS"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
)
_UNREAD = (
    (b"PARE", "an encrypted Parquet file", "Write it without encryption."),
    (b"FEA1", "a file of Feather's first version", "Write it again with pyarrow."),
    (b"\x0e\x03\x13\x01", "an HDF4 file", "Convert it to HDF5."),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "Save the sheet as CSV."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
    (b"\x93NUMPY", "an array of NumPy", "Save it as a table with named columns, as CSV or FITS."),
    (b"%PDF", "a PDF document", "Choose a file with a table in it."),
    (b"\x1f\x9d", "packed by compress", "Unpack it first."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first."),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BYTE_BY_BYTE = re.compile(r"^Byte-by-byte Description", re.MULTILINE)
_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Content:
    """What a file is.

    Parameters
    ----------
    form
        FITS, VOTable, CSV (any text table), Parquet, HDF5 or Arrow.
    packed
        What it is packed by, or None.
    sure
        Whether the content says so; else only the ending does.
    """

    form: str
    packed: str | None
    sure: bool = True


def recognise(path: Path) -> Content:
    """Find out what a file is.

    Raises
    ------
    UserError
        If it is empty, no table, or neither its content nor its ending says what it is.
    """
    start, packed = first_bytes(path, _SIZE)
    if not start:
        raise UserError(f"{path.name} is empty.", "Choose a file with a table in it.")
    promised = _promised(path)
    for magic, form in _MAGIC:
        if start.startswith(magic):
            return Content(form, packed)
    for magic, what, hint in _UNREAD:
        if start.startswith(magic):
            raise UserError(f"{path.name} is {what}.", hint)
    if b"\x89HDF\r\n\x1a\n" in (start[size : size + 8] for size in (512, 1024, 2048, 4096)):
        return Content("HDF5", packed)  # behind a block of the user's own
    if _is_text(start):
        return _text(path, start, packed, promised)
    if promised in (None, *_TEXTS):
        raise UserError(
            f"{path.name} is not a text table, nor any other kind of table that is read.",
            "Choose a FITS, VOTable, CSV, Parquet or HDF5 file.",
        )
    return Content(promised or "", packed, sure=False)


def _promised(path: Path) -> str | None:
    name = path.name.lower()
    endings = [ending for ending in SUFFIXES if name.endswith(ending)]
    return SUFFIXES[max(endings, key=len)] if endings else None


def _is_text(start: bytes) -> bool:
    return start.startswith(_BOMS) or not _CONTROL.search(start)


def _text(path: Path, start: bytes, packed: str | None, promised: str | None) -> Content:
    """Tell XML, web pages and text tables apart."""
    words = _decoded(start).lstrip("\ufeff \t\r\n")
    small = words[:4096].lower()
    if words.startswith("<"):
        if "<votable" in small or ":votable" in small:
            return Content("VOTable", packed)
        if "<html" in small or "<!doctype html" in small:
            raise UserError(
                f"{path.name} is a web page, not a table.", "Download the table itself."
            )
        if promised == "VOTable":
            return Content("VOTable", packed, sure=False)
        raise UserError(f"{path.name} is XML, but no VOTable.", "Choose a table.")
    if small.startswith(("{\\rtf", '{"', "[{")):
        raise UserError(f"{path.name} is no text table.", "Save the table as CSV.")
    if promised is None and not _looks_like_table(words):
        raise UserError(
            f"The ending of {path.name} names no table format that is known.",
            f"Known endings are {', '.join(e for e in SUFFIXES if e.count('.') == 1)}, also "
            f"packed ({', '.join(PACKINGS)}).",
        )
    return Content(_kind_of_text(words), packed, sure=promised in (None, *_TEXTS))


def _kind_of_text(words: str) -> str:
    """Tell tables in fixed columns from those with separators."""
    if _BYTE_BY_BYTE.search(words):
        return "CDS"
    lines = [line for line in words.splitlines()[:2000] if not line.startswith("\\")]
    barred = [line.startswith("|") and line.rstrip().endswith("|") for line in lines[:6]]
    # IPAC's bars stand in at most four lines of names, types, units and nulls, not in the rows
    return "IPAC" if barred[:1] == [True] and not all(barred[:5]) else "CSV"


def _decoded(start: bytes) -> str:
    return start.decode("utf-16" if start.startswith(_BOMS) else "utf-8", "replace")


def _looks_like_table(text: str) -> bool:
    """Say whether the first two lines could be cells of one table."""
    lines = [line for line in text.splitlines()[:200] if line.strip() and line[0] not in "#\\"]
    if text.startswith(("# %ECSV", "Title:", "|", "\\")):
        return True
    for separator in ("\t", ",", ";", "|", None):
        counts = [len(line.split(separator)) for line in lines[:2]]
        if len(counts) == 2 and counts[0] == counts[1] > 1:
            return True
    return False
