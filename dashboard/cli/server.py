"""The command that starts the dashboard."""

from __future__ import annotations

import errno
import os
import socket
from argparse import Namespace

from dashboard.cli.output import Output
from dashboard.cli.progress import ProgressLine
from dashboard.demonstration import make_if_missing
from data.errors import UserError
from data.home import home

__all__ = ["address", "check_port", "serve"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - names of it, not a binding


def serve(arguments: Namespace, output: Output) -> int:
    """Start the dashboard and stay until it is stopped."""
    host, port = address(arguments)
    check_port(host, port)
    folder = home(arguments.home)
    if arguments.demonstration:
        output.note("Looking for the demonstration catalogue ...")
        with ProgressLine() as progress:
            make_if_missing(folder, progress)
    from dashboard import app

    shown = "localhost" if host in _EVERYWHERE else host
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
    output.result(
        {"address": url, "home": str(folder)}, f"Via Obscura is at {url} (Ctrl-C stops it)."
    )
    if host not in _LOOPBACK:
        output.note(
            f"It listens on {host or 'every address'}: everyone who can reach this machine sees "
            "its catalogues and can start runs. Browsers are let in from "
            f"{', '.join(arguments.allow_origin) or shown}; --allow-origin adds to that."
        )
    try:
        app.serve(
            folder, host, port, open_browser=arguments.open, allow_origins=arguments.allow_origin
        )
    except KeyboardInterrupt:
        output.note("Stopped. Runs that are at work go on.")
    return 0


def address(arguments: Namespace) -> tuple[str, int]:
    """Give host and port: from the options, else from HOST and PORT, else localhost:5006.

    Raises
    ------
    UserError
        The port is none.
    """
    host = arguments.host or os.environ.get("HOST") or "localhost"
    text = str(arguments.port if arguments.port is not None else os.environ.get("PORT") or 5006)
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise UserError(f"{text!r} is no port.", "A port is a number from 1 to 65535.")
    return host, int(text)


def check_port(host: str, port: int) -> None:
    """Find out before anything is loaded whether the address can be listened on.

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
        raise UserError(f"There is no address {host!r}.", "Use --host localhost.") from error
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
            f"{host}:{port} cannot be listened on: {refused[0].strerror}.",
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
