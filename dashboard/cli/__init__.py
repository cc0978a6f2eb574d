"""The command line: ``via-obscura``.

Everything that the dashboard starts can be started here too. Commands import what they need
when they run, so that listing runs does not pay for importing torch or panel.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from dashboard.cli.output import Output
from dashboard.cli.parser import WrongUseError, build_parser
from data.errors import UserError
from data.home import home

__all__ = ["main"]

FAILED, WRONG_USE, STOPPED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute a command line.

    Parameters
    ----------
    arguments
        The words after the program's name; by default those of this process.

    Returns
    -------
    int
        The exit status: 0 for success, 2 for wrong use, something else for any failure.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    output = Output(as_json="--json" in words)
    folder = None
    try:
        chosen = build_parser().parse_args(words)
        folder = chosen.home
        status: int = chosen.command(chosen, output)
    except WrongUseError as error:
        output.error(error)
        return WRONG_USE
    except UserError as error:
        output.error(error)
        return FAILED
    except KeyboardInterrupt:
        output.error(UserError("Stopped."))
        return STOPPED
    except BrokenPipeError:  # the reader of our output has had enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001, RUF100 - the last place where one can be caught
        output.error(_unexpected(error, folder))
        return FAILED
    return status


def _unexpected(error: Exception, folder: str | None) -> UserError:
    """Make a sentence of an unexpected error, and write its traceback to a log."""
    text = "".join(traceback.format_exception(error))
    if os.environ.get("VIA_OBSCURA_DEBUG"):
        sys.stderr.write(text)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    hint = "Run it again with VIA_OBSCURA_DEBUG=1 to see the details."
    for place in (home(folder), Path(tempfile.gettempdir())):
        log = place / "via-obscura.log"
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as stream:
                stream.write(f"{stamp} {sys.argv!r}\n{text}\n")
        except OSError:
            continue
        hint = f"The details are in {log}; please report them."
        break
    message = " ".join(str(error).split())[:300]
    return UserError(f"Unexpected error: {type(error).__name__}: {message}", hint)
