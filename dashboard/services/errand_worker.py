"""The process behind an errand: a JSON spec on standard input, JSON lines on standard output."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from data.errors import UserError

__all__ = ["main"]

#: Bounds on a table that was uploaded, for it may be packed to many times its size: bytes of any
#: one file that is written, and seconds of a processor.
MOST_WRITTEN = 16 * 2**30
MOST_SECONDS = 3600


def main() -> int:
    """Do the errand that standard input describes; 0 for success, 1 for an error that was told."""
    say = _speaker(_own_stdout())
    spec = json.load(sys.stdin)
    _be_expendable()
    if spec.get("uploaded"):
        _set_bounds()
    try:
        say(_do(spec, lambda fraction, stage: say({"fraction": fraction, "stage": stage})))
    except UserError as error:
        say({**error.to_dict(), "tables": _tables(spec)})
        return 1
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        raise
    return 0


def _tables(spec: dict[str, Any]) -> list[str]:
    """List the tables of a file that holds several, where none of them was chosen."""
    from data.readers import open_table

    if "file" not in spec or spec["options"].get("table"):
        return []
    with (
        contextlib.suppress(UserError),
        contextlib.closing(open_table(Path(spec["file"]), None, lambda names: False)) as reader,
    ):
        return [info.name for info in reader.tables] if len(reader.tables) > 1 else []
    return []


def _be_expendable() -> None:
    """Let the system end this process first where memory runs out, not the server."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")


def _set_bounds() -> None:
    """Bound what a file from a browser can make of itself; who wants more ends this process."""
    for limit, most in (
        (resource.RLIMIT_FSIZE, MOST_WRITTEN),
        (resource.RLIMIT_CPU, MOST_SECONDS),
    ):
        _, hard = resource.getrlimit(limit)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(limit, (most, hard))


def _do(spec: dict[str, Any], progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Make or read the catalogue and give its summary."""
    from data.catalogue.ingest import ingest
    from data.catalogue.summaries import summary

    home = Path(spec["home"])
    if spec["kind"] == "mock":
        from data.mocks.galaxy import make_galaxy

        catalogue = make_galaxy(
            home, stars=spec["stars"], seed=spec["seed"], name=spec["name"], progress=progress
        )
    elif spec["kind"] in ("revise", "join"):
        return _new_version(spec, home, progress)
    else:
        catalogue = ingest(Path(spec["file"]), home, progress=progress, **spec["options"])
    return summary(catalogue)


def _new_version(
    spec: dict[str, Any], home: Path, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Make a version of a catalogue and give its summary."""
    from data.catalogue.joining import join
    from data.catalogue.revision import revise
    from data.catalogue.store import CatalogueStore
    from data.catalogue.summaries import summary

    catalogue = CatalogueStore(home).open(spec["catalogue"])
    if spec["kind"] == "revise":
        return summary(revise(catalogue, home, progress=progress, **spec["options"]))
    joined = join(catalogue, Path(spec["file"]), home, progress=progress, **spec["options"])
    return joined.summary()


def _own_stdout() -> TextIO:
    """Keep standard output for the protocol: whatever a library prints goes to the log."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return stream


def _speaker(stream: TextIO) -> Callable[[dict[str, Any]], None]:
    def say(message: dict[str, Any]) -> None:
        stream.write(json.dumps(message) + "\n")

    return say


if __name__ == "__main__":
    raise SystemExit(main())
