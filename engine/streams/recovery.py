"""Injection and recovery: what a search finds of streams that were put in, and what else it finds.

A trial is the whole chain on one mock patch, with or without a stream. Its row says which
candidates came out and how many members of the stream each holds. p-values are given afterwards,
from all trials on patches without streams: the same chain, so the trials factor is right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from engine.runs.folder.files import as_json
from engine.streams.significance import p_value

__all__ = ["Share", "append_row", "calibrated", "completeness", "false_candidates", "judge",
           "read_rows", "rows_file", "share_of"]  # fmt: skip

PURITY, FEWEST = 1.0 / 3.0, 5
"""A candidate is the injected stream when at least a third of its stars are members, and five."""

_BAND = 0.6827


@dataclass(frozen=True)
class Share:
    """A share of trials with its interval.

    Parameters
    ----------
    label
        What the trials have in common.
    trials, hits
        How many, and how many of them count.
    low, high
        68% interval (Jeffreys).
    """

    label: str
    trials: int
    hits: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Hits for each trial."""
        return self.hits / max(1, self.trials)


def judge(
    members: Sequence[npt.NDArray[np.int64]], label: npt.NDArray[np.integer[Any]]
) -> list[dict[str, object]]:
    """Say for each candidate how much of a stream it is.

    Parameters
    ----------
    members
        Rows of the stars of each candidate.
    label
        0 for smooth stars, else the number of the stream, (n,).

    Returns
    -------
    list of dict
        ``stars``, ``true`` (members of the stream that it has most of), ``purity``,
        ``completeness`` (of that stream's members in the patch), ``is_stream``.
    """
    totals = np.bincount(np.asarray(label, dtype=np.int64))
    told: list[dict[str, object]] = []
    for rows in members:
        own = np.asarray(label, dtype=np.int64)[np.unique(rows)]
        counts = np.bincount(own, minlength=2)[1:]
        best = int(np.argmax(counts)) + 1
        true = int(counts[best - 1])
        purity = true / max(1, len(own))
        told.append(
            {
                "stars": len(own),
                "true": true,
                "purity": purity,
                "completeness": true / max(1, int(totals[best]) if best < len(totals) else 0),
                "is_stream": purity >= PURITY and true >= FEWEST,
            }
        )
    return told


def calibrated(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give each candidate of each trial a p-value from the trials without streams.

    A trial without a stream is compared with the others of its kind, never with itself.

    Parameters
    ----------
    rows
        Trials: ``smooth`` (whether it has no stream), ``maximum`` (the chain's statistic),
        ``candidates`` (each with ``sigma``) and, if there is one, ``exchanged``: the statistic of
        the same trial with positions exchanged after the training, which lends the form of the
        tail where trials without streams are few (`engine.streams.significance.p_value`). Trials
        of one ``method`` and setting.
    """
    told = [dict(row) for row in rows]
    null = {i: float(row["maximum"]) for i, row in enumerate(told) if row["smooth"]}
    for i, row in enumerate(told):
        others = np.array([value for j, value in null.items() if j != i])
        shape = np.asarray(row.get("exchanged") or [], dtype=np.float64)
        row["candidates"] = [
            {**one, "p": _p(float(one["sigma"]), others, shape)} for one in row["candidates"]
        ]
    return told


def _p(
    sigma: float, null: npt.NDArray[np.float64], shape: npt.NDArray[np.float64]
) -> dict[str, Any] | None:
    return p_value(sigma, null, basis="mocks", shape=shape).to_dict() if len(null) else None


def found_at(row: Mapping[str, Any], limit: float) -> bool:
    """Say whether the stream of a trial is among its candidates with a smaller p."""
    return any(one["is_stream"] and _below(one, limit) for one in row["candidates"])


def false_candidates(rows: Iterable[Mapping[str, Any]], limit: float = 1e-3) -> int:
    """Count candidates with a smaller p than the limit in trials without streams."""
    return sum(_below(one, limit) for row in rows if row["smooth"] for one in row["candidates"])


def _below(candidate: Mapping[str, Any], limit: float) -> bool:
    return candidate.get("p") is not None and float(candidate["p"]["value"]) < limit


def completeness(
    rows: Iterable[Mapping[str, Any]],
    *,
    limit: float = 1e-3,
    by: Callable[[Mapping[str, Any]], str] | None = None,
) -> list[Share]:
    """Give the share of the injected streams that were found, by what they have in common.

    Parameters
    ----------
    rows
        Trials, as `read_rows` gives them.
    limit
        The p-value that a candidate must fall below.
    by
        Names the group of a trial; its ``group`` by default.
    """
    named = by or (lambda row: str(row.get("group", "all")))
    hits: dict[str, list[bool]] = {}
    for row in calibrated(rows):
        if not row["smooth"]:
            hits.setdefault(named(row), []).append(found_at(row, limit))
    return [share_of(label, sum(one), len(one)) for label, one in hits.items()]


def share_of(label: str, hits: int, trials: int) -> Share:
    """Give a share with the 68% interval of Jeffreys: the posterior under Beta(1/2, 1/2)."""
    if trials == 0:
        return Share(label, 0, 0, 0.0, 1.0)
    a, b = hits + 0.5, trials - hits + 0.5
    low, high = (float(stats.beta.ppf(q, a, b)) for q in ((1 - _BAND) / 2, (1 + _BAND) / 2))
    return Share(label, trials, hits, 0.0 if hits == 0 else low, 1.0 if hits == trials else high)


def rows_file(home: Path) -> Path:
    """Give the file in which a home keeps its trials, one JSON object a line."""
    return home / "streams" / "recovery.jsonl"


def read_rows(home: Path) -> list[dict[str, Any]]:
    """Read the trials of a home; a line that is cut short is left out."""
    try:
        lines = rows_file(home).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "candidates" in row and "maximum" in row:
            rows.append(row)
    return rows


def append_row(path: Path, row: Mapping[str, object]) -> None:
    """Add a trial to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(as_json(dict(row)), allow_nan=False) + "\n")
