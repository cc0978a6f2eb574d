"""Further columns for the stars of a catalogue, from a second table, by identifier.

Metallicities, labels, other distances: each star takes the row of the table that has its
``source_id``. No star is lost and none is added; who finds no partner gets missing values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.intake import NO_ID, identifiers
from data.manifest import Column
from data.readers import open_table
from data.readers.base import Cells, Field, Reader
from data.recalculation import NewColumn
from data.revision import Progress, revise
from data.store import Catalogue
from data.units import tidy_unit

__all__ = ["JoinCounts", "Joined", "join"]

_ROWS = 1 << 18
_LARGEST_IN_FLOAT32 = 1 << 24
_LARGEST_IN_FLOAT64 = 1 << 53


@dataclass(frozen=True)
class JoinCounts:
    """How the rows of a table met the stars of a catalogue.

    Parameters
    ----------
    matched
        Stars that found a row.
    unmatched
        Stars that found none; their new columns are missing.
    duplicates
        Rows of the table whose identifier an earlier row has; the first one counts.
    elsewhere
        Rows of the table whose identifier no star has, or that have none.
    no_numbers
        Cells of matched rows with text or infinity where a number belongs; they are missing.
    """

    matched: int
    unmatched: int
    duplicates: int
    elsewhere: int
    no_numbers: int


@dataclass(frozen=True)
class Joined:
    """The new version of a catalogue and how it came about.

    Parameters
    ----------
    catalogue
        With the further columns.
    counts
        Of stars and rows.
    columns
        Names of the further columns.
    skipped
        Columns of the table that were not taken, each with why.
    """

    catalogue: Catalogue
    counts: JoinCounts
    columns: list[str]
    skipped: dict[str, str]

    def summary(self) -> dict[str, Any]:
        """Give the object that ``join --json`` prints."""
        return {
            "catalogue": self.catalogue.id,
            "rows": self.catalogue.n_rows,
            "with_6d": self.catalogue.manifest.with_6d,
            **asdict(self.counts),
            "columns": self.columns,
            "skipped": self.skipped,
        }


def join(
    catalogue: Catalogue,
    file: str | Path,
    home: Path,
    *,
    key: str = "source_id",
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    distance: str | None = None,
    zero_point: bool | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Joined:
    """Make a version of a catalogue with the columns of a second table.

    Parameters
    ----------
    catalogue
        The stars.
    file
        A table in any format that is read; its rows may stand in any order.
    home
        The home folder.
    key
        The table's column of identifiers, in any mixture of capitals.
    columns
        Name in the catalogue to name in the table, for the columns to take; by default all
        columns of numbers whose names the catalogue does not have.
    units
        Units by name, over what the table states.
    distance, zero_point, name
        As for `data.revision.revise`; ``distance`` may be a new column.
    progress
        Called with a fraction (0 to 1) and a word.

    Raises
    ------
    UserError
        If the table cannot be read, has no such columns, or no row of it belongs to a star.
    """
    path = Path(file).expanduser()
    say = progress or (lambda fraction, word: None)
    if catalogue.columns["source_id"].unit_origin == "derived":
        raise UserError(
            f"The stars of the catalogue {catalogue.name} have no identifiers to join by.",
            "Ingest its table with a column source_id.",
        )
    with closing(open_table(path)) as reader:
        identifier = _find(key, reader.fields, path)
        chosen, skipped = _choose(catalogue, reader.fields, identifier, columns or {}, path)
        new, counts = _collect(catalogue, reader, identifier, chosen, path, say)
        described = {f.name: f for f in reader.fields}
    given = units or {}
    unknown = [n for n in given if n not in chosen]
    if unknown:
        raise UserError(f"No new column is called {unknown[0]}, so that it can have no unit.",
                        f"The new columns are {', '.join(chosen)}.")  # fmt: skip
    added = {}
    for target, source in chosen.items():
        field = described[source]
        about = Column(
            tidy_unit(given.get(target, field.unit or "")),
            "",
            field.description,
            "given" if target in given else "stated" if field.unit else "assumed",
            source,
        )
        added[target] = NewColumn(new[target], about)
    revised = revise(
        catalogue,
        home,
        name=name or f"{catalogue.name}, {path.name.split('.')[0]}",
        distance=distance,
        zero_point=zero_point,
        columns=added,
        note={"joined": str(path.absolute()), "by": identifier, **asdict(counts)},
        progress=lambda done, word: say(0.6 + 0.4 * done, word),
    )
    return Joined(revised, counts, list(added), skipped)


def _find(name: str, fields: Sequence[Field], path: Path) -> str:
    """Find a column of the table, in any mixture of capitals."""
    names = [field.name for field in fields]
    if name in names:
        return name
    alike = [there for there in names if there.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    shown = ", ".join(names[:40])
    raise UserError(f"{path.name} has no column {name}.", f"It has {shown}.")


def _choose(
    catalogue: Catalogue,
    fields: Sequence[Field],
    identifier: str,
    wanted: Mapping[str, str],
    path: Path,
) -> tuple[dict[str, str], dict[str, str]]:
    """Say which columns to take, by their new names, and why not the others."""
    kinds = {field.name: field.kind for field in fields}
    if wanted:
        chosen = {target: _find(source, fields, path) for target, source in wanted.items()}
        for target, source in chosen.items():
            if kinds[source] == "other":
                raise UserError(f"The column {source} of {path.name} holds no plain numbers.")
            if catalogue.has(target):
                raise UserError(
                    f"The catalogue {catalogue.name} has a column {target} already.",
                    f"Give the new one another name: NAME={source}.",
                )
        return chosen, {}
    chosen, skipped = {}, {}
    for name, kind in kinds.items():
        masked = name.removesuffix(".mask")
        if name == identifier or (masked != name and masked in kinds):
            continue
        if kind in ("text", "other"):
            skipped[name] = "text" if kind == "text" else "neither numbers nor text"
        elif catalogue.has(name):
            skipped[name] = "the catalogue has a column of this name"
        else:
            chosen[name] = name
    if not chosen:
        raise UserError(
            f"{path.name} has no column of numbers that the catalogue {catalogue.name} lacks.",
            "Choose columns and names for them: NAME=COLUMN.",
        )
    return chosen, skipped


def _collect(
    catalogue: Catalogue,
    reader: Reader,
    identifier: str,
    chosen: Mapping[str, str],
    path: Path,
    say: Progress,
) -> tuple[dict[str, npt.NDArray[Any]], JoinCounts]:
    """Bring the rows of the table into the order of the catalogue."""
    ids = catalogue.column("source_id")
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    found = np.zeros(catalogue.n_rows, dtype=np.bool_)
    new = {target: np.full(catalogue.n_rows, np.nan) for target in chosen}
    there = {field.name for field in reader.fields}
    masks = {s: f"{s}.mask" for s in chosen.values() if f"{s}.mask" in there}
    names = list(dict.fromkeys([identifier, *chosen.values(), *masks.values()]))
    duplicates = elsewhere = wrong = 0
    for chunk in reader.chunks(names, _ROWS):
        if not chunk.rows:
            continue
        wanted = identifiers(identifier, chunk.columns[identifier])
        place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        hits = np.flatnonzero((ordered[place] == wanted) & (wanted != NO_ID))
        stars = order[place[hits]]
        # of several rows for a star the first one counts, within this chunk and before it
        _, firsts = np.unique(stars, return_index=True)
        firsts = firsts[~found[stars[firsts]]]
        duplicates += len(hits) - len(firsts)
        elsewhere += chunk.rows - len(hits)
        hits, stars = hits[firsts], stars[firsts]
        found[stars] = True
        for target, source in chosen.items():
            hidden = chunk.columns[masks[source]].values if source in masks else None
            values, bad = _numbers(chunk.columns[source], hidden, source)
            new[target][stars] = values[hits]
            wrong += int(bad[hits].sum())
        say(0.6 * chunk.fraction, "joining")
    matched = int(found.sum())
    if not matched:
        raise UserError(
            f"No row of {path.name} belongs to a star of the catalogue {catalogue.name}.",
            f"Are the identifiers in its column {identifier} those of the same release?",
        )
    counts = JoinCounts(matched, catalogue.n_rows - matched, duplicates, elsewhere, wrong)
    return {target: _narrow(values) for target, values in new.items()}, counts


def _numbers(
    cells: Cells, hidden: npt.NDArray[Any] | None, source: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Give cells as doubles, NaN where there is no number, and which hold something else.

    Raises
    ------
    UserError
        If integers have more digits than a double holds.
    """
    values = cells.values
    missing = np.zeros(len(values), dtype=np.bool_)
    for empty in (cells.missing, cells.wrong, hidden):
        if empty is not None:
            missing |= empty.astype(np.bool_)
    if values.dtype.kind == "i" and np.any(np.abs(values[~missing]) > _LARGEST_IN_FLOAT64):
        raise UserError(
            f"The column {source} holds integers with more digits than a number with missing "
            "values can have.",
            "Choose the columns to join: NAME=COLUMN.",
        )
    numbers = values.astype(np.float64)
    bad = np.isinf(numbers) & ~missing
    if cells.wrong is not None:
        bad |= cells.wrong
    numbers[missing | bad] = np.nan
    return numbers, bad


def _narrow(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Give the type of the store: float32, unless it would change an integer or overflow."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    exact = values[np.isfinite(values)]
    large = np.abs(exact) > _LARGEST_IN_FLOAT32
    whole = exact[large] == np.round(exact[large])
    changed = whole & (narrow[np.isfinite(values)][large].astype(np.float64) != exact[large])
    overflow = bool(np.any(np.isinf(narrow)))
    return values if overflow or bool(changed.any()) else narrow
