"""Where runs are worked on: in this process, or in processes of their own.

An executor only moves processes. What a run is, and how far it is, stands in its folder, so
executors keep nothing that matters: any of them, in any process, can act on any run that an
executor of its name has started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import engine
from data.errors import UserError
from engine.runs.directory import RunDirectory
from engine.runs.execution import execute
from engine.runs.process import host_name, identify, is_alive
from engine.runs.record import RunRecord
from engine.runs.resources import thread_environment
from engine.runs.writer import RunWriter

__all__ = ["EXECUTORS", "Executor", "InlineExecutor", "LocalExecutor", "find_executor"]


class Executor(Protocol):
    """What every executor does."""

    name: str

    def submit(self, run: RunDirectory, job: str) -> None:
        """Have a queued run worked on by the function `job`, ``module:function``.

        Raises
        ------
        UserError
            It cannot be; the run is left queued.
        """
        ...

    def poll(self, run: RunDirectory) -> bool:
        """Tell whether the run still has a process."""
        ...

    def stop(self, run: RunDirectory) -> None:
        """Tell the process to end, now and in order."""
        ...

    def kill(self, run: RunDirectory) -> None:
        """End the process without asking it."""
        ...


class InlineExecutor:
    """Works on the run in this process, and returns when it has ended: for tests and scripts.

    Such a run can be stopped by its stop file only.
    """

    name = "inline"

    def submit(self, run: RunDirectory, job: str) -> None:
        """Work on the run now."""
        with RunWriter(run, beat=True) as writer:
            writer.update(writer.record.on(identify(os.getpid()), host_name()))
            execute(writer, job)

    def poll(self, run: RunDirectory) -> bool:
        """Tell whether the run is being worked on."""
        return run.record().active

    def stop(self, run: RunDirectory) -> None:
        """Ask the run to stop."""
        run.request_stop()

    def kill(self, run: RunDirectory) -> None:
        """Ask the run to stop: more cannot be done to one's own process."""
        run.request_stop()


class LocalExecutor:
    """Gives each run a process of its own, in a session of its own, on this machine.

    The process outlives this one. What it prints goes to the log of the run.
    """

    name = "local"

    def submit(self, run: RunDirectory, job: str) -> None:
        """Start the process."""
        command = [sys.executable, "-P", "-m", "engine.runs.worker", str(run.path), "--job", job]
        # The lock is held until the process is on record: the worker waits for it.
        with RunWriter(run) as writer, run.log_file.open("ab") as log:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=run.path,
                    env=_worker_environment(writer.record),
                    start_new_session=True,
                )
            except OSError as error:
                raise UserError(
                    f"No process could be started for run {run.id}: {error.strerror}.",
                    "Close other programs and resume the run.",
                ) from error
            writer.update(writer.record.on(identify(process.pid), host_name()))
        # A child that nobody waits for stays a zombie for as long as this process lives.
        threading.Thread(target=process.wait, name=f"reaper-{run.id}", daemon=True).start()

    def poll(self, run: RunDirectory) -> bool:
        """Ask the system whether the process lives."""
        return _lives_here(run.stored())

    def stop(self, run: RunDirectory) -> None:
        """Send SIGTERM to the process."""
        record = run.stored()
        if _lives_here(record) and record.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGTERM)

    def kill(self, run: RunDirectory) -> None:
        """Send SIGKILL to the process and to every helper that it has started."""
        record = run.stored()
        if _lives_here(record) and record.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(record.pid, signal.SIGKILL)


EXECUTORS: Mapping[str, type[InlineExecutor | LocalExecutor]] = {
    InlineExecutor.name: InlineExecutor,
    LocalExecutor.name: LocalExecutor,
}


def find_executor(name: str | Executor) -> Executor:
    """Give an executor by its name; one that is given already is given back.

    Raises
    ------
    UserError
        There is no executor of that name.
    """
    if not isinstance(name, str):
        return name
    if name not in EXECUTORS:
        raise UserError(f"There is no executor {name!r}.", f"Known: {', '.join(EXECUTORS)}.")
    return EXECUTORS[name]()


def _lives_here(record: RunRecord) -> bool:
    return record.process is not None and is_alive(record.process) is True


def _worker_environment(record: RunRecord) -> dict[str, str]:
    environment = {
        **os.environ,
        **thread_environment(record.spec),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",  # a crash inside a library leaves its place in the log
    }
    root = Path(engine.__file__).resolve().parents[1]
    if "site-packages" not in root.parts:  # a checkout that was not installed works as well
        paths = [environment.get("PYTHONPATH", ""), str(root)]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment
