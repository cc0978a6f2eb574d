"""Binary tables in FITS files, mapped and converted slice by slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from data.errors import UserError
from data.readers.base import CellKind, Cells, Chunk, Field, native
from data.readers.written import numbers_from_text

__all__ = ["FitsReader"]

_KINDS: dict[str, CellKind] = {
    "L": "boolean",
    "B": "integer",
    "I": "integer",
    "J": "integer",
    "K": "integer",
    "E": "float",
    "D": "float",
    "A": "text",
}


class FitsReader:
    """The first binary table of a FITS file.

    Parameters
    ----------
    path
        The file; a gzipped one is unpacked into memory.
    """

    format = "FITS"

    def __init__(self, path: Path) -> None:
        self._hdus = fits.open(path, mode="readonly", memmap=True, ignore_missing_simple=False)
        try:
            tables = [hdu for hdu in self._hdus if isinstance(hdu, fits.BinTableHDU)]
            if not tables:
                raise UserError(
                    f"{path.name} holds no binary table.", "Choose a FITS file with a table."
                )
            self._hdu: Any = tables[0]
            _check_length(self._hdu, path)
            if not all(column.name for column in self._hdu.columns):
                raise UserError(
                    f"A column of {path.name} has no name.", "Write the table again with names."
                )
            self._columns = {column.name: column for column in self._hdu.columns}
            self.n_rows: int | None = int(self._hdu.header["NAXIS2"])
            self.fields: Sequence[Field] = [
                Field(column.name, _kind(column), (column.unit or "").strip() or None)
                for column in self._hdu.columns
            ]
        except BaseException:
            self.close()
            raise

    def chunks(self, names: Sequence[str], rows: int) -> Iterator[Chunk]:
        """Read slices of the table."""
        n = self.n_rows or 0
        for start in range(0, n, rows):
            stop = min(start + rows, n)
            part = self._hdu.data[start:stop]
            cells = {name: self._cells(name, part) for name in names}
            yield Chunk(stop - start, cells, stop / n)

    def close(self) -> None:
        """Close the file."""
        self._hdus.close()

    def _cells(self, name: str, part: Any) -> Cells:  # noqa: ANN401
        values = np.asarray(part.field(name))
        if values.dtype.kind in "US":
            return numbers_from_text(values, np.zeros(len(values), dtype=np.bool_))
        cells = native(values)
        null = self._columns[name].null
        if values.dtype.kind not in "iu" or null in (None, ""):
            return cells
        missing = cells.values == int(null)
        return Cells(cells.values, missing if missing.any() else None, cells.wrong)


def _kind(column: Any) -> CellKind:  # noqa: ANN401
    """Say what a column holds; a scaled integer is a float unless it is a shifted unsigned."""
    form = column.format
    repeat, letter = getattr(form, "repeat", 1), getattr(form, "format", "")[:1]
    kind = _KINDS.get(letter, "other")
    if kind != "text" and repeat != 1:
        return "other"
    return "float" if kind == "integer" and column.bscale not in (None, "", 1) else kind


def _check_length(hdu: Any, path: Path) -> None:  # noqa: ANN401
    """Refuse a file that ends before its table does.

    The padding after the table may be missing; the numbers may not.
    """
    if path.name.lower().endswith(".gz"):
        return  # unpacking has read to the end
    header = hdu.header
    size = header["NAXIS1"] * header["NAXIS2"] + header.get("PCOUNT", 0)
    if hdu.fileinfo()["datLoc"] + size > path.stat().st_size:
        raise UserError(
            f"{path.name} is cut off: it ends before its table does.",
            "Download or copy it again.",
        )
