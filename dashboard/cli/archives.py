"""The command that downloads stars from an archive."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from dashboard.cli.following import explanation, watch
from dashboard.cli.output import Output, pairs
from dashboard.cli.parser import WrongUseError
from data.errors import UserError
from data.home import home
from data.selection import read_selection
from engine.runs import cancel, open_run, submit

__all__ = ["fetch"]

FAILED, STOPPED = 1, 130
_MAX_BYTES = 1_000_000
_TOLD = ("catalogue", "rows", "dropped", "with_6d", "not_6d")


def fetch(arguments: Namespace, output: Output) -> int:
    """Download stars, or count them."""
    folder = home(arguments.home)
    spec: dict[str, Any] = {
        "kind": "fetch",
        "service": arguments.service,
        "hats": arguments.hats,
        "release": arguments.release,
        "selection": read_selection(arguments.select) if arguments.select else None,
        "adql": _text(arguments.adql) if arguments.adql else None,
        "max_rows": arguments.max_rows,
    }
    if arguments.chunk_rows is not None:
        spec["chunk_rows"] = arguments.chunk_rows
    if arguments.count_only:
        return _count(spec, folder, output)
    if not arguments.name:
        raise WrongUseError("What shall the catalogue be called?", "Give --name NAME.")
    record = submit(folder, {**spec, "name": arguments.name})
    if arguments.wait:
        return _follow(folder, record.id, output)
    output.result(
        {"run": record.id, "state": str(record.state)},
        f"Run {record.id} is {record.state}.\nFollow it with `via-obscura runs show {record.id}`.",
    )
    return 0


def _count(spec: dict[str, Any], folder: Path, output: Output) -> int:
    from engine.fetching.job import count_rows

    output.note("Asking the service ...")
    told = count_rows(spec, folder)
    lines = [f"{told['rows']:,} rows, about {told['bytes'] / 1e9:.2f} GB.", str(told["adql"])]
    if told["left_out"]:
        lines += ["", "Cut here, because the archive cannot:", *told["left_out"]]
    output.result(told, "\n".join(lines))
    return 0


def _follow(folder: Path, run_id: str, output: Output) -> int:
    """Show the progress of the run until it has ended, then the catalogue."""
    status = FAILED
    try:
        record = watch(folder, run_id)
    except KeyboardInterrupt:
        output.note(f"Stopping run {run_id} (once more Ctrl-C leaves at once).")
        status = STOPPED
        open_run(folder, run_id).request_stop()
        record = cancel(folder, run_id)
    if record.ended_well:
        result = record.result or {}
        told = {name: result.get(name) for name in _TOLD}
        output.result({**told, "run": record.id, "state": str(record.state)}, pairs(told))
        return 0
    output.error(explanation(record), run=record.id, state=str(record.state))
    return status


def _text(argument: str) -> str:
    """Give ADQL that stands in the argument or in the file that it names."""
    stripped = argument.strip()
    if not stripped.lower().endswith((".adql", ".sql", ".txt")) or "\n" in stripped:
        return argument
    path = Path(stripped).expanduser()
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UserError(f"The file {path} is too large for a query.")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"The file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"The file {path} is not a text file.") from None
