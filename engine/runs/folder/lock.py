"""One writer at a time: a lock that dies with its process."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["FileLock", "LockedError"]


class LockedError(Exception):
    """Someone else holds the lock."""


class FileLock:
    """An exclusive lock on a file, held by one user of it in one process.

    It is a POSIX record lock: the kernel drops it when the process ends, however it ends, so
    that no stale lock is ever left; forked helpers do not inherit it; network file systems
    know it. Two facts of these locks are mended here: a process is never refused by itself
    (so a table of the paths that this process holds is kept), and closing *any* descriptor of
    the file drops the lock (so the file is opened nowhere else; it stays empty).

    Parameters
    ----------
    path
        The lock file; made if it is missing. It is never deleted.
    """

    _held: set[str] = set()  # noqa: RUF012 - shared by all on purpose
    _guard = threading.Lock()

    def __init__(self, path: Path) -> None:
        self.path = path
        self._key = os.path.realpath(path)
        self._descriptor: int | None = None

    def acquire(self, timeout: float = 0.0) -> None:
        """Take the lock, waiting for it at most `timeout` seconds.

        Raises
        ------
        LockedError
            Somebody else still has it.
        """
        deadline = time.monotonic() + timeout
        while not self.try_acquire():
            if time.monotonic() >= deadline:
                raise LockedError(f"{self.path} is locked by another writer")
            time.sleep(0.02)

    def try_acquire(self) -> bool:
        """Take the lock if it is free, and tell whether it was."""
        with self._guard:
            if self._key in self._held:
                return False
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(descriptor)
                if error.errno in (errno.EAGAIN, errno.EACCES):
                    return False
                raise
            self._held.add(self._key)
            self._descriptor = descriptor
            return True

    def release(self) -> None:
        """Give the lock back."""
        with self._guard:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
                self._held.discard(self._key)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
