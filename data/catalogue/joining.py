"""Further columns for the stars of a catalogue, from a second table, by identifier.

Metallicities, velocities, labels, other distances: each star takes the row of the table that has
its ``source_id``. No star is lost and none is added; a star without a row gets missing values.
A column that is known by name means the same as at ingest: its unit is converted, its
placeholders are missing, and what depends on it is calculated again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.identifiers import NO_ID, Identifiers, as_text
from data.catalogue.ingest import check_condemned, named, without_ending
from data.catalogue.judging import ColumnJudge
from data.catalogue.manifest import Column, UnitOrigin
from data.catalogue.matching import Planned, find_column, known_name, planned
from data.catalogue.naming import unique_names
from data.catalogue.recalculation import NewColumn
from data.catalogue.remarks import Remark
from data.catalogue.revision import Progress, revise
from data.catalogue.schema import KNOWN
from data.catalogue.spool import Spool
from data.catalogue.store import Catalogue, CatalogueStore
from data.catalogue.summaries import summary
from data.catalogue.writing import new_folder
from data.errors import UserError
from data.readers import open_table
from data.readers.base import Cells, Field, Reader

__all__ = ["JoinCounts", "Joined", "join"]

_ROWS = 1 << 18
_BLOCK = 1 << 20

Rows = npt.NDArray[np.int64]


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
        plan, skipped = _plan(catalogue, reader.fields, identifier, columns or {}, units or {})
        read = _TableColumns(reader, plan, identifier, folder)
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


def _plan(
    catalogue: Catalogue,
    fields: Sequence[Field],
    identifier: str,
    wanted: Mapping[str, str],
    units: Mapping[str, str],
) -> tuple[list[Planned], dict[str, str]]:
    """Say which columns to take, by their new names, and why not the others."""
    by_name = {field.name: field for field in fields}
    if wanted:
        chosen = {target: find_column(source, by_name) for target, source in wanted.items()}
        skipped: dict[str, str] = {}
        _check_wanted(catalogue, chosen, by_name)
    else:
        chosen, skipped = _all_new(catalogue, by_name, identifier)
    unknown = [n for n in units if n not in chosen and n not in chosen.values()]
    if unknown:
        raise UserError(f"No new column is called {unknown[0]}, so that it can have no unit.",
                        f"The new columns are {', '.join(chosen)}.")  # fmt: skip
    plan = []
    for target, source in chosen.items():
        field = by_name[source]
        given = units.get(target, units.get(source))
        unit: tuple[str, UnitOrigin] | None = (given, "given") if given else None
        if unit is None and field.unit:
            unit = (field.unit, "stated")
        plan.append(planned(field, target, KNOWN.get(target), unit))
    return plan, skipped


def _check_wanted(
    catalogue: Catalogue, chosen: Mapping[str, str], by_name: Mapping[str, Field]
) -> None:
    """Refuse columns that cannot be taken under the names that the user gave them."""
    for target, source in chosen.items():
        if by_name[source].kind == "other":
            raise UserError(f"The column {source} holds no plain numbers.")
        if catalogue.has(target):
            raise UserError(
                f"The catalogue {catalogue.name} has a column {target} already.",
                f"Give the new one another name: NAME={source}.",
            )


def _all_new(
    catalogue: Catalogue, by_name: Mapping[str, Field], identifier: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Take every column of numbers whose name is new; a known name in any capitals is one."""
    sources, skipped = [], {}
    for name, field in by_name.items():
        if name == identifier:
            continue
        if field.kind == "other" or (field.kind == "text" and known_name(name) not in KNOWN):
            skipped[name] = "text" if field.kind == "text" else "neither numbers nor text"
        elif catalogue.has(known_name(name)):
            skipped[name] = "the catalogue has a column of this name"
        else:
            sources.append(name)
    if not sources:
        raise UserError(
            f"The table has no column of numbers that the catalogue {catalogue.name} lacks.",
            "Choose columns and names for them: NAME=COLUMN.",
        )
    names = [known_name(name) for name in sources]
    exact_first = sorted(range(len(names)), key=lambda i: names[i] != sources[i])
    targets = unique_names([names[i] for i in exact_first], catalogue.columns)
    by_source = {sources[i]: target for i, target in zip(exact_first, targets, strict=True)}
    return {by_source[source]: source for source in sources}, skipped


