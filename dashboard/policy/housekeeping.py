"""How many runs there are in each state, what they take on the disk, and what could go."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.runs.folder.record import RunRecord, RunState

__all__ = ["CLEANABLE", "Usage", "cleanable", "count_line", "disk_line", "measure", "size_words"]

#: States of runs whose folders a clean-up removes: they ended without a result.
CLEANABLE = (RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED)
_ORDER = (
    ("running", "running"), ("stopping", "stopping"), ("queued", "waiting"),
    ("interrupted", "interrupted"), ("failed", "failed"), ("cancelled", "cancelled"),
    ("done", "done"),
)  # fmt: skip


@dataclass(frozen=True)
class Usage:
    """What runs take on the disk.

    Parameters
    ----------
    of
        Bytes by run.
    free
        Bytes that are free on the disk of the home.
    """

    of: dict[str, int]
    free: int

    def total(self, runs: Sequence[str] | None = None) -> int:
        """Give the bytes of some runs, or of all."""
        return sum(self.of.values() if runs is None else (self.of.get(run, 0) for run in runs))


def measure(home: Path, known: Usage | None = None, ended: frozenset[str] = frozenset()) -> Usage:
    """Add up the files of every run; takes about a second for a thousand runs.

    Parameters
    ----------
    home
        Folder that holds ``runs/``.
    known, ended
        An earlier measurement, and runs that have ended: those are not measured again.
    """
    folder = home / "runs"
    before = known.of if known else {}
    names = [entry.name for entry in _entries(folder) if entry.is_dir(follow_symlinks=False)]
    sizes = {
        name: before[name] if name in ended and name in before else _size(folder / name)
        for name in names
        if not name.startswith(".")
    }
    place = next(p for p in (home, *home.parents) if p.exists())
    return Usage(sizes, shutil.disk_usage(place).free)


def cleanable(records: Sequence[RunRecord]) -> list[str]:
    """Give the runs that ended without a result."""
    return [record.id for record in records if record.state in CLEANABLE]


def runs_in_words(number: int) -> str:
    """Say how many runs."""
    return "one run" if number == 1 else f"{number:,} runs"


def count_line(records: Sequence[RunRecord]) -> str:
    """Say how many runs are in each state, what moves first."""
    count = Counter(str(record.state) for record in records)
    return " · ".join(f"{count[state]:,} {word}" for state, word in _ORDER if count[state])


def disk_line(usage: Usage | None) -> str:
    """Say what the runs take and what is free."""
    if usage is None:
        return "Adding up what the runs take …"
    return f"Runs take {size_words(usage.total())}; {size_words(usage.free)} are free on the disk."


def size_words(size: float) -> str:
    """Say a number of bytes: ``532 kB``, ``1.2 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # not there, or deleted in this moment
        return []


def _size(folder: Path) -> int:
    size = 0
    for entry in _entries(folder):
        try:
            if entry.is_dir(follow_symlinks=False):
                size += _size(Path(entry.path))
            else:
                size += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return size
