"""The process that works on one run: ``python -m engine.runs.worker RUN_DIR``.

It depends on nobody: whoever started it may go away. It may be killed at any moment; its
folder then tells how far it came.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from data.errors import UserError
from engine.runs.execution import execute, finish_stopped
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.record import RunState
from engine.runs.folder.writer import RunWriter
from engine.runs.kinds import find_kind

__all__ = ["main"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_TERM_GRACE = 3.0  # seconds from SIGTERM to the end, even if the job does not react
_STOP_GRACE = 20.0  # the same from the stop file, should whoever made it have gone away
_NICENESS = 5  # the dashboard, on the same machine, has to stay quick


class Guard:
    """Ends the process when it was asked to end and its job does not react.

    Python runs signal handlers in the main thread only, and not before a long call into a
    library has returned. The signal is therefore also written to a pipe by the interpreter,
    which the heartbeat thread reads.

    Parameters
    ----------
    writer
        The writer of the run.
    parent
        A process that this one must not outlive, if there is one: it has been started for a
        cluster, which will have the run worked on elsewhere when its worker is lost.
    """

    def __init__(self, writer: RunWriter, parent: int | None = None) -> None:
        self.writer = writer
        self.parent = parent
        self.interrupt = threading.Event()
        self._asked: float | None = None
        self._pipe, wake = os.pipe()
        for end in (self._pipe, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: self.interrupt.set())

    def look(self) -> None:
        """Look for a request to end; called on every beat of the heartbeat thread."""
        with contextlib.suppress(BlockingIOError):
            if os.read(self._pipe, 64):
                self.interrupt.set()
        if self.parent is not None and os.getppid() != self.parent:
            self.interrupt.set()
        if not self.interrupt.is_set() and not self.writer.run.stop_requested():
            return
        if self._asked is None:
            self._asked = time.monotonic()
            self.writer.stopping()
        grace = _TERM_GRACE if self.interrupt.is_set() else _STOP_GRACE
        if time.monotonic() - self._asked > grace:
            self._end()

    def _end(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            finish_stopped(self.writer)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpgrp(), signal.SIGKILL)  # with every helper that it started
        os._exit(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Work on a run; give 0 if it is done, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="engine.runs.worker", description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of the run")
    parser.add_argument("--job", help="the job, module:function; by default that of the kind")
    parser.add_argument("--tether", type=int, metavar="PID", help="end when this parent ends")
    chosen = parser.parse_args(arguments)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    try:
        return _work(RunDirectory(chosen.run.resolve()), chosen.job, chosen.tether)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _work(run: RunDirectory, job: str | None, parent: int | None) -> int:
    # The launcher holds the lock until it has put this process on record.
    with RunWriter(run, beat=True, patience=30.0) as writer:
        if writer.record.state is not RunState.QUEUED or writer.record.pid != os.getpid():
            raise UserError(f"Run {run.id} is not queued for this process.")
        guard = Guard(writer, parent)
        writer.on_beat = guard.look
        state = execute(writer, job or find_kind(writer.record.kind).job, guard.interrupt)
    return 0 if state is RunState.DONE else 1


if __name__ == "__main__":
    sys.exit(main())
