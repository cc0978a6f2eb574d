"""The command that starts the dashboard."""

from __future__ import annotations

import errno
import os
import socket
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.cli.output import Output
from dashboard.cli.progress import ProgressLine
from dashboard.services.demonstration import STARS, is_missing, make_if_missing
from data.errors import UserError
from data.home import home
from engine.runs.queueing.dispatching import ensure_dispatcher
from engine.runs.queueing.executors import SCHEDULER_VARIABLE

if TYPE_CHECKING:
    from dashboard.server.server import ServeOptions

__all__ = ["address", "check_port", "serve"]

STEPS_VARIABLE = "VIA_OBSCURA_STEPS"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - names of it, not a binding


def serve(arguments: Namespace, output: Output) -> int:
    """Start the dashboard and stay until it is stopped."""
    host, port = address(arguments)
    check_port(host, port)
    folder = home(arguments.home)
    if arguments.scheduler:  # for everything that is started from the pages
        os.environ[SCHEDULER_VARIABLE] = arguments.scheduler
    ensure_dispatcher(folder)  # runs that waited when everything was switched off go on waiting
    if arguments.demonstration and is_missing(folder):
        output.note(
            f"{_step(3)}demonstration catalogue: {STARS:,} stars, about 90 s on two idle cores"
        )
        with ProgressLine() as progress:
            make_if_missing(folder, progress)
    if _step(4):
        output.note("starting the dashboard ...")
    from dashboard import app
    from dashboard.server.server import ServeOptions

    options = ServeOptions(
        host=host,
        port=port,
        open_browser=arguments.open,
        allow_origins=tuple(arguments.allow_origin),
        accounts=Path(arguments.accounts).expanduser() if arguments.accounts else None,
        oauth=arguments.oauth,
        editors=tuple(arguments.editor),
        read_only=arguments.read_only,
        tables=Path(arguments.tables).expanduser() if arguments.tables else None,
        proxy=arguments.behind_proxy,
        root=arguments.root_path,
    )
    options.rules(folder)  # report errors in the accounts before anything is loaded
    try:
        app.serve(folder, options, lambda: _announce(arguments, options, output))
    except KeyboardInterrupt:
        output.note(
            "Server stopped. Runs continue in the background; `via-obscura runs` lists them."
        )
    return 0


def _step(number: int) -> str:
    """Give the number of a step where this command is the last part of ``make app``."""
    steps = os.environ.get(STEPS_VARIABLE, "")
    return f"{number}/{steps} " if steps else ""


def _announce(arguments: Namespace, options: ServeOptions, output: Output) -> None:
    """Print the address, and who has access."""
    host, folder = options.host, home(arguments.home)
    rules = options.rules(folder)
    shown = "localhost" if host in _EVERYWHERE else host
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{options.port}"
    output.result(
        {"address": url, "home": str(folder)}, f"{_step(4)}open {url} (stop with Ctrl+C)"
    )
    if host not in _LOOPBACK:
        who = "everyone who logs in" if rules.login else "everyone who can reach this machine"
        may = "" if rules.read_only else " and start runs"
        guests = " (guests: view only)" if rules.login and not rules.read_only else ""
        output.note(
            f"Listening on {host or 'all addresses'}: {who} can view "
            f"the catalogues{may}{guests}. Browsers are accepted at the address "
            f"{', '.join(arguments.allow_origin) or shown}; add others with --allow-origin."
        )


def address(arguments: Namespace) -> tuple[str, int]:
    """Give host and port: from the options, else from HOST and PORT, else localhost:5006.

    Raises
    ------
    UserError
        The port is invalid.
    """
    host = arguments.host or os.environ.get("HOST") or "localhost"
    text = str(arguments.port if arguments.port is not None else os.environ.get("PORT") or 5006)
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise UserError(f"Invalid port {text!r}.", "A port is a number from 1 to 65535.")
    return host, int(text)


def check_port(host: str, port: int) -> None:
    """Check before anything is loaded that the server can listen on the address.

    Raises
    ------
    UserError
        The port is taken or not allowed, or the host is not this machine.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise UserError(f"Unknown host {host!r}.", "Use --host localhost.") from error
    refused: list[OSError] = []
    for family, kind, protocol, _, place in found:
        try:
            _try_to_listen(family, kind, protocol, place)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise _port_in_use(port) from error
            refused.append(error)  # for instance IPv6 on a machine without it
    if len(refused) == len(found):
        raise UserError(
            f"Cannot listen on {host}:{port}: {refused[0].strerror}.",
            "Use another --port (above 1023) or --host.",
        )


def _try_to_listen(family: int, kind: int, protocol: int, place: tuple[object, ...]) -> None:
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(place)
        probe.listen(1)


def _port_in_use(port: int) -> UserError:
    other = port + 1 if port < 65535 else 5006
    return UserError(
        f"Port {port} is already in use.",
        f"Choose another: `PORT={other} make app`, or `via-obscura serve --port {other}`.",
    )