class _TableColumns:
    """The identifiers and the columns of the second table, spooled as it has them.

    Parameters
    ----------
    reader
        The table.
    plan
        The columns to take.
    identifier
        Its column of identifiers.
    folder
        For the spools.
    """

    def __init__(
        self, reader: Reader, plan: Sequence[Planned], identifier: str, folder: Path
    ) -> None:
        self._reader = reader
        self._identifier = identifier
        self._folder = folder
        self._judges = [ColumnJudge(c) for c in plan]
        self._spools = {
            c.target: Spool(folder / f"read-{i}.raw", c.dtype) for i, c in enumerate(plan)
        }
        self._lost: dict[str, list[Rows]] = {c.target: [] for c in plan}
        self.ids: Rows = np.empty(0, dtype=np.int64)
        self.skipped: dict[str, str] = {}
        self.remarks: list[Remark] = []

    @property
    def columns(self) -> list[Planned]:
        """The columns that hold numbers."""
        return [j.column for j in self._judges if not j.hopeless]

    def read_all(self, say: Callable[[float], None]) -> None:
        """Read the table.

        Raises
        ------
        UserError
            If the identifiers are not exact, or a known column holds mostly no numbers.
        """
        sources = [judge.column.source for judge in self._judges]
        text = [*as_text(self._reader.fields, self._identifier)]
        text += [judge.column.source for judge in self._judges if judge.column.text]
        names = list(dict.fromkeys([self._identifier, *sources]))
        ids, first = Identifiers(self._identifier), 0
        for chunk in self._reader.chunks(names, _ROWS, as_text=text):
            if not chunk.rows:
                continue
            ids.add(chunk.columns[self._identifier])
            for judge in self._judges:
                target = judge.column.target
                cells = judge(chunk.columns[judge.column.source], first)
                self._spools[target].append(_in_type(cells, judge.column), cells.missing)
                if judge.lost.any():
                    self._lost[target].append(np.flatnonzero(judge.lost) + first)
            first += chunk.rows
            say(chunk.fraction)
        self.ids, _ = ids.finish()
        marks = check_condemned(self._reader, [j for j in self._judges if j.condemned])
        for judge in self._judges:
            if judge.hopeless:
                self.skipped[judge.column.source] = "mostly no numbers"
            else:
                self.remarks += judge.remarks(marks.get(judge.column.source, ""))

    def lost_in(self, rows: Rows) -> int:
        """Count the cells without a number in some rows of the table."""
        lost = [part for c in self.columns for part in self._lost[c.target]]
        return sum(int(np.isin(part, rows).sum()) for part in lost)

    def new_column(self, column: Planned, rows: Rows) -> NewColumn:
        """Bring a column into the order of the stars.

        Parameters
        ----------
        column
            Which.
        rows
            The row of each star, -1 where it has none; shape (n,).
        """
        spool = self._spools[column.target]
        values = spool.settle(None)
        mark = spool.missing
        ordered = Spool(spool.path.with_suffix(".ordered"), column.dtype)
        for start in range(0, max(1, len(rows)), _BLOCK):
            part = rows[start : start + _BLOCK]
            found = values[np.maximum(part, 0)]
            missing = part < 0
            if found.dtype.kind == "f":
                found = np.where(missing, found.dtype.type(np.nan), found)
            elif mark is not None:
                missing = missing | (found == mark)
            ordered.append(found, missing)
        settled = ordered.settle(None)
        about = Column(
            column.unit, "", column.description, column.unit_origin, column.source,
            missing=ordered.missing, read_unit=column.read_unit,
        )  # fmt: skip
        return NewColumn(settled, about)


def _in_type(cells: Cells, column: Planned) -> npt.NDArray[Any]:
    """Give values in the type of a known column; those of any other stay as they are."""
    if column.dtype is None:
        return cells.values
    with np.errstate(over="ignore"):
        return cells.values.astype(column.dtype)


def _meet(
    catalogue: Catalogue, table: _TableColumns, path: Path, identifier: str
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
