"""The kinds of runs: what each does, and what is checked before it starts.

Jobs are named as ``module:function`` and imported by the process that works on the run, so
that nobody else pays for importing torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from data.errors import UserError
from engine.runs.context import RunContext

__all__ = ["KINDS", "Check", "Job", "Kind", "find_kind", "load"]

Job = Callable[[RunContext], dict[str, object]]
Check = Callable[[dict[str, object], Path], dict[str, object]]


@dataclass(frozen=True)
class Kind:
    """A kind of run.

    Parameters
    ----------
    job
        ``module:function``, called with a `RunContext`; gives the result.
    check
        ``module:function``, called with the spec and the home before anything starts; gives
        the spec in its full form or raises `UserError`. "" for no check.
    cost
        ``module:function``, called with the checked spec and the home; gives ``seconds``,
        ``memory_gb`` and ``disk_gb`` that the run will take, as far as known. "" for none.
    cluster
        Whether it may go to a cluster, whose machines often reach no network.
    """

    job: str
    check: str = ""
    cost: str = ""
    cluster: bool = True

    def estimate(self, spec: dict[str, object], home: Path) -> dict[str, float]:
        """Estimate what a run will take; empty where nothing is known."""
        if not self.cost:
            return {}
        found = load(self.cost)(spec, home)
        return {name: float(str(value)) for name, value in found.items()}


KINDS: Mapping[str, Kind] = {
    "map": Kind(
        job="engine.mapping.job:run_map",
        check="engine.runs.specs:check_map",
        cost="engine.runs.costs:map_cost",
    ),
    "fetch": Kind(
        job="engine.fetching.job:run_fetch",
        check="engine.fetching.request:check_fetch",
        cluster=False,
    ),
    "dwarf": Kind(
        job="engine.dwarfs.job:run_dwarf",
        check="engine.dwarfs.request:check_dwarf",
        cost="engine.dwarfs.request:dwarf_cost",
    ),
    "streams": Kind(
        job="engine.streams.search.job:run_streams",
        check="engine.streams.search.request:check_streams",
        cost="engine.streams.search.cost:search_cost",
    ),
}


def find_kind(name: object, kinds: Mapping[str, Kind] = KINDS) -> Kind:
    """Find a kind by its name.

    Raises
    ------
    UserError
        There is no such kind.
    """
    if not isinstance(name, str) or name not in kinds:
        raise UserError(f"Unknown kind of run {name!r}.", f"Known: {', '.join(kinds)}.")
    return kinds[name]


def load(name: str) -> Callable[..., dict[str, object]]:
    """Import a function by ``module:function``.

    Raises
    ------
    ValueError
        The name has not that form, or names no function.
    ImportError
        There is no such module.
    """
    module, colon, function = name.partition(":")
    if not colon:
        raise ValueError(f"{name!r} is not of the form module:function")
    found = getattr(importlib.import_module(module), function, None)
    if not callable(found):
        raise ValueError(f"{module} has no function {function}")
    return cast("Callable[..., dict[str, object]]", found)
