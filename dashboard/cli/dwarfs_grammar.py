"""The words of the commands on dwarf galaxies."""

from __future__ import annotations

import argparse
import math
from typing import Any

from dashboard.cli.options import AddCommand, add_scheduler

__all__ = ["add_dwarf", "add_dwarf_place", "add_mock_dwarf"]


def add_mock_dwarf(kinds: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``mock dwarf``."""
    about = "A dwarf galaxy in equilibrium: places on the sky and line-of-sight velocities."
    parser = command(kinds, "dwarf", about, "dwarfs:mock")
    parser.add_argument("--stars", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument(
        "--halo",
        default="cusp",
        help="cusp, core, steep, mild, burkert-like, or rho0=6e7,r_s=1,gamma=0.7 in Msun and kpc",
    )
    parser.add_argument(
        "--tracer-radius", type=float, metavar="KPC", help="where the tracers' density bends"
    )
    parser.add_argument(
        "--tracer-slopes",
        type=float,
        nargs=2,
        default=(0.1, 5.0),
        metavar=("INNER", "OUTER"),
        help="of the tracers' density (default: 0.1 5)",
    )
    parser.add_argument("--beta", type=float, default=0.0, help="anisotropy in the centre")
    parser.add_argument(
        "--anisotropy-radius",
        type=float,
        default=math.inf,
        metavar="KPC",
        help="beyond it orbits are radial (default: inf)",
    )
    parser.add_argument(
        "--error", type=float, default=2.0, metavar="KMS", help="of the velocities"
    )
    parser.add_argument(
        "--foreground", type=float, default=0.0, metavar="F", help="foreground stars per member"
    )
    parser.add_argument(
        "--binaries", type=float, default=0.0, metavar="F", help="share of binaries"
    )
    parser.add_argument("--distance", type=float, metavar="KPC", help="gives places in degrees")
    parser.add_argument("--name", help="name of the catalogue")


def add_dwarf_place(parser: argparse._ActionsContainer) -> None:
    """Add where a dwarf is."""
    parser.add_argument("--dwarf", metavar="NAME", help="a classical dwarf, such as sculptor")
    parser.add_argument(
        "--centre", type=float, nargs=2, metavar=("RA", "DEC"), help="centre of another, deg"
    )
    parser.add_argument("--dwarf-distance", type=float, metavar="KPC", help="its distance")


def add_dwarf(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``dwarf``."""
    about = "Find the dark matter of a dwarf galaxy from the velocities of its stars."
    parser = command(commands, "dwarf", about, "dwarfs:fit")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="an id, a name, or a table file")
    add_dwarf_place(parser)
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="the table's COLUMN holds NAME (v_los, v_los_error, ...); may be repeated",
    )
    parser.add_argument("--name", help="name of a catalogue made from a file")
    parser.add_argument(
        "--beta",
        default="average",
        metavar="B",
        help="average, a number, om:KPC, scan or free (default: average)",
    )
    parser.add_argument("--preset", default="quick", help="quick or standard")
    parser.add_argument("--populations", type=int, default=1, metavar="N", help="1 or 2")
    parser.add_argument("--min-membership", type=float, metavar="P")
    parser.add_argument("--max-error", type=float, metavar="KMS")
    parser.add_argument("--half-light", type=float, metavar="KPC", help="circularised radius")
    parser.add_argument("--core-slope", type=float, metavar="S", help="slope that divides cores")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--wait", action="store_true", help="wait for the result")
    parser.add_argument("--again", action="store_true", help="fit even if the same fit is there")
    queue = parser.add_argument_group("when and where")
    queue.add_argument("--queue", action="store_true", help="wait in the queue for free cores")
    queue.add_argument("--after", action="append", default=[], metavar="RUN")
    queue.add_argument("--priority", type=int, default=0, metavar="N")
    add_scheduler(queue)
