"""The grammar of the command line."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from importlib.metadata import version
from typing import NoReturn, TypeAlias

from dashboard.cli.output import Output
from data.errors import UserError

__all__ = ["WrongUseError", "build_parser"]

Command = Callable[[argparse.Namespace, Output], int]

_EPILOG = """\
CATALOGUE is an id, a name, or a table file. See `via-obscura COMMAND --help` for the options
of a command."""


class WrongUseError(UserError):
    """The words of the command line make no command."""


class Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would print and leave."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words."""
        sentence = message[:1].upper() + message[1:]
        raise WrongUseError(f"{sentence}.", f"See `{self.prog} --help`.")


def build_parser() -> Parser:
    """Make the parser; what it gives has ``command``, to be called with it and an `Output`."""
    parser = Parser(prog="via-obscura", description=_about(), epilog=_EPILOG, allow_abbrev=False)
    parser.add_argument(
        "--version", action="version", version=f"via-obscura {version('via-obscura')}"
    )
    parser.set_defaults(json=False, home=None)
    _add_common(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_mock(commands)
    _add_ingest(commands)
    _add_fetch(commands)
    _add_catalogues(commands)
    _add_map(commands)
    _add_runs(commands)
    _add_export(commands)
    return parser


def _about() -> str:
    return "Map the gravity and the dark matter of the Milky Way from the stars themselves."


_Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def _add_common(parser: argparse.ArgumentParser) -> None:
    # SUPPRESS: a default here would overwrite what stood before the name of the command.
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print one JSON object and nothing else",
    )
    parser.add_argument(
        "--home",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="the folder that holds catalogues and runs (default: $VIA_OBSCURA_HOME)",
    )


def _command(commands: _Commands, name: str, about: str, function: str) -> Parser:
    """Add a command whose function, ``module:name`` in this package, is imported when called."""
    parser = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    parser.set_defaults(command=_lazily(function))
    _add_common(parser)
    return parser


def _lazily(function: str) -> Command:
    module, _, name = function.partition(":")

    def command(arguments: argparse.Namespace, output: Output) -> int:
        found: Command = getattr(importlib.import_module(f"dashboard.cli.{module}"), name)
        return found(arguments, output)

    return command


def _add_serve(commands: _Commands) -> None:
    parser = _command(commands, "serve", "Start the dashboard.", "server:serve")
    parser.add_argument("--port", type=int, help="port (default: $PORT, or 5006)")
    parser.add_argument("--host", help="address to listen on (default: $HOST, or localhost)")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="a further address under which browsers may reach it; may be repeated",
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument(
        "--demonstration",
        action="store_true",
        help="make the demonstration catalogue first, if there is none",
    )


def _add_mock(commands: _Commands) -> None:
    about = "Make a mock catalogue with its truth."
    parser = commands.add_parser("mock", help=about, description=about, allow_abbrev=False)
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True)
    galaxy = _command(
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
    spherical = _command(
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


def _add_ingest(commands: _Commands) -> None:
    parser = _command(commands, "ingest", "Bring a table into the store.", "store:ingest")
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
    parser.add_argument("--kind", choices=["astrometry", "simulation"])
    parser.add_argument(
        "--distance", metavar="COLUMN", help="take distances from a column, not from 1/parallax"
    )
    _triple(parser, "--sun-position", "Galactocentric position of the Sun, kpc")
    _triple(parser, "--sun-velocity", "Galactocentric velocity of the Sun, km/s")


def _add_fetch(commands: _Commands) -> None:
    about = "Download stars from an archive (TAP) or a HATS catalogue into the store."
    parser = _command(commands, "fetch", about, "archives:fetch")
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


def _add_catalogues(commands: _Commands) -> None:
    parser = _command(commands, "catalogues", "Show what is in the store.", "store:catalogues")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    _command(actions, "list", "List the catalogues.", "store:catalogues")
    delete = _command(actions, "delete", "Delete a catalogue.", "store:delete_catalogue")
    delete.add_argument("catalogue", metavar="CATALOGUE", help="its id or its name")


def _add_map(commands: _Commands) -> None:
    about = "Train a density model on a catalogue and map the acceleration."
    parser = _command(commands, "map", about, "maps:make_map")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="an id, a name, or a table file")
    parser.add_argument("--preset", default="quick", help="quick, standard or paper")
    parser.add_argument(
        "--select",
        metavar="FILE|TEXT",
        help="a selection: a file, JSON, or text like 'abs(z) < 1'",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="change a setting of the preset; may be repeated",
    )
    _triple(parser, "--centre", "centre of the volume, kpc (default: the Sun)")
    parser.add_argument("--radius", type=float, metavar="KPC", help="radius of the volume")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    parser.add_argument("--threads", type=int, metavar="N", help="default: every core")
    parser.add_argument("--wait", action="store_true", help="wait for the result")
    sweep = parser.add_argument_group("a map for each value of a cut")
    sweep.add_argument(
        "--sweep", metavar="CUT", help="the cut, {} for its value: 'parallax_over_error > {}'"
    )
    sweep.add_argument("--values", type=float, nargs="+", default=[], metavar="V")


def _add_runs(commands: _Commands) -> None:
    parser = _command(commands, "runs", "List, show and steer runs.", "runs:list_all")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    _command(actions, "list", "List the runs, the newest first.", "runs:list_all")
    for name, about, several in (
        ("show", "Show the whole record of a run.", False),
        ("cancel", "Stop a run.", False),
        ("resume", "Go on with a run that did not get done.", False),
        ("delete", "Delete runs with everything that they made.", True),
    ):
        action = _command(actions, name, about, f"runs:{name}")
        action.add_argument("run", metavar="RUN", nargs="+" if several else None)
        if name == "resume":
            action.add_argument("--wait", action="store_true", help="wait for the result")


def _add_export(commands: _Commands) -> None:
    about = "Export figures and data of a finished run, or the saved views."
    parser = _command(commands, "export", about, "export:export")
    parser.add_argument("run", metavar="RUN", nargs="?")
    parser.add_argument(
        "--views",
        action="store_true",
        help="the saved views instead of a run: --format pdf (a page a view) or html (slides)",
    )
    parser.add_argument(
        "--what",
        default="all",
        metavar="CUBE",
        help="acceleration, profiles, model or another cube of the run (default: all)",
    )
    parser.add_argument(
        "--format",
        action="append",
        choices=["png", "svg", "pdf", "nc", "zarr", "fits", "py", "html"],
        help="of figures, of data, py for a script that draws the slice, or html for views; may "
        "be repeated (default: pdf)",
    )
    parser.add_argument("--to", default=".", metavar="FOLDER", help="default: the present one")
    parser.add_argument("--overwrite", action="store_true", help="replace older files")
    figure = parser.add_argument_group("what figures and scripts show")
    figure.add_argument("--plane", default="x-y", help="x-y, x-z or y-z")
    figure.add_argument("--at", type=float, metavar="KPC", help="where it cuts (default: the Sun)")
    figure.add_argument("--quantity", default="abs", help="abs, x, y, z, R or phi")
    figure.add_argument("--unit", default="km2/s2/kpc", help="km2/s2/kpc or '1e-10 m/s2'")
    figure.add_argument("--estimator", help="default: that of the cube")
    figure.add_argument("--arrows", action="store_true", help="draw the direction in the plane")
    figure.add_argument(
        "--untrusted", action="store_true", help="draw also what is not to be believed"
    )


def _triple(parser: argparse.ArgumentParser, name: str, about: str) -> None:
    parser.add_argument(name, type=float, nargs=3, metavar=("X", "Y", "Z"), help=about)
