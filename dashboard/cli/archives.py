"""The command that downloads stars from an archive."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from dashboard.cli.following import follow
from dashboard.cli.output import Output
from dashboard.cli.parser import WrongUseError
from data.errors import UserError
from data.home import home
from data.selection import read_selection
from engine.runs import submit

__all__ = ["fetch"]

_MAX_BYTES = 1_000_000


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
        raise WrongUseError("The new catalogue needs a name.", "Give --name NAME.")
    record = submit(folder, {**spec, "name": arguments.name})
    if arguments.wait:
        return follow(folder, record.id, output)
    output.result(
        {"run": record.id, "state": str(record.state)},
        f"Run {record.id} is {record.state}.\nFollow it with `via-obscura runs show {record.id}`.",
    )
    return 0


def _count(spec: dict[str, Any], folder: Path, output: Output) -> int:
    from engine.fetching.job import count_rows

    output.note("Querying the service ...")
    told = count_rows(spec, folder)
    about = "About " if told.get("estimate") else ""
    estimated = " (estimate)" if told.get("estimate") else ""
    lines = [
        f"{about}{told['rows']:,} rows{estimated}, about {told['bytes'] / 1e9:.2f} GB.",
        str(told["adql"]),
    ]
    if told["left_out"]:
        lines += ["", "Applied after the download, as ADQL cannot express it:", *told["left_out"]]
    output.result(told, "\n".join(lines))
    return 0


def _text(argument: str) -> str:
    """Give the ADQL in the argument, or in the file that it names."""
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
