"""Work that fills the store, in processes of its own: mocks and ingests."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from dashboard.services.demonstration import NAME
from data.errors import UserError

__all__ = ["Errand", "Errands"]

#: Lines of a worker's standard error that are kept to explain a crash in the server's log.
TAIL = 20


@dataclass
class Errand:
    """One piece of work that ends with a catalogue in the store.

    Parameters
    ----------
    number
        Its number on this server.
    title
        What it does, for the screen; it may hold a name from outside, so it is escaped there.
    """

    number: int
    title: str
    fraction: float = 0.0
    stage: str = "starting"
    state: str = "running"
    catalogue: str | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    error: UserError | None = None
    tables: list[str] = field(default_factory=list)
    """The tables of a file that holds several, where it must be said which one to read."""

    @property
    def finished(self) -> bool:
        """Whether it is over, well or badly."""
        return self.state != "running"


class Errands:
    """Start processes that make or read catalogues, and follow their progress.

    A table from a user is parsed outside the server's process: a reader that runs out of
    memory or crashes takes its own process down and nobody's session.

    Parameters
    ----------
    home
        Folder that holds ``catalogues/``.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._numbers = itertools.count(1)

    def mock_galaxy(self, stars: int = 200_000, seed: int = 0, name: str = NAME) -> Errand:
        """Make a mock galaxy with known truth."""
        spec = {"kind": "mock", "stars": stars, "seed": seed, "name": name}
        return self._start(f"Making the mock galaxy {name}", spec)

    def ingest(self, file: Path, *, shown: str, owned: bool = False, **options: object) -> Errand:
        """Read a table into the store.

        Parameters
        ----------
        file
            Path on this machine.
        shown
            The name that the user gave, for messages.
        owned
            Remove the file afterwards: it is the server's copy of an upload.
        **options
            ``name``, ``column_map``, ``units``, ``kind``, ``distance``, ``table`` of
            ``data.catalogue.ingest``.
        """
        if owned:
            options["shown"] = shown
        spec = {"kind": "ingest", "file": str(file), "options": options, "uploaded": owned}
        return self._start(f"Reading {shown}", spec, remove=file if owned else None)

    def revise(self, catalogue: str, *, shown: str, **options: object) -> Errand:
        """Make a new version of a catalogue.

        Parameters
        ----------
        catalogue
            Its id.
        shown
            The name that the user knows it by, for messages.
        **options
            ``distance``, ``zero_point``, ``name`` of ``data.catalogue.revision``.
        """
        spec = {"kind": "revise", "catalogue": catalogue, "options": options}
        return self._start(f"A new version of {shown}", spec)

    def join(
        self, catalogue: str, file: Path, *, shown: str, owned: bool = False, **options: object
    ) -> Errand:
        """Join the columns of a table to a catalogue.

        Parameters
        ----------
        catalogue
            Its id.
        file, shown, owned
            As for `ingest`.
        **options
            ``key``, ``columns``, ``units``, ``distance``, ``name``, ``table`` of
            ``data.catalogue.joining``.
        """
        if owned:
            options["shown"] = shown
        spec = {"kind": "join", "catalogue": catalogue, "file": str(file), "options": options,
                "uploaded": owned}  # fmt: skip
        return self._start(f"Joining {shown}", spec, remove=file if owned else None)

    def _start(self, title: str, spec: dict[str, Any], remove: Path | None = None) -> Errand:
        errand = Errand(next(self._numbers), title)
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.services.errand_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        spec = spec | {"home": str(self._home)}
        threading.Thread(target=_follow, args=(errand, process, spec, remove), daemon=True).start()
        return errand


def _follow(
    errand: Errand, process: subprocess.Popen[str], spec: dict[str, Any], remove: Path | None
) -> None:
    """Read what a worker says until it has ended; the one writer of ``errand``."""
    tail: list[str] = []
    state = "failed"
    with process:
        reader = threading.Thread(target=_drain, args=(process.stderr, tail), daemon=True)
        reader.start()
        _send(process.stdin, spec)
        for line in process.stdout or ():
            state = _take(errand, line) or state
        process.wait()
        reader.join()
    if remove is not None:
        # An upload lies in a folder of its own.
        remove.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            remove.parent.rmdir()
    if state == "failed" and errand.error is None:
        sys.stderr.write("".join(tail))
        errand.error = UserError(
            "The process that did this ended unexpectedly.",
            "The log of the server has the details; memory that ran out is the usual cause.",
        )
    errand.state = state


def _send(pipe: IO[str] | None, spec: dict[str, Any]) -> None:
    """Tell the worker what to do; one that has ended already is noticed by its end."""
    if pipe is not None:
        with contextlib.suppress(BrokenPipeError), pipe:
            pipe.write(json.dumps(spec))


def _drain(pipe: IO[str] | None, tail: list[str]) -> None:
    for line in pipe or ():
        tail.append(line)
        del tail[:-TAIL]


def _take(errand: Errand, line: str) -> str | None:
    """Take one line of a worker: progress, a result or an error; gives the end's state."""
    try:
        message = json.loads(line)
    except json.JSONDecodeError:
        return None
    if "fraction" in message:
        errand.fraction = float(message["fraction"])
        errand.stage = str(message["stage"])
    elif "error" in message:
        errand.error = UserError(message["error"], message.get("hint", ""))
        errand.tables = [str(name) for name in message.get("tables", [])]
        return "failed"
    elif "catalogue" in message:
        errand.summary = message
        errand.catalogue = message["catalogue"]
        errand.fraction = 1.0
        return "done"
    return None
