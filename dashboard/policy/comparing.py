"""Which two runs are compared, what differs between them, and what their difference means."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.policy.captions import selection_sentence
from dashboard.policy.run_states import age
from engine.runs.folder.record import RunRecord

__all__ = ["choose_pair", "differing", "pull_words", "run_labels"]


def choose_pair(
    ready: Sequence[RunRecord], first: str | None, second: str | None, shown: str | None
) -> tuple[str, str] | None:
    """Choose two different runs: those wanted as far as they are there, else the newest.

    Parameters
    ----------
    ready
        Finished maps, newest first.
    first, second
        Ids that were on the screen before.
    shown
        Id of the run that the other pages show: the first by default.

    Returns
    -------
    tuple or None
        Two ids; None where there are fewer than two runs.
    """
    ids = [run.id for run in ready]
    if len(ids) < 2:
        return None
    one = next((run for run in (first, shown) if run in ids), ids[0])
    other = second if second in ids and second != one else next(i for i in ids if i != one)
    return str(one), str(other)


def run_labels(ready: Sequence[RunRecord], now: float) -> dict[str, str]:
    """Give the choices of a list of runs, label to id; selects show text as it is."""
    labels: dict[str, str] = {}
    for run in ready:
        preset = run.spec.get("preset", "")
        label = f"{run.catalogue} · {preset} · {age(run.created, now)} · {run.id[-4:]}"
        labels[label if label not in labels else f"{label} ({run.id})"] = run.id
    return labels


def differing(
    first: tuple[str, RunRecord, Mapping[str, Any]],
    second: tuple[str, RunRecord, Mapping[str, Any]],
) -> list[tuple[str, str, str]]:
    """Give what differs between two runs: label, first, second (not escaped).

    Parameters
    ----------
    first, second
        Name of the catalogue, record, and attributes of the cube.
    """
    ours, theirs = (_settings(*side) for side in (first, second))
    rows = []
    for label in dict.fromkeys([*ours, *theirs]):
        a, b = ours.get(label, "—"), theirs.get(label, "—")
        if a != b:
            rows.append((label, a, b))
    return rows


def _settings(name: str, record: RunRecord, attributes: Mapping[str, Any]) -> dict[str, str]:
    spec = record.spec
    told = {
        "Catalogue": name,
        "Stars": selection_sentence(attributes),
        "Tracers": f"{int(attributes['tracers']):,}" if "tracers" in attributes else "—",
        "Preset": str(spec.get("preset", "—")),
        "Seed": str(spec.get("seed", "—")),
    }
    told |= {str(key): str(value) for key, value in dict(spec.get("overrides") or {}).items()}
    for label, key in (("Sun", "sun"), ("Volume", "volume"), ("Program", "versions")):
        told[label] = _readable(attributes.get(key))
    return told


def _readable(stored: object) -> str:
    """Say a nested attribute, which is stored as JSON, in one line."""
    try:
        value = json.loads(str(stored)) if stored is not None else None
    except ValueError:
        return str(stored)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "—" if value is None else str(value)


def pull_words(rms: float) -> str:
    """Say what the root mean square of the pulls between two runs means."""
    if not math.isfinite(rms):
        return "no cell is trusted in both"
    if rms < 0.7:
        return "smaller than expected from the errors"
    if rms <= 1.3:
        return "as far apart as their errors say"
    return "further apart than their errors say"
