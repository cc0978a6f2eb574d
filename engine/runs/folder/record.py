"""The record of a run: what `run.json` says, and the states that a run goes through."""

from __future__ import annotations

import functools
import time
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from engine.runs.process import ProcessIdentity

__all__ = ["ENDED", "RESUMABLE", "RunRecord", "RunState", "check_transition"]

FORMAT = 1  # of run.json


class RunState(StrEnum):
    """The states of a run; the strings stand in files and in the output of commands."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


ENDED = frozenset(
    {RunState.DONE, RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED},
)
RESUMABLE = ENDED - {RunState.DONE}

_ACTIVE_TO = frozenset({RunState.STOPPING, *ENDED})
_TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, *_ACTIVE_TO}) - {RunState.DONE},
    RunState.RUNNING: _ACTIVE_TO,
    RunState.STOPPING: ENDED,
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset({RunState.QUEUED}),
    RunState.CANCELLED: frozenset({RunState.QUEUED}),
    RunState.INTERRUPTED: frozenset({RunState.QUEUED, RunState.CANCELLED}),
}


def check_transition(old: RunState, new: RunState) -> None:
    """Refuse a change of state that the machine does not have.

    Raises
    ------
    ValueError
        There is no way from `old` to `new`.
    """
    if new not in _TRANSITIONS[old]:
        raise ValueError(f"a run cannot go from {old} to {new}")


@dataclass(frozen=True)
class RunRecord:
    """One run, as it stood when it was read.

    Parameters
    ----------
    id, kind, spec
        What was asked for; `spec` is the whole request as JSON.
    state
        See `RunState`. A reader derives `interrupted` (or `cancelled`) for a run whose
        process is gone.
    progress
        0 to 1, or None before anything is known.
    eta_s
        Seconds left as estimated at the last report, or None.
    stage, message
        What it is doing, in a word and in a sentence.
    error
        ``{"sentence", "hint"}`` of a run that failed or was interrupted.
    created, queued, started, ended
        Unix times, seconds; `queued` is that of the last attempt.
    attempt
        1 at first, one more with each resume.
    executor, host, machine, pid, birth
        Who moves the process, and which one it is (see `ProcessIdentity`).
    holder, task
        Who sees to it that a run without a process gets one, and under which name: ``"queue"``,
        or the address of a scheduler and the key of its task. "" for a run whose process is
        started at once and by nobody else. A process that is lost while somebody holds the run
        is replaced by another, on whatever machine there is.
    after, priority
        Runs that must be done before this one starts, and its rank (higher goes first).
    needs
        What it takes, estimated: see `engine.runs.queueing.needs.Needs`.
    tags
        Sweeps that were answered by this run, besides the one in its spec.
    heartbeat
        Unix time of the last sign of life, or None.
    result
        What the job returned, once it is done.
    """

    id: str
    kind: str
    spec: dict[str, object]
    state: RunState = RunState.QUEUED
    progress: float | None = None
    eta_s: float | None = None
    stage: str = ""
    message: str = ""
    error: dict[str, str] | None = None
    created: float = 0.0
    queued: float = 0.0
    started: float | None = None
    ended: float | None = None
    attempt: int = 1
    executor: str = "local"
    host: str | None = None
    machine: str | None = None
    pid: int | None = None
    birth: str | None = None
    holder: str = ""
    task: str = ""
    after: list[str] = field(default_factory=list)
    priority: int = 0
    needs: dict[str, object] = field(default_factory=dict)
    tags: list[dict[str, object]] = field(default_factory=list)
    heartbeat: float | None = field(default=None, compare=False)
    result: dict[str, object] | None = None

    @property
    def catalogue(self) -> str | None:
        """The id of the catalogue that the run works on, if there is one."""
        name = self.spec.get("catalogue")
        return name if isinstance(name, str) else None

    @property
    def ended_well(self) -> bool:
        """True for a run that is done."""
        return self.state is RunState.DONE

    @property
    def active(self) -> bool:
        """True while a process works on the run, or is about to."""
        return self.state not in ENDED

    @property
    def resumable(self) -> bool:
        """True for a run that ended without being done."""
        return self.state in RESUMABLE

    @property
    def process(self) -> ProcessIdentity | None:
        """The process that works, or last worked, on the run."""
        if self.pid is None or self.machine is None:
            return None
        return ProcessIdentity(self.machine, self.pid, self.birth or "")

    def on(self, process: ProcessIdentity, host: str) -> RunRecord:
        """Give the same record, worked on by this process."""
        return replace(
            self, host=host, machine=process.machine, pid=process.pid, birth=process.birth
        )

    def another_attempt(self, executor: str | None = None) -> RunRecord:
        """Give the same record without a process, to be worked on once more.

        Parameters
        ----------
        executor
            Who is to move it from now on; by default whoever does, who then goes on holding it.
        """
        return replace(
            self,
            attempt=self.attempt + 1,
            executor=executor or self.executor,
            holder="" if executor else self.holder,
            task="" if executor else self.task,
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

    def to_dict(self) -> dict[str, object]:
        """Give the whole record as JSON, as ``via-obscura runs show`` prints it."""
        return {**asdict(self), "state": str(self.state), "catalogue": self.catalogue}

    def summary(self) -> dict[str, object]:
        """Give the line of the record in a list of runs."""
        return {
            "run": self.id,
            "kind": self.kind,
            "state": str(self.state),
            "progress": self.progress,
            "eta_s": self.eta_s,
            "catalogue": self.catalogue,
        }

    def to_file(self) -> dict[str, object]:
        """Give what `run.json` holds; heartbeat, result and tags have files of their own."""
        content = asdict(self)
        del content["heartbeat"], content["result"], content["tags"]
        return {"format": FORMAT, **content}

    @classmethod
    def from_file(cls, content: object) -> RunRecord:
        """Read the content of `run.json`.

        Raises
        ------
        ValueError
            It is not such a content, or of a newer format than this program knows.
        """
        if not isinstance(content, Mapping):
            raise ValueError("not a JSON object")
        if content.get("format") != FORMAT:
            raise ValueError(f"format {content.get('format')!r} is not known")
        if not isinstance(content.get("id"), str) or not isinstance(content.get("spec"), dict):
            raise ValueError("no id or no spec")
        known = _kinds()
        values = {name: value for name, value in content.items() if name in known}
        for name, value in values.items():
            if not _fits(value, known[name]):
                raise ValueError(f"its {name} is no {known[name]}")
        return cls(**{**values, "state": RunState(str(content.get("state")))})


@functools.cache
def _kinds() -> dict[str, object]:
    """Give the type of each field of a record."""
    return dict(typing.get_type_hints(RunRecord))


def _fits(value: object, kind: object) -> bool:
    """Say whether a value from a file is of the type that its field has."""
    if isinstance(kind, types.UnionType):
        return any(_fits(value, part) for part in typing.get_args(kind))
    if kind in (int, float):
        number = isinstance(value, int if kind is int else int | float)
        return number and not isinstance(value, bool) and _sane(value)
    if isinstance(kind, type) and issubclass(kind, str):
        return isinstance(value, str)
    if typing.get_origin(kind) is dict:
        texts = typing.get_args(kind)[1] is str
        return isinstance(value, dict) and (
            not texts or all(isinstance(text, str) for text in value.values())
        )
    if typing.get_origin(kind) in (list, tuple):
        return isinstance(value, list)
    return isinstance(value, bool if kind is bool else types.NoneType)


def _sane(number: object) -> bool:
    """Say whether a number can be a time or a count; beyond that it is none."""
    return isinstance(number, int | float) and -1e15 < number < 1e15
