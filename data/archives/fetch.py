"""A download from a TAP service, in pieces of which each is counted before and after.

First the service is asked how many rows there are and over which range of the key. The range
is halved until each part has few enough rows, every part is fetched by a job of its own, and
the rows that arrive must be as many as were counted. A kill loses at most what was on its way.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from itertools import pairwise, zip_longest
from pathlib import Path

from data.archives.jobs import Jobs
from data.archives.queries import Query
from data.archives.state import Download, Piece
from data.archives.tables import TapTable, write_parquet
from data.errors import UserError

__all__ = ["CHUNK_ROWS", "check_disk", "download", "expected_rows"]

CHUNK_ROWS = 500_000
"""Rows of a piece by default; ESA gives three million to a job without a login."""

DISK_FACTOR = 2.5
"""Room that is asked for, in units of the table: the pieces, the store, and some to spare."""

_DERIVED_BYTES = 40
_WORTH_A_SPLIT = 1.2

Say = Callable[[float, str, str], None]
"""Told the fraction done, the stage and more words about it."""


def download(
    query: Query,
    jobs: Jobs,
    folder: Path,
    *,
    chunk_rows: int = CHUNK_ROWS,
    max_rows: int | None = None,
    bytes_per_row: int = 250,
    say: Say = lambda fraction, stage, message: None,
) -> Download:
    """Fetch all rows of a query into a folder, or go on with it.

    Parameters
    ----------
    query
        What to fetch.
    jobs
        The service.
    folder
        For the state and the pieces; it survives from attempt to attempt.
    chunk_rows
        Rows of a piece at most, where the query can be cut.
    max_rows
        More rows than this are not begun with.
    bytes_per_row
        Size of a row on the disk.
    say
        Told about the progress.

    Returns
    -------
    Download
        Complete: its files hold every row of the query once.

    Raises
    ------
    UserError
        If the query gives nothing or too much, the disk is too small, the service refuses, cuts
        short, or sends other numbers of rows than it counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = Download.open(folder / "download.json", query.text)
    total = _counted(state, query, jobs, say)
    if total == 0:
        raise UserError("No stars in the archive match the query.", "Widen the selection.")
    if max_rows is not None and total > max_rows:
        raise UserError(
            f"The query gives {total:,} rows, more than the allowed {max_rows:,}.",
            "Narrow the selection, or raise --max-rows.",
        )
    check_disk(total - state.received, bytes_per_row, folder)
    say(0.0, "counting", f"{total:,} rows, about {total * bytes_per_row / 1e9:.2f} GB")
    _cut(state, query, jobs, chunk_rows, say)
    left = [(n, piece) for n, piece in enumerate(state.pieces) if not piece.done]
    for (number, piece), (_, following) in zip_longest(left, left[1:], fillvalue=(0, None)):
        assert piece is not None  # noqa: S101 - only the following one can be missing
        _fetched(state, piece, number, query, jobs, say, following)
    if state.received != total:
        raise UserError(
            f"The service counted {total:,} rows, but its parts contain {state.received:,}: the "
            f"column {query.key} is missing for some, or the table has changed in the meantime.",
            "Start the download again as a new run.",
        )
    say(1.0, "downloading", f"{total:,} rows")
    return state


