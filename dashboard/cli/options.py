"""Options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

__all__ = ["AddCommand", "add_place", "add_scheduler", "add_settings"]

AddCommand = Callable[..., Any]
"""Adds a command to sub-parsers: (commands, name, about, function) to its parser."""


def add_place(parser: argparse.ArgumentParser, name: str, about: str) -> None:
    """Add three numbers."""
    parser.add_argument(name, type=float, nargs=3, metavar=("X", "Y", "Z"), help=about)


def add_scheduler(parser: argparse._ActionsContainer) -> None:
    """Add the address of a scheduler."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        default=argparse.SUPPRESS,
        help="a Dask scheduler that executes the runs, such as tcp://node1:8786 "
        "(default: the configured cluster, or this machine)",
    )


def add_settings(parser: argparse.ArgumentParser, about: str) -> None:
    """Add settings as KEY=VALUE, any number of them."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings", help=about
    )
