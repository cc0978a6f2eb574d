"""A version counter for a folder that other processes write to."""

from __future__ import annotations

import threading
from pathlib import Path

__all__ = ["FolderWatch"]


class FolderWatch:
    """Count the changes of a folder, by looking at it about once a second.

    One thread per server looks; every session only reads ``version``. Polling costs a few
    ``stat`` calls and, unlike change notifications, also works on file systems that the
    workers of a cluster share.

    Parameters
    ----------
    folder
        The folder; it need not exist yet.
    depth
        How deep to look for files whose time or size counts as a change.
    period
        Seconds between two looks.
    """

    def __init__(self, folder: Path, *, depth: int, period: float = 1.0) -> None:
        self.version = 0
        self._pattern = "/".join(["*"] * (depth + 1))
        self._folder = folder
        self._period = period
        self._seen = self._stamp()
        self._lock = threading.Lock()

    def start(self, closed: threading.Event) -> None:
        """Look until ``closed`` is set, in a daemon thread."""
        threading.Thread(target=self._loop, args=(closed,), daemon=True).start()

    def look(self) -> None:
        """Look once and raise the version if anything has changed."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self.version += 1

    def _loop(self, closed: threading.Event) -> None:
        while not closed.wait(self._period):
            self.look()

    def _stamp(self) -> frozenset[tuple[str, int, int]]:
        """Name, time and size of every file at the depth (and of nothing that vanishes)."""
        stamp = set()
        for path in self._folder.glob(self._pattern):
            try:
                status = path.stat()
            except OSError:
                continue
            stamp.add((str(path), status.st_mtime_ns, status.st_size))
        return frozenset(stamp)
