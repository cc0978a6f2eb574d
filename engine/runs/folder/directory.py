"""The folder of a run: where its parts are, and how they are read.

The folder is the truth about a run; everything here only reads it, except for the stop file,
by which anyone may ask the run to end.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from data.errors import UserError
from engine.runs.folder import events as event_file
from engine.runs.folder.files import read_json
from engine.runs.folder.liveness import observe
from engine.runs.folder.lock import FileLock
from engine.runs.folder.record import RunRecord, RunState

__all__ = [
    "RunDirectory",
    "new_run_directory",
    "run_directories",
    "run_directory",
    "runs_folder",
]

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is easily misread

_MOST_RECORDS = 20_000
_SETTLED = 2.0  # seconds after which a file that has not changed will not do so unnoticed
_records: dict[str, tuple[tuple[int, int, int], RunRecord]] = {}


@dataclass(frozen=True)
class RunDirectory:
    """One run, by its folder.

    Parameters
    ----------
    path
        The folder, ``HOME/runs/<run id>``.
    """

    path: Path

    @property
    def id(self) -> str:
        """The id of the run, which is the name of its folder."""
        return self.path.name

    @property
    def home(self) -> Path:
        """The folder that holds catalogues and runs."""
        return self.path.parent.parent

    @property
    def record_file(self) -> Path:
        """The record, JSON, replaced in one step by the one writer."""
        return self.path / "run.json"

    @property
    def result_file(self) -> Path:
        """What the job returned, JSON."""
        return self.path / "result.json"

    @property
    def environment_file(self) -> Path:
        """What is needed to repeat the run: versions, device, seed, catalogue, selection."""
        return self.path / "environment.json"

    @property
    def events_file(self) -> Path:
        """The events, one JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def log_file(self) -> Path:
        """Everything that the process printed, and the tracebacks."""
        return self.path / "log.txt"

    @property
    def heartbeat_file(self) -> Path:
        """An empty file whose time of change is the last sign of life."""
        return self.path / "heartbeat"

    @property
    def stop_file(self) -> Path:
        """Its presence asks the run to stop."""
        return self.path / "stop"

    @property
    def tags_folder(self) -> Path:
        """The folder that says which sweeps the run also belongs to; often there is none."""
        return self.path / "tags"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def cubes(self) -> Path:
        """The folder of the cubes."""
        return self.path / "cubes"

    def lock(self) -> FileLock:
        """Give the lock that a writer of the record must hold."""
        return FileLock(self.path / "writer.lock")

    def stored(self) -> RunRecord:
        """Read the record as its writer left it.

        Raises
        ------
        UserError
            The record is missing or damaged.
        """
        try:
            record = _read_record(self.record_file)
        except (OSError, ValueError, TypeError) as error:
            raise UserError(
                f"The record of run {self.id} cannot be read ({error}).",
                "The run cannot be opened; its cubes, if any, are in its folder.",
            ) from error
        if record.id != self.id:
            raise UserError(
                f"The folder {self.id} contains the record of another run, {record.id}."
            )
        return record

    def record(self) -> RunRecord:
        """Read the record and correct its state by what can be seen (see `observe`)."""
        record = self.stored()
        if tags := self.tags():
            record = replace(record, tags=tags)
        if record.state is RunState.DONE:
            return replace(record, result=self.result())
        if record.active:
            record = replace(record, heartbeat=self.heartbeat())
        seen = observe(record, stop_requested=record.active and self.stop_requested())
        if seen.state is record.state or seen.state is RunState.STOPPING:
            return seen
        # The process is gone; it may have ended in order between the two looks.
        return self._look_again(seen)

    def _look_again(self, seen: RunRecord) -> RunRecord:
        stored = self.stored()
        if stored.active and stored.pid == seen.pid:
            return seen
        if stored.state is RunState.DONE:
            return replace(stored, result=self.result())
        return stored

    def result(self) -> dict[str, object] | None:
        """Read what the job returned, or None if there is nothing (or nothing readable)."""
        try:
            content = read_json(self.result_file)
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def tags(self) -> list[dict[str, object]]:
        """Read which sweeps the run also belongs to."""
        try:
            names = sorted(os.listdir(self.tags_folder))  # noqa: PTH208 - iterdir costs more
        except OSError:
            return []
        found = []
        for name in names:
            try:
                content = read_json(self.tags_folder / name)
            except (OSError, ValueError):
                continue
            if isinstance(content, dict):
                found.append(content)
        return found

    def heartbeat(self) -> float | None:
        """Give the Unix time of the last sign of life."""
        try:
            # Opening makes a network file system ask its server; a bare stat may not.
            with self.heartbeat_file.open("rb") as stream:
                return os.fstat(stream.fileno()).st_mtime
        except OSError:
            return None

    def stop_requested(self) -> bool:
        """Tell whether somebody asked the run to stop."""
        return self.stop_file.exists()

    def request_stop(self) -> None:
        """Ask the run to stop; it looks at this between two steps of its work."""
        self.stop_file.touch()

    def tail(
        self, limit: int = 200, *, kinds: Collection[str] | None = None
    ) -> list[event_file.Event]:
        """Give the newest events (see `engine.runs.folder.events.tail`)."""
        return event_file.tail(self.events_file, limit, kinds=kinds)

    def events_since(
        self, offset: int = 0, *, kinds: Collection[str] | None = None
    ) -> tuple[list[event_file.Event], int]:
        """Give the events after a position (see `engine.runs.folder.events.read_since`)."""
        return event_file.read_since(self.events_file, offset, kinds=kinds)

    def log_tail(self, max_bytes: int = 20_000) -> str:
        """Give the end of the log: text from outside, to be escaped before it is shown."""
        try:
            with self.log_file.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                stream.seek(max(0, size - max_bytes))
                return stream.read(max_bytes).decode("utf-8", errors="replace")
        except OSError:
            return ""

    def append_log(self, text: str) -> None:
        """Add a text to the log, as lines of its own."""
        with self.log_file.open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(text.rstrip("\n") + "\n")


