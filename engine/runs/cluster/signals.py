"""Small things that workers are asked to do: they run in the workers."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from engine.runs.process import ProcessIdentity, is_alive

__all__ = ["sees", "send_signal"]


def sees(path: str) -> bool:
    """Tell whether there is such a file here."""
    return Path(path).exists()


def send_signal(machine: str, pid: int, birth: str, number: int) -> bool:
    """Send a signal to a process, if it is one of this machine and lives.

    SIGKILL goes to its whole group: each process of a run leads one of its own.
    """
    if is_alive(ProcessIdentity(machine, pid, birth)) is not True:
        return False
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if number == signal.SIGKILL else os.kill)(pid, number)
    return True
