"""Telling which process it is, and whether it still lives.

A process number alone says little: numbers are used again, a child that nobody waited for
keeps its number after death, and the same number means something else on another machine.
A process is therefore named by its machine (with the boot and the process-id namespace), its
number and the moment of its birth, and only its own machine can say whether it is alive.
"""

from __future__ import annotations

import functools
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ProcessIdentity", "host_name", "identify", "is_alive", "machine_name"]

_PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessIdentity:
    """The name of one process, for all time.

    Parameters
    ----------
    machine
        What `machine_name` gave where the process runs.
    pid
        The process number there.
    birth
        When it began: kernel ticks since boot on Linux, a date elsewhere; "" if unknown.
    """

    machine: str
    pid: int
    birth: str


def host_name() -> str:
    """Give the name of this host."""
    return socket.gethostname()


@functools.cache
def machine_name() -> str:
    """Name the machine such that process numbers under the same name can be compared.

    Two containers can share a host name, and a machine that was started again counts its
    processes anew: the boot and the process-id namespace are part of the name.
    """
    parts = [host_name()]
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")
        parts.append(boot.strip()[:8])
        parts.append(str((_PROC / "self/ns/pid").readlink()).strip("pid:[]"))
    except OSError:
        pass  # not Linux: the host name has to do
    return "/".join(parts)


def identify(pid: int) -> ProcessIdentity:
    """Name a process of this machine by its number, as long as it is there."""
    status = _status(pid)
    return ProcessIdentity(machine_name(), pid, status[1] if status else "")


def is_alive(process: ProcessIdentity) -> bool | None:
    """Tell whether a process lives; None where this machine cannot know.

    A zombie (dead, but not yet waited for by its parent) counts as dead, and so does a
    number that belongs to a younger process by now.
    """
    if process.machine != machine_name():
        return None
    status = _status(process.pid)
    if status is None:
        return False
    state, birth = status
    return state not in "ZX" and birth == process.birth


def _status(pid: int) -> tuple[str, str] | None:
    """Give the state letter and the birth of a process, or None if there is none."""
    if pid <= 0:
        return None
    return _status_from_proc(pid) if _PROC.exists() else _status_from_ps(pid)


def _status_from_proc(pid: int) -> tuple[str, str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command name stands in brackets and may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def _status_from_ps(pid: int) -> tuple[str, str] | None:
    """Ask POSIX ``ps``, for systems without a /proc."""
    answer = subprocess.run(  # noqa: S603 - a fixed command and a number
        ["/bin/ps", "-o", "state=", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    state, _, birth = answer.stdout.strip().partition(" ")
    return (state[:1], birth.strip()) if state else None
