"""The kinds of runs: what each does, and what is asked of it.

Jobs are named as ``module:function`` and imported by the process that works on the run, so
that nobody else pays for importing torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from data.errors import UserError
from engine.runs.context import RunContext

if TYPE_CHECKING:
    from engine.runs.request import Request

__all__ = ["KINDS", "Job", "Kind", "find_kind", "load"]

Job = Callable[[RunContext], dict[str, object]]


@dataclass(frozen=True)
class Kind:
    """A kind of run.

    Parameters
    ----------
    job
        ``module:function``, called with a `RunContext`; gives the result.
    request
        ``module:class`` of what is asked for, a `Request`. "" for a kind that takes any spec.
    cost
        ``module:function``, called with the checked spec and the home; gives ``seconds``,
        ``memory_gb`` and ``disk_gb`` that the run will take, as far as known. "" for none.
    cluster
        Whether it may go to a cluster, whose machines often reach no network.
    """

    job: str
    request: str = ""
    cost: str = ""
    cluster: bool = True

    def model(self) -> type[Request] | None:
        """Import what is asked for."""
        return cast("type[Request]", load(self.request)) if self.request else None

    def check(self, spec: dict[str, object], home: Path) -> dict[str, object]:
        """Check a spec, and give it in its full form.

        Raises
        ------
        UserError
            Something in it cannot be.
        """
        model = self.model()
        return spec if model is None else model.check(spec, home)

    def estimate(self, spec: dict[str, object], home: Path) -> dict[str, float]:
        """Estimate what a run will take; empty where nothing is known."""
        if not self.cost:
            return {}
        found = load(self.cost)(spec, home)
        return {name: float(str(value)) for name, value in found.items()}


KINDS: Mapping[str, Kind] = {
    "map": Kind(
        "engine.mapping.job:run_map",
        "engine.mapping.request:MapRequest",
        "engine.mapping.run_cost:map_cost",
    ),
    "dwarf": Kind(
        "engine.dwarfs.job:run_dwarf",
        "engine.dwarfs.request:DwarfRequest",
        "engine.dwarfs.run_cost:dwarf_cost",
    ),
    "streams": Kind(
        "engine.streams.search.job:run_streams",
        "engine.streams.search.request:StreamsRequest",
        "engine.streams.search.run_cost:search_cost",
    ),
    "fetch": Kind(
        "engine.fetching.job:run_fetch", "engine.fetching.request:FetchRequest", cluster=False
    ),
}
"""A kind of run is a folder in ``engine``, and a line here."""


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
