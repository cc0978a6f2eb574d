"""The queue: which waiting run may start, and what became of those that a scheduler holds.

The queue is nothing but the runs that stand as queued in their folders; `plan` says from their
records what is to be done, `attend` does it. Who attends does not matter, as long as it is one
at a time: see `engine.runs.queueing.dispatcher`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data.errors import UserError
from engine.runs.failures import as_error
from engine.runs.folder.directory import run_directories, run_directory
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.folder.writer import RunWriter
from engine.runs.kinds import KINDS, Kind, find_kind
from engine.runs.queueing.executors import CLUSTER, find_executor
from engine.runs.queueing.needs import Needs, Supply, machine_supply

__all__ = ["QUEUE", "Step", "attend", "fits", "needs_of", "place", "plan", "read_all", "room"]

QUEUE = "queue"
_SETTLING = 10.0  # seconds that a run must be without a task before that means anything
_missing: dict[str, float] = {}  # tasks that a scheduler did not know, and since when
_GIVEN_UP = as_error(
    "The scheduler gave the run up: too many of its workers died while they worked on it.",
    "Resume the run: it continues from its last checkpoint.",
)


@dataclass(frozen=True)
class Step:
    """What is to be done about a waiting run.

    Parameters
    ----------
    run
        Its id.
    what
        ``start``, ``fail`` or ``wait``.
    reason
        Why it fails or waits, a sentence.
    """

    run: str
    what: str
    reason: str = ""


def plan(records: Sequence[RunRecord], supplies: Mapping[str, Supply]) -> list[Step]:
    """Say what is to be done about each run that waits in the queue.

    Runs go by priority, then by age. One that does not fit yet holds back those behind it, so
    that many small runs cannot keep a large one waiting for ever. A cluster gets no more runs than
    it has places for: its scheduler would bind them to a worker long before that is free. A run
    that waits for one which failed or was cancelled fails; one that waits for an interrupted one
    goes on waiting, as that can be resumed.

    Parameters
    ----------
    records
        Every run of the home, as seen.
    supplies
        What each place has (see `place`); runs for one that is not known are let go.
    """
    known = {record.id: record for record in records}
    used: dict[str, list[Needs]] = {name: [] for name in supplies}
    for record in records:
        if record.active and record.holder != QUEUE:
            used.setdefault(place(record.executor), []).append(needs_of(record))
    waiting = [r for r in records if r.state is RunState.QUEUED and r.holder == QUEUE]
    steps, held_back = [], dict.fromkeys(supplies, "")
    for record in sorted(waiting, key=lambda r: (-r.priority, r.created, r.id)):
        step, where = _after(record, known), place(record.executor)
        if step is None and where in supplies:
            reason = held_back[where] or fits(needs_of(record), used[where], supplies[where])
            if reason:
                held_back[where] = reason
                step = Step(record.id, "wait", reason)
            else:
                used[where].append(needs_of(record))
        steps.append(step or Step(record.id, "start"))
    return steps


def place(executor: str) -> str:
    """Name where an executor has runs worked on: this machine, or a cluster."""
    return executor if executor.partition(":")[0] == CLUSTER else ""


def room(records: Sequence[RunRecord], home: Path) -> dict[str, Supply]:
    """Look what each place has that runs wait for; one that does not answer is left out."""
    found = {"": machine_supply()}
    waiting = {r.executor for r in records if r.state is RunState.QUEUED and r.holder == QUEUE}
    for executor in waiting:
        if place(executor):
            with contextlib.suppress(UserError):
                found[executor] = find_executor(executor).supply(home)
    return found


def fits(needs: Needs, used: Sequence[Needs], supply: Supply) -> str:
    """Say why a run cannot start beside those that are at work; "" if it can.

    A run that takes every core starts alone. One that asks for more than there is starts alone,
    too: what can never be is refused when it is asked for.
    """
    if not used:
        return ""
    cores = sum(one.cores or supply.cores for one in used)
    if cores + (needs.cores or supply.cores) > supply.cores:
        taken = min(cores, supply.cores)  # a run may have asked for more than there are
        return f"Waits for cores: {taken} of {supply.cores} are taken."
    memory = sum(one.memory_gb for one in used)
    if memory + needs.memory_gb > supply.memory_gb > 0:
        return f"Waits for memory: {memory:.1f} of {supply.memory_gb:.1f} GB are taken."
    if ":" in needs.device and any(one.device == needs.device for one in used):
        return f"Waits for the device {needs.device}."
    if needs.gpus and sum(one.gpus for one in used) + needs.gpus > max(1, supply.gpus):
        return "Waits for a graphics processor."
    return ""


def read_all(home: Path) -> list[RunRecord]:
    """Read every run of a home that can be read."""
    records = []
    for run in run_directories(home):
        with contextlib.suppress(UserError):
            records.append(run.record())
    return records


def attend(
    home: Path,
    kinds: Mapping[str, Kind] = KINDS,
    supplies: Mapping[str, Supply] | None = None,
) -> list[RunRecord]:
    """Do once what is to be done about the runs that wait, and give all runs as seen before.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    kinds
        The kinds of runs that there are.
    supplies
        What each place has; by default as it is.
    """
    records = read_all(home)
    for step in plan(records, supplies or room(records, home)):
        # A run may be deleted, cancelled or resumed at any moment: then it is not ours any more.
        with contextlib.suppress(UserError, OSError, ValueError):
            _do(step, home, kinds)
    _look_after_held(records, home, kinds)
    return records


def _do(step: Step, home: Path, kinds: Mapping[str, Kind]) -> None:
    run = run_directory(home, step.run)
    with RunWriter(run, patience=0.5) as writer:
        record = writer.record
        if record.holder != QUEUE or record.state is not RunState.QUEUED or run.stop_requested():
            return
        if step.what == "fail":
            writer.move(
                RunState.FAILED, error=as_error(step.reason, "Resume it once that is done.")
            )
        if step.what == "wait" and record.message != step.reason:
            writer.update(replace(record, stage="waiting", message=step.reason))
    if step.what == "start":
        _start(home, record, kinds)


def _start(home: Path, record: RunRecord, kinds: Mapping[str, Kind]) -> None:
    if record.kind not in kinds:
        return  # of another version of this program, or a test's: others may know it
    run = run_directory(home, record.id)
    try:
        find_executor(record.executor).submit(run, find_kind(record.kind, kinds).job)
    except UserError as error:
        with RunWriter(run) as writer:
            if writer.record.state is not RunState.QUEUED:
                return
            if not place(record.executor):
                writer.move(RunState.FAILED, error=as_error(error.sentence, error.hint))
            elif writer.record.message != error.sentence:
                writer.update(replace(writer.record, stage="waiting", message=error.sentence))


def _look_after_held(records: Sequence[RunRecord], home: Path, kinds: Mapping[str, Kind]) -> None:
    """Ask the schedulers about the runs that they are said to hold."""
    held = [
        r
        for r in records
        if r.state is RunState.QUEUED
        and r.holder not in ("", QUEUE)
        and time.time() - max(r.queued, r.heartbeat or 0.0) > _SETTLING
    ]
    for address in sorted({record.holder for record in held}):
        own = [record for record in held if record.holder == address]
        with contextlib.suppress(UserError, OSError, ValueError):
            _ask(address, own, home, kinds)


def _ask(address: str, held: Sequence[RunRecord], home: Path, kinds: Mapping[str, Kind]) -> None:
    from engine.runs.cluster.clients import connect

    try:
        connection = connect(address)
        known, scheduler = connection.known([r.task for r in held]), connection.scheduler_id
    except UserError as error:
        for record in held:
            # A cluster of our own may have been started anew elsewhere; any other is waited for.
            if record.executor == CLUSTER:
                _hand_over_again(record, home, kinds)
            else:
                _say(record, home, error.sentence)
        return
    for record in held:
        if record.task in known:
            _missing.pop(record.task, None)
            continue
        # Somebody else may be handing it over at this very moment.
        now = time.monotonic()
        if now - _missing.setdefault(record.task, now) < _SETTLING:
            continue
        if record.task.endswith(scheduler):
            _give_up(record, home)
        else:  # another scheduler at the same address: it has never heard of this run
            _hand_over_again(record, home, kinds)


def _hand_over_again(record: RunRecord, home: Path, kinds: Mapping[str, Kind]) -> None:
    run = run_directory(home, record.id)
    with RunWriter(run, patience=0.5) as writer:
        if writer.record.task != record.task or not writer.record.active:
            return
        writer.requeue()
        writer.update(replace(writer.record, holder=QUEUE, task=""))
    _start(home, run.stored(), kinds)


def _give_up(record: RunRecord, home: Path) -> None:
    run = run_directory(home, record.id)
    with RunWriter(run, patience=0.5) as writer:
        same = writer.record.task == record.task
        if same and writer.record.active and run.record().state is RunState.QUEUED:
            writer.update(replace(writer.record, holder="", task=""))
            writer.move(RunState.INTERRUPTED, error=_GIVEN_UP)


def _say(record: RunRecord, home: Path, sentence: str) -> None:
    run = run_directory(home, record.id)
    with RunWriter(run, patience=0.5) as writer:
        same = writer.record.task == record.task and writer.record.active
        if same and writer.record.message != sentence:
            writer.update(replace(writer.record, message=sentence))


def _after(record: RunRecord, known: Mapping[str, RunRecord]) -> Step | None:
    """Say what keeps a run from starting among those that must be done before it."""
    for name in record.after:
        other = known.get(name)
        if other is None:
            return Step(record.id, "fail", f"It depends on run {name}, which no longer exists.")
        if other.state in (RunState.FAILED, RunState.CANCELLED):
            return Step(record.id, "fail", f"It needs run {name}, which was {_ended(other)}.")
    pending = [name for name in record.after if known[name].state is not RunState.DONE]
    if not pending:
        return None
    more = f" and {len(pending) - 1} more" if len(pending) > 1 else ""
    return Step(record.id, "wait", f"Waits for run {pending[0]}{more}.")


def _ended(record: RunRecord) -> str:
    return "cancelled" if record.state is RunState.CANCELLED else "not done: it failed"


def needs_of(record: RunRecord) -> Needs:
    """Give what a run takes; on a cluster one that says nothing takes one core."""
    needs = Needs.from_dict(record.needs) if record.needs else Needs.of(record.spec)
    return replace(needs, cores=needs.cores or 1) if place(record.executor) else needs
