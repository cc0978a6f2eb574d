"""Text tables that describe their columns byte by byte (CDS, MRT), and IPAC's.

astropy splits their lines; the cells are taken as texts, so that no identifier becomes a float.
These files are as long as a journal allows, and are held in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import ascii as tables
from astropy.table import Table

from data.errors import UserError
from data.readers.base import CellKind, Cells, Chunk, Field, TableInfo
from data.readers.names import distinct
from data.readers.packed import unpacked
from data.readers.text_stream import decoded
from data.readers.written import as_arrow, cells_from_arrow, numbers_from_arrow, written_kind

__all__ = ["CdsReader", "IpacReader"]

_LARGEST = 1 << 30


class _Texts(tables.TableOutputter):  # type: ignore[misc]  # astropy has no types
    """Makes columns of texts, of whatever type the header says that they are."""

    def _convert_vals(self, cols: Sequence[Any]) -> None:
        for col in cols:
            col.data = np.array(col.str_vals, dtype=str)
            col.type = tables.StrType
            null = _number(getattr(col, "null", None))
            if null is not None:  # astropy compares the text: -9.99 is not -9.990
                mask = getattr(col, "mask", np.zeros(len(col.data), dtype=np.bool_))
                col.mask = mask | (numbers_from_arrow(as_arrow(col.data), "float").values == null)


def _number(text: Any) -> float | None:  # noqa: ANN401
    """Give the number that stands for no value; None if it is none."""
    if not isinstance(text, str):
        return None
    cells = numbers_from_arrow(as_arrow(np.array([text], dtype=object)), "float")
    number = float(cells.values[0])
    return None if cells.wrong is not None or np.isnan(number) else number


class _FixedReader:
    """A text table in fixed columns.

    Parameters
    ----------
    path
        The file.
    packed
        What it is packed by; it is unpacked on the way.
    """

    format = ""
    _astropy: Any = None

    def __init__(self, path: Path, packed: str | None = None) -> None:
        with unpacked(path) as (stream, _), decoded(stream) as file:
            text = file.read(_LARGEST)
        if len(text) == _LARGEST:
            raise UserError(
                f"{path.name} is too large for a table in fixed columns.",
                "Save it as CSV or FITS.",
            )
        table = self._split(text)
        self._texts: dict[str, Any] = {}
        fields = []
        for column, (name, written, repeated) in zip(
            table.itercols(), distinct(table.colnames), strict=True
        ):
            hidden = np.ma.getmaskarray(column)
            self._texts[name] = as_arrow(np.ma.getdata(column), hidden)
            kind = written_kind(self._texts[name])
            unit = None if column.unit is None else str(column.unit)
            about = " ".join(str(column.description or "").split())
            fields.append(Field(name, kind or "float", unit or None, about, written, repeated))
        self._kinds: dict[str, CellKind] = {field.name: field.kind for field in fields}
        self.fields: Sequence[Field] = fields
        self.n_rows: int | None = len(table)
        self.tables: tuple[TableInfo, ...] = (
            TableInfo(path.name, self.n_rows, tuple(self._texts)),
        )

    def choose(self, index: int) -> None:
        """There is only one table."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Give slices of what is in memory."""
        n = self.n_rows or 0
        for start in range(0, n, rows):
            stop = min(start + rows, n)
            cells: dict[str, Cells] = {
                name: cells_from_arrow(
                    self._texts[name].slice(start, stop - start),
                    self._kinds[name],
                    as_text=name in as_text,
                )
                for name in names
            }
            yield Chunk(stop - start, cells, stop / n)

    def close(self) -> None:
        """Nothing is open."""

    def _split(self, text: str) -> Table:
        reader = tables.get_reader(reader_cls=self._astropy, outputter_cls=_Texts)
        table: Table = reader.read(text.removesuffix("\n").split("\n"))
        return table


class CdsReader(_FixedReader):
    """A table with a byte-by-byte description: machine-readable (AAS), or of the CDS."""

    format = "CDS/MRT"
    _astropy = tables.Cds


class IpacReader(_FixedReader):
    """A table as IPAC's archives write it."""

    format = "IPAC"
    _astropy = tables.Ipac
