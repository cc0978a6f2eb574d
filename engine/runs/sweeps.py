"""Sweeps: one request, a map for each value of a cut.

A result that changes with a cut that it should not depend on is a result of the cut. A sweep is
a set of ordinary runs whose specs carry its name and the value that each stands for; nothing else
knows of it, so that every run can be looked at, cancelled, resumed and deleted as any other.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import UserError
from data.selection import parse
from engine.runs.executors import Executor
from engine.runs.launch import submit
from engine.runs.record import RunRecord
from engine.runs.specs import check_map

__all__ = ["MAX_VALUES", "Sweep", "cut_at", "find_sweeps", "submit_sweep"]

MAX_VALUES = 100
_PLACE = "{}"


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep.

    Parameters
    ----------
    name
        Its id.
    cut
        The text of the cut, with ``{}`` in place of the value.
    runs
        Value and run, by rising value.
    """

    name: str
    cut: str
    runs: tuple[tuple[float, RunRecord], ...]


def cut_at(cut: str, value: float) -> dict[str, object]:
    """Give the selection tree of a cut at a value.

    Raises
    ------
    UserError
        If there is no ``{}`` in the text, or it is no selection with a number there.
    """
    if _PLACE not in cut:
        raise UserError(
            f"The cut {cut!r} has no place for its value.",
            "Write {} where the value belongs, as in 'parallax_over_error > {}'.",
        )
    if not np.isfinite(value):
        raise UserError(f"A cut cannot be made at {value!r}.", "Give finite numbers.")
    tree = parse(cut.replace(_PLACE, repr(float(value))))
    if tree is None:
        raise UserError(f"The cut {cut!r} says nothing.")
    return dict(tree)


def submit_sweep(
    home: Path,
    spec: dict[str, object],
    cut: str,
    values: Sequence[float],
    executor: str | Executor = "local",
) -> Sweep:
    """Start a map for each value of a cut.

    All of them are checked before the first is started: a sweep begins whole or not at all.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    spec
        Of a map; each run's selection is the spec's and the cut at its value.
    cut
        A selection as text with ``{}`` in place of the value.
    values
        At least two different numbers, at most ``MAX_VALUES``.
    executor
        See ``submit``.

    Raises
    ------
    UserError
        If the cut or a value cannot be, or one of the maps cannot be made.
    """
    numbers = sorted(set(map(float, values)))
    if not 2 <= len(numbers) <= MAX_VALUES:
        raise UserError(
            f"A sweep needs 2 to {MAX_VALUES} different values, not {len(numbers)}.",
            "A single one is a map with that selection.",
        )
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-sweep-{secrets.token_hex(2)}"
    specs = []
    for value in numbers:
        own = cut_at(cut, value)
        before = spec.get("selection")
        tree = own if before is None else {"kind": "and", "of": [before, own]}
        tagged = {"name": name, "cut": cut, "value": value}
        try:
            specs.append(check_map({**spec, "selection": tree, "sweep": tagged}, home))
        except UserError as error:
            raise UserError(f"At {value:g}: {error.sentence}", error.hint) from None
    runs = tuple(
        (value, submit(home, one, executor)) for value, one in zip(numbers, specs, strict=True)
    )
    return Sweep(name, cut, runs)


def find_sweeps(records: Sequence[RunRecord]) -> list[Sweep]:
    """Collect the sweeps among runs, the newest first."""
    found: dict[str, list[tuple[float, RunRecord]]] = {}
    cuts: dict[str, str] = {}
    for record in records:
        tag = record.spec.get("sweep")
        if isinstance(tag, dict):
            found.setdefault(str(tag["name"]), []).append((float(tag["value"]), record))
            cuts[str(tag["name"])] = str(tag["cut"])
    return [
        Sweep(name, cuts[name], tuple(sorted(runs, key=lambda pair: pair[0])))
        for name, runs in sorted(found.items(), reverse=True)
    ]
