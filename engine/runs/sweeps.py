"""Sweeps: one request, a map for each value of a cut, a seed, a place or any other setting.

A result that changes with a cut that it should not depend on is a result of the cut; one that
changes with the seed has more scatter than it says. A sweep is a set of ordinary runs whose specs
carry its name and the value that each stands for; nothing else knows of it, so that every run can
be looked at, cancelled, resumed and deleted as any other. Runs that are already there, or at work,
are not made again: they carry a tag of the sweep in their folder.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from data.errors import UserError
from data.selection import parse
from engine.runs.folder.directory import run_directory
from engine.runs.folder.record import RunRecord
from engine.runs.folder.tags import add_tag
from engine.runs.kinds import find_kind
from engine.runs.launch import list_runs, submit
from engine.runs.queueing.executors import Executor
from engine.runs.same import NOT_ASKED, find_same

__all__ = ["MAX_VALUES", "Sweep", "cut_at", "find_sweeps", "spec_at", "submit_sweep"]

MAX_VALUES = 1000
_PLACE = "{}"

Value: TypeAlias = "float | str | Sequence[float] | Mapping[str, object]"
"""A number, a name, or a place (x, y, z in kpc)."""


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep.

    Parameters
    ----------
    name
        Its id.
    cut
        What is varied: the text of a cut with ``{}`` in place of the value, or a part of the
        spec, such as ``seed``, ``volume.centre`` or ``overrides.position_epochs``.
    runs
        Value and run, by rising value. Where the values are no numbers they are counted from 0.
    labels
        The values as text.
    """

    name: str
    cut: str
    runs: tuple[tuple[float, RunRecord], ...]
    labels: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        """Runs that are done: their results can be looked at while the others work."""
        return sum(record.ended_well for _, record in self.runs)


def cut_at(cut: str, value: float) -> dict[str, object]:
    """Give the selection tree of a cut at a value.

    Raises
    ------
    UserError
        If there is no ``{}`` in the text, or it is no selection with a number there.
    """
    if _PLACE not in cut:
        raise UserError(
            f"The cut {cut!r} has no placeholder for its value.",
            "Write {} where the value belongs, as in 'parallax_over_error > {}'.",
        )
    if not np.isfinite(value):
        raise UserError(f"Invalid value of a cut: {value!r}.", "Give finite numbers.")
    tree = parse(cut.replace(_PLACE, repr(float(value))))
    if tree is None:
        raise UserError(f"The cut {cut!r} does not restrict anything.")
    return dict(tree)


def spec_at(spec: Mapping[str, object], key: str, value: Value) -> dict[str, object]:
    """Give a spec with one thing changed.

    Parameters
    ----------
    spec
        Of a map.
    key
        A cut with ``{}`` in place of its value, which is added to the selection; or a part of
        the spec, with a dot before each part of that.
    value
        What it is to be.

    Raises
    ------
    UserError
        There is no such part, or the cut is none.
    """
    if _PLACE in key or not key.replace(".", "").replace("_", "").isalnum():
        own = cut_at(key, _number(value))
        before = spec.get("selection")
        return {
            **spec,
            "selection": own if before is None else {"kind": "and", "of": [before, own]},
        }
    first, _, rest = key.partition(".")
    keys = _varied(spec)
    if first not in keys:
        raise UserError(
            f"Cannot sweep over {key!r}.",
            f"Give a cut with {{}} for its value, or one of {', '.join(keys)}.",
        )
    plain = int(value) if isinstance(value, float) and value.is_integer() else value
    if not rest:
        return {**spec, first: plain}
    inner = spec.get(first)
    return {**spec, first: {**(inner if isinstance(inner, Mapping) else {}), rest: plain}}


