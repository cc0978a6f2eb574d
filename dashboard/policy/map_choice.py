"""Which run the pages of results show, and what they say while there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.policy.run_states import ACTIVE
from engine.runs.folder.record import RunRecord


@dataclass(frozen=True)
class Choice:
    """What a page of results shows.

    Parameters
    ----------
    state
        ``none`` (no map was ever asked for), ``waiting`` (one is on its way), ``unfinished``
        (the chosen one ended without a result) or ``ready``.
    run
        The run that is shown or talked about; None for ``none``.
    ready
        All finished maps, newest first.
    """

    state: str
    run: RunRecord | None
    ready: tuple[RunRecord, ...]


def choose(runs: Sequence[RunRecord], wanted: str | None) -> Choice:
    """Choose the run to show: the wanted one, else the newest finished map, else any.

    Parameters
    ----------
    runs
        All runs, newest first.
    wanted
        Id of the run that the session asks for.
    """
    maps = [run for run in runs if run.kind == "map"]
    ready = tuple(run for run in maps if str(run.state) == "done")
    named = next((run for run in maps if run.id == wanted), None)
    active = next((run for run in maps if str(run.state) in ACTIVE), None)
    run = named or (ready[0] if ready else None) or active or (maps[0] if maps else None)
    if run is None:
        return Choice("none", None, ready)
    if str(run.state) == "done":
        return Choice("ready", run, ready)
    return Choice("waiting" if str(run.state) in ACTIVE else "unfinished", run, ready)
