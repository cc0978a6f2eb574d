"""From the pieces of a download to a catalogue: one table in the store, cut by the selection.

An archive may have sent more stars than the selection keeps: it cannot make every cut, and it
compares numbers in the precision that it stores. The mask is therefore applied here, to each
piece as the store would hold it, so the catalogue has exactly the stars that the selection
keeps in this program.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# The steps of an ingest, with a reader of several files in the place of one.
from data.catalogue.ingest import About, store_table
from data.catalogue.matching import match_columns
from data.catalogue.schema import CARTESIAN, DERIVED
from data.catalogue.store import Catalogue, CatalogueStore
from data.errors import UserError
from data.frames import SolarParameters
from data.readers.base import Cells, Chunk, Field
from data.readers.parquet import ParquetReader
from data.selection import Tree, mask

__all__ = ["check_columns", "store_parts"]

BoolArray = npt.NDArray[np.bool_]
_ROW = "via_obscura_row"


class PartsReader:
    """Several Parquet files of the same columns, read as one table.

    Parameters
    ----------
    parts
        The files.
    keep
        Which rows of each are read; None for all.
    number
        Add a column that counts the rows.
    """

    format = "downloaded parts"

    def __init__(
        self, parts: Sequence[Path], keep: Sequence[BoolArray | None], *, number: bool = False
    ) -> None:
        self._stack = ExitStack()
        self._readers = [self._stack.enter_context(closing(ParquetReader(p))) for p in parts]
        self._keep = keep
        self._number = number
        counts = [
            int(r.n_rows or 0) if k is None else int(np.count_nonzero(k))
            for r, k in zip(self._readers, keep, strict=True)
        ]
        self.n_rows: int | None = sum(counts)
        extra = [Field(_ROW, "integer")] if number else []
        self.fields: Sequence[Field] = [*self._readers[0].fields, *extra]
        self.table: str | None = None
        self.tables = self._readers[0].tables

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read the files one after the other."""
        stored = [name for name in names if name != _ROW]
        done, total = 0, self.n_rows or 1
        for reader, keep in zip(self._readers, self._keep, strict=True):
            place = 0
            for chunk in reader.chunks(stored, rows, as_text=as_text):
                here = slice(place, place + chunk.rows)
                place += chunk.rows
                cells = dict(chunk.columns)
                if self._number:
                    cells[_ROW] = Cells(np.arange(here.start, here.stop, dtype=np.int64))
                if keep is not None:
                    cells = {name: _kept(c, keep[here]) for name, c in cells.items()}
                n = chunk.rows if keep is None else int(np.count_nonzero(keep[here]))
                done += n
                yield Chunk(n, cells, min(1.0, done / total))

    def close(self) -> None:
        """Close the files."""
        self._stack.close()


def _kept(cells: Cells, keep: BoolArray) -> Cells:
    missing, wrong = (None if m is None else m[keep] for m in (cells.missing, cells.wrong))
    return Cells(cells.values[keep], missing, wrong)


class _Empty:
    """A catalogue of no stars, to ask whether a selection can be made of some columns."""

    n_rows = 0

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def has(self, name: str) -> bool:
        return name in self._names

    def column(self, name: str) -> npt.NDArray[Any]:
        values = np.empty(0, dtype=np.int64 if name == "source_id" else np.float64)
        values.flags.writeable = False
        return values


def check_columns(tree: Tree, columns: Mapping[str, object]) -> None:
    """Refuse a selection that could not be made of the columns that will come.

    Raises
    ------
    UserError
        If it uses a column that is neither fetched nor derived.
    """
    mask(tree, _Empty({*columns, *DERIVED, *CARTESIAN}))


def store_parts(
    parts: Sequence[Path],
    home: Path,
    *,
    name: str,
    tree: Tree,
    provenance: Mapping[str, Any],
    sun: SolarParameters | None = None,
    progress: Callable[[float, str], None] = lambda fraction, stage: None,
) -> Catalogue:
    """Bring downloaded pieces into the store as one catalogue.

    Parameters
    ----------
    parts
        Parquet files of the same columns.
    home
        The home folder.
    name
        What to call the catalogue.
    tree
        The selection that was asked for.
    provenance
        Where the stars come from.
    sun
        The Sun's place and motion.
    progress
        Told the fraction done and the stage.

    Raises
    ------
    UserError
        If no star is left, or the table cannot be ingested.
    """
    place = sun or SolarParameters()
    keep: list[BoolArray | None] = [None] * len(parts)
    share = 0.0
    if tree is not None:
        share = 0.5
        for i, part in enumerate(parts):
            keep[i] = _selected(part, tree, place)
            progress(share * (i + 1) / len(parts), "selecting")
    received = sum(_rows(part) for part in parts)
    cut = sum(int(np.count_nonzero(~k)) for k in keep if k is not None)
    if cut == received:
        raise UserError(
            f"None of the {received:,} downloaded stars passes the selection.",
            "Widen it.",
        )
    about = About(name, {**provenance, "rows_received": received, "rows_cut_here": cut}, place)
    with closing(PartsReader(parts, keep)) as reader:
        matched = match_columns(reader.fields, kind="astrometry")
        return store_table(
            reader,
            matched,
            home,
            about,
            lambda done, stage: progress(share + (1.0 - share) * done, stage),
        )


def _rows(part: Path) -> int:
    with closing(ParquetReader(part)) as reader:
        return reader.n_rows or 0


def _selected(part: Path, tree: Tree, sun: SolarParameters) -> BoolArray:
    """Say which rows of a piece the selection keeps, as a catalogue in the store would.

    Rows that the store does not take are kept here: it counts them, with its reason.
    """
    keep = np.ones(_rows(part), dtype=np.bool_)
    if not keep.size:
        return keep
    scratch = part.with_suffix(".store")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        with closing(PartsReader([part], [None], number=True)) as reader:
            matched = match_columns(reader.fields, kind="astrometry")
            try:
                catalogue = store_table(reader, matched, scratch, About("part", {}, sun), None)
            except UserError as error:
                if error.sentence.startswith("No row of the table could be kept"):
                    return keep
                raise
        catalogue = CatalogueStore(scratch).open(catalogue.id)
        rows = np.asarray(catalogue.column(_ROW)).astype(np.int64)
        keep[rows] = mask(tree, catalogue)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return keep
