"""Where runs of the command line are executed."""

from __future__ import annotations

from argparse import Namespace

from engine.runs.queueing.executors import CLUSTER

__all__ = ["executor"]


def executor(arguments: Namespace) -> str | None:
    """Give the executor of ``--scheduler``, or None for the configured one."""
    address = getattr(arguments, "scheduler", None)
    return f"{CLUSTER}:{address}" if address else None
