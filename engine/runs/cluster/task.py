"""What a Dask worker does for a run: it starts the run's process, and waits for it.

A scheduler may have the same task worked on twice, on two machines, and again from the beginning
whenever it loses a worker. The folder of the run says what is left to do, and its lock who may.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from distributed import Reschedule, get_worker

from data.errors import UserError
from engine.runs.ending import settle
from engine.runs.failures import as_error
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.liveness import HEARTBEAT_LOST_AFTER
from engine.runs.folder.lock import LockedError
from engine.runs.folder.record import ENDED, RunRecord, RunState
from engine.runs.folder.writer import RunWriter
from engine.runs.process import is_alive
from engine.runs.queueing.starting import start_process

__all__ = ["LOST", "work"]

_ORPHAN_PATIENCE = 6.0  # seconds that a process of a lost worker has to end in order
_LAST_WORD = 2.0  # seconds after which a worker that is still there was not what ended the run

LOST = as_error(
    "The worker of the run was lost.",
    "The run continues from its last checkpoint on another worker.",
)
_KILLED = as_error(
    "The process of the run ended unexpectedly (killed or crashed); its worker is still running.",
    "Check the log of the run, then resume it: it continues from its last checkpoint.",
)


def work(path: str, job: str, task: str, cores: int) -> str:
    """Have a run worked on until it has ended.

    Parameters
    ----------
    path
        The folder of the run, on a file system that this worker sees.
    job
        The job function, ``module:function``.
    task
        The key under which the run was handed to the scheduler; a run that has meanwhile been
        handed over under another key, or that has ended, is left alone.
    cores
        Cores that the run has been granted.

    Returns
    -------
    str
        The state of the run afterwards.

    Raises
    ------
    distributed.Reschedule
        This worker is closing: the run has to go on elsewhere.
    """
    run = RunDirectory(Path(path))
    process = _begin(run, job, task, cores)
    if process is not None:
        _wait_for(process)
        _close(run, task)
    return str(run.stored().state)


def _begin(run: RunDirectory, job: str, task: str, cores: int) -> subprocess.Popen[bytes] | None:
    """Start the process of the run, once nobody else works on it; None if nothing is to do."""
    began = time.monotonic()
    while True:
        record = run.stored()
        if record.task != task or record.state in ENDED:
            return None
        if _still_works(run, record, began):
            time.sleep(0.05)
            continue
        try:
            with RunWriter(run, patience=0.5) as writer:
                return _start(writer, job, task, cores)
        except UserError as error:
            if not isinstance(error.__cause__, LockedError):
                raise


def _start(writer: RunWriter, job: str, task: str, cores: int) -> subprocess.Popen[bytes] | None:
    record = writer.record
    if record.task != task or record.state in ENDED:
        return None
    if writer.run.stop_requested():
        settle(writer, replace(record, state=RunState.CANCELLED))
        return None
    if record.process is not None:  # of a worker that is no more
        writer.event("warning", text=LOST["sentence"])
        writer.requeue(error=LOST)
    return start_process(writer, job, cores=cores, tethered=True)


def _still_works(run: RunDirectory, record: RunRecord, began: float) -> bool:
    """Tell whether a process that a lost worker has left behind is still there, and end it.

    It ends by itself, with a checkpoint, when it sees that its worker is gone. One that does not
    is killed if it is on this machine; on another one its heartbeat has to stop first. Until then
    it holds the lock of the run, whatever happens.
    """
    if record.process is None:
        return False
    alive = is_alive(record.process)
    if alive is None:
        return time.time() - (run.heartbeat() or 0.0) < HEARTBEAT_LOST_AFTER
    if alive and time.monotonic() - began > _ORPHAN_PATIENCE:
        with contextlib.suppress(OSError):
            os.killpg(record.process.pid, signal.SIGKILL)
    return alive


def _wait_for(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of the process, or of this worker."""
    worker = get_worker()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
            return
        if worker.status.name.startswith("clos"):  # it leaves in order, as at the end of its time
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_ORPHAN_PATIENCE)
            raise Reschedule


def _close(run: RunDirectory, task: str) -> None:
    """Put on record that the process ended without a word, unless this worker ends as well."""
    if run.stored().state in ENDED:
        return
    time.sleep(_LAST_WORD)
    if get_worker().status.name.startswith("clos"):
        raise Reschedule
    with RunWriter(run) as writer:
        record = writer.record
        if record.task == task and record.state not in ENDED:
            stopped = run.stop_requested()
            state = RunState.CANCELLED if stopped else RunState.INTERRUPTED
            writer.update(replace(record, holder="", task=""))
            settle(writer, replace(record, state=state, error=None if stopped else _KILLED))
