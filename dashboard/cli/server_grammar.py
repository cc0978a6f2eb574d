"""The words of the commands on servers: ``serve``, ``accounts``, ``cluster``."""

from __future__ import annotations

import argparse
from typing import Any

from dashboard.cli.options import AddCommand, add_scheduler

__all__ = ["add_accounts", "add_cluster", "add_serve"]


def add_serve(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``serve``."""
    parser = command(commands, "serve", "Start the dashboard.", "server:serve")
    parser.add_argument("--port", type=int, help="port (default: $PORT, or 5006)")
    parser.add_argument("--host", help="address to listen on (default: $HOST, or localhost)")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="additional address under which browsers may reach the server; may be repeated",
    )
    add_scheduler(parser)
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    _add_group(parser.add_argument_group("for a group (see docs/serving.md)"))
    parser.add_argument(
        "--demonstration",
        action="store_true",
        help="first make the demonstration catalogue, if there is none",
    )


def add_accounts(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``accounts``."""
    about = "Manage login accounts; passwords are read from the terminal or standard input."
    parser = command(commands, "accounts", about, "accounts:accounts")
    parser.add_argument("file", metavar="FILE", help="the file of accounts")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--add", metavar="NAME", help="add an account, or change its password")
    what.add_argument("--remove", metavar="NAME", help="remove an account")
    parser.add_argument(
        "--guest", action="store_true", help="the account can view everything and change nothing"
    )


def add_cluster(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``cluster``."""
    about = "Show, start or stop the configured cluster."
    parser = command(commands, "cluster", about, "cluster:show")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    show = command(actions, "show", "Show the workers and their runs.", "cluster:show")
    for one in (parser, show):
        add_scheduler(one)
    command(actions, "start", "Start the cluster if it is not running.", "cluster:start")
    command(actions, "stop", "Stop the cluster; its runs return to the queue.", "cluster:stop")


def _add_group(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--accounts", metavar="FILE", help="require a login (see `via-obscura accounts`)"
    )
    group.add_argument(
        "--oauth", metavar="PROVIDER", help="log in with an OAuth provider: github, google, ..."
    )
    group.add_argument(
        "--editor",
        action="append",
        default=[],
        metavar="USER",
        help="user of the OAuth provider who can start runs; all others can only view",
    )
    group.add_argument("--read-only", action="store_true", help="disable all changes")
    group.add_argument(
        "--tables",
        metavar="FOLDER",
        help="only read tables by name from this folder (default for groups: tables in the home)",
    )
    group.add_argument(
        "--behind-proxy", action="store_true", help="trust X-Forwarded-For and -Proto"
    )
    group.add_argument(
        "--root-path",
        default="",
        metavar="/PATH/",
        help="path under which the proxy serves the dashboard (default: /)",
    )
