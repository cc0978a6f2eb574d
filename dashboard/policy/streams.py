"""What is said about a search for streams and its candidates; no widget is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.policy.run_states import look, progress_line
from engine.runs.folder.record import RunRecord
from engine.streams.search.reading import Found
from engine.streams.search.sweep import PatchRuns

__all__ = [
    "candidate_lines",
    "candidate_title",
    "group_label",
    "members_tree",
    "search_line",
    "verdict_on_p",
]  # fmt: skip

_KINDS = {
    "counted": "counted",
    "fitted tail": "from a tail fitted to chance lines",
    "borrowed tail": "from the tail of uniform stars",
    "limit": "an upper limit",
}
_BASIS = {
    "before training": "from permutation searches, all windows counted",
    "mocks": "from patches without streams, all windows counted",
    "scores": "given the scores only: how often chance finds such a line is not known",
}


def candidate_title(row: Mapping[str, Any]) -> str:
    """Name a candidate in a few words."""
    known = f", {row['known_name']}" if row.get("known_known") else ""
    return f"Candidate {row['candidate']} in patch {row['patch']}{known}"


def candidate_lines(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what is known about a candidate as labels and texts (not escaped)."""
    lines = [
        ("Significance", _significance(row)),
        ("p", verdict_on_p(row)),
        ("Stars on the line", _stars(row)),
        ("Line", _numbers(row, "θ = {theta:.1f}°, r = {r:+.1f}°")),
        ("Window", _numbers(row, "{coordinate} from {low:g} to {high:g} mas/yr")),
        ("Region", _numbers(row, "{other_low:g} to {other_high:g} mas/yr in the other motion")),
        ("Proper motion", _numbers(row, "{mu_lon:+.2f}, {mu_lat:+.2f} mas/yr")),
        ("Stability", _numbers(row, "{stability:.0%} of the trainings find the line again")),
        ("Track", _numbers(row, "{length:.1f}° long, {width:.2f}° wide (68% within)")),
        ("Faint stars", _numbers(row, "{faint_fraction:.0%} fainter than G = 19.1")),
        ("Dust", _numbers(row, "E(B-V) = {ebv:.2f} mag")),
        ("Edge", "at the rim of the patch, where searches err" if row.get("edge") else ""),
        ("Nearest known", _known(row)),
    ]
    return [(label, text) for label, text in lines if text]


def verdict_on_p(row: Mapping[str, Any]) -> str:
    """Say a p-value with what it is conditional on."""
    p = row.get("p")
    if p is None:
        return "not known"
    basis = _BASIS.get(str(row.get("p_basis")), str(row.get("p_basis") or ""))
    kind = _KINDS.get(str(row.get("p_kind")), "")
    low, high = row.get("p_low"), row.get("p_high")
    between = f" ({low:.1g} to {high:.1g})" if low is not None and high is not None else ""
    return ", ".join(filter(None, (f"{p:.2g}{between}", kind, basis)))


def _significance(row: Mapping[str, Any]) -> str:
    text = _numbers(row, "σ_L = {sigma:.1f}")
    repeated = _numbers(row, "; {sigma_duplicates:.1f} with stars counted as often as they vote")
    return text + repeated


def _stars(row: Mapping[str, Any]) -> str:
    expected = _numbers(row, " where {background:.1f} are expected")
    return f"{row['stars']}{expected}" if row.get("stars") is not None else ""


def _known(row: Mapping[str, Any]) -> str:
    if not row.get("known_name"):
        return "nothing within 10°"
    same = "taken for it: " if row.get("known_known") else ""
    return f"{same}{row['known_name']}" + _numbers(row, ", {known_separation:.1f}° away")


def _numbers(row: Mapping[str, Any], text: str) -> str:
    """Fill in a text; empty where one of its numbers is missing."""
    try:
        return text.format(**{name: value for name, value in row.items() if value is not None})
    except (KeyError, ValueError, TypeError):
        return ""


def members_tree(source_ids: Sequence[int] | np.ndarray, name: str) -> dict[str, Any]:
    """Give the selection of stars by their identifiers."""
    values = [int(source_id) for source_id in source_ids]
    if not values:
        return {"kind": "or", "of": [], "name": name}
    return {"kind": "among", "column": "source_id", "values": values, "name": name}


def group_label(group: PatchRuns, name: str) -> str:
    """Name a search in a list (not escaped)."""
    first = group.runs[0]
    method = str(first.spec.get("method", "")).upper()
    patches = sum(len(run.spec.get("patches") or ()) for run in group.runs)  # type: ignore[arg-type]
    many = f"{patches} patches" if patches > 1 else "one patch"
    return f"{name}, {method}, {many} ({first.id[4:15]})"


def search_line(found: Found, runs: Sequence[RunRecord], now: float) -> str:
    """Say how far a search is (not escaped)."""
    about = found.about()
    windows = f"{about['scored']:,} of {about['windows']:,} windows scored"
    if len(runs) == 1:
        run = runs[0]
        parts = [look(run).label if run.active else "", progress_line(run, now), windows]
        if run.active and run.message:
            parts.append(run.message)
        return " · ".join(dict.fromkeys(part for part in parts if part))
    done = sum(run.ended_well for run in runs)
    return f"{done} of {len(runs)} patches done · {windows}"
