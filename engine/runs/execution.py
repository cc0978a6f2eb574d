"""From a queued run to an ended one: the same for every executor."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback

from engine.runs.context import RunCancelled, RunContext, RunInterrupted
from engine.runs.failures import as_error, describe
from engine.runs.folder.environment import record_environment
from engine.runs.folder.files import write_json
from engine.runs.folder.record import RunState
from engine.runs.folder.writer import RunWriter
from engine.runs.kinds import load
from engine.runs.queueing.resources import machine_slot, takes_whole_machine

__all__ = ["INTERRUPTED", "execute", "finish_stopped"]

INTERRUPTED = as_error(
    "The process of the run was terminated by the system (SIGTERM).",
    "Resume the run: it continues from its last checkpoint.",
)


def execute(writer: RunWriter, job: str, interrupt: threading.Event | None = None) -> RunState:
    """Work on a queued run until it has ended, however it ends.

    Parameters
    ----------
    writer
        The open, beating writer of the run.
    job
        The job function, ``module:function``.
    interrupt
        Set by whoever wants the process to end.

    Returns
    -------
    RunState
        How it ended. Errors of the job are on record and in the log, not raised.
    """
    context = RunContext(writer, interrupt)
    try:
        with contextlib.ExitStack() as stack:
            _wait_for_turn(writer, context, stack)
            _begin(writer)
            result = load(job)(context)
            write_json(writer.run.result_file, _as_result(result), durable=True)
            writer.move(RunState.DONE)
    except (RunCancelled, RunInterrupted, KeyboardInterrupt):
        finish_stopped(writer)
    except Exception as error:  # noqa: BLE001, RUF100 - whatever a job raises ends its run
        _fail(writer, error)
    return writer.record.state


def finish_stopped(writer: RunWriter) -> None:
    """Put on record that a run ended because it was asked to: by its user, or by the system.

    Where somebody holds the run, it goes back to them, to be given another process.
    """
    if writer.run.stop_requested():
        writer.move(RunState.CANCELLED)
        return
    if writer.record.holder:
        writer.requeue(error=INTERRUPTED)
    else:
        writer.move(RunState.INTERRUPTED, error=INTERRUPTED)


def _begin(writer: RunWriter) -> None:
    writer.move(RunState.RUNNING)
    writer.progress(writer.record.progress or 0.0, "starting")
    changed = record_environment(writer.run, writer.record)
    if writer.record.attempt > 1:
        writer.event("resumed", attempt=writer.record.attempt, changed_versions=changed)
    if changed:
        names = ", ".join(f"{name} {old} -> {new}" for name, (old, new) in changed.items())
        writer.event("warning", text=f"Resumed with other versions than it began with: {names}.")


def _wait_for_turn(writer: RunWriter, context: RunContext, stack: contextlib.ExitStack) -> None:
    """Wait until no other run takes every core of this machine, then be the one that does."""
    context.check_stop()
    if not takes_whole_machine(context.spec):
        return
    slot = machine_slot(writer.run.path.parent)
    while not slot.try_acquire():
        writer.progress(
            writer.record.progress or 0.0, "waiting", "Waits until another run has ended."
        )
        time.sleep(0.1)
        context.check_stop()
    stack.callback(slot.release)


def _as_result(result: object) -> dict[str, object]:
    if not isinstance(result, dict):
        raise TypeError(f"the job gave {type(result).__name__} instead of a dict")
    return result


def _fail(writer: RunWriter, error: Exception) -> None:
    told = describe(error)
    with contextlib.suppress(OSError):  # if there is no room for it, the sentence must do
        writer.run.append_log("".join(traceback.format_exception(error)))
    writer.move(RunState.FAILED, error=told)
