"""The process behind an errand: a JSON spec on standard input, JSON lines on standard output."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from data.errors import UserError

__all__ = ["main"]


def main() -> int:
    """Do the errand that standard input describes; 0 for success, 1 for an error that was told."""
    say = _speaker(_own_stdout())
    spec = json.load(sys.stdin)
    try:
        say(_do(spec, lambda fraction, stage: say({"fraction": fraction, "stage": stage})))
    except UserError as error:
        say(error.to_dict())
        return 1
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        raise
    return 0


def _do(spec: dict[str, Any], progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Make or read the catalogue and give its summary."""
    from data.ingest import ingest, summary

    home = Path(spec["home"])
    if spec["kind"] == "mock":
        from data.mocks.galaxy import make_galaxy

        catalogue = make_galaxy(
            home, stars=spec["stars"], seed=spec["seed"], name=spec["name"], progress=progress
        )
    else:
        catalogue = ingest(Path(spec["file"]), home, progress=progress, **spec["options"])
    return summary(catalogue)


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
