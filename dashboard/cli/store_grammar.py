"""The words of the commands on the store: ``mock``, ``ingest``, ``fetch``, ``catalogues``."""

from __future__ import annotations

from typing import Any

from dashboard.cli.dwarfs_grammar import add_dwarf_place, add_mock_dwarf
from dashboard.cli.options import AddCommand, add_place
from dashboard.cli.streams_grammar import add_mock_stream
from dashboard.cli.versions_grammar import add_zero_point

__all__ = ["add_catalogues", "add_fetch", "add_ingest", "add_mock"]


def add_mock(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``mock``."""
    about = "Make a mock catalogue with its truth."
    parser = commands.add_parser("mock", help=about, description=about, allow_abbrev=False)
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True)
    galaxy = command(
        kinds,
        "galaxy",
        "An equilibrium Milky Way within a ball round the Sun.",
        "store:mock_galaxy",
    )
    galaxy.add_argument("--stars", type=int, default=200_000, metavar="N")
    galaxy.add_argument("--seed", type=int, default=0, metavar="S")
    galaxy.add_argument("--potential", default="milky-way", metavar="P")
    galaxy.add_argument("--errors", action="store_true", help="observe it with Gaia-like errors")
    galaxy.add_argument("--name", help="what to call the catalogue")
    galaxy.add_argument("--radius", type=float, default=4.0, metavar="KPC")
    galaxy.add_argument("--threads", type=int, metavar="N")
    spherical = command(
        kinds,
        "spherical",
        "Spherical tracers in a spherical halo, about the Galactic centre.",
        "store:mock_spherical",
    )
    spherical.add_argument("--stars", type=int, default=100_000, metavar="N")
    spherical.add_argument("--seed", type=int, default=0, metavar="S")
    spherical.add_argument("--halo", default="cusp", help="cusp or core")
    spherical.add_argument(
        "--tracer-radius", type=float, metavar="KPC", help="where the tracers' density bends"
    )
    spherical.add_argument(
        "--anisotropy-radius",
        type=float,
        metavar="KPC",
        help="beyond it orbits are radial; inf: isotropic (default: the tracer radius)",
    )
    spherical.add_argument("--name", help="what to call the catalogue")
    add_mock_stream(kinds, command)
    add_mock_dwarf(kinds, command)


def add_ingest(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``ingest``."""
    parser = command(commands, "ingest", "Bring a table into the store.", "store:ingest")
    parser.add_argument(
        "file", metavar="FILE", help="FITS, VOTable, ECSV, CSV (also gzipped), Parquet or HDF5"
    )
    parser.add_argument("--name", help="what to call the catalogue (default: the file's name)")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="the table's COLUMN holds what Gaia calls NAME; may be repeated",
    )
    parser.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="NAME=UNIT",
        help="the unit of a column, over what the table says; may be repeated",
    )
    parser.add_argument("--kind", choices=["astrometry", "simulation", "dwarf"])
    add_dwarf_place(parser.add_argument_group("a dwarf galaxy (--kind dwarf)"))
    parser.add_argument(
        "--distance", metavar="COLUMN", help="take distances from a column, not from 1/parallax"
    )
    add_zero_point(parser)
    add_place(parser, "--sun-position", "Galactocentric position of the Sun, kpc")
    add_place(parser, "--sun-velocity", "Galactocentric velocity of the Sun, km/s")


def add_fetch(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``fetch``."""
    about = "Download stars from an archive (TAP) or a HATS catalogue into the store."
    parser = command(commands, "fetch", about, "archives:fetch")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--service", metavar="NAME|URL", help="esa, gavo, aip, or an address")
    where.add_argument(
        "--hats", metavar="FOLDER|URL", help="a HATS catalogue: a folder, https:// or s3://"
    )
    parser.add_argument(
        "--release",
        metavar="NAME|FILE",
        help="gaia-dr3, gaia-dr3-lite, or a JSON file with table and columns "
        "(default: that of the service)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--select", metavar="FILE|TEXT", help="a selection, as for map (default: every star)"
    )
    what.add_argument("--adql", metavar="FILE|TEXT", help="a query of your own instead")
    parser.add_argument("--name", help="what to call the catalogue")
    parser.add_argument(
        "--max-rows", type=int, metavar="N", help="refuse to begin if there are more"
    )
    parser.add_argument(
        "--chunk-rows", type=int, metavar="N", help="rows of a piece (default: 500000)"
    )
    parser.add_argument(
        "--count-only", action="store_true", help="say how many rows there are and stop"
    )
    parser.add_argument("--wait", action="store_true", help="wait for the catalogue")


def add_catalogues(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``catalogues``."""
    parser = command(commands, "catalogues", "Show what is in the store.", "store:catalogues")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    command(actions, "list", "List the catalogues.", "store:catalogues")
    delete = command(actions, "delete", "Delete a catalogue.", "store:delete_catalogue")
    delete.add_argument("catalogue", metavar="CATALOGUE", help="its id or its name")
