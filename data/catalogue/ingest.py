"""From a table file, or arrays, to a catalogue in the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.intake import Intake
from data.catalogue.judging import ColumnJudge
from data.catalogue.matching import Matched, match_columns, suits
from data.catalogue.plausibility import plausibility
from data.catalogue.schema import DERIVED, KNOWN, Kind
from data.catalogue.sexagesimal import angles
from data.catalogue.store import TRUTH, Catalogue, CatalogueStore
from data.catalogue.summaries import summary
from data.catalogue.writing import check_space, make_manifest, new_folder, write_columns
from data.errors import UserError
from data.frames import SolarParameters
from data.quality import zero_point as correction
from data.readers import SUFFIXES, describe_tables, open_table
from data.readers.arrays import ArrayReader
from data.readers.base import Reader

__all__ = [
    "About",
    "check_condemned",
    "ingest",
    "ingest_arrays",
    "named",
    "store_table",
    "summary",
    "without_ending",
]

Progress = Callable[[float, str], None]

_CELLS_PER_CHUNK = 1 << 22
_ROWS_PER_CHUNK = 1 << 18


def ingest(
    file: str | Path,
    home: Path,
    *,
    name: str | None = None,
    column_map: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    kind: Kind | None = None,
    sun: SolarParameters | None = None,
    distance: str | None = None,
    zero_point: bool = False,
    table: str | None = None,
    shown: str | None = None,
    progress: Progress | None = None,
) -> Catalogue:
    """Bring a table file into the store.

    Parameters
    ----------
    file
        FITS, VOTable, ECSV, CSV (also gzipped), Parquet or HDF5.
    home
        The home folder.
    name
        What to call the catalogue; the file's name by default.
    column_map
        Name in the store to name in the table, where the table does not use Gaia's names:
        ``{"radial_velocity": "vlos"}``.
    units
        Units by column name; they override those that the table states.
    kind
        ``astrometry`` or ``simulation``; found out from the columns by default.
    sun
        The Sun's place and motion; the design's values by default.
    distance
        A column that holds the distance; 1/parallax by default.
    zero_point
        Subtract the zero point from the parallaxes (Gaia (E)DR3; `data.quality.zero_point`).
        What was subtracted is kept as a column.
    table
        Which table of the file to read, where it has several: a name or a number.
    shown
        The name by which the user knows the file, if it lies under another one here.
    progress
        Called with a fraction (0 to 1) and a word about what is being done.

    Returns
    -------
    Catalogue
        ``already_there`` is set where the store held the same content under the same name.

    Raises
    ------
    UserError
        If the table cannot be read or cannot be trusted. The store is then as it was.
    """
    path = Path(file).expanduser()
    suitable = suits(column_map, kind)
    with named(path.name, shown), closing(open_table(path, table, suitable)) as reader:
        provenance = {
            "file": shown or str(path.absolute()),
            "format": reader.format,
            "bytes": path.stat().st_size,
        }
        if len(reader.tables) > 1:
            provenance |= {"table": reader.table, "tables": [t.name for t in reader.tables]}
        with _naming_tables(reader):
            matched = match_columns(
                reader.fields, kind=kind, column_map=column_map, units=units, distance=distance
            )
        called = name or without_ending(Path(shown or path).name)
        about = About(called, provenance, sun or SolarParameters(), zero_point=zero_point)
        return store_table(reader, matched, home, about, progress)


def without_ending(file: str) -> str:
    """Give the name of a file without the ending that names its format.

    Dots inside a name stay: ``gaia.dr3.sample.fits`` is called ``gaia.dr3.sample``.
    """
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if file.lower().endswith(suffix) and len(file) > len(suffix):
            return file[: -len(suffix)]
    return file


@contextmanager
def named(file: str, shown: str | None = None) -> Iterator[None]:
    """See to it that every sentence says which file it is about.

    Parameters
    ----------
    file
        The name of the file.
    shown
        The name by which the user knows it, which takes its place in the sentence.
    """
    try:
        yield
    except UserError as error:
        name = file if shown is None else Path(shown).name
        sentence = error.sentence.replace(file, name)
        if name not in sentence:
            sentence = f"{name}: {sentence}"
        raise UserError(sentence, error.hint.replace(file, name)) from error


@contextmanager
def _naming_tables(reader: Reader) -> Iterator[None]:
    """Name the tables of a file in the hint of an error about the columns of one of them."""
    try:
        yield
    except UserError as error:
        if len(reader.tables) < 2:
            raise
        others = f"The file holds {describe_tables(reader.tables, 8)}; --table NAME chooses one."
        raise UserError(error.sentence, f"{error.hint} {others}".strip()) from error


def ingest_arrays(
    columns: Mapping[str, npt.NDArray[Any]],
    home: Path,
    *,
    name: str,
    kind: Kind,
    provenance: Mapping[str, Any],
    truth: Mapping[str, Any] | None = None,
    sun: SolarParameters | None = None,
    units: Mapping[str, str] | None = None,
    distance: str | None = None,
    zero_point: bool = False,
    progress: Progress | None = None,
) -> Catalogue:
    """Bring columns from memory into the store, as `ingest` does with a file.

    Parameters
    ----------
    columns
        Arrays of one shape (n,) under the names of the store and in its units.
    home, name, kind, sun, units, distance, zero_point, progress
        As for `ingest`.
    provenance
        What is known about where they come from; it must go into JSON.
    truth
        The truth of a mock, stored beside the columns.

    Raises
    ------
    UserError
        As for `ingest`.
    """
    specs = {**DERIVED, **KNOWN}
    stated = {name: specs[name].unit for name in columns if name in specs and specs[name].unit}
    described = {name: specs[name].description for name in columns if name in specs}
    reader = ArrayReader(columns, stated | dict(units or {}), described)
    matched = match_columns(reader.fields, kind=kind, distance=distance)
    about = About(name, dict(provenance), sun or SolarParameters(), truth, zero_point)
    return store_table(reader, matched, home, about, progress)


@dataclass(frozen=True)
class About:
    """What is said about a table beside its columns."""

    name: str
    provenance: dict[str, Any]
    sun: SolarParameters = field(default_factory=SolarParameters)
    truth: Mapping[str, Any] | None = None
    zero_point: bool = False


def store_table(
    reader: Reader, matched: Matched, home: Path, about: About, progress: Progress | None
) -> Catalogue:
    """Read all chunks, judge the rows, write the columns and put the folder in place."""
    say = progress or (lambda fraction, word: None)
    store = CatalogueStore(home)
    if about.zero_point:
        if matched.kind != "astrometry":
            raise UserError("A simulation has no parallaxes to correct.")
        correction.check_columns(c.target for c in matched.columns)
    with new_folder(store) as folder:
        check_space(reader.n_rows, matched, folder)
        spools = folder / "spools"
        spools.mkdir()
        intake = Intake(matched, about.sun, spools, zero_point=about.zero_point)
        rows = min(_ROWS_PER_CHUNK, max(1024, _CELLS_PER_CHUNK // len(matched.sources)))
        for chunk in reader.chunks(matched.sources, rows, as_text=matched.as_text):
            intake.add(chunk)
            say(0.7 * chunk.fraction, "reading")
        marks = check_condemned(reader, intake.condemned())
        keep, dropped, skipped, remarks = intake.verdict(marks)
        if not (intake.rows if keep is None else keep.any()):
            raise _nothing_left(dropped)
        columns, hashes = write_columns(
            intake.spools, matched, keep, folder, lambda done: say(0.7 + 0.3 * done, "storing")
        )
        spools.rmdir()
        provenance = about.provenance
        if intake.corrected is not None:
            provenance = provenance | {"zero_point": correction.provenance(intake.corrected)}
            columns["parallax"] = correction.described(columns["parallax"])
        if about.truth is not None:
            (folder / TRUTH).write_text(json.dumps(about.truth), encoding="utf-8")
        manifest = make_manifest(
            matched,
            name=about.name,
            provenance=provenance,
            sun=about.sun,
            truth=about.truth,
            columns=columns,
            hashes=hashes,
            rows=intake.rows if keep is None else int(np.sum(keep)),
            dropped=dropped,
            skipped=skipped,
            remarks=remarks,
            folder=folder,
        )
        manifest.write(folder)
        more = plausibility(Catalogue(folder))
        if more:
            replace(manifest, remarks=(*manifest.remarks, *more)).write(folder)
        catalogue = store.adopt(folder, manifest.id)
    say(1.0, "already in the store" if catalogue.already_there else "done")
    return catalogue


def check_condemned(reader: Reader, judges: Sequence[ColumnJudge]) -> dict[str, str]:
    """Refuse a table whose known columns lose too many cells.

    Parameters
    ----------
    reader
        The table, which is read again for an example.
    judges
        Of the columns in question.

    Returns
    -------
    dict
        By source, the mark for a missing value where all cells without a number have the same
        one, such as ``...``: nothing is lost then.

    Raises
    ------
    UserError
        If they hold anything else.
    """
    marks: dict[str, str] = {}
    for judge in judges:
        texts = _texts_without_numbers(reader, judge) if judge.tally.text else []
        if len(texts) == 1 and not any(letter.isalnum() for letter in texts[0]):
            marks[judge.column.source] = texts[0]
        else:
            raise judge.condemnation(texts[0] if texts else "")
    return marks


def _texts_without_numbers(reader: Reader, judge: ColumnJudge) -> list[str]:
    """Read the cells of a column that hold no numbers: the different ones, three at most."""
    source = judge.column.source
    texts: dict[str, None] = {}
    as_numbers = reader.chunks([source], _ROWS_PER_CHUNK)
    as_written = reader.chunks([source], _ROWS_PER_CHUNK, as_text=[source])
    for numbers, written in zip(as_numbers, as_written, strict=False):
        wrong = numbers.columns[source].wrong
        if judge.column.text:
            wrong = angles(written.columns[source]).wrong
        if wrong is None:
            continue
        cells = written.columns[source].values[np.flatnonzero(wrong)[:1000]]
        texts |= dict.fromkeys(str(cell).strip() for cell in cells)
        if len(texts) > 1:
            break
    return list(texts)[:3]


def _nothing_left(dropped: Mapping[str, int]) -> UserError:
    """Say why not one row of a table could be kept."""
    if not dropped:
        return UserError("The table has no rows.", "Choose a table with stars in it.")
    counted = ", ".join(f"{reason}: {n}" for reason, n in dropped.items())
    return UserError(
        f"No row of the table could be kept ({counted}).",
        "Check that the columns for the position are the right ones, and their units.",
    )
