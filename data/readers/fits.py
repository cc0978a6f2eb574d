"""Tables in FITS files, mapped and converted slice by slice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from data.errors import UserError
from data.readers.base import Chunk, Field, TableInfo
from data.readers.fits_columns import Column, ascii_columns, binary_columns, column_length
from data.readers.names import distinct
from data.readers.packed import Unpacked

__all__ = ["FitsReader"]


class FitsReader:
    """The binary and ASCII tables of a FITS file, also column-oriented ones.

    Parameters
    ----------
    path
        The file.
    packed
        What it is packed by.
    """

    format = "FITS"

    def __init__(self, path: Path, packed: str | None = None) -> None:
        self._name = path.name
        self._unpacked = Unpacked(path, packed)
        try:
            self._hdus = _table_hdus(self._unpacked.path, path.name)
            self._tables = [
                _Table(i, hdu.header, hdu.fileinfo()["datLoc"]) for i, hdu in self._hdus
            ]
        except BaseException:
            self.close()
            raise
        self.tables: tuple[TableInfo, ...] = tuple(table.info for table in self._tables)
        self.fields: Sequence[Field] = ()
        self.n_rows: int | None = None

    def choose(self, index: int) -> None:
        """Take one of the tables to read."""
        self._table = self._tables[index]
        if self._table.end > self._unpacked.path.stat().st_size:
            raise UserError(
                f"{self._name} is cut off: it ends before its table does.",
                "Download or copy it again.",
            )
        self._rows = self._table.mapped(self._unpacked.path)
        self.fields, self.n_rows = self._table.fields, self._table.n_rows

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read slices of the table."""
        n = self._table.n_rows
        for start in range(0, n, rows):
            part = slice(start, min(start + rows, n))
            cells = {}
            for name in names:
                column, key = self._table.columns[name]
                stored = self._rows[key][0] if self._table.by_column else self._rows[key]
                cells[name] = column.cells(np.asarray(stored[part]), as_text=name in as_text)
            yield Chunk(part.stop - start, cells, part.stop / n)

    def close(self) -> None:
        """Let the file go."""
        self._rows = np.empty(0)
        self._unpacked.close()


class _Table:
    """One table as its header describes it.

    Parameters
    ----------
    number
        Of the HDU.
    header
        Its header.
    start
        Where its data begin in the file.
    """

    def __init__(self, number: int, header: Any, start: int) -> None:  # noqa: ANN401
        binary = header["XTENSION"].strip() != "TABLE"
        columns = binary_columns(header) if binary else ascii_columns(header)
        self.n_rows = int(header["NAXIS2"])
        length = column_length(columns, self.n_rows) if binary else None
        self.by_column = length is not None
        self._start, self._width, self._stored = start, int(header["NAXIS1"]), self.n_rows
        if length is not None:
            self.n_rows = length
        self._all = columns
        self.columns: dict[str, tuple[Column, str]] = {}
        self.fields: list[Field] = []
        names = distinct([column.name for column in columns])
        for i, (column, (name, written, repeated)) in enumerate(zip(columns, names, strict=True)):
            shown = _element(column) if self.by_column else column
            self.columns[name] = (shown, str(i))
            self.fields.append(
                Field(name, shown.kind, column.unit, column.description, written, repeated)
            )
        title = str(header.get("EXTNAME", "")).strip()
        called = f"HDU {number} ({title})" if title else f"HDU {number}"
        aliases = [str(number), f"HDU {number}"]
        if title:
            aliases += [title, f"{title},{header.get('EXTVER', 1)}"]
        self.info = TableInfo(called, self.n_rows, tuple(self.columns), tuple(aliases))

    @property
    def end(self) -> int:
        """Where the rows end in the file."""
        return self._start + self._width * self._stored

    def mapped(self, path: Path) -> npt.NDArray[Any]:
        """Map the rows of the table."""
        dtype = np.dtype(
            {
                "names": [str(i) for i in range(len(self._all))],
                "formats": [column.dtype for column in self._all],
                "offsets": [column.offset for column in self._all],
                "itemsize": self._width,
            }
        )
        if not self._stored or not self._width:
            return np.empty(0, dtype)
        return np.memmap(path, dtype, "r", self._start, (self._stored,))


def _element(column: Column) -> Column:
    """Give the column whose values an array in a cell is."""
    return replace(column, dtype=np.dtype((column.dtype.base, column.dtype.shape[1:])))


def _table_hdus(path: Path, name: str) -> list[tuple[int, Any]]:
    """Find the tables of a file; their headers stay when it is closed."""
    with fits.open(path, mode="readonly", memmap=True, ignore_missing_simple=False) as hdus:
        tables = [
            (i, hdu)
            for i, hdu in enumerate(hdus)
            if str(hdu.header.get("XTENSION", "")).strip() in ("BINTABLE", "A3DTABLE", "TABLE")
            and not hdu.header.get("ZIMAGE", False)
            and not isinstance(hdu, fits.CompImageHDU)
        ]
        if any(hdu.header.get("ZTABLE", False) for _, hdu in tables):
            raise UserError(
                f"The table in {name} is compressed by fpack.", "Unpack it by funpack."
            )
        if not tables:
            raise UserError(
                f"{name} holds no table, only images.", "Choose a FITS file with a table."
            )
        return tables
