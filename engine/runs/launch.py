"""What one does with runs: submit, look, cancel, resume, delete."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from data.errors import UserError
from engine.runs.directory import (
    RunDirectory,
    new_run_directory,
    run_directories,
    run_directory,
)
from engine.runs.ending import cancel, settle, wait
from engine.runs.executors import Executor, find_executor
from engine.runs.files import as_json, write_json
from engine.runs.kinds import KINDS, Kind, find_kind, load
from engine.runs.lock import LockedError
from engine.runs.record import RunRecord, RunState
from engine.runs.writer import RunWriter

__all__ = ["cancel", "delete", "list_runs", "open_run", "resume", "submit", "wait"]


def submit(
    home: Path,
    spec: dict[str, object],
    executor: str | Executor = "local",
    *,
    kinds: Mapping[str, Kind] = KINDS,
) -> RunRecord:
    """Check a spec and have it worked on.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    spec
        The request, JSON; its ``kind`` names what is to be done.
    executor
        ``"local"``, ``"inline"``, or an executor.
    kinds
        The kinds of runs that there are.

    Returns
    -------
    RunRecord
        The new run: queued or running, or ended with the inline executor.

    Raises
    ------
    UserError
        The spec cannot be done; then no run was made. Or no process could be started; then
        the run is on record as failed.
    """
    kind = find_kind(spec.get("kind"), kinds)
    mover = find_executor(executor)
    if kind.check:
        spec = load(kind.check)(spec, home)
    spec = _plain_spec(spec)
    run = new_run_directory(home, str(spec["kind"]))
    now = time.time()
    record = RunRecord(
        id=run.id, kind=str(spec["kind"]), spec=spec, created=now, queued=now, executor=mover.name
    )
    write_json(run.record_file, record.to_file(), durable=True)
    return _start(run, mover, kind)


def open_run(home: Path, run_id: str) -> RunDirectory:
    """Find a run by its id.

    Raises
    ------
    UserError
        The id is not one, or there is no such run.
    """
    return run_directory(home, run_id)


def list_runs(home: Path) -> list[RunRecord]:
    """Give every run, the newest first; one whose record is damaged is given as failed."""
    records = []
    for run in run_directories(home):
        try:
            records.append(run.record())
        except UserError as error:
            if run.path.exists():  # it may have been deleted a moment ago
                told = {"sentence": error.sentence, "hint": error.hint}
                records.append(RunRecord(run.id, "unknown", {}, RunState.FAILED, error=told))
    return sorted(records, key=lambda record: (record.created, record.id), reverse=True)


def resume(
    home: Path,
    run_id: str,
    executor: str | Executor | None = None,
    *,
    kinds: Mapping[str, Kind] = KINDS,
) -> RunRecord:
    """Go on with a run that ended without being done, from its last checkpoint.

    Parameters
    ----------
    home, run_id
        The run.
    executor
        Who works on it; by default whoever did before.
    kinds
        The kinds of runs that there are.

    Raises
    ------
    UserError
        There is no such run, it is done, or it is being worked on.
    """
    run = open_run(home, run_id)
    kind = find_kind(run.stored().kind, kinds)
    _check_resumable(run.record())
    with RunWriter(run) as writer:
        record = run.record()
        _check_resumable(record)  # once more: somebody may have been quicker
        mover = find_executor(executor or record.executor)
        settle(writer, record)
        run.stop_file.unlink(missing_ok=True)
        writer.move(RunState.QUEUED)
        writer.update(_for_another_attempt(writer.record, mover.name))
    return _start(run, mover, kind)


def delete(home: Path, run_id: str) -> None:
    """Remove a run and everything that it made.

    Raises
    ------
    UserError
        There is no such run, it is still being worked on, or it cannot be removed.
    """
    run = open_run(home, run_id)
    if _is_active(run):
        raise UserError(f"Run {run_id} is still being worked on.", "Cancel it first.")
    try:
        with run.lock():
            # First out of sight in one step, so that a deletion that is cut short leaves no
            # run without its parts.
            grave = run.path.with_name(f".deleted-{run_id}")
            run.path.rename(grave)
        shutil.rmtree(grave)
    except LockedError as error:
        raise _busy(run_id) from error
    except OSError as error:
        raise UserError(f"Run {run_id} cannot be deleted: {error.strerror}.") from error


def _start(run: RunDirectory, mover: Executor, kind: Kind) -> RunRecord:
    try:
        mover.submit(run, kind.job)
    except UserError as error:
        with contextlib.suppress(UserError), RunWriter(run) as writer:
            told = {"sentence": error.sentence, "hint": error.hint}
            writer.move(RunState.FAILED, error=told)
        raise
    return run.record()


def _plain_spec(spec: dict[str, object]) -> dict[str, object]:
    try:
        plain = as_json(spec)
    except TypeError as error:
        raise UserError(f"The request cannot be written down: {error}.") from error
    return plain if isinstance(plain, dict) else {}


def _check_resumable(record: RunRecord) -> None:
    if not record.resumable:
        raise UserError(
            f"Run {record.id} cannot be resumed: it is {record.state}.",
            "Only runs that failed, were cancelled or interrupted can.",
        )


def _for_another_attempt(record: RunRecord, executor: str) -> RunRecord:
    return replace(
        record,
        attempt=record.attempt + 1,
        executor=executor,
        queued=time.time(),
        started=None,
        ended=None,
        host=None,
        machine=None,
        pid=None,
        birth=None,
        stage="",
        message="",
    )


def _is_active(run: RunDirectory) -> bool:
    try:
        return run.record().active
    except UserError:  # a damaged record: the lock knows whether somebody writes to it
        return False


def _busy(run_id: str) -> UserError:
    return UserError(
        f"Another process is writing to run {run_id}.", "Wait until it has ended, then try again."
    )
