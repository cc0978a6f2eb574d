"""Commands for the cluster of a home: show its workers, start it, stop it."""

from __future__ import annotations

from argparse import Namespace

from dashboard.cli.output import Output, pairs, table
from data.home import home
from engine.runs.cluster import head
from engine.runs.cluster.workers import list_workers

__all__ = ["show", "start", "stop"]


def show(arguments: Namespace, output: Output) -> int:
    """Show the scheduler and its workers, without starting anything."""
    address, workers = list_workers(home(arguments.home), arguments.scheduler)
    rows = [
        {
            "worker": worker.address,
            "host": worker.host,
            "cores": worker.cores,
            "GB": round(worker.memory_gb, 1),
            "GPUs": worker.gpus,
            "current run": ", ".join(worker.runs),
        }
        for worker in workers
    ]
    empty = "No workers at present."
    output.result(
        {"scheduler": address, "workers": [vars(worker) for worker in workers]},
        f"Scheduler {address}\n{table(rows, empty)}" if address else "No cluster is running.",
    )
    return 0


def start(arguments: Namespace, output: Output) -> int:
    """Start the cluster of the configuration."""
    folder = home(arguments.home)
    address = head.cluster_address(folder, wake=True)
    told = {"scheduler": address, "log": str(folder / "cluster.log")}
    output.result(told, pairs(told))
    return 0


def stop(arguments: Namespace, output: Output) -> int:
    """Stop the cluster of the configuration."""
    stopped = head.stop(home(arguments.home))
    output.result({"stopped": stopped}, "Stopped." if stopped else "No cluster is running.")
    return 0
