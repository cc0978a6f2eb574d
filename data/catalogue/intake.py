"""Rows on their way from a table into the store: judged, derived from, and spooled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.catalogue.galactocentric import place_measured, place_simulated, wrapped
from data.catalogue.identifiers import NO_ID, Identifiers
from data.catalogue.judging import ColumnJudge
from data.catalogue.matching import Matched, Planned
from data.catalogue.remarks import Remark
from data.catalogue.schema import CARTESIAN, DERIVED, KNOWN
from data.catalogue.spool import Spool
from data.frames import Floats, SolarParameters
from data.quality.zero_point import (
    COLUMN,
    CORRECTED,
    NEEDS,
    ZeroPointCounts,
    corrected_parallax,
    parallax_zero_point,
)
from data.readers.base import Chunk

__all__ = ["NO_ID", "Intake"]

Mask = npt.NDArray[np.bool_]


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
        self.judges = [ColumnJudge(c) for c in matched.columns if c.target != "source_id"]
        source = next((c.source for c in matched.columns if c.target == "source_id"), None)
        self._identifiers = None if source is None else Identifiers(source)
        self._placed: list[Mask] = []

    def add(self, chunk: Chunk) -> None:
        """Spool the rows of a chunk and what is derived from them.

        Raises
        ------
        UserError
            If the identifiers cannot be taken exactly, or angles cannot be read.
        """
        self.broken += chunk.broken
        if not chunk.rows:
            return
        numbers: dict[str, Floats] = {}
        late = CORRECTED if self.corrected is not None else ()
        for judge in self.judges:
            column = judge.column
            cells = judge(chunk.columns[column.source], self.rows)
            if column.target == self._apart:
                numbers[column.target] = cells.values
            elif column.known:
                values = wrapped(cells.values) if column.target == "ra" else cells.values
                stored = _quiet(values, column)
                if column.target not in late:
                    self.spools[column.target].append(stored, None)
                # derived from what is stored, so that they agree to the last digit
                numbers[column.target] = stored.astype(np.float64)
            else:
                self.spools[column.target].append(cells.values, cells.missing)
                if self.corrected is not None and column.target in NEEDS:
                    numbers[column.target] = _doubles(cells.values, cells.missing)
        if self._identifiers is not None:
            self._identifiers.add(chunk.columns[self._identifiers.column])
        if self.corrected is not None:
            self._correct(numbers)
        self._derive(numbers)
        self.rows += chunk.rows

    def verdict(
        self, marks: Mapping[str, str] | None = None
    ) -> tuple[Mask | None, dict[str, int], dict[str, str], list[Remark]]:
        """Say which rows stay.

        Parameters
        ----------
        marks
            By source, the text that stands for a missing value in all cells of a column that
            hold no number.

        Returns
        -------
        keep
            Shape (rows,); None if all stay.
        dropped
            Number of rows dropped, by reason.
        skipped
            Columns that turned out to hold no numbers, with why; their spools are gone.
        remarks
            What was taken as missing.

        Raises
        ------
        UserError
            If a column that must hold numbers does not.
        """
        skipped: dict[str, str] = {}
        remarks: list[Remark] = []
        for judge in self.judges:
            if judge.hopeless:
                skipped[judge.column.source] = "mostly no numbers"
                self.spools.pop(judge.column.target).remove()
            elif not self._has_judge_as_distance(judge):
                remarks += judge.remarks((marks or {}).get(judge.column.source, ""))
        keep = np.concatenate(self._placed) if self._placed else np.empty(0, dtype=np.bool_)
        placed = int(keep.sum())
        repeated, about = self._identify(keep)
        keep[repeated] = False
        dropped = {
            "no position": self.rows - placed,
            "identifier seen before": len(repeated),
            "broken line": self.broken,
        }
        counted = {reason: n for reason, n in dropped.items() if n}
        return (None if keep.all() else keep), counted, skipped, about + remarks

    def condemned(self) -> list[ColumnJudge]:
        """List the known columns that lose so many cells that the table is to be refused."""
        return [judge for judge in self.judges if judge.condemned]

    def _has_judge_as_distance(self, judge: ColumnJudge) -> bool:
        """Whether the column is stored as the distance too, whose remarks say the same."""
        return judge.column.target != "distance" and judge.column.source == self.matched.distance

    def _identify(self, keep: Mask) -> tuple[npt.NDArray[np.int64], list[Remark]]:
        """Spool the identifiers, and give the rows whose identifier an earlier kept row has."""
        if self._identifiers is None:
            self.spools["source_id"].append(np.arange(self.rows, dtype=np.int64), None)
            return np.empty(0, dtype=np.int64), []
        ids, remarks = self._identifiers.finish()
        self.spools["source_id"].append(ids, None)
        candidates = np.flatnonzero(keep & (ids != NO_ID))
        chosen = ids[candidates]
        order = np.argsort(chosen, kind="stable")
        again = np.flatnonzero(chosen[order][1:] == chosen[order][:-1]) + 1
        return np.sort(candidates[order[again]]), remarks

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


def _doubles(values: npt.NDArray[np.generic], missing: Mask | None) -> Floats:
    doubles: Floats = values.astype(np.float64)
    if missing is not None:
        doubles[missing] = np.nan
    return doubles


def _quiet(values: Floats, column: Planned) -> npt.NDArray[np.floating]:
    """Give values in the type of the store."""
    with np.errstate(over="ignore"):
        return values.astype(column.dtype)
