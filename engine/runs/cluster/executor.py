"""The executor that hands runs to a Dask scheduler.

Each task has a worker start the same process as the local executor does, so that a kill always
frees the slot, whatever a library holds on to. The scheduler keeps the order and the places; what
a run is, and how far it is, stands in its folder, which the workers must see under the same path.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.errors import UserError
from engine.runs.cluster.clients import Connection, connect
from engine.runs.cluster.head import cluster_address, promised
from engine.runs.cluster.offers import Offer, check, requests, together
from engine.runs.cluster.signals import sees, send_signal
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.writer import RunWriter
from engine.runs.process import is_alive, machine_name
from engine.runs.queueing.executors import CLUSTER
from engine.runs.queueing.needs import Needs, Supply

__all__ = ["DaskExecutor"]

_ARRIVAL = 10.0  # seconds that a task may take to reach the scheduler


class DaskExecutor:
    """Has runs worked on by the workers of a Dask scheduler.

    Parameters
    ----------
    address
        Of the scheduler; "" for the cluster of the home's configuration, which is started if it
        is not there.
    """

    def __init__(self, address: str = "") -> None:
        self.address = address

    @property
    def name(self) -> str:
        """``dask``, with the address where one was given."""
        return f"{CLUSTER}:{self.address}" if self.address else CLUSTER

    def accept(self, needs: Needs, home: Path) -> None:
        """Refuse what no worker can ever do, and workers that do not see the home."""
        connection = self.connection(home, wake=True)
        check(needs, self._offers(connection, home))
        _check_home(connection, home)

    def supply(self, home: Path) -> Supply:
        """Tell what all workers have together, those included that will come when needed."""
        connection = self.connection(home)
        there = [Offer.of(worker) for worker in connection.workers()]
        coming = promised(home, connection.address)
        return max((together(there), together(coming)), key=lambda found: found.cores)

    def submit(self, run: RunDirectory, job: str) -> None:
        """Hand the run to the scheduler; return when that has it."""
        connection = self.connection(run.home)
        needs = Needs.from_dict(run.stored().needs)
        asked = requests(needs, self._offers(connection, run.home))
        with RunWriter(run) as writer:
            # The id of the scheduler tells a task that it has given up from one that it never saw.
            task = f"{run.id}-{writer.record.attempt}-{connection.scheduler_id}"
            priority = writer.record.priority
            held = replace(writer.record, holder=connection.address, task=task, stage="waiting")
            writer.update(held)
        _send(connection, run, job, task, needs.cores or 1, asked, priority)

    def poll(self, run: RunDirectory) -> bool:
        """Tell whether the run has a process: asked of the system here, by signs elsewhere."""
        record = run.stored()
        if record.process is None:
            return False
        alive = is_alive(record.process)
        return run.record().active if alive is None else alive

    def stop(self, run: RunDirectory) -> None:
        """Send SIGTERM to the process."""
        self._signal(run, signal.SIGTERM)

    def kill(self, run: RunDirectory) -> None:
        """Send SIGKILL to the process and to every helper that it has started."""
        self._signal(run, signal.SIGKILL)

    def connection(self, home: Path, *, wake: bool = False) -> Connection:
        """Connect to the scheduler; `wake` starts one that was stopped by hand.

        Raises
        ------
        UserError
            There is none, or it does not answer.
        """
        return connect(self.address or cluster_address(home, wake=wake))

    def _offers(self, connection: Connection, home: Path) -> list[Offer]:
        there = [Offer.of(worker) for worker in connection.workers()]
        return [*there, *promised(home, connection.address)[:1]]

    def _signal(self, run: RunDirectory, number: signal.Signals) -> None:
        record = run.stored()
        process = record.process
        if process is None:
            return
        arguments = (process.machine, process.pid, process.birth, int(number))
        if process.machine == machine_name():
            send_signal(*arguments)
            return
        address = record.holder or self.address or cluster_address(run.home)
        connect(address).ask("run", send_signal, *arguments, on_error="ignore")


def _send(
    connection: Connection,
    run: RunDirectory,
    job: str,
    task: str,
    cores: int,
    asked: dict[str, float],
    priority: int,
) -> None:
    """Submit the task such that it outlives this client, and see it arrive."""
    from distributed import fire_and_forget  # after the connection, which says what is missing

    from engine.runs.cluster.task import work

    future: Any = connection.ask(
        "submit",
        work,
        str(run.path),
        job,
        task,
        cores,
        key=task,
        pure=False,
        resources=asked or None,
        priority=priority,
    )
    fire_and_forget(future)  # type: ignore[no-untyped-call]
    # What is submitted goes through a buffer that dies with this process.
    deadline = time.monotonic() + _ARRIVAL
    while not connection.known([task]) and not _taken(run, future):
        if time.monotonic() > deadline:
            raise UserError(f"The scheduler at {connection.address} did not accept run {run.id}.")
        time.sleep(0.02)


def _taken(run: RunDirectory, future: Any) -> bool:  # noqa: ANN401
    return run.stored().process is not None or bool(future.done())


def _check_home(connection: Connection, home: Path) -> None:
    """Find out whether the workers can import this program and see the home.

    Raises
    ------
    UserError
        A worker cannot.
    """
    home.mkdir(parents=True, exist_ok=True)
    mark = home / f".seen-{os.getpid()}"
    with contextlib.suppress(OSError):
        mark.touch()
    try:
        answers = connection.ask("run", sees, str(mark), on_error="return")
    finally:
        mark.unlink(missing_ok=True)
    broken = [error for error in answers.values() if isinstance(error, BaseException)]
    if broken:
        raise UserError(
            f"A worker of the cluster cannot import this program ({broken[0]}).",
            "Start its workers with the Python of this environment.",
        )
    if not all(answers.values()):
        blind = next(address for address, seen in answers.items() if not seen)
        raise UserError(
            f"The worker {blind} cannot see the folder {home}.",
            "The home must be on a file system shared by all workers, under the same path.",
        )
