"""Where the command line has runs worked on."""

from __future__ import annotations

from argparse import Namespace

from engine.runs.executors import CLUSTER

__all__ = ["executor"]


def executor(arguments: Namespace) -> str | None:
    """Give the executor of ``--scheduler``, or None for what the home is configured for."""
    address = getattr(arguments, "scheduler", None)
    return f"{CLUSTER}:{address}" if address else None
