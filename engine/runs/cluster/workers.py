"""Who works for a cluster at this moment, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.runs.cluster.clients import connect
from engine.runs.cluster.configuration import read_cluster
from engine.runs.cluster.head import running_cluster
from engine.runs.cluster.offers import GPU, Offer
from engine.runs.configuration import read_configuration
from engine.runs.queueing.executors import CLUSTER, default_executor

__all__ = ["Worker", "list_workers"]


@dataclass(frozen=True)
class Worker:
    """One worker.

    Parameters
    ----------
    address, host
        Where it is.
    cores, memory_gb, gpus
        What it offers.
    runs
        Ids of the runs that it works on.
    """

    address: str
    host: str
    cores: int
    memory_gb: float
    gpus: int
    runs: tuple[str, ...]


def list_workers(home: Path, scheduler: str | None = None) -> tuple[str, list[Worker]]:
    """Give the address of the scheduler and its workers; ``""`` where there is none.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs, and maybe a configuration.
    scheduler
        An address; by default that of the home. Nothing is started for this.

    Raises
    ------
    UserError
        The scheduler does not answer.
    """
    address = scheduler or default_executor(home).partition(":")[2] or _own(home)
    if not address:
        return "", []
    workers = [
        Worker(
            address=str(told["address"]),
            host=str(told["host"]),
            cores=Offer.of(told).cores,
            memory_gb=Offer.of(told).memory_gb,
            gpus=int(Offer.of(told).resources.get(GPU, 0)),
            runs=tuple(_run_of(str(task)) for task in told["tasks"]),
        )
        for told in connect(address).workers()
    ]
    return address, sorted(workers, key=lambda worker: (worker.host, worker.address))


def _own(home: Path) -> str:
    if CLUSTER not in default_executor(home) or "cluster" not in read_configuration(home):
        return ""
    found = running_cluster(home)
    return str(found["address"]) if found else read_cluster(home).address


def _run_of(task: str) -> str:
    """Give the id of a run from the key of its task, ``ID-ATTEMPT-Scheduler-...``."""
    return task.partition("-Scheduler-")[0].rpartition("-")[0]
