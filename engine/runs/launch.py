"""What one does with runs: submit, look, cancel, resume, delete."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from data.errors import UserError
from engine.runs.ending import cancel, settle, wait
from engine.runs.folder.directory import (
    RunDirectory,
    new_run_directory,
    run_directories,
    run_directory,
)
from engine.runs.folder.files import as_json, write_json
from engine.runs.folder.lock import LockedError
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.folder.writer import RunWriter
from engine.runs.kinds import KINDS, Kind, find_kind
from engine.runs.queueing.dispatching import ensure_dispatcher
from engine.runs.queueing.executors import Executor, default_executor, find_executor
from engine.runs.queueing.needs import Needs, check_disk
from engine.runs.queueing.queue import QUEUE, fits, needs_of, place
from engine.runs.same import find_same

__all__ = ["cancel", "delete", "list_runs", "open_run", "resume", "submit", "wait"]


def submit(
    home: Path,
    spec: dict[str, object],
    executor: str | Executor | None = None,
    *,
    kinds: Mapping[str, Kind] = KINDS,
    after: Sequence[str] = (),
    priority: int = 0,
    queue: bool = False,
    reuse: bool = False,
    on_estimate: Callable[[Mapping[str, float]], None] = lambda _: None,
) -> RunRecord:
    """Check a spec and have it worked on.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    spec
        The request, JSON; its ``kind`` names what is to be done.
    executor
        ``"local"``, ``"inline"``, ``"dask"``, ``"dask:ADDRESS"``, or an executor; by default
        what `default_executor` says.
    kinds
        The kinds of runs that there are.
    after
        Runs that must be done before this one starts.
    priority
        Rank in the queue; higher goes first.
    queue
        Wait in the queue for free cores, memory and devices of this machine. Without it a run
        goes there only if it must come after others; a process of its own then waits for the
        cores, if it takes all of them.
    reuse
        Give the run that has already computed the same, or does so now, if there is one.
    on_estimate
        Called with what the run will take, as ``Kind.estimate`` gives it, before it starts; not
        where a run is there already.

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
    mover = find_executor(executor or (default_executor(home) if kind.cluster else "local"))
    spec = _plain_spec(kind.check(spec, home))
    pending = _pending(home, after)
    if reuse and (same := find_same(spec, list_runs(home), home)) is not None:
        return same
    cost = kind.estimate(spec, home)
    on_estimate(cost)
    needs = Needs.of(spec, cost)
    mover.accept(needs, home)
    check_disk(needs, home)
    held = QUEUE if pending or _must_wait(home, mover, needs, queue=queue) else ""
    run = new_run_directory(home, str(spec["kind"]))
    now = time.time()
    record = RunRecord(
        id=run.id,
        kind=str(spec["kind"]),
        spec=spec,
        created=now,
        queued=now,
        executor=mover.name,
        holder=held,
        stage="waiting" if held else "",
        after=list(after),
        priority=priority,
        needs=needs.to_dict(),
    )
    _write_first(run, record)
    if held:
        ensure_dispatcher(home, needed=True)
        return run.record()
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
    pending = _pending(home, run.stored().after)
    with RunWriter(run) as writer:
        record = run.record()
        _check_resumable(record)  # once more: somebody may have been quicker
        mover = find_executor(executor or record.executor)
        settle(writer, record)
        run.stop_file.unlink(missing_ok=True)
        writer.requeue(mover.name)
        if pending:
            writer.update(replace(writer.record, holder=QUEUE, stage="waiting"))
    if pending:
        ensure_dispatcher(home, needed=True)
        return run.record()
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
        raise UserError(f"Run {run_id} is still running.", "Cancel it first.")
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


def _write_first(run: RunDirectory, record: RunRecord) -> None:
    """Write the record of a new run; where that cannot be, no run is left."""
    try:
        write_json(run.record_file, record.to_file(), durable=True)
    except OSError as error:
        shutil.rmtree(run.path, ignore_errors=True)
        raise UserError(
            f"Cannot create a run: {error.strerror}.", f"Free up space on the disk of {run.home}."
        ) from error


def _start(run: RunDirectory, mover: Executor, kind: Kind) -> RunRecord:
    try:
        mover.submit(run, kind.job)
    except UserError as error:
        with contextlib.suppress(UserError), RunWriter(run) as writer:
            told = {"sentence": error.sentence, "hint": error.hint}
            writer.move(RunState.FAILED, error=told)
        raise
    record = run.record()
    if record.holder:  # somebody has to notice should the scheduler be lost
        ensure_dispatcher(run.home, needed=True)
    return record


def _plain_spec(spec: dict[str, object]) -> dict[str, object]:
    try:
        plain = as_json(spec)
    except TypeError as error:
        raise UserError(f"The request cannot be saved: {error}.") from error
    return plain if isinstance(plain, dict) else {}


def _must_wait(home: Path, mover: Executor, needs: Needs, *, queue: bool) -> bool:
    """Tell whether a run has to wait for its place: always on a cluster, here if so wished."""
    where = place(mover.name)
    if not where:
        return queue and mover.name == "local"
    there = [r for r in list_runs(home) if r.active and r.executor == mover.name]
    if any(r.holder == QUEUE for r in there):
        return True
    needs = replace(needs, cores=needs.cores or 1)
    return bool(fits(needs, [needs_of(r) for r in there], mover.supply(home)))


def _pending(home: Path, after: Sequence[str]) -> list[str]:
    """Give those runs that are not done yet.

    Raises
    ------
    UserError
        One does not exist, or will not be done: it failed or was cancelled.
    """
    pending = []
    for name in after:
        record = run_directory(home, name).record()
        if record.state in (RunState.FAILED, RunState.CANCELLED):
            raise UserError(f"Run {name} is {record.state}.", "Resume it first.")
        if record.state is not RunState.DONE:
            pending.append(name)
    return pending


def _check_resumable(record: RunRecord) -> None:
    if not record.resumable:
        raise UserError(
            f"Run {record.id} cannot be resumed: it is {record.state}.",
            "Only failed, cancelled or interrupted runs can be resumed.",
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
