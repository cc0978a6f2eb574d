"""Commands for runs: list, show, cancel, resume, delete, disk usage, clean up."""

from __future__ import annotations

import time
from argparse import Namespace
from datetime import UTC, datetime

from dashboard.cli.following import follow
from dashboard.cli.output import Output, duration, pairs, table
from dashboard.cli.scheduling import executor
from dashboard.policy.housekeeping import cleanable, disk_line, measure, size_words
from dashboard.policy.run_states import elapsed
from data.home import home
from engine.runs import RunRecord, RunState, launch

__all__ = ["cancel", "clean", "delete", "disk", "list_all", "resume", "show"]


def list_all(arguments: Namespace, output: Output) -> int:
    """List the runs, newest first."""
    records = launch.list_runs(home(arguments.home))
    rows = [
        {
            "run": record.id,
            "kind": record.kind,
            "state": str(record.state),
            "progress": f"{_percent(record):>8}",
            "took": _took(record),
            "left": duration(record.eta_s) if record.active else "",
            "catalogue": record.catalogue,
            "": record.message if record.state is RunState.QUEUED else "",
        }
        for record in records
    ]
    empty = "No runs yet. Start one with `via-obscura map CATALOGUE`."
    output.result([record.summary() for record in records], table(rows, empty))
    return 0


def show(arguments: Namespace, output: Output) -> int:
    """Show the whole record of a run."""
    run = launch.open_run(home(arguments.home), arguments.run)
    record = run.record()
    told = {**record.to_dict(), "path": str(run.path)}
    output.result(told, pairs({**told, **_readable(record)}))
    return 0


def cancel(arguments: Namespace, output: Output) -> int:
    """Stop a run."""
    return _say_state(launch.cancel(home(arguments.home), arguments.run), output)


def resume(arguments: Namespace, output: Output) -> int:
    """Resume an unfinished run."""
    folder = home(arguments.home)
    record = launch.resume(folder, arguments.run, executor(arguments))
    return follow(folder, record.id, output) if arguments.wait else _say_state(record, output)


def delete(arguments: Namespace, output: Output) -> int:
    """Delete runs with all their results."""
    folder = home(arguments.home)
    for run in arguments.run:  # all or none, as far as names go
        launch.open_run(folder, run)
    for run in arguments.run:
        launch.delete(folder, run)
    output.result({"deleted": arguments.run}, f"Deleted {', '.join(arguments.run)}.")
    return 0


def disk(arguments: Namespace, output: Output) -> int:
    """Show disk usage per run, largest first."""
    usage = measure(home(arguments.home))
    largest = sorted(usage.of.items(), key=lambda pair: -pair[1])
    rows = [{"run": run, "size": f"{size_words(size):>9}"} for run, size in largest]
    told = {"runs": usage.of, "total": usage.total(), "free": usage.free}
    output.result(told, f"{table(rows, 'No runs yet.')}\n{disk_line(usage)}")
    return 0


def clean(arguments: Namespace, output: Output) -> int:
    """Delete the runs that ended without a result, or list them."""
    folder = home(arguments.home)
    runs = cleanable(launch.list_runs(folder))
    size = measure(folder).total(runs)
    if arguments.yes:
        for run in runs:
            launch.delete(folder, run)
    done = "were deleted" if arguments.yes else "would be deleted (use --yes to delete them)"
    words = f"{len(runs):,} runs without a result {done}: {size_words(size)}."
    output.result({"runs": runs, "bytes": size, "deleted": bool(arguments.yes)}, words)
    return 0


def _say_state(record: RunRecord, output: Output) -> int:
    told = {"run": record.id, "state": str(record.state)}
    output.result(told, f"Run {record.id} is {record.state}.")
    return 0


def _took(record: RunRecord) -> str:
    """Give the time for which a run has been running, or ran."""
    known = record.active or record.ended is not None
    return duration(elapsed(record, time.time())) if known else ""


def _percent(record: RunRecord) -> str:
    return "" if record.progress is None else f"{record.progress:.0%}"


def _readable(record: RunRecord) -> dict[str, object]:
    """Give times and fractions in readable form."""
    times = ("created", "queued", "started", "ended", "heartbeat")
    dates = {name: _date(getattr(record, name)) for name in times}
    left = duration(record.eta_s) or None
    return {**dates, "progress": _percent(record) or None, "eta_s": left, "pid": str(record.pid)}


def _date(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
