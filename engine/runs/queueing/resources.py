"""Processor cores: how many there are, and how many a run takes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.runs.folder.lock import FileLock
from engine.runs.process import host_name

__all__ = [
    "CORES_VARIABLE",
    "available_cores",
    "machine_slot",
    "takes_whole_machine",
    "thread_environment",
]

CORES_VARIABLE = "VIA_OBSCURA_CORES"
"""Set for a process that was granted so many cores of its machine by whoever started it."""

# Every library that brings threads of its own, by the variable that it reads when imported.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def available_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        there = len(os.sched_getaffinity(0))
    else:
        there = os.cpu_count() or 1
    granted = os.environ.get(CORES_VARIABLE, "")
    return min(there, max(1, int(granted))) if granted.isdecimal() else there


def takes_whole_machine(spec: Mapping[str, object]) -> bool:
    """Tell whether a spec leaves the number of threads open, and so takes every core.

    Not where somebody has granted this process its share: then nobody else has these cores.
    """
    return spec.get("threads") is None and CORES_VARIABLE not in os.environ


def thread_environment(spec: Mapping[str, object]) -> dict[str, str]:
    """Give the environment variables that hold a process to the threads of its spec.

    OpenMP's threads are also told to sleep while they wait for each other. By default they
    spin, which on a machine that has anything else to do (the dashboard, say) made training
    steps on two threads up to ten times slower.

    Parameters
    ----------
    spec
        Its ``threads``, or every available core where it has none.
    """
    threads = spec.get("threads")
    count = threads if isinstance(threads, int) else available_cores()
    counts = dict.fromkeys(_THREAD_VARIABLES, str(max(1, count)))
    return {**counts, "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE")}


def machine_slot(runs_folder: Path) -> FileLock:
    """Give the lock that runs which take every core pass one after the other.

    Two trainings that both use all cores slow each other down by far more than a factor of
    two, because every thread of one waits for cores that the other holds. The lock is dropped by
    the kernel when its holder dies, so that nothing can hold up the next run for good. Machines
    that share the folder have a slot each.
    """
    return FileLock(runs_folder / f".machine-{host_name()}.lock")
