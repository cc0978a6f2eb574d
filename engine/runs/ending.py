"""How a run comes to its end before it is done: asked, told, or killed."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path

from data.errors import UserError
from engine.runs.folder.directory import RunDirectory, run_directory
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.folder.writer import RunWriter
from engine.runs.queueing.executors import Executor, find_executor

__all__ = ["cancel", "settle", "wait"]

_TERM_PATIENCE = 5.0  # seconds from SIGTERM to SIGKILL
_KILL_PATIENCE = 5.0  # seconds that the kernel has to end a killed process


def cancel(home: Path, run_id: str, *, grace: float = 5.0, block: bool = True) -> RunRecord:
    """Stop a run: ask it, then tell it (SIGTERM), then kill it.

    Parameters
    ----------
    home, run_id
        The run.
    grace
        Seconds that the run has to stop by itself.
    block
        Wait until the run has ended; otherwise the rest happens in the background.

    Returns
    -------
    RunRecord
        The run afterwards: cancelled, or stopping if `block` is false. A run that ended by
        itself in the meantime is what it became.

    Raises
    ------
    UserError
        There is no such run, or it has ended already.
    """
    run = run_directory(home, run_id)
    record = run.record()
    if record.state is RunState.CANCELLED:
        return record
    if record.state in (RunState.DONE, RunState.FAILED):
        raise UserError(f"Run {run_id} has already ended: it is {record.state}.")
    run.request_stop()
    if block or not record.active:
        return _see_off(run, grace)
    threading.Thread(
        target=_see_off_quietly, args=(run, grace), name=f"cancel-{run_id}", daemon=True
    ).start()
    return run.record()


def wait(run: RunDirectory, timeout: float | None = None, *, every: float = 0.1) -> RunRecord:
    """Wait until a run has ended, or until the time is over, and give its record."""
    deadline = time.monotonic() + timeout if timeout is not None else float("inf")
    while True:
        record = run.record()
        if not record.active or time.monotonic() >= deadline:
            return record
        time.sleep(every)


def settle(writer: RunWriter, seen: RunRecord) -> None:
    """Put on record what a dead process could not."""
    if writer.record.state is not seen.state:
        writer.move(seen.state, error=seen.error)


def _see_off(run: RunDirectory, grace: float) -> RunRecord:
    """Wait for a run that was asked to stop, and end its process if it does not."""
    mover = find_executor(run.stored().executor)
    if not _gone(run, mover, grace):
        mover.stop(run)
    if not _gone(run, mover, _TERM_PATIENCE):
        mover.kill(run)
    if not _gone(run, mover, _KILL_PATIENCE):
        record = run.record()
        raise UserError(
            f"Run {run.id} was asked to stop but is still running on {record.host}.",
            "It stops at its next step; otherwise kill its process there.",
        )
    stored = run.stored()
    if stored.active or stored.state is RunState.INTERRUPTED:
        with RunWriter(run) as writer:
            settle(writer, replace(writer.record, state=RunState.CANCELLED))
    return run.record()


def _see_off_quietly(run: RunDirectory, grace: float) -> None:
    # Nobody listens to this thread: what became of the run stands in its folder. The folder
    # itself may be gone by now.
    with contextlib.suppress(UserError, OSError):
        _see_off(run, grace)


def _gone(run: RunDirectory, mover: Executor, patience: float) -> bool:
    """Wait for a run to have ended and its process to be gone; the time may not suffice."""
    deadline = time.monotonic() + patience
    while run.record().active or mover.poll(run):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True