def expected_rows(query: Query, jobs: Jobs, folder: Path) -> int:
    """Ask how many rows a query gives, and leave nothing behind.

    Raises
    ------
    UserError
        If the service refuses the query or is not to be reached.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "count.vot"
    table = jobs.ask(query.bounds(), 10, target)
    target.unlink(missing_ok=True)
    return _number(table, "n") or 0


def check_disk(rows: int, bytes_per_row: int, folder: Path) -> None:
    """Refuse a download before it starts where the disk cannot hold it.

    Raises
    ------
    UserError
        If there is too little room for the pieces and the catalogue made of them.
    """
    needed = rows * (bytes_per_row * DISK_FACTOR + _DERIVED_BYTES)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{rows:,} rows need about {needed / 1e9:.1f} GB, but only {free / 1e9:.1f} GB "
            "are free.",
            "Free up space, choose another home with --home, or narrow the selection.",
        )


def _counted(state: Download, query: Query, jobs: Jobs, say: Say) -> int:
    """Ask for the number of rows and the range of the key, unless that is known."""
    if state.total is not None:
        return state.total
    say(0.0, "counting", "")
    target = state.path.with_name("count.vot")
    table = jobs.ask(query.bounds(), 10, target)
    state.total = _number(table, "n") or 0
    if query.key:
        state.low, state.high = _number(table, "low"), _number(table, "high")
    first = Piece(state.low, state.high, state.total)
    state.pieces = [first]
    state.save()
    return state.total


def _number(table: TapTable, name: str) -> int | None:
    """Take a number out of the one row of an answer."""
    found = next((v for n, v in table.columns.items() if n.lower() == name), None)
    if found is None or len(found) != 1:
        raise UserError("The service does not report the number of rows.")
    value = found[0]
    return None if value is None or str(value) == "--" else int(value)


def _cut(state: Download, query: Query, jobs: Jobs, chunk_rows: int, say: Say) -> None:
    """Cut the range of the key until every part is small enough, or cannot be cut."""
    target = state.path.with_name("count.vot")
    place = 0
    while place < len(state.pieces):
        piece = state.pieces[place]
        if piece.rows is None:
            known = sum(p.rows or 0 for p in state.pieces)
            say(0.0, "counting", f"{known:,} of {state.total or 0:,} rows in parts")
            _count_piece(state, piece, query, jobs, target)
        parts = _parts(piece, chunk_rows)
        if len(parts) > 1:
            state.replace(piece, parts)
            state.save()
        else:
            place += 1


def _count_piece(state: Download, piece: Piece, query: Query, jobs: Jobs, target: Path) -> None:
    assert piece.low is not None  # noqa: S101 - only parts of a range are counted
    assert piece.high is not None  # noqa: S101
    table = jobs.ask(query.count(piece.low, piece.high), 10, target)
    piece.rows = _number(table, "n") or 0
    state.save()


def _parts(piece: Piece, chunk_rows: int) -> list[Piece]:
    """Cut a piece into equal ranges, so many that each should be small enough."""
    rows, low, high = piece.rows or 0, piece.low, piece.high
    if rows <= chunk_rows or low is None or high is None or low == high or piece.done:
        return [piece]
    width = high - low + 1
    count = min(math.ceil(_WORTH_A_SPLIT * rows / chunk_rows), width, 1000)
    edges = [low + width * i // count for i in range(count + 1)]
    return [Piece(a, b - 1) for a, b in pairwise(edges)]


def _fetched(
    state: Download,
    piece: Piece,
    number: int,
    query: Query,
    jobs: Jobs,
    say: Say,
    following: Piece | None,
) -> None:
    """Bring one piece to the disk, while the service already works on the following one."""
    total = state.total or 1
    whole = f"part {number + 1} of {len(state.pieces)}"

    def told(phase: str, received: int) -> None:
        word = f"{received / 1e6:.1f} MB" if received else f"service status: {phase.lower()}"
        say(state.received / total, "downloading", f"{whole}, {word}")

    for wanted in (piece, following):
        if wanted is not None and wanted.job is None:
            jobs.begin(*_asked(query, wanted), _keeper(state, wanted))
    name = f"part-{piece.low if piece.low is not None else 0}"
    target = state.path.with_name(f"{name}.vot")
    adql, maxrec = _asked(query, piece)
    table, digest, url = jobs.run(
        adql, maxrec, target, job=piece.job, keep=_keeper(state, piece), say=told
    )
    _check_rows(table, piece)
    write_parquet(table, state.path.with_name(f"{name}.parquet"))
    target.unlink()
    piece.file, piece.sha256, piece.job = f"{name}.parquet", digest, None
    state.save()
    jobs.forget(url)


def _asked(query: Query, piece: Piece) -> tuple[str, int]:
    """Give the query of a piece and the rows that the service may send for it.

    One row more than was counted: too many are noticed, too few are a limit of the service.
    """
    return query.rows(piece.low, piece.high), (piece.rows or 0) + 1


def _keeper(state: Download, piece: Piece) -> Callable[[str | None], None]:
    """Make what puts the address of a job on record before it is started."""

    def keep(url: str | None) -> None:
        piece.job = url
        if url is not None:
            state.jobs.append(url)
        state.save()

    return keep


def _check_rows(table: TapTable, piece: Piece) -> None:
    """Refuse a result that has not the rows that were counted."""
    rows = piece.rows or 0
    if table.overflow and table.n_rows < rows:
        raise UserError(
            f"The service truncated a result: it sent {table.n_rows:,} of {rows:,} rows "
            "(overflow).",
            f"Request chunks of at most {table.n_rows:,} rows with --chunk-rows."
            if piece.low is not None
            else "Narrow the query, or include the column source_id.",
        )
    if table.n_rows != rows:
        raise UserError(
            f"The service counted {rows:,} rows in a part but sent {table.n_rows:,}.",
            "Its table may be changing; start the download again as a new run.",
        )
