"""Where runs are at work: this machine, others that share its disk, workers of a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.runs.folder.record import RunRecord
from engine.runs.process import host_name

__all__ = ["Machine", "machines"]

_AT_WORK = ("running", "stopping")


@dataclass(frozen=True)
class Machine:
    """A place where runs can be at work.

    Parameters
    ----------
    name
        Its host name.
    cores, memory_gb
        What it offers; None where that is not known.
    device
        What trainings run on.
    runs
        Ids of the runs that are at work there.
    """

    name: str
    cores: int | None
    memory_gb: float | None
    device: str
    runs: tuple[str, ...]

    def cells(self) -> tuple[str, str, str, str, str]:
        """Give the texts of its row, not escaped."""
        more = f" and {len(self.runs) - 3} more" if len(self.runs) > 3 else ""
        works = ", ".join(self.runs[:3]) + more
        return (
            self.name,
            "—" if self.cores is None else f"{self.cores}",
            "—" if self.memory_gb is None else f"{self.memory_gb:.0f} GB",
            self.device,
            works or "nothing",
        )


def machines(home: Path, records: Sequence[RunRecord]) -> list[Machine]:
    """Give the machines; may ask a cluster, so not on the event loop.

    Raises
    ------
    UserError
        The scheduler of the home does not answer.
    """
    from engine.runs.cluster.workers import list_workers

    busy: dict[str, list[RunRecord]] = {}
    for record in records:
        if str(record.state) in _AT_WORK and not record.executor.startswith("dask"):
            busy.setdefault(record.host or "unknown", []).append(record)
    here = host_name()
    found = [
        Machine(
            f"{name} (this one)" if name == here else name,
            os.cpu_count() if name == here else None,
            _memory_gb() if name == here else None,
            ", ".join(sorted({str(run.spec.get("device", "auto")) for run in runs})) or "auto",
            tuple(run.id for run in runs),
        )
        for name, runs in {here: [], **busy}.items()
    ]
    _, workers = list_workers(home)
    return found + [
        Machine(
            f"{worker.host} ({worker.address})",
            worker.cores,
            worker.memory_gb,
            f"{worker.gpus} GPU" if worker.gpus else "cpu",
            worker.runs,
        )
        for worker in workers
    ]


def _memory_gb() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError):
        return None
