"""Runs: background work whose truth is a folder, never a process or a queue.

`launch` has what one does with runs; a job sees its run through `context.RunContext`; the
folder is read through `directory.RunDirectory`.
"""

from engine.runs.context import RunCancelled, RunContext, RunInterrupted
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.launch import cancel, delete, list_runs, open_run, resume, submit, wait

__all__ = [
    "RunCancelled",
    "RunContext",
    "RunDirectory",
    "RunInterrupted",
    "RunRecord",
    "RunState",
    "cancel",
    "delete",
    "list_runs",
    "open_run",
    "resume",
    "submit",
    "wait",
]
