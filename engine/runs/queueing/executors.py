"""Where runs are worked on: in this process, or in processes of their own.

An executor only moves processes. What a run is, and how far it is, stands in its folder, so
executors keep nothing that matters: any of them, in any process, can act on any run that an
executor of its name has started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from data.errors import UserError
from engine.runs.configuration import read_configuration
from engine.runs.execution import execute
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.record import RunRecord
from engine.runs.folder.writer import RunWriter
from engine.runs.process import host_name, identify, is_alive
from engine.runs.queueing.needs import Needs, Supply, check_machine, machine_supply
from engine.runs.queueing.starting import start_process

__all__ = [
    "CLUSTER",
    "EXECUTORS",
    "SCHEDULER_VARIABLE",
    "Executor",
    "InlineExecutor",
    "LocalExecutor",
    "default_executor",
    "find_executor",
]

SCHEDULER_VARIABLE = "VIA_OBSCURA_SCHEDULER"


class Executor(Protocol):
    """What every executor does."""

    @property
    def name(self) -> str:
        """Its name, from which `find_executor` makes it again."""
        ...

    def accept(self, needs: Needs, home: Path) -> None:
        """Look whether a request can ever be met, before a run is made for it.

        Raises
        ------
        UserError
            It cannot: nobody here has what it takes.
        """
        ...

    def supply(self, home: Path) -> Supply:
        """Tell what there is in all for the runs of a home."""
        ...

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

    def accept(self, needs: Needs, home: Path) -> None:
        """Accept what this machine can do."""
        check_machine(needs)

    def supply(self, home: Path) -> Supply:
        """Tell what this machine has."""
        return machine_supply()

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

    def accept(self, needs: Needs, home: Path) -> None:
        """Accept what this machine can do."""
        check_machine(needs)

    def supply(self, home: Path) -> Supply:
        """Tell what this machine has."""
        return machine_supply()

    def submit(self, run: RunDirectory, job: str) -> None:
        """Start the process."""
        with RunWriter(run) as writer:
            process = start_process(writer, job)
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
CLUSTER = "dask"


def find_executor(name: str | Executor) -> Executor:
    """Give an executor by its name; one that is given already is given back.

    Parameters
    ----------
    name
        ``"inline"``, ``"local"``, ``"dask"`` for the cluster of the configuration, or
        ``"dask:ADDRESS"`` for the scheduler at an address.

    Raises
    ------
    UserError
        There is no executor of that name, or Dask is not installed.
    """
    if not isinstance(name, str):
        return name
    first, _, address = name.partition(":")
    if first == CLUSTER:
        from engine.runs.cluster.executor import DaskExecutor  # costs a second, and is an extra

        return DaskExecutor(address)
    if name not in EXECUTORS:
        known = ", ".join([*EXECUTORS, CLUSTER])
        raise UserError(f"Unknown executor {name!r}.", f"Known: {known}.")
    return EXECUTORS[name]()


def default_executor(home: Path) -> str:
    """Say where runs of a home are worked on if nobody says otherwise.

    The environment variable ``VIA_OBSCURA_SCHEDULER`` names a scheduler; a ``cluster`` in the
    configuration means that one; else it is this machine.
    """
    if address := os.environ.get(SCHEDULER_VARIABLE):
        return f"{CLUSTER}:{address}"
    return CLUSTER if "cluster" in read_configuration(home) else LocalExecutor.name


def _lives_here(record: RunRecord) -> bool:
    return record.process is not None and is_alive(record.process) is True
