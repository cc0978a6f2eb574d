"""What a run really does, told from its record, its process and its heartbeat.

The record says what its writer last knew. A process that was killed cannot correct it, so the
reader does: on the machine of the process the kernel is asked, elsewhere the heartbeat.
"""

from __future__ import annotations

import time
from dataclasses import replace

from engine.runs.folder.record import RunRecord, RunState
from engine.runs.process import is_alive

__all__ = ["HEARTBEAT_EVERY", "HEARTBEAT_LOST_AFTER", "START_GRACE", "observe"]

HEARTBEAT_EVERY = 1.0  # seconds
HEARTBEAT_LOST_AFTER = 10.0  # seconds without a sign of life, seen from another machine
START_GRACE = 10.0  # seconds that a queued run may be without a process

_KILLED = {
    "sentence": "The process of the run ended unexpectedly (killed, or the machine went down).",
    "hint": "Resume the run: it continues from its last checkpoint.",
}
_NEVER_BEGAN = {
    "sentence": "The process of the run ended before it began to work.",
    "hint": "Look at the log of the run, then resume it.",
}


def observe(record: RunRecord, *, stop_requested: bool) -> RunRecord:
    """Correct the state of a record by what can be seen.

    A run that is held by a queue or a scheduler waits for a process, or for another one; whether
    its holder is still there is for `engine.runs.queueing.queue` to find out, which then says so
    on record.

    Parameters
    ----------
    record
        The record as its writer left it, with the time of the last heartbeat.
    stop_requested
        Whether somebody asked the run to stop.
    """
    if not record.active:
        return record
    if _lives(record):
        if stop_requested:
            return replace(record, state=RunState.STOPPING, eta_s=None)
        return record
    if record.holder and not stop_requested:
        return replace(record, state=RunState.QUEUED, eta_s=None, stage="waiting", error=None)
    ended = record.ended or record.heartbeat or record.queued
    if stop_requested:
        return replace(record, state=RunState.CANCELLED, eta_s=None, ended=ended)
    error = _NEVER_BEGAN if record.state is RunState.QUEUED else _KILLED
    return replace(record, state=RunState.INTERRUPTED, eta_s=None, ended=ended, error=error)


def _lives(record: RunRecord) -> bool:
    now = time.time()
    if record.process is None:
        # Being launched at this moment; a clock that was put back must not make it immortal.
        return not record.holder and abs(now - record.queued) < START_GRACE
    alive = is_alive(record.process)
    if alive is None:  # another machine: only the heartbeat can tell
        last = max(record.heartbeat or 0.0, record.queued)
        return now - last < HEARTBEAT_LOST_AFTER
    return alive
