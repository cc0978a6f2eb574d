"""Following a run at the terminal, and reporting its result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dashboard.cli.output import Output, pairs
from dashboard.cli.progress import ProgressLine
from data.errors import UserError
from engine.runs import RunRecord, RunState, cancel, open_run, wait

__all__ = ["follow"]

FAILED, STOPPED = 1, 130
_RESULTS = {
    "map": ("cubes", "at_sun", "population", "warnings"),
    "streams": ("candidates", "best", "patches", "cubes", "members", "timing"),
    "fetch": ("catalogue", "rows", "dropped", "with_6d", "not_6d"),
}
"""The parts of a result that are printed, for each kind of run."""


def follow(
    folder: Path, run_id: str, output: Output, more: Mapping[str, object] | None = None
) -> int:
    """Show the progress of a run until it has ended, then its result.

    Parameters
    ----------
    folder, run_id
        The home folder, and the run in it.
    output
        Where to say it.
    more
        What goes into the JSON object beside the result.

    The first Ctrl-C stops the run; a second one leaves without waiting for that.

    Returns
    -------
    int
        The exit status.
    """
    status = FAILED
    try:
        record = _watch(folder, run_id)
    except KeyboardInterrupt:
        output.note(f"Stopping run {run_id} (press Ctrl+C again to leave at once).")
        status = STOPPED
        open_run(folder, run_id).request_stop()
        record = cancel(folder, run_id)
    if record.ended_well:
        told = _result(record)
        output.result(
            {"run": record.id, "state": str(record.state), **told, **(more or {})},
            _as_text(record, told),
        )
        return 0
    output.error(_explanation(record), run=record.id, state=str(record.state))
    return status


def _watch(folder: Path, run_id: str) -> RunRecord:
    """Show the progress of a run until it has ended, and give its record."""
    run = open_run(folder, run_id)
    with ProgressLine() as show:
        while True:
            record = wait(run, timeout=0.5)
            if not record.active:
                if record.ended_well:  # perhaps before it was looked at for the first time
                    show(1.0, str(record.state), None)
                return record
            words = record.stage or str(record.state)
            message = f": {record.message}" if record.message else ""
            show(record.progress or 0.0, words + message, record.eta_s)


def _result(record: RunRecord) -> dict[str, object]:
    result = record.result or {}
    return {name: result.get(name) for name in _RESULTS[record.kind]}


def _as_text(record: RunRecord, told: Mapping[str, object]) -> str:
    if record.kind == "fetch":
        return pairs(told)
    if record.kind == "streams":
        return pairs({"run": record.id, "state": str(record.state), **told})
    shown = {"run": record.id, "state": str(record.state), **told}
    warnings = shown.pop("warnings")
    if isinstance(warnings, list):
        shown["warnings"] = [str(warning.get("sentence", "")) for warning in warnings]
    at_sun = shown.pop("at_sun")
    shown["at the Sun"] = "outside the volume" if at_sun is None else at_sun
    return pairs(shown)


def _explanation(record: RunRecord) -> UserError:
    """Explain why a run did not finish."""
    error = record.error or {}
    words = "was cancelled" if record.state is RunState.CANCELLED else f"is {record.state}"
    again = f"`via-obscura runs resume {record.id}` continues from the last checkpoint."
    hint = " ".join(part for part in (error.get("hint", ""), again) if part)
    return UserError(error.get("sentence") or f"Run {record.id} {words}.", hint)
