"""What a download says of itself, in words."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.policy import run_states
from data.archives.services import SERVICES
from data.selection import caption
from engine.runs.folder.record import RunRecord

__all__ = ["download_line", "size_in_words", "source_line"]

_LONG = 200


def download_line(run: RunRecord, now: float) -> str:
    """Say how far a download is, or what came of it (not escaped)."""
    result = run.result or {}
    if run.ended_well and "rows" in result:
        rows, six = int(str(result["rows"])), int(str(result["with_6d"]))
        dropped = result.get("dropped")
        lost = sum(dropped.values()) if isinstance(dropped, Mapping) else 0
        parts = [f"{rows:,} stars, {six:,} of them with position and velocity"]
        if lost:
            parts.append(f"{lost:,} rows without a position dropped")
        spent = run_states.elapsed(run, now)
        return ", ".join(parts) + (f" · {run_states.duration(spent)}" if spent else "")
    parts = [run_states.progress_line(run, now)]
    if run.active:
        parts += [text for text in (run.stage, run.message) if text]
    return " · ".join(parts)


def source_line(run: RunRecord) -> str:
    """Say where a download comes from and what was asked for (not escaped)."""
    spec = run.spec
    if spec.get("hats"):
        return f"{spec['hats']} · {_asked(spec)}"
    address = str(spec.get("service", ""))
    known = next((s.title for s in SERVICES.values() if s.url == address), address)
    release = spec.get("release")
    table = f" · {release.get('table')}" if isinstance(release, Mapping) else ""
    return f"{known}{table} · {_asked(spec)}"


def _asked(spec: Mapping[str, object]) -> str:
    text = str(spec["adql"]) if spec.get("adql") else caption(spec.get("selection"))
    text = " ".join(text.split())
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."


def size_in_words(size: float) -> str:
    """Say a number of bytes."""
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= length:
            return f"{size / length:.1f} {unit}"
    return f"{max(1.0, size / 1e3):.0f} kB"
