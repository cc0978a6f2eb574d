"""What a service has, asked before anything is downloaded."""

from __future__ import annotations

import re
from pathlib import Path

from data.archives.jobs import Jobs
from data.archives.queries import Query, free_query
from data.archives.releases import Release
from data.archives.tables import TapTable
from data.catalogue.matching import match_columns
from data.errors import UserError
from data.readers.arrays import ArrayReader

__all__ = ["available_columns", "probed_query"]

_TABLE = re.compile(r"[A-Za-z_][\w.]*")
_MOST_COLUMNS = 10_000
_KEY = "source_id"


def available_columns(release: Release, jobs: Jobs, folder: Path) -> Release:
    """Leave those columns out of a release that a service does not have.

    Only a release that allows it is asked about; TAP_SCHEMA answers.

    Raises
    ------
    UserError
        If the service has no such table, or lacks a column that is needed.
    """
    if not release.optional or not _TABLE.fullmatch(release.table):
        return release
    adql = f"SELECT column_name FROM TAP_SCHEMA.columns WHERE table_name = '{release.table}'"  # noqa: S608
    table = _asked(jobs, adql, _MOST_COLUMNS, folder)
    there = {str(name).lower().strip('"') for values in table.columns.values() for name in values}
    if not there:
        raise UserError(
            f"{jobs.url} has no table {release.table}.", "Name another release or service."
        )
    return release.narrowed(there)


def probed_query(text: str, jobs: Jobs, folder: Path) -> tuple[Query, int]:
    """Ask for one row of a query, to see that it is understood and what it gives.

    Parameters
    ----------
    text
        ADQL.
    jobs
        The service.
    folder
        For the answer.

    Returns
    -------
    query, bytes_per_row
        The query, cut by source_id where it gives that, and the size of its rows.

    Raises
    ------
    UserError
        If the service refuses it, or if it lacks columns that every catalogue must have.
    """
    query = free_query(text, _KEY)
    table = _asked(jobs, f"SELECT TOP 1 *\nFROM {query.source}", 1, folder)
    reader = ArrayReader(table.columns, table.units)
    match_columns(reader.fields, kind="astrometry")
    names = {name.lower(): name for name in table.columns}
    whole = _KEY in names and table.columns[names[_KEY]].dtype.kind in "iu"
    size = sum(values.dtype.itemsize for values in table.columns.values())
    return free_query(text, names[_KEY] if whole else None), size


def _asked(jobs: Jobs, adql: str, maxrec: int, folder: Path) -> TapTable:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "probe.vot"
    table = jobs.ask(adql, maxrec, target)
    target.unlink(missing_ok=True)
    return table
