"""The event file of a run: one JSON object a line, appended, never rewritten.

A run of days writes a file that nobody can read as a whole, so both readers are bounded:
`tail` gives the newest events, `read_since` goes on from where the last call stopped.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection
from pathlib import Path

from engine.runs.folder.files import as_json

__all__ = ["Event", "EventLog", "read_since", "tail"]

Event = dict[str, object]

_CHUNK = 1 << 20  # bytes that one call reads at most


class EventLog:
    """The writing end of an event file.

    A line that a dying process left unfinished is closed first, so that what follows stays
    readable. Each event is one system call in append mode: readers see whole lines.

    Parameters
    ----------
    path
        The file; made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o644)
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def append(self, kind: str, fields: dict[str, object]) -> None:
        """Write one event, with the time of now."""
        event = {"t": round(time.time(), 3), "kind": kind}
        event |= {name: as_json(value) for name, value in fields.items() if name not in event}
        line = json.dumps(event, allow_nan=False, separators=(",", ":")) + "\n"
        os.write(self._descriptor, line.encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def tail(
    path: Path,
    limit: int = 200,
    *,
    kinds: Collection[str] | None = None,
    max_bytes: int = _CHUNK,
) -> list[Event]:
    """Give the newest events, oldest first.

    Parameters
    ----------
    path
        The event file; a missing one has no events.
    limit
        At most so many events.
    kinds
        Only events of these kinds.
    max_bytes
        At most so many bytes are read, from the end.
    """
    size = _size(path)
    start = max(0, size - max_bytes)
    data, _ = _read(path, start, size)
    if start:  # the first line is most likely cut
        data = data.partition(b"\n")[2]
    events = _parse(data, kinds)
    return events[max(0, len(events) - limit) :]


def read_since(
    path: Path,
    offset: int = 0,
    *,
    kinds: Collection[str] | None = None,
    max_bytes: int = _CHUNK,
) -> tuple[list[Event], int]:
    """Give the events after a position, and the position to go on from.

    Parameters
    ----------
    path
        The event file.
    offset
        0 at first, then what the last call returned. A file that shrank is read anew.
    kinds
        Only events of these kinds.
    max_bytes
        At most so many bytes are read by one call; call again while the position moves.
    """
    size = _size(path)
    if offset > size:
        offset = 0
    data, whole = _read(path, offset, min(size, offset + max_bytes))
    end = data.rfind(b"\n") + 1
    if end == 0 and len(data) == max_bytes and whole:
        return [], offset + len(data)  # a line longer than a chunk is no event of ours
    return _parse(data[:end], kinds), offset + end


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read(path: Path, start: int, end: int) -> tuple[bytes, bool]:
    if end <= start:
        return b"", False
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            return stream.read(end - start), True
    except OSError:
        return b"", False


def _parse(data: bytes, kinds: Collection[str] | None) -> list[Event]:
    events = []
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue  # half a line of a process that died; nothing to be had from it
        if isinstance(event, dict) and (kinds is None or event.get("kind") in kinds):
            events.append(event)
    return events
