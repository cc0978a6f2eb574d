"""Seeing to it that somebody attends to the queue of a home."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from engine.runs.folder.directory import runs_folder
from engine.runs.folder.lock import FileLock
from engine.runs.folder.record import RunRecord
from engine.runs.queueing.queue import read_all

__all__ = ["ensure_dispatcher", "queue_lock", "waits"]


def ensure_dispatcher(home: Path, *, needed: bool = False) -> bool:
    """See to it that somebody attends to the queue; True if that takes a new process.

    Cheap where nothing waits, so that a dashboard which starts can simply call it.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    needed
        Whether it is known that something waits.
    """
    lock = queue_lock(home)
    if not runs_folder(home).is_dir() or not lock.try_acquire():
        return False
    lock.release()
    if not needed and not any(map(waits, read_all(home))):
        return False
    with (home / "queue.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "engine.runs.queueing.dispatcher", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name="reaper-dispatcher", daemon=True).start()
    return True


def waits(record: RunRecord) -> bool:
    """Tell whether somebody has to see to a run: it waits, or a scheduler has it."""
    return record.active and bool(record.holder)


def queue_lock(home: Path) -> FileLock:
    """Give the lock that whoever attends to the queue holds."""
    return FileLock(runs_folder(home) / ".queue.lock")
