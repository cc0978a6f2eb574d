"""The words of the commands that make a new version of a catalogue: ``join``, ``revise``."""

from __future__ import annotations

import argparse
from typing import Any

from dashboard.cli.options import AddCommand

__all__ = ["add_join", "add_revise", "add_zero_point"]

_DISTANCE = "take distances from this column, or from 1/parallax"


def add_zero_point(parser: argparse.ArgumentParser) -> None:
    """Add the switch for the zero point of the parallaxes."""
    parser.add_argument(
        "--zero-point",
        action="store_true",
        help="subtract the zero point of Gaia (E)DR3 from the parallaxes (Lindegren et al. 2021)",
    )


def add_join(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``join``."""
    about = "Make a version of a catalogue with columns of a second table, matched by source_id."
    parser = command(commands, "join", about, "versions:join")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="its id or its name")
    parser.add_argument("file", metavar="FILE", help="a table in any format that ingest reads")
    parser.add_argument(
        "--key", default="source_id", metavar="COLUMN", help="identifier column of the table"
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="use the table's COLUMN as NAME; may be repeated (default: all numerical columns "
        "with new names)",
    )
    parser.add_argument(
        "--unit", action="append", default=[], metavar="NAME=UNIT", help="unit of a new column"
    )
    parser.add_argument("--distance", metavar="COLUMN", help=_DISTANCE)
    add_zero_point(parser)
    parser.add_argument("--name", help="name of the new version")


def add_revise(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``revise``."""
    about = (
        "Make a version of a catalogue with other distances, or with or without the zero point."
    )
    parser = command(commands, "revise", about, "versions:revise")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="its id or its name")
    parser.add_argument("--distance", metavar="COLUMN", help=_DISTANCE)
    zero_point = parser.add_mutually_exclusive_group()
    add_zero_point(zero_point)  # type: ignore[arg-type]  a group takes arguments as a parser does
    zero_point.add_argument(
        "--no-zero-point",
        action="store_true",
        help="undo the zero-point correction of the parallaxes",
    )
    parser.add_argument("--name", help="name of the new version")
