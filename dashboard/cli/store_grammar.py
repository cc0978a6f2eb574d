"""The words of the commands on the store: ``mock``, ``ingest``, ``fetch``, ``catalogues``."""

from __future__ import annotations

from typing import Any

from dashboard.cli.options import AddCommand, add_place
from dashboard.cli.streams_grammar import add_mock_stream
from dashboard.cli.versions_grammar import add_zero_point

__all__ = ["add_catalogues", "add_fetch", "add_ingest", "add_mock"]


def add_mock(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``mock``."""
    about = "Make a mock catalogue with known truth."
    parser = commands.add_parser("mock", help=about, description=about, allow_abbrev=False)
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True)
    galaxy = command(
        kinds,
        "galaxy",
        "An equilibrium Milky Way in a ball around the Sun.",
        "store:mock_galaxy",
    )
    galaxy.add_argument("--stars", type=int, default=200_000, metavar="N")
    galaxy.add_argument("--seed", type=int, default=0, metavar="S")
    galaxy.add_argument("--potential", default="milky-way", metavar="P")
    galaxy.add_argument("--errors", action="store_true", help="add Gaia-like measurement errors")
    galaxy.add_argument("--name", help="name of the catalogue")
    galaxy.add_argument("--radius", type=float, default=4.0, metavar="KPC")
    galaxy.add_argument("--threads", type=int, metavar="N")
    spherical = command(
        kinds,
        "spherical",
        "Spherical tracers in a spherical halo, around the Galactic centre.",
        "store:mock_spherical",
    )
    spherical.add_argument("--stars", type=int, default=100_000, metavar="N")
    spherical.add_argument("--seed", type=int, default=0, metavar="S")
    spherical.add_argument("--halo", default="cusp", help="cusp or core")
    spherical.add_argument(
        "--tracer-radius", type=float, metavar="KPC", help="scale radius of the tracers"
    )
    spherical.add_argument(
        "--anisotropy-radius",
        type=float,
        metavar="KPC",
        help="orbits are radial beyond it; inf: isotropic (default: the tracer radius)",
    )
    spherical.add_argument("--name", help="name of the catalogue")
    add_mock_stream(kinds, command)


def add_ingest(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``ingest``."""
    parser = command(commands, "ingest", "Import a table.", "store:ingest")
    parser.add_argument(
        "file", metavar="FILE", help="FITS, VOTable, ECSV, CSV (also gzipped), Parquet or HDF5"
    )
    parser.add_argument("--name", help="name of the catalogue (default: the file name)")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="use the table's COLUMN as Gaia's NAME; may be repeated",
    )
    parser.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="NAME=UNIT",
        help="unit of a column, overrides the table; may be repeated",
    )
    parser.add_argument("--kind", choices=["astrometry", "simulation"])
    parser.add_argument(
        "--distance", metavar="COLUMN", help="take distances from a column instead of 1/parallax"
    )
    add_zero_point(parser)
    add_place(parser, "--sun-position", "Galactocentric position of the Sun, kpc")
    add_place(parser, "--sun-velocity", "Galactocentric velocity of the Sun, km/s")


def add_fetch(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``fetch``."""
    about = "Download stars from an archive (TAP) or a HATS catalogue into the store."
    parser = command(commands, "fetch", about, "archives:fetch")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--service", metavar="NAME|URL", help="esa, gavo, aip, or the address of a TAP service"
    )
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
    parser.add_argument("--name", help="name of the catalogue")
    parser.add_argument(
        "--max-rows", type=int, metavar="N", help="maximum number of rows; more are refused"
    )
    parser.add_argument(
        "--chunk-rows", type=int, metavar="N", help="rows per chunk (default: 500000)"
    )
    parser.add_argument(
        "--count-only", action="store_true", help="print the number of rows and stop"
    )
    parser.add_argument("--wait", action="store_true", help="wait until the download is finished")


def add_catalogues(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``catalogues``."""
    parser = command(commands, "catalogues", "List and delete catalogues.", "store:catalogues")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    command(actions, "list", "List the catalogues.", "store:catalogues")
    delete = command(actions, "delete", "Delete a catalogue.", "store:delete_catalogue")
    delete.add_argument("catalogue", metavar="CATALOGUE", help="its id or its name")
