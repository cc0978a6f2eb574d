"""What the workers of a cluster offer, and whether that can ever be enough for a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from data.errors import UserError
from engine.runs.queueing.needs import Needs, Supply

__all__ = ["CPU", "GPU", "MEMORY", "Offer", "check", "requests", "together"]

CPU, GPU, MEMORY = "CPU", "GPU", "MEMORY"
"""Names of Dask resources: cores, graphics processors, memory in GB (1e9 bytes)."""


@dataclass(frozen=True)
class Offer:
    """What one worker has in all.

    Parameters
    ----------
    threads
        Tasks that it takes at once.
    memory_gb
        Its limit of memory, GB; 0 for none.
    resources
        The Dask resources that it was started with.
    """

    threads: int
    memory_gb: float = 0.0
    resources: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, worker: Mapping[str, object]) -> Offer:
        """Read it from what the scheduler knows of a worker."""
        resources = worker.get("resources")
        return cls(
            threads=int(str(worker.get("nthreads", 1))),
            memory_gb=float(str(worker.get("memory_limit") or 0)) / 1e9,
            resources=dict(resources) if isinstance(resources, Mapping) else {},
        )

    @property
    def cores(self) -> int:
        """Cores: those that it was said to have, else as many as it has threads."""
        return int(self.resources.get(CPU, self.threads))


def together(offers: Iterable[Offer]) -> Supply:
    """Add up what workers have; no limit of memory where one of them has none."""
    offers = list(offers)
    limits = [float(offer.resources.get(MEMORY, offer.memory_gb)) for offer in offers]
    return Supply(
        cores=sum(offer.cores for offer in offers),
        memory_gb=sum(limits) if all(limits) else 0.0,
        gpus=sum(int(offer.resources.get(GPU, 0)) for offer in offers),
    )


def requests(needs: Needs, offers: Iterable[Offer]) -> dict[str, float]:
    """Give the Dask resources that a task asks for: only those that somebody counts.

    A worker that was started without resources takes as many runs as it has threads.

    Parameters
    ----------
    needs
        What the run takes.
    offers
        What the workers have.

    Raises
    ------
    UserError
        As `check` does.
    """
    offers = list(offers)
    suited = check(needs, offers)
    asked = {CPU: needs.cores or 1, GPU: needs.gpus, MEMORY: needs.memory_gb}
    counted = [name for name in asked if all(name in offer.resources for offer in suited)]
    return {name: float(asked[name]) for name in counted if asked[name]}


def check(needs: Needs, offers: Iterable[Offer]) -> list[Offer]:
    """Give the workers that can ever do a run; plain Dask would wait for one for all time.

    Raises
    ------
    UserError
        There is none, with the reason.
    """
    offers = list(offers)
    if not offers:
        raise UserError(
            "The cluster has no workers.", "Start some with `dask worker ADDRESS`, then try again."
        )
    suited = [offer for offer in offers if not _reasons(needs, offer)]
    if suited:
        return suited
    # The worker that comes closest says best what is missing.
    best = min((_reasons(needs, offer) for offer in offers), key=len)
    raise UserError(
        f"No worker of the cluster can execute this run: {', '.join(best)}.",
        f"Reduce the request, or start workers with these resources: {_worker(needs)}.",
    )


def _worker(needs: Needs) -> str:
    """Give the command of a worker that can do a run."""
    offer = [f"CPU={max(1, needs.cores)}"] + ([f"GPU={needs.gpus}"] if needs.gpus else [])
    return f"dask worker ADDRESS --resources '{' '.join(offer)}'"


def _reasons(needs: Needs, offer: Offer) -> list[str]:
    reasons = []
    if needs.cores > offer.cores:
        reasons.append(f"it needs {needs.cores} threads, the worker has {offer.cores}")
    if needs.gpus > offer.resources.get(GPU, 0):
        has = f"{offer.resources.get(GPU, 0):g}"
        reasons.append(f"it needs GPU={needs.gpus}, the worker offers {has}")
    limit = offer.resources.get(MEMORY, offer.memory_gb)
    if needs.memory_gb > limit > 0:
        reasons.append(
            f"it needs about {needs.memory_gb:.1f} GB of memory, the worker has {limit:.1f} GB"
        )
    return reasons
