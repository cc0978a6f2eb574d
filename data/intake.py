"""Rows on their way from a table into the store: judged, derived from, and spooled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.frames import Floats, SolarParameters
from data.matching import Matched, Planned
from data.placing import place_measured, place_simulated
from data.quality.zero_point import (
    COLUMN,
    CORRECTED,
    NEEDS,
    ZeroPointCounts,
    corrected_parallax,
    parallax_zero_point,
)
from data.readers.base import Cells, Chunk
from data.schema import CARTESIAN, DERIVED, KNOWN
from data.spool import Spool

__all__ = ["NO_ID", "Intake", "identifiers"]

NO_ID = -1
"""Stands for a missing identifier."""

Mask = npt.NDArray[np.bool_]
_EXACT_IN_FLOAT64 = float(1 << 53)


class Intake:
    """Takes the chunks of a table and spools every row with its derived columns.

    Which rows are dropped is decided at the end: only then is it known whether a column with
    text in it is a column of numbers with some bad cells, and which identifiers came before.

    Parameters
    ----------
    matched
        The plan.
    sun
        The Sun's place and motion.
    folder
        An empty folder for the spools.
    zero_point
        Subtract the zero point from the parallaxes (`data.quality.zero_point`).
    """

    def __init__(
        self, matched: Matched, sun: SolarParameters, folder: Path, *, zero_point: bool = False
    ) -> None:
        self.matched = matched
        self.sun = sun
        self.corrected = ZeroPointCounts() if zero_point else None
        self.rows = 0
        self.broken = 0
        self._apart = "distance" if matched.distance else None  # it is judged before it is stored
        self.spools = {
            c.target: Spool(folder / f"{i}.raw", c.dtype) for i, c in enumerate(matched.columns)
        }
        for name, spec in DERIVED.items():
            if name not in self.spools:
                dtype = "uint8" if name == "has_6d" else spec.dtype
                self.spools[name] = Spool(folder / f"{name}.raw", dtype)
        if zero_point:
            self.spools[COLUMN] = Spool(folder / f"{COLUMN}.raw", "float32")
        self.numbered = "source_id" not in self.spools
        if self.numbered:
            self.spools["source_id"] = Spool(folder / "source_id.raw", "int64")
        self._placed: list[Mask] = []
        self._wrong: dict[str, list[npt.NDArray[np.int64]]] = {}
        self._filled: dict[str, int] = {}
        self._text: dict[str, int] = {}

    def add(self, chunk: Chunk) -> None:
        """Spool the rows of a chunk and what is derived from them.

        Raises
        ------
        UserError
            If the identifiers have been damaged by a float.
        """
        self.broken += chunk.broken
        if not chunk.rows:
            return
        numbers: dict[str, Floats] = {}
        late = CORRECTED if self.corrected is not None else ()
        for column in self.matched.columns:
            cells = self._judged(column, chunk)
            if self.corrected is not None and column.target in NEEDS:
                # as they are stored, so that the correction can be repeated to the last digit
                numbers[column.target] = _single(_numbers(cells, column.factor))
            if column.target == "source_id":
                self.spools["source_id"].append(identifiers(column.source, cells), None)
            elif column.target == self._apart:
                numbers[column.target] = _numbers(cells, column.factor)
            elif column.known:
                stored = _quiet(_numbers(cells, column.factor), column)
                if column.target not in late:
                    self.spools[column.target].append(stored, None)
                # derived from what is stored, so that they agree to the last digit
                numbers[column.target] = stored.astype(np.float64)
            else:
                self.spools[column.target].append(cells.values, cells.missing)
        if self.numbered:
            ids = np.arange(self.rows, self.rows + chunk.rows, dtype=np.int64)
            self.spools["source_id"].append(ids, None)
        if self.corrected is not None:
            self._correct(numbers)
        self._derive(numbers)
        self.rows += chunk.rows

    def verdict(self) -> tuple[Mask | None, dict[str, int], dict[str, str]]:
        """Say which rows stay.

        Returns
        -------
        keep
            Shape (rows,); None if all stay.
        dropped
            Number of rows dropped, by reason.
        skipped
            Columns that turned out to hold no numbers, with why; their spools are gone.

        Raises
        ------
        UserError
            If a column that must hold numbers does not.
        """
        skipped = self._condemn()
        placed = np.concatenate(self._placed) if self._placed else np.empty(0, dtype=np.bool_)
        wrong = np.zeros(self.rows, dtype=np.bool_)
        for parts in self._wrong.values():
            for rows in parts:
                wrong[rows] = True
        keep = placed & ~wrong
        repeated = self._repeated(keep)
        dropped = {
            "not a number": int(wrong.sum()),
            "no position": int(np.sum(~placed & ~wrong)),
            "identifier seen before": len(repeated),
            "broken line": self.broken,
        }
        keep[repeated] = False
        counted = {reason: n for reason, n in dropped.items() if n}
        return (None if keep.all() else keep), counted, skipped

    def _judged(self, column: Planned, chunk: Chunk) -> Cells:
        """Find the cells of a column that hold no number, note them, and empty them."""
        cells = chunk.columns[column.source]
        missing = cells.missing
        if column.mask:
            hidden = chunk.columns[column.mask].values.astype(np.bool_)
            missing = hidden if missing is None else missing | hidden
        wrong = cells.wrong
        if wrong is not None:
            self._text[column.target] = self._text.get(column.target, 0) + int(wrong.sum())
        if cells.values.dtype.kind == "f":
            infinite = np.isinf(cells.values)
            if missing is not None:
                infinite &= ~missing
            if infinite.any():
                wrong = infinite if wrong is None else wrong | infinite
            empty = np.isnan(cells.values)
            missing = empty if missing is None else missing | empty
        target = column.target
        if wrong is not None and wrong.any():
            self._wrong.setdefault(target, []).append(np.flatnonzero(wrong) + self.rows)
            missing = wrong if missing is None else missing | wrong
            self._filled[target] = self._filled.get(target, 0) + int(wrong.sum())
        values = cells.values
        if missing is not None and missing.any():
            if values.dtype.kind == "f":
                values = np.where(missing, values.dtype.type(np.nan), values)
            self._filled[target] = self._filled.get(target, 0) - int(missing.sum())
        else:
            missing = None
        self._filled[target] = self._filled.get(target, 0) + chunk.rows
        return Cells(values, missing)

    def _condemn(self) -> dict[str, str]:
        """Refuse the table, or skip the column, where most cells are no numbers."""
        skipped: dict[str, str] = {}
        for column in self.matched.columns:
            filled = self._filled.get(column.target, 0)
            text = self._text.get(column.target, 0)
            bad = sum(map(len, self._wrong.get(column.target, [])))
            if column.known and 2 * text > filled:
                raise UserError(
                    f"The column {column.source} holds text where numbers belong "
                    f"({text} of {filled} cells).",
                    f"Name another column for {column.target} in the column map.",
                )
            if column.known or 2 * bad <= filled:
                continue
            skipped[column.source] = "mostly no numbers"
            self.spools.pop(column.target).remove()
            del self._wrong[column.target]
        return skipped

    def _repeated(self, keep: Mask) -> npt.NDArray[np.int64]:
        """Give the rows whose identifier an earlier kept row has."""
        if self.numbered or not self.rows:
            return np.empty(0, dtype=np.int64)
        ids = self.spools["source_id"].settle(None)
        candidates = np.flatnonzero(keep & (ids != NO_ID))
        chosen = ids[candidates]
        ordered = np.sort(chosen)
        if not np.any(ordered[1:] == ordered[:-1]):
            return np.empty(0, dtype=np.int64)
        order = np.argsort(chosen, kind="stable")
        again = np.flatnonzero(chosen[order][1:] == chosen[order][:-1]) + 1
        return np.sort(candidates[order[again]])

    def _correct(self, numbers: dict[str, Floats]) -> None:
        """Subtract the zero point, and spool what follows from the parallax at once."""
        found = parallax_zero_point(numbers)
        assert self.corrected is not None  # noqa: S101  (asked before)
        self.corrected += found.counts
        taken = found.values.astype(np.float32)  # what is stored is what is subtracted
        numbers |= corrected_parallax(numbers, taken)
        self.spools[COLUMN].append(taken, None)
        for name in CORRECTED:
            if name in numbers:
                self.spools[name].append(numbers[name].astype(KNOWN[name].dtype), None)

    def _derive(self, numbers: dict[str, Floats]) -> None:
        """Spool distance, Cartesian coordinates, and whether they are complete."""
        place = place_measured if self.matched.kind == "astrometry" else place_simulated
        placed = place(numbers, self.sun)
        made = CARTESIAN if self.matched.kind == "astrometry" else ()
        for name in ("distance", *made):
            self.spools[name].append(placed.columns[name], None)
        self.spools["has_6d"].append(placed.has_6d, None)
        self.spools["not_6d_reason"].append(placed.reason, None)
        self._placed.append(placed.on_sky)


def _numbers(cells: Cells, factor: float | None) -> Floats:
    """Give cells as float64 in the unit of the store, NaN where there is no number."""
    values = cells.values.astype(np.float64)
    for hidden in (cells.missing, cells.wrong):
        if hidden is not None:
            values[hidden] = np.nan
    return values if factor is None else values * factor


def _single(values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return values.astype(np.float32).astype(np.float64)


def _quiet(values: Floats, column: Planned) -> npt.NDArray[np.floating]:
    """Give values in the type of the store."""
    with np.errstate(over="ignore"):
        return values.astype(column.dtype)


def identifiers(source: str, cells: Cells) -> npt.NDArray[np.int64]:
    """Give identifiers as integers, refusing what a float has damaged."""
    values = cells.values
    if values.dtype.kind == "f":
        there = values[~np.isnan(values)]
        if np.any(there != np.round(there)) or np.any(np.abs(there) > _EXACT_IN_FLOAT64):
            raise UserError(
                f"The identifiers in the column {source} are floating-point numbers, "
                "which cannot hold all digits of a Gaia identifier.",
                "Save them as 64-bit integers or as text.",
            )
        values = np.where(np.isnan(values), NO_ID, values).astype(np.int64)
    elif cells.missing is not None:
        values = np.where(cells.missing, NO_ID, values)
    return values.astype(np.int64, copy=False)
