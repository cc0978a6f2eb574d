"""Runs as they are listed: each by itself, but those of one request as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dashboard.components.escape import plain_text
from dashboard.policy.pairs import written_pairs
from dashboard.policy.run_states import (
    ACTIVE,
    LOOKS,
    Look,
    age,
    look,
    percent,
    percent_together,
    progress_line,
)
from engine.runs.folder.record import RunRecord
from engine.runs.sweeps import Sweep, find_sweeps
from engine.streams.search.sweep import PatchRuns, find_groups

__all__ = ["Group", "group_row", "listed", "run_row"]

_LONGEST = 200


@dataclass(frozen=True)
class Group:
    """Runs that were started by one request: a sweep, or a search with a run for each patch.

    Parameters
    ----------
    name
        Its id.
    title, span
        What it is, and from where to where it goes (not escaped).
    runs
        All its runs, those of a sweep that were there before it as well.
    records
        The runs that were made for it, newest first: they are listed under it.
    labels
        What each run stands for, by its id.
    """

    name: str
    title: str
    span: str
    runs: tuple[RunRecord, ...]
    records: tuple[RunRecord, ...]
    labels: Mapping[str, str]

    @property
    def searches(self) -> bool:
        """Whether it is a search for streams, whose results stand on the page of its own."""
        return self.records[0].kind == "streams"

    @property
    def active(self) -> bool:
        """Whether a run of it waits or is at work."""
        return any(str(run.state) in ACTIVE for run in self.runs)

    def look(self) -> Look:
        """Give what its chip says: how many are done, in the colour of the worst that happened."""
        states = self._states()
        done = f"{states['done']} of {len(self.runs)} done"
        for state in ("failed", "interrupted", "running", "stopping", "queued", "cancelled"):
            if states[state]:
                return Look(done, LOOKS[state].colour)
        return Look(done, LOOKS["done"].colour)

    def line(self) -> str:
        """Say what its runs do, those that are done apart: ``2 running · 1 failed``."""
        states = self._states()
        told = [f"{states[state]} {state}" for state in LOOKS if state != "done" and states[state]]
        return " · ".join(told)

    def _states(self) -> Counter[str]:
        return Counter(str(run.state) for run in self.runs)


def listed(records: Sequence[RunRecord]) -> list[RunRecord | Group]:
    """Give runs and groups in the order of the newest run of each.

    Parameters
    ----------
    records
        Newest first. A run that a later sweep took over from elsewhere stays by itself.
    """
    makers: dict[str, Callable[[tuple[RunRecord, ...]], Group]] = {}
    for sweep in find_sweeps(records):
        makers[sweep.name] = partial(_of_sweep, sweep)
    for patches in find_groups(records):
        if patches.runs[0].spec.get("group"):
            makers[patches.name] = partial(_of_patches, patches)
    members: dict[str, list[RunRecord]] = {}
    order: list[RunRecord | str] = []
    for record in records:
        name = _group_name(record)
        if name not in makers:
            order.append(record)
            continue
        if name not in members:
            order.append(name)
        members.setdefault(name, []).append(record)
    return [
        makers[entry](tuple(members[entry])) if isinstance(entry, str) else entry
        for entry in order
    ]


def _group_name(record: RunRecord) -> str:
    tag = record.spec.get("sweep")
    if isinstance(tag, dict):
        return str(tag.get("name"))
    return str(record.spec.get("group") or "")


def _of_sweep(sweep: Sweep, records: tuple[RunRecord, ...]) -> Group:
    runs = tuple(run for _, run in sweep.runs)
    labels = {
        run.id: f"at {label}" for (_, run), label in zip(sweep.runs, sweep.labels, strict=True)
    }
    span = f"{sweep.labels[0]} to {sweep.labels[-1]}"
    return Group(sweep.name, f"Sweep: {sweep.cut}", span, runs, records, labels)


def _of_patches(patches: PatchRuns, records: tuple[RunRecord, ...]) -> Group:
    labels = {run.id: f"Patch {_patch_name(run)}" for run in patches.runs}
    many = len(patches.runs)
    title = f"Streams: {many} patches" if many > 1 else "Streams: one patch"
    method = str(patches.runs[0].spec.get("method", "")).upper()
    return Group(patches.name, title, method, patches.runs, records, labels)


def _patch_name(record: RunRecord) -> str:
    patches = record.spec.get("patches")
    first = patches[0] if isinstance(patches, list) and patches else None
    return str(first.get("name")) if isinstance(first, dict) else "?"


def run_row(
    record: RunRecord, name: str, now: float, *, chosen: bool = False, member: str = ""
) -> dict[str, Any]:
    """Give what the row of a run shows, as plain data.

    Parameters
    ----------
    record, name
        The run, and the name of its catalogue.
    now
        Seconds since 1970.
    chosen
        Whether it is the run that is shown in full.
    member
        Under its group: what it stands for there.

    Returns
    -------
    dict
        ``id``, ``css`` (a class that names it), ``title``, ``mark`` (before the title),
        ``state`` and ``colour`` of the chip, ``active``, ``share`` (per cent, None while nothing
        is known), ``line``, ``chosen``, ``member`` and ``unfolded`` (None: nothing to unfold).
        Texts are not escaped; no control characters are left in them.
    """
    told = [member or name, str(record.spec.get("preset") or ""), *_own(record)]
    parts = [record.kind, age(record.created, now)]
    if str(record.state) == "running":
        parts.append(progress_line(record, now))
    return _row(
        record.id, f"vo-run-{record.id}", " · ".join(filter(None, told)),
        look(record),
        parts=[*parts, record.id], active=str(record.state) in ACTIVE, share=percent(record),
        chosen=chosen, member=bool(member),
    )  # fmt: skip


def _own(record: RunRecord) -> list[str]:
    """Say by what a map differs from others of its catalogue: seed and settings."""
    seed, changed = record.spec.get("seed"), record.spec.get("overrides")
    told = [f"seed {seed}"] if isinstance(seed, int) and seed else []
    if isinstance(changed, Mapping) and changed:
        told.append(written_pairs(changed))
    return told


def group_row(
    group: Group, name: str, now: float, *, unfolded: bool, chosen: bool = False
) -> dict[str, Any]:
    """Give what the row of a group shows, as `run_row` does."""
    parts = [name, group.span, group.line(), age(group.records[0].created, now)]
    return _row(
        group.name, f"vo-group-{group.name}", group.title, group.look(), parts=parts,
        active=group.active, share=percent_together(group.runs) or 0, chosen=chosen,
        unfolded=unfolded,
    )  # fmt: skip


def _row(
    id_: str, css: str, title: str, chip: Look, *, parts: Sequence[str], active: bool,
    share: int | None, chosen: bool, member: bool = False, unfolded: bool | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": id_,
        "css": css,
        "title": plain_text(title, limit=_LONGEST),
        "mark": "" if unfolded is None else "▾ " if unfolded else "▸ ",
        "state": plain_text(chip.label, limit=_LONGEST),
        "colour": chip.colour,
        "active": active,
        "share": share,
        "line": plain_text(" · ".join(part for part in parts if part), limit=_LONGEST),
        "chosen": chosen,
        "member": member,
        "unfolded": unfolded,
    }
