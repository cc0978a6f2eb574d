"""Rows on their way from a table into the store: judged, derived from, and spooled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.frames import Floats, SolarParameters, to_galactocentric
from data.matching import Matched, Planned
from data.readers.base import Cells, Chunk
from data.schema import CARTESIAN, DERIVED, NOT_6D_REASONS
from data.spool import Spool

__all__ = ["NO_ID", "Intake"]

NO_ID = -1
"""Stands for a missing identifier."""

Mask = npt.NDArray[np.bool_]
_CODE = {reason: code for code, reason in enumerate(NOT_6D_REASONS, start=1)}
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
    """

    def __init__(self, matched: Matched, sun: SolarParameters, folder: Path) -> None:
        self.matched = matched
        self.sun = sun
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
        for column in self.matched.columns:
            cells = self._judged(column, chunk)
            if column.target == "source_id":
                self.spools["source_id"].append(_identifiers(column, cells), None)
            elif column.target == self._apart:
                numbers[column.target] = _numbers(cells, column.factor)
            elif column.known:
                stored = _quiet(_numbers(cells, column.factor), column)
                self.spools[column.target].append(stored, None)
                # derived from what is stored, so that they agree to the last digit
                numbers[column.target] = stored.astype(np.float64)
            else:
                self.spools[column.target].append(cells.values, cells.missing)
        if self.numbered:
            ids = np.arange(self.rows, self.rows + chunk.rows, dtype=np.int64)
            self.spools["source_id"].append(ids, None)
        self._derive(numbers, chunk.rows)
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

    def _derive(self, numbers: dict[str, Floats], rows: int) -> None:
        """Spool distance, Cartesian coordinates, and whether they are complete."""
        derived = (
            _from_astrometry(numbers, self.sun)
            if self.matched.kind == "astrometry"
            else _from_positions(numbers, self.sun)
        )
        placed, reason, columns = derived
        with np.errstate(over="ignore", invalid="ignore"):
            stored = {name: columns[name].astype(np.float32) for name in ("distance", *CARTESIAN)}
        finite = np.logical_and.reduce([np.isfinite(stored[name]) for name in CARTESIAN])
        reason[finite] = 0
        reason[~finite & (reason == 0)] = _CODE["out of range"]
        if self.matched.kind == "astrometry":
            for name in CARTESIAN:
                self.spools[name].append(stored[name], None)
        self.spools["distance"].append(stored["distance"], None)
        self.spools["has_6d"].append(finite, None)
        self.spools["not_6d_reason"].append(reason, None)
        self._placed.append(placed)


def _from_astrometry(
    n: dict[str, Floats], sun: SolarParameters
) -> tuple[Mask, npt.NDArray[np.uint8], dict[str, Floats]]:
    """Give which rows have a place on the sky, why they lack 6D, and their coordinates."""
    ra, dec = n["ra"], n["dec"]
    placed = (ra >= 0.0) & (ra <= 360.0) & (np.abs(dec) <= 90.0)
    source = n.get("distance", n.get("parallax"))
    assert source is not None  # noqa: S101  (the match has seen to it)
    word = "distance" if "distance" in n else "parallax"
    with np.errstate(all="ignore"):
        distance = np.where(source > 0.0, source if word == "distance" else 1.0 / source, np.nan)
        velocity = n.get("radial_velocity", np.full(len(ra), np.nan))
        x, v = to_galactocentric(ra, dec, distance, n["pmra"], n["pmdec"], velocity, sun)
    reason = np.zeros(len(ra), dtype=np.uint8)
    # the first reason that applies counts, so the last is written first
    reason[np.isnan(velocity)] = _CODE["no radial velocity"]
    reason[np.isnan(n["pmra"]) | np.isnan(n["pmdec"])] = _CODE["no proper motion"]
    reason[source <= 0.0] = _CODE[f"{word} not positive"]
    reason[np.isnan(source)] = _CODE[f"no {word}"]
    return placed, reason, {"distance": distance, **_split(x, v)}


def _from_positions(
    n: dict[str, Floats], sun: SolarParameters
) -> tuple[Mask, npt.NDArray[np.uint8], dict[str, Floats]]:
    """Do the same for a simulation, which brings its coordinates."""
    x = np.stack([n["x"], n["y"], n["z"]], axis=1)
    v = np.stack([n["vx"], n["vy"], n["vz"]], axis=1)
    placed: Mask = np.logical_and.reduce(np.isfinite(x), axis=1)
    reason = np.zeros(len(x), dtype=np.uint8)
    reason[~np.isfinite(v).all(axis=1)] = _CODE["no velocity"]
    distance = np.linalg.norm(x - np.asarray(sun.position), axis=1)
    return placed, reason, {"distance": distance, **_split(x, v)}


def _split(x: Floats, v: Floats) -> dict[str, Floats]:
    return dict(zip(CARTESIAN, (*x.T, *v.T), strict=True))


def _numbers(cells: Cells, factor: float | None) -> Floats:
    """Give cells as float64 in the unit of the store, NaN where there is no number."""
    values = cells.values.astype(np.float64)
    for hidden in (cells.missing, cells.wrong):
        if hidden is not None:
            values[hidden] = np.nan
    return values if factor is None else values * factor


def _quiet(values: Floats, column: Planned) -> npt.NDArray[np.floating]:
    """Give values in the type of the store."""
    with np.errstate(over="ignore"):
        return values.astype(column.dtype)


def _identifiers(column: Planned, cells: Cells) -> npt.NDArray[np.int64]:
    """Give identifiers as integers, refusing what a float has damaged."""
    values = cells.values
    if values.dtype.kind == "f":
        there = values[~np.isnan(values)]
        if np.any(there != np.round(there)) or np.any(np.abs(there) > _EXACT_IN_FLOAT64):
            raise UserError(
                f"The identifiers in the column {column.source} are floating-point numbers, "
                "which cannot hold all digits of a Gaia identifier.",
                "Save them as 64-bit integers or as text.",
            )
        values = np.where(np.isnan(values), NO_ID, values).astype(np.int64)
    elif cells.missing is not None:
        values = np.where(cells.missing, NO_ID, values)
    return values.astype(np.int64, copy=False)
