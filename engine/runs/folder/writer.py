"""The one writer of a run: its record, its events, its heartbeat."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from data.errors import UserError
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.events import EventLog
from engine.runs.folder.files import write_json
from engine.runs.folder.liveness import HEARTBEAT_EVERY
from engine.runs.folder.lock import LockedError
from engine.runs.folder.record import ENDED, RunRecord, RunState, check_transition
from engine.runs.progress import RemainingTime
from engine.runs.queueing.needs import Needs

__all__ = ["RunWriter"]

_BEAT = 0.2  # seconds between two looks of the heartbeat thread
_REPORT_EVERY = 1.0  # seconds between two progress events of one stage
_RESERVE = 64 * 1024  # bytes kept back so that a run can say that the disk is full
_TEXT_LIMIT = 2_000  # characters of a message


class RunWriter:
    """Write access to a run, as a context manager; there is never more than one at a time.

    Progress is kept in memory and written by the heartbeat thread about once a second, so that
    a job may report as often as it likes; changes of state are on the disk when the call
    returns.

    Parameters
    ----------
    run
        The run.
    beat
        Keep the heartbeat going (for whoever does the work).
    patience
        Seconds to wait for another writer to let go.

    Raises
    ------
    UserError
        On entry: another process writes to this run.
    """

    def __init__(self, run: RunDirectory, *, beat: bool = False, patience: float = 5.0) -> None:
        self.run = run
        self.on_beat: Callable[[], None] | None = None
        self._beating = beat
        self._patience = patience
        self._file_lock = run.lock()
        self._mutex = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True)
        self._dirty = False
        self._remaining = RemainingTime()
        self._reported = float("-inf")

    def __enter__(self) -> Self:
        try:
            self._file_lock.acquire(self._patience)
        except LockedError as error:
            raise UserError(
                f"Another process is writing to run {self.run.id}.",
                "Wait until it has ended, or cancel the run.",
            ) from error
        except OSError as error:
            raise UserError(
                f"The folder of run {self.run.id} cannot be written to: {error.strerror}."
            ) from error
        try:
            self._record = self.run.stored()
            self._remaining = RemainingTime(expected=Needs.from_dict(self._record.needs).seconds)
            self._events = EventLog(self.run.events_file)
        except BaseException:
            self._file_lock.release()
            raise
        if self._beating:
            self._keep_room()
            self.run.heartbeat_file.touch()
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._beating:
            self._over.set()
            self._thread.join()
            self._give_room()
        self._events.close()
        self._file_lock.release()

    @property
    def record(self) -> RunRecord:
        """The record as of now, with what is not yet on the disk."""
        return self._record

    def event(self, kind: str, **fields: object) -> None:
        """Append an event."""
        with self._mutex:
            self._events.append(kind, fields)

    def update(self, record: RunRecord) -> None:
        """Replace the record (but not its state) and write it."""
        with self._mutex:
            if record.state is not self._record.state:
                raise ValueError("a state is changed by move()")
            self._record = record
            self._save()

    def move(self, state: RunState, *, error: dict[str, str] | None = None) -> None:
        """Change the state, on the disk when this returns.

        Raises
        ------
        ValueError
            The state machine has no such transition.
        """
        with self._mutex:
            if state in ENDED and self._beating:
                self._give_room()
            self._record = _moved(self._record, state, error)
            # The event first: who reads the new state finds it. It matters less than the
            # record, though, and must not keep that from a disk that is full.
            with contextlib.suppress(OSError):
                self._events.append("state", _state_event(self._record))
            self._save(durable=True)

    def requeue(self, executor: str | None = None, *, error: dict[str, str] | None = None) -> None:
        """Queue the run for one more attempt, in one step: readers never see it ended.

        Parameters
        ----------
        executor
            Who is to move it from now on; by default whoever held it, who goes on holding it.
        error
            Why the attempt before ended, if that is not on record yet.

        Raises
        ------
        ValueError
            The run is done.
        """
        with self._mutex:
            if self._beating:
                self._give_room()
            record, told = self._record, []
            if record.active:
                record = _moved(record, RunState.INTERRUPTED, error)
                told.append(_state_event(record))
            record = _moved(record, RunState.QUEUED, None).another_attempt(executor)
            self._record = record
            with contextlib.suppress(OSError):
                for event in (*told, _state_event(record)):
                    self._events.append("state", event)
            self._save(durable=True)

    def progress(self, fraction: float, stage: str, message: str = "") -> None:
        """Report what is done.

        Parameters
        ----------
        fraction
            0 to 1, of the whole run.
        stage
            What is being done, in a word or two.
        message
            More about it.
        """
        fraction = min(1.0, max(0.0, float(fraction)))
        message = message[:_TEXT_LIMIT]
        now = time.monotonic()
        with self._mutex:
            eta = self._remaining.add(fraction, now)
            fresh = stage != self._record.stage
            self._record = replace(
                self._record, progress=fraction, eta_s=eta, stage=stage, message=message
            )
            self._dirty = True
            if not fresh and now - self._reported < _REPORT_EVERY:
                return
            self._reported = now
            if fresh:  # readers wait for this one
                self._save()
            fields: dict[str, object] = {"progress": fraction, "eta_s": eta, "stage": stage}
            self._events.append("progress", {**fields, "message": message})

    def log(self, text: str) -> None:
        """Say something: in the events, and in the log."""
        self.run.append_log(text)
        self.event("log", text=text[:_TEXT_LIMIT])

    def stopping(self) -> None:
        """Note that the run was asked to stop, if it was not noted before."""
        with self._mutex:
            if self._record.state in (RunState.QUEUED, RunState.RUNNING):
                self.move(RunState.STOPPING)

    def _save(self, *, durable: bool = False) -> None:
        write_json(self.run.record_file, self._record.to_file(), durable=durable)
        self._dirty = False

    def _keep_beating(self) -> None:
        """Touch the heartbeat, write pending progress, and let the owner look around."""
        due = 0.0
        while not self._over.wait(_BEAT):
            if self.on_beat is not None:
                self.on_beat()
            if time.monotonic() < due:
                continue
            due = time.monotonic() + HEARTBEAT_EVERY
            try:
                os.utime(self.run.heartbeat_file)  # needs no room on a full disk
                with self._mutex:
                    if self._dirty:
                        self._save()
            except OSError:
                continue  # a sick disk stops the job where it writes, not its heartbeat

    def _keep_room(self) -> None:
        with contextlib.suppress(OSError):
            (self.run.path / ".reserve").write_bytes(bytes(_RESERVE))

    def _give_room(self) -> None:
        (self.run.path / ".reserve").unlink(missing_ok=True)


def _moved(record: RunRecord, state: RunState, error: dict[str, str] | None) -> RunRecord:
    check_transition(record.state, state)
    now = time.time()
    record = replace(record, state=state, error=error)
    if state is RunState.RUNNING:
        return replace(record, started=now, ended=None)
    if state is RunState.DONE:
        return replace(record, progress=1.0, eta_s=0.0, ended=now, stage="", message="")
    if state in ENDED:
        return replace(record, eta_s=None, ended=now)
    return replace(record, eta_s=None)


def _state_event(record: RunRecord) -> dict[str, object]:
    fields: dict[str, object] = {"state": str(record.state), "attempt": record.attempt}
    if record.error:
        fields["error"] = record.error
    return fields
