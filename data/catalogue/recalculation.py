"""The columns of a catalogue that follow from its distance and its parallaxes, made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.distances import distance_unit
from data.catalogue.galactocentric import place_measured
from data.catalogue.judging import ColumnJudge
from data.catalogue.manifest import Column
from data.catalogue.matching import Planned
from data.catalogue.remarks import Remark
from data.catalogue.schema import ASTROMETRY, CARTESIAN, CORRECTION, DERIVED, KNOWN
from data.catalogue.store import Catalogue
from data.frames import Floats
from data.quality import zero_point as correction
from data.readers.base import Cells
from data.units import conversion_factor

__all__ = ["FROM_PARALLAX", "NOWHERE", "Change", "NewColumn", "recalculated"]

FROM_PARALLAX = "1/parallax"
"""How the distance is called that needs no column of its own."""

NOWHERE = "none"
"""How the distance is called of which a catalogue says nothing."""

_PLACES = ("distance", *CARTESIAN, "has_6d", "not_6d_reason")
_NUMBERS = (*ASTROMETRY, "parallax_error", "parallax_over_error", *correction.NEEDS)
_BLOCK = 1 << 18


@dataclass(frozen=True)
class NewColumn:
    """A column of a new version.

    Parameters
    ----------
    values
        Shape (n_rows,), in the order of the catalogue; NaN, or ``about.missing``, where there
        is no value.
    about
        What the manifest says of it; type and file are filled in when it is written.
    """

    values: npt.NDArray[Any]
    about: Column


@dataclass(frozen=True)
class Change:
    """What is to be different.

    Parameters
    ----------
    origin
        Of the distance: `FROM_PARALLAX`, or the name of a column.
    zero_point
        Subtract the zero point of the parallax, or add it again; None leaves it.
    columns
        Further columns by name.
    """

    origin: str
    zero_point: bool | None
    columns: Mapping[str, NewColumn]

    @property
    def sign(self) -> int:
        """Of the zero point, in `data.quality.zero_point.corrected_parallax`."""
        return -1 if self.zero_point is False else 1


def recalculated(
    catalogue: Catalogue, change: Change, folder: Path, say: Callable[[float], None]
) -> tuple[dict[str, NewColumn], correction.ZeroPointCounts | None, list[Remark]]:
    """Calculate the columns that a change makes different.

    Parameters
    ----------
    catalogue
        The old version.
    change
        Checked before.
    folder
        Where the columns grow, mapped, so that none of them has to fit into memory.
    say
        Called with the fraction done.

    Returns
    -------
    columns
        By name; those of ``change.columns`` are not among them.
    counts
        Of a correction that was made; None where none was.
    remarks
        On distances that were taken as missing.
    """
    corrects = change.zero_point is not None
    measured = catalogue.manifest.kind == "astrometry"
    moves = change.origin != catalogue.manifest.origin_of_distance
    moves |= corrects and change.origin == FROM_PARALLAX
    moves |= measured and not _placed_by(change.origin).isdisjoint(change.columns)
    names = [n for n in correction.CORRECTED if corrects and catalogue.has(n)]
    names += [correction.COLUMN] if change.zero_point else []
    names += _PLACES if moves else []
    if not names:
        return {}, None, []
    made = {name: _room(folder, name, catalogue.n_rows) for name in names}
    judge = _distance_judge(catalogue, change) if moves else None
    counts = correction.ZeroPointCounts()
    for rows in _blocks(catalogue.n_rows):
        numbers = _numbers(catalogue, change, rows)
        fresh: dict[str, npt.NDArray[Any]] = {}
        if change.zero_point:
            found = correction.parallax_zero_point(numbers)
            counts += found.counts
            fresh[correction.COLUMN] = found.values.astype(np.float32)
        elif corrects:
            numbers[correction.COLUMN] = _stored(catalogue, correction.COLUMN, rows)
        if corrects:
            taken = fresh.get(correction.COLUMN, numbers.get(correction.COLUMN))
            assert taken is not None  # noqa: S101  one of them is there
            changed = correction.corrected_parallax(numbers, taken, change.sign)
            numbers |= changed
            fresh |= changed
        if moves:
            if judge is not None:
                numbers["distance"] = judge(Cells(numbers[change.origin]), rows.start).values
            fresh |= _places(catalogue, numbers, change.origin)
        for name, values in fresh.items():
            made[name][rows] = values
        say(rows.stop / catalogue.n_rows)
    new = {
        name: NewColumn(values, _about(catalogue, name, change)) for name, values in made.items()
    }
    remarks = [] if judge is None else judge.remarks()
    return new, counts if change.zero_point else None, remarks


def _placed_by(origin: str) -> set[str]:
    """Name the measured columns that positions and velocities follow from."""
    return {name for name in ASTROMETRY if name != "parallax" or origin == FROM_PARALLAX}


def _places(
    catalogue: Catalogue, numbers: dict[str, Floats], origin: str
) -> dict[str, npt.NDArray[Any]]:
    """Give distance, coordinates and what is missing to 6D."""
    names = _placed_by(origin) | (
        {"distance"} if origin not in (FROM_PARALLAX, NOWHERE) else set()
    )
    n = {name: values for name, values in numbers.items() if name in names}
    placed = place_measured(n, catalogue.manifest.sun)
    return {**placed.columns, "has_6d": placed.has_6d, "not_6d_reason": placed.reason}


def _numbers(catalogue: Catalogue, change: Change, rows: slice) -> dict[str, Floats]:
    """Give what the calculation needs of some rows."""
    wanted = dict.fromkeys((*_NUMBERS, change.origin))
    found = {n: _stored(catalogue, n, rows) for n in wanted if catalogue.has(n)}
    more = {n: c for n, c in change.columns.items() if n in wanted}
    return found | {n: _doubles(c.values[rows], c.about.missing) for n, c in more.items()}


def _distance_judge(catalogue: Catalogue, change: Change) -> ColumnJudge | None:
    """Give what turns a column into distances, as at ingest; None for 1/parallax."""
    name = change.origin
    if name in (FROM_PARALLAX, NOWHERE):
        return None
    about = change.columns[name].about if name in change.columns else catalogue.columns[name]
    factor = conversion_factor(about.unit or distance_unit(name), "kpc", name)
    spec = DERIVED["distance"]
    return ColumnJudge(
        Planned(name, "distance", spec.dtype, factor, spec.unit, about.unit_origin, "")
    )


def _about(catalogue: Catalogue, name: str, change: Change) -> Column:
    """Describe a column that was made anew."""
    if name == "parallax" and change.zero_point:
        return correction.described(catalogue.columns[name])
    if name == "parallax":
        return correction.undescribed(catalogue.columns[name])
    if name in catalogue.columns and name != "distance":
        return catalogue.columns[name]
    spec = (DERIVED | CORRECTION)[name]
    return Column(spec.unit, spec.dtype, spec.description, "derived")


def _room(folder: Path, name: str, n_rows: int) -> npt.NDArray[Any]:
    """Make room for a column on the disk."""
    spec = (KNOWN | DERIVED | CORRECTION)[name]
    return np.memmap(folder / f"{name}.raw", np.dtype(spec.dtype), "w+", shape=(n_rows,))


def _stored(catalogue: Catalogue, name: str, rows: slice) -> Floats:
    return _doubles(catalogue.column(name)[rows], catalogue.columns[name].missing)


def _doubles(values: npt.NDArray[Any], missing: int | None) -> Floats:
    doubles: Floats = np.asarray(values, dtype=np.float64).copy()
    if missing is not None:
        doubles[values == missing] = np.nan
    return doubles


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, _BLOCK):
        yield slice(start, min(start + _BLOCK, n))
