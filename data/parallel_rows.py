"""Work on rows piece by piece, on all cores: the compiled loops and numpy free the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

__all__ = ["PIECE", "by_pieces"]

PIECE = 1 << 20
"""Rows of a piece: a multiple of 8, and small enough for the processor's cache."""

_MOST_THREADS = 8


def by_pieces(rows: int, work: Callable[[slice], None], piece: int = PIECE) -> None:
    """Call ``work`` with slices that together cover the rows, several at a time where that pays.

    Parameters
    ----------
    rows
        How many there are.
    work
        Must be safe to run in several threads on different rows.
    piece
        Rows of a slice, the last one excepted.
    """
    slices = [slice(start, min(start + piece, rows)) for start in range(0, rows, piece)]
    if len(slices) < 2:
        for rows_ in slices:
            work(rows_)
        return
    for done in [_threads().submit(work, rows_) for rows_ in slices]:
        done.result()


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads for the whole process, as many as it may use cores; `work` must not ask for more."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ThreadPoolExecutor(min(cores or 1, _MOST_THREADS), thread_name_prefix="rows")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # the threads stay with the parent
