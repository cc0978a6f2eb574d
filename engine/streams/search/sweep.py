"""One search, a run for each patch: as many patches at a time as there are workers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.runs.folder.record import RunRecord
from engine.runs.launch import submit
from engine.runs.queueing.executors import Executor
from engine.streams.search.request import StreamsRequest
from engine.streams.search.run_cost import search_cost

__all__ = ["PatchRuns", "find_groups", "submit_patches"]


@dataclass(frozen=True)
class PatchRuns:
    """The runs of a search that has one for each patch.

    Parameters
    ----------
    name
        Their common ``group``.
    runs
        The runs, in the order of the patches.
    """

    name: str
    runs: tuple[RunRecord, ...]


def submit_patches(
    home: Path,
    spec: dict[str, Any],
    executor: str | Executor | None = None,
    *,
    on_estimate: Callable[[Mapping[str, float]], None] = lambda _: None,
) -> PatchRuns:
    """Start a run for each patch of a search.

    The request is checked as a whole before the first is started; the runs then wait in the queue
    for their turn. On one machine those that leave the number of threads open take one each, so
    that as many patches as there are cores are searched at a time.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    spec
        As for ``StreamsRequest``, with all patches.
    executor
        See ``submit``.
    on_estimate
        Called with what all runs together will take before the first is started.

    Raises
    ------
    UserError
        If the request cannot be.
    """
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-streams-{secrets.token_hex(2)}"
    full: dict[str, Any] = StreamsRequest.check({**spec, "group": name}, home)
    on_estimate(search_cost(full, home))
    threads = full["threads"] or 1
    specs = [{**full, "patches": [patch], "threads": threads} for patch in full["patches"]]
    runs = tuple(submit(home, one, executor, queue=True) for one in specs)
    return PatchRuns(name, runs)


def find_groups(records: Sequence[RunRecord]) -> list[PatchRuns]:
    """Collect the searches among runs, the newest first; a search in one run is a group of one."""
    found: dict[str, list[RunRecord]] = {}
    for record in records:
        if record.kind == "streams":
            found.setdefault(str(record.spec.get("group") or record.id), []).append(record)
    groups = [PatchRuns(name, tuple(sorted(runs, key=_order))) for name, runs in found.items()]
    return sorted(groups, key=lambda group: group.runs[0].created, reverse=True)


def _order(record: RunRecord) -> tuple[float, str]:
    return record.created, record.id
