"""The part ``[cluster]`` of the configuration: what kind of cluster, and how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from data.errors import UserError
from engine.runs.cluster.offers import CPU, GPU, MEMORY, Offer
from engine.runs.configuration import read_configuration

__all__ = ["KINDS", "ClusterSettings", "read_cluster"]

KINDS = ("local", "slurm", "pbs", "cuda", "address")


@dataclass(frozen=True)
class ClusterSettings:
    """What kind of cluster, and how large.

    Parameters
    ----------
    kind
        ``local`` (processes of this machine), ``slurm`` or ``pbs`` (jobs of the batch system),
        ``cuda`` (a worker for each GPU of this machine), or ``address`` (one that somebody else
        keeps).
    address
        Of the scheduler, for the kind ``address``.
    workers
        Workers at most; for ``slurm`` and ``pbs`` jobs.
    minimum
        Workers that are kept even when there is nothing to do (``slurm`` and ``pbs``).
    cores, memory_gb, gpus
        What each worker has. A run gets the threads and the memory that it asks for.
    allowed_failures
        Workers that may die over one run before it is given up. Dask's own 3 takes the task for
        the culprit; here a run is a process of its own, which can hardly harm its worker, while
        batch systems take workers away as they please.
    queue, account, walltime, options
        For ``slurm`` and ``pbs``: partition or queue, account, time limit (``HH:MM:SS``), and
        further lines for the head of the job script.
    interface
        Network interface on which the workers reach the scheduler, such as ``ib0``.
    """

    kind: str = "local"
    address: str = ""
    workers: int = 4
    minimum: int = 0
    cores: int = 1
    memory_gb: float = 4.0
    gpus: int = 0
    allowed_failures: int = 50
    queue: str = ""
    account: str = ""
    walltime: str = "04:00:00"
    options: list[str] = field(default_factory=list)
    interface: str = ""

    @property
    def offer(self) -> Offer:
        """What each worker will have."""
        return Offer(self.cores, self.memory_gb, self.resources)

    @property
    def resources(self) -> dict[str, float]:
        """The Dask resources that workers are started with."""
        offered = {CPU: float(self.cores), MEMORY: self.memory_gb}
        return {**offered, GPU: float(self.gpus)} if self.gpus else offered


def read_cluster(home: Path) -> ClusterSettings:
    """Read the cluster of a home's configuration.

    Raises
    ------
    UserError
        There is none, or something in it cannot be.
    """
    content = read_configuration(home).get("cluster")
    if not isinstance(content, Mapping):
        raise UserError(
            "No cluster is configured.",
            f"Name a scheduler with --scheduler ADDRESS, or write [cluster] into "
            f"{home / 'configuration.toml'} (see docs/clusters.md).",
        )
    types = {item.name: str(item.type) for item in fields(ClusterSettings)}
    for name, value in content.items():
        if name not in types:
            raise UserError(
                f"Unknown setting {name!r} of the cluster.",
                f"Known: {', '.join(types)}.",
            )
        _check_type(name, value, types[name])
    settings = ClusterSettings(**content)
    if settings.kind not in KINDS:
        raise UserError(
            f"Unknown kind of cluster {settings.kind!r}.", f"Known: {', '.join(KINDS)}."
        )
    if (settings.kind == "address") != bool(settings.address):
        raise UserError(
            "An address must be given for a cluster of kind 'address', and only for that."
        )
    if settings.kind == "cuda" and not settings.gpus:
        return ClusterSettings(**{**content, "gpus": 1})
    return settings


def _check_type(name: str, value: object, kind: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "str": isinstance(value, str),
        "int": number and isinstance(value, int) and value >= 0,
        "float": number and float(str(value)) >= 0,
        "list[str]": isinstance(value, list) and all(isinstance(item, str) for item in value),
    }[kind]
    if not fits or (name in ("workers", "cores", "allowed_failures") and value == 0):
        raise UserError(f"The setting {name} of the cluster cannot be {value!r}.")
