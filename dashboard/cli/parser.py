"""The grammar of the command line."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from importlib.metadata import version
from typing import NoReturn, TypeAlias

from dashboard.cli.output import Output
from dashboard.cli.run_grammar import add_export, add_map, add_runs
from dashboard.cli.server_grammar import add_accounts, add_cluster, add_serve
from dashboard.cli.store_grammar import add_catalogues, add_fetch, add_ingest, add_mock
from dashboard.cli.streams_grammar import add_streams
from dashboard.cli.versions_grammar import add_join, add_revise
from data.errors import UserError

__all__ = ["WrongUseError", "build_parser"]

Command = Callable[[argparse.Namespace, Output], int]

_EPILOG = """\
CATALOGUE is an id, a name, or a table file. For the options of a command see
`via-obscura COMMAND --help`."""


class WrongUseError(UserError):
    """The command line is not a valid command."""


class Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would print and leave."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words."""
        sentence = message[:1].upper() + message[1:]
        raise WrongUseError(f"{sentence}.", f"See `{self.prog} --help`.")


def build_parser() -> Parser:
    """Make the parser; its result has ``command``, to be called with it and an `Output`."""
    parser = Parser(prog="via-obscura", description=_about(), epilog=_EPILOG, allow_abbrev=False)
    parser.add_argument(
        "--version", action="version", version=f"via-obscura {version('via-obscura')}"
    )
    parser.set_defaults(json=False, home=None, scheduler=None)
    _add_common(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_serve(commands, _command)
    add_accounts(commands, _command)
    add_mock(commands, _command)
    add_ingest(commands, _command)
    add_join(commands, _command)
    add_revise(commands, _command)
    add_fetch(commands, _command)
    add_catalogues(commands, _command)
    add_map(commands, _command)
    add_streams(commands, _command)
    add_runs(commands, _command)
    add_cluster(commands, _command)
    add_export(commands, _command)
    return parser


def _about() -> str:
    return "Map the gravity and the dark matter of the Milky Way from the motions of its stars."


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
        help="folder for catalogues and runs (default: $VIA_OBSCURA_HOME)",
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
