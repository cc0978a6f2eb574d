"""Further columns for the stars of a catalogue, from a second table, by identifier.

Metallicities, velocities, labels, other distances: each star takes the row of the table that has
its ``source_id``. No star is lost and none is added; a star without a row gets missing values.
A column that is known by name means the same as at ingest: its unit is converted, its
placeholders are missing, and what depends on it is calculated again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue.identifiers import NO_ID
from data.catalogue.ingest import named, without_ending
from data.catalogue.join_plan import plan_join
from data.catalogue.join_table import JoinTable, Rows
from data.catalogue.matching import find_column
from data.catalogue.revision import Progress, revise
from data.catalogue.store import Catalogue, CatalogueStore
from data.catalogue.summaries import summary
from data.catalogue.writing import new_folder
from data.errors import UserError
from data.readers import open_table

__all__ = ["JoinCounts", "Joined", "join"]


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
        told = summary(self.catalogue)
        return {
            "catalogue": told["catalogue"],
            "rows": told["rows"],
            "with_6d": told["with_6d"],
            "not_6d": told["not_6d"],
            **asdict(self.counts),
            "columns": self.columns,
            "skipped": self.skipped,
            "remarks": told["remarks"],
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
    table: str | None = None,
    shown: str | None = None,
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
        As for `data.catalogue.revision.revise`; ``distance`` may be a new column.
    table, shown
        As for `data.catalogue.ingest.ingest`.
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
    store = CatalogueStore(home)
    with (
        named(path.name, shown),
        closing(open_table(path, table, _with_column(key))) as reader,
        new_folder(store) as folder,
    ):
        identifier = find_column(key, [f.name for f in reader.fields])
        plan, skipped = plan_join(catalogue, reader.fields, identifier, columns or {}, units or {})
        read = JoinTable(reader, plan, identifier, folder)
        read.read_all(lambda done: say(0.5 * done, "joining"))
        skipped |= read.skipped
        rows, counts = _meet(catalogue, read, path, identifier)
        added = {c.target: read.new_column(c, rows) for c in read.columns}
        about = {"joined": shown or str(path.absolute()), "by": identifier, **asdict(counts)}
        if len(reader.tables) > 1:
            about["table"] = reader.table
        revised = revise(
            catalogue,
            home,
            name=name or f"{catalogue.name}, {without_ending(Path(shown or path).name)}",
            distance=distance,
            zero_point=zero_point,
            columns=added,
            note=about,
            remarks=read.remarks,
            progress=lambda done, word: say(0.6 + 0.4 * done, word),
        )
    return Joined(revised, counts, list(added), skipped)


def _with_column(key: str) -> Callable[[Collection[str]], bool]:
    """Give a function that says whether a table has the identifiers."""
    return lambda names: any(name.lower() == key.lower() for name in names)


def _meet(
    catalogue: Catalogue, table: JoinTable, path: Path, identifier: str
) -> tuple[Rows, JoinCounts]:
    """Find the row of each star; of several the first one counts."""
    stars = catalogue.column("source_id")
    ids, firsts = np.unique(table.ids, return_index=True)
    rows = np.full(catalogue.n_rows, -1, dtype=np.int64)
    if len(ids):
        place = np.minimum(np.searchsorted(ids, stars), len(ids) - 1)
        met = (ids[place] == stars) & (stars != NO_ID)
        rows[met] = firsts[place[met]]
    matched = int(np.count_nonzero(rows >= 0))
    if not matched:
        raise UserError(
            f"No row of {path.name} belongs to a star of the catalogue {catalogue.name}.",
            f"Are the identifiers in its column {identifier} those of the same release?",
        )
    known = int(np.isin(table.ids, stars[rows >= 0]).sum())
    counts = JoinCounts(
        matched,
        catalogue.n_rows - matched,
        known - matched,
        len(table.ids) - known,
        table.lost_in(rows[rows >= 0]),
    )
    return rows, counts