def _read_record(path: Path) -> RunRecord:
    """Read a record file, or give what it said when it was the very same file.

    Records are replaced as a whole, so that a changed one is another file: a list of a thousand
    runs then costs a thousand looks, not a thousand readings. One that was written a moment ago is
    not kept: the clock of files is coarse, and a number of a file is soon used again.
    """
    told = path.stat()
    key = (told.st_ino, told.st_mtime_ns, told.st_size)
    name = str(path)
    known = _records.get(name)
    if known is not None and known[0] == key:
        return known[1]
    record = RunRecord.from_file(read_json(path))
    if time.time() - told.st_mtime < _SETTLED:
        return record
    if len(_records) >= _MOST_RECORDS:
        _records.clear()
    _records[name] = (key, record)
    return record


def runs_folder(home: Path) -> Path:
    """Give the folder that holds the runs."""
    return home / "runs"


def run_directory(home: Path, run_id: str) -> RunDirectory:
    """Find a run by its id.

    Raises
    ------
    UserError
        The id is not one, or there is no such run.
    """
    root = runs_folder(home)
    path = root / run_id if _ID.fullmatch(run_id) else None
    # A link could lead out of the folder of runs: only real folders are runs.
    if path is None or path.is_symlink() or not path.is_dir():
        shown = run_id if len(run_id) <= 80 else run_id[:77] + "..."
        raise UserError(f"Run {shown!r} not found.", "List the runs with `via-obscura runs`.")
    return RunDirectory(path)


def run_directories(home: Path) -> Iterator[RunDirectory]:
    """Go through all runs, the newest first."""
    try:
        with os.scandir(runs_folder(home)) as entries:
            names = [
                entry.name
                for entry in entries
                if _ID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return
    for name in sorted(names, reverse=True):
        yield RunDirectory(runs_folder(home) / name)


def new_run_directory(home: Path, kind: str) -> RunDirectory:
    """Make the folder of a new run, under an id that sorts by time (UTC) and can be read aloud.

    Raises
    ------
    UserError
        The folder cannot be made.
    """
    root = runs_folder(home)
    try:
        root.mkdir(parents=True, exist_ok=True)
        while True:
            suffix = "".join(secrets.choice(_ALPHABET) for _ in range(4))
            path = root / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{kind}-{suffix}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            for folder in ("checkpoints", "cubes"):
                (path / folder).mkdir()
            return RunDirectory(path)
    except OSError as error:
        raise UserError(
            f"Cannot create a run in {root}: {error.strerror}.",
            "Name another folder with --home or VIA_OBSCURA_HOME.",
        ) from error
