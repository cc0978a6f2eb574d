"""The run directories as the sessions see them: records and a version."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.services.folder_version import FolderWatch
from engine.runs.launch import list_runs

if TYPE_CHECKING:
    from engine.runs.folder.record import RunRecord

__all__ = ["RunListing"]


class RunListing:
    """Records of all runs, read again only when a run directory has changed.

    A lost heartbeat changes no file, so the list is read again after ``STALE_S`` seconds even
    where nothing was written: a run whose process was killed shows as interrupted soon.

    Parameters
    ----------
    home
        Folder that holds ``runs/``.
    """

    #: Seconds after which an unchanged list is read again.
    STALE_S = 3

    def __init__(self, home: Path) -> None:
        self._home = home
        self._watch = FolderWatch(home / "runs", depth=1)
        self._lock = threading.Lock()
        self._records: list[RunRecord] = []
        self._drawn: tuple[object, ...] = ()
        self._version = 0

    @property
    def version(self) -> int:
        """Grows whenever the state, progress, stage or result of any run changes."""
        return self._version

    def watch(self, closed: threading.Event) -> None:
        """Follow the run directories until ``closed`` is set, in a daemon thread."""
        self.look()
        threading.Thread(target=self._loop, args=(closed,), daemon=True).start()

    def look(self) -> None:
        """Read the run directories now, for those who have just changed them."""
        with self._lock:
            records = list_runs(self._home)
            drawn = tuple(
                (r.id, r.state, r.progress, r.eta_s, r.stage, r.message) for r in records
            )
            self._records = records
            if drawn != self._drawn:
                self._drawn = drawn
                self._version += 1

    def list(self) -> list[RunRecord]:
        """Give the records as last read, newest first."""
        return list(self._records)

    def get(self, run: str | None) -> RunRecord | None:
        """Give the record of one run, or None where there is no such run."""
        return next((r for r in self._records if r.id == run), None)

    def _loop(self, closed: threading.Event) -> None:
        waited = 0
        while not closed.wait(1.0):
            before = self._watch.version
            self._watch.look()
            waited += 1
            if self._watch.version != before or waited >= self.STALE_S:
                waited = 0
                self.look()