def submit_sweep(
    home: Path,
    spec: dict[str, object],
    cut: str,
    values: Sequence[Value],
    executor: str | Executor | None = None,
    *,
    after: Sequence[str] = (),
    priority: int = 0,
    on_estimates: Callable[[Sequence[Mapping[str, float]]], None] = lambda _: None,
) -> Sweep:
    """Start a map for each value of a cut, or of another part of the spec.

    All of them are checked before the first is started: a sweep begins whole or not at all. They
    wait in the queue for their turn; what is already computed is not computed again.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    spec
        Of a map or of another kind whose request has a ``sweep``; each run has one thing changed.
    cut
        What is changed, see `spec_at`: with a cut each run's selection is the spec's and the cut
        at its value.
    values
        At least two different values, at most ``MAX_VALUES``.
    executor, after, priority
        See ``submit``.
    on_estimates
        Called once, before the first map is started, with what each will take, without those
        that are there already.

    Raises
    ------
    UserError
        If the cut or a value cannot be, or one of the maps cannot be made.
    """
    chosen = _different(values)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-sweep-{secrets.token_hex(2)}"
    kind, specs = find_kind(spec.get("kind")), []
    for number, label, value in chosen:
        tagged: dict[str, object] = {"name": name, "cut": cut, "value": number, "label": label}
        try:
            specs.append(kind.check({**spec_at(spec, cut, value), "sweep": tagged}, home))
        except UserError as error:
            raise UserError(f"At {label}: {error.sentence}", error.hint) from None
    before = list_runs(home)
    new = [full for full in specs if find_same(full, before, home) is None]
    on_estimates([kind.estimate(full, home) for full in new])
    runs = []
    for (number, _, _), one in zip(chosen, specs, strict=True):
        run = submit(home, one, executor, after=after, priority=priority, queue=True, reuse=True)
        if run.spec.get("sweep") != one["sweep"]:  # it was there before
            add_tag(run_directory(home, run.id), one["sweep"])
        runs.append((number, run))
    return Sweep(name, cut, tuple(runs), tuple(label for _, label, _ in chosen))


def find_sweeps(records: Sequence[RunRecord]) -> list[Sweep]:
    """Collect the sweeps among runs, the newest first."""
    found: dict[str, list[tuple[float, str, RunRecord]]] = {}
    cuts: dict[str, str] = {}
    for record in records:
        for tag in (record.spec.get("sweep"), *record.tags):
            if isinstance(tag, Mapping) and {"name", "cut", "value"} <= tag.keys():
                name, value = str(tag["name"]), float(str(tag["value"]))
                label = str(tag.get("label", f"{value:g}"))
                found.setdefault(name, []).append((value, label, record))
                cuts[name] = str(tag["cut"])
    sweeps = []
    for name, entries in sorted(found.items(), reverse=True):
        ordered = sorted(entries, key=lambda entry: entry[0])
        runs = tuple((value, record) for value, _, record in ordered)
        sweeps.append(Sweep(name, cuts[name], runs, tuple(label for _, label, _ in ordered)))
    return sweeps


def _different(values: Sequence[Value]) -> list[tuple[float, str, Value]]:
    """Give number, label and value of each different value: numbers by size, others as they come.

    Raises
    ------
    UserError
        There are too few or too many.
    """
    if all(isinstance(value, int | float) for value in values):
        numbers = sorted({_number(value) for value in values})
        found: list[tuple[float, str, Value]] = [(n, f"{n:g}", n) for n in numbers]
    else:
        texts = {_label(value): value for value in values}
        found = [(float(i), label, v) for i, (label, v) in enumerate(texts.items())]
    if not 2 <= len(found) <= MAX_VALUES:
        raise UserError(
            f"A sweep needs 2 to {MAX_VALUES} different values, not {len(found)}.",
            "Use an ordinary map for a single value.",
        )
    return found


def _varied(spec: Mapping[str, object]) -> list[str]:
    """Give the parts of a request that can be varied: those that change what is computed."""
    model = find_kind(spec.get("kind")).model()
    return [] if model is None else [name for name in model.model_fields if name not in NOT_ASKED]


def _label(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ", ".join(f"{part:g}" for part in value)
    return json.dumps(value) if isinstance(value, Mapping) else f"{value:g}"


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"Invalid value of a cut: {value!r}.", "Give finite numbers.")
    return float(value)
