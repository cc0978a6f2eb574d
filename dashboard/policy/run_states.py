"""What a run says of itself: look, sentence and possible actions in each state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.runs.folder.record import RunRecord
from engine.runs.kinds import KINDS


@dataclass(frozen=True)
class Look:
    """How a state appears.

    Parameters
    ----------
    label
        The word on the chip.
    colour
        Name of a colour of the theme.
    severity
        Level of the message at the head of the details; empty for no message.
    """

    label: str
    colour: str
    severity: str = ""


LOOKS: dict[str, Look] = {
    "queued": Look("queued", "default", "info"),
    "running": Look("running", "info"),
    "stopping": Look("stopping", "warning", "info"),
    "done": Look("done", "success"),
    "failed": Look("failed", "error", "error"),
    "cancelled": Look("cancelled", "default", "info"),
    "interrupted": Look("interrupted", "warning", "warning"),
}

ACTIVE = frozenset({"queued", "running", "stopping"})


def look(run: RunRecord) -> Look:
    """Give the look of a run's state."""
    return LOOKS.get(str(run.state), Look(str(run.state), "default"))


def actions(run: RunRecord) -> frozenset[str]:
    """Give what can be done: of ``open``, ``change``, ``cancel``, ``resume``, ``delete``."""
    again = frozenset({"change"}) if run.kind == "map" and run.catalogue else frozenset()
    return _own_actions(run) | again


def _own_actions(run: RunRecord) -> frozenset[str]:
    state = str(run.state)
    if state in ("queued", "running"):
        return frozenset({"cancel"})
    if state == "stopping":
        return frozenset()
    if state == "done":
        shown = run.kind in ("map", "streams")
        return frozenset({"open", "delete"}) if shown else frozenset({"delete"})
    return frozenset({"resume", "delete"})


def sentence(run: RunRecord) -> tuple[str, str]:
    """Say what state a run is in and what to do about it: sentence and hint, not escaped."""
    state, error = str(run.state), run.error or {}
    if state == "queued":
        return "The run waits for its turn.", "It starts by itself."
    if state == "stopping":
        return "The run is stopping.", "It ends after the step that it is in."
    if state == "failed":
        return (
            error.get("sentence") or "The run failed and left no message.",
            error.get("hint") or "The log below tells what it was doing.",
        )
    if state == "cancelled":
        return "The run was cancelled.", "Resume continues from its last checkpoint."
    if state == "interrupted":
        return (
            error.get("sentence") or "The process of this run ended unexpectedly.",
            "Only work since the last checkpoint is lost: Resume continues from there.",
        )
    return "", ""


def percent(run: RunRecord) -> int | None:
    """Give the progress in whole per cent, or None while nothing is known.

    100 is reserved for a run that is done, so that a full bar never still moves.
    """
    if str(run.state) == "done":
        return 100
    if run.progress is None:
        return None
    return max(0, min(99, int(100 * run.progress)))


def percent_together(runs: Sequence[RunRecord]) -> int | None:
    """Give the progress of several runs as one, in whole per cent; None while none is known."""
    shares = [percent(run) for run in runs]
    known = [share or 0 for share in shares]
    return None if all(share is None for share in shares) else sum(known) // len(known)


def progress_line(run: RunRecord, now: float) -> str:
    """Say where a run is: per cent and time left, or how long it took (not escaped)."""
    state = str(run.state)
    if state == "running":
        share = percent(run)
        parts = [] if share is None else [f"{share}%"]
        if run.eta_s is not None:
            parts.append(f"{duration(run.eta_s)} left")
        return " · ".join(parts) or "starting"
    if state in ACTIVE:
        return LOOKS[state].label
    spent = elapsed(run, now)
    return f"{LOOKS[state].label} after {duration(spent)}" if spent is not None else state


def elapsed(run: RunRecord, now: float) -> float | None:
    """Give the seconds since a run started, up to its end; None if it has not started."""
    if run.started is None:
        return None
    return max(0.0, (run.ended or now) - run.started)


def duration(seconds: float) -> str:
    """Say a length of time in at most two units: ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def age(then: float, now: float) -> str:
    """Say how long ago something was, roughly: ``just now``, ``5 min ago``, ``3 d ago``."""
    seconds = max(0.0, now - then)
    if seconds < 45:
        return "just now"
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "1 min ago"


def request_lines(
    run: RunRecord, catalogue_name: str, selection_caption: str
) -> list[tuple[str, str]]:
    """Give what was asked of a run as pairs of label and text (not escaped)."""
    kind = KINDS.get(run.kind)
    model = kind.model() if kind else None
    asked = model.lines(run.spec) if model else []
    if run.kind == "fetch":
        return [*asked, ("From", selection_caption)]
    return [("Catalogue", catalogue_name), ("Stars", selection_caption), *asked]
