"""What a job sees of its run."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from engine.runs.folder.writer import RunWriter

__all__ = ["RunCancelled", "RunContext", "RunInterrupted"]

_LOOK_EVERY = 0.05  # seconds between two looks at the stop file


class RunCancelled(BaseException):
    """The user asked the run to stop.

    Not an `Exception`, so that a job which survives errors does not survive this.
    """


class RunInterrupted(BaseException):
    """The system asked the process to end (SIGTERM); the run can be resumed."""


class RunContext:
    """The run, as the job function gets it.

    A job reads `spec`, reports with `progress` and `event`, calls `check_stop` between its
    steps, keeps what it needs to go on in `checkpoints`, and returns its result as a dict.

    Parameters
    ----------
    writer
        The open writer of the run.
    interrupt
        Set by whoever wants the process to end.
    """

    def __init__(self, writer: RunWriter, interrupt: threading.Event | None = None) -> None:
        self._writer = writer
        self._interrupt = interrupt or threading.Event()
        self._look_again = 0.0

    @property
    def spec(self) -> dict[str, object]:
        """The request, as JSON."""
        return self._writer.record.spec

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._writer.run.id

    @property
    def attempt(self) -> int:
        """1 at first, one more with each resume."""
        return self._writer.record.attempt

    @property
    def home(self) -> Path:
        """The folder that holds catalogues and runs."""
        return self._writer.run.home

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self._writer.run.path

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints; they survive to the next attempt."""
        return self._writer.run.checkpoints

    @property
    def cubes(self) -> Path:
        """The folder of the cubes."""
        return self._writer.run.cubes

    def event(self, kind: str, **fields: object) -> None:
        """Append an event, such as ``event("loss", epoch=3, train=[...])``."""
        self._writer.event(kind, **fields)

    def progress(self, fraction: float, stage: str, message: str = "") -> None:
        """Report what is done of the whole run, 0 to 1; may be called as often as you like."""
        self._writer.progress(fraction, stage, message)

    def log(self, text: str) -> None:
        """Say something in the log and the events."""
        self._writer.log(text)

    def check_stop(self) -> None:
        """Leave the job here if it was asked to stop; cheap enough for every training step.

        Raises
        ------
        RunCancelled
            The user cancelled the run.
        RunInterrupted
            The process was told to end.
        """
        if self._interrupt.is_set():
            if self._writer.run.stop_requested():
                raise RunCancelled
            raise RunInterrupted
        now = time.monotonic()
        if now >= self._look_again:
            self._look_again = now + _LOOK_EVERY
            if self._writer.run.stop_requested():
                raise RunCancelled
