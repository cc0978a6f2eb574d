"""The process that serves the queue of a home.

``python -m engine.runs.queueing.dispatcher HOME`` starts it.

Whoever puts a run into the queue sees to it that there is one. It belongs to nobody, ends when
nothing waits any more, and may be killed: the queue stands in the folders of the runs, and the
next process that looks after it goes on from there.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.runs.folder.directory import runs_folder
from engine.runs.queueing.dispatching import queue_lock, waits
from engine.runs.queueing.queue import attend, read_all

__all__ = ["main"]

_EVERY = 0.1  # seconds between two looks while something waits
_SLOWEST = 2.0  # seconds between two looks where nothing has changed for long
_LINGER = 5.0  # seconds without anything to do after which it ends
_NICENESS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Attend to the queue until nothing waits any more."""
    parser = argparse.ArgumentParser(prog="engine.runs.queueing.dispatcher", description=__doc__)
    parser.add_argument("home", type=Path)
    home = parser.parse_args(arguments).home.resolve()
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    lock = queue_lock(home)
    # A run that is queued in the moment in which this process leaves would be left alone:
    # therefore one more look after the lock is free.
    while runs_folder(home).is_dir() and lock.try_acquire():
        try:
            _attend_until_idle(home)
        finally:
            lock.release()
        if not any(map(waits, read_all(home))):
            break
    return 0


def _attend_until_idle(home: Path) -> None:
    before: list[tuple[object, ...]] = []
    pause, idle_since = _EVERY, time.monotonic()
    while time.monotonic() - idle_since < _LINGER:
        records = attend(home)
        if any(map(waits, records)):
            idle_since = time.monotonic()
        seen: list[tuple[object, ...]] = [(r.id, r.state, r.holder) for r in records]
        pause = _EVERY if seen != before else min(_SLOWEST, 1.2 * pause)
        before = seen
        time.sleep(pause)


if __name__ == "__main__":
    sys.exit(main())
