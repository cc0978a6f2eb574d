"""The composition root: services once, a session for each browser, and the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import panel as pn
from panel.viewable import Viewable

from dashboard.limits import UPLOAD_LIMIT
from dashboard.services import Services
from dashboard.session import Session
from dashboard.shell import Shell

__all__ = ["build_app", "serve"]

#: Milliseconds between two pulls of a session.
PULL_MS = 1000
#: Unused sessions are looked for this often, and dropped after this long (ms): long enough
#: for a laptop lid or a broken network, short enough that memory comes back.
CHECK_UNUSED_MS = 15_000
UNUSED_LIFETIME_MS = 60_000
#: Seconds for which the token in a loaded page can open its websocket.
TOKEN_EXPIRATION_S = 600


def build_app(services: Services) -> Viewable:
    """Build the application of one browser session.

    Parameters
    ----------
    services
        The long-lived services; the same object for every session.

    Returns
    -------
    Viewable
        The page, bound to the document of the session that asked for it.
    """
    session = Session(services)
    shell = Shell(services, session)
    if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
        pn.state.add_periodic_callback(shell.refresh, period=PULL_MS)
    return shell.page


def serve(
    home: Path,
    host: str = "localhost",
    port: int = 5006,
    open_browser: bool = False,
    allow_origins: Sequence[str] = (),
) -> None:
    """Serve the application until the process is stopped.

    Parameters
    ----------
    home
        Folder that holds catalogues and runs; it is created where it is missing.
    host, port
        Address to listen on. Sessions share the store, so anything but the loopback address
        shares it with whoever can reach that address.
    open_browser
        Open the page in the user's browser.
    allow_origins
        Further ``host:port`` under which browsers may reach the server.
    """
    services = Services(home)
    services.start()
    pn.extension(notifications=False)
    pn.config.autoreload = False

    def app() -> Viewable:
        return build_app(services)

    try:
        pn.serve(
            {"/": app},
            port=port,
            address=host,
            websocket_origin=origins(host, port, allow_origins),
            show=open_browser,
            title="Via Obscura",
            verbose=False,
            check_unused_sessions_milliseconds=CHECK_UNUSED_MS,
            unused_session_lifetime_milliseconds=UNUSED_LIFETIME_MS,
            session_token_expiration=TOKEN_EXPIRATION_S,
            # An upload travels as base64 beside the rest of its message.
            websocket_max_message_size=UPLOAD_LIMIT * 4 // 3 + 2**20,
            global_loading_spinner=False,
        )
    finally:
        services.close()


def origins(host: str, port: int, more: Sequence[str] = ()) -> list[str]:
    """Give the origins from which a browser may open a websocket; never a wildcard.

    Bokeh cannot name an IPv6 address here, so a server on ``::1`` is reached as localhost.
    """
    everywhere = host in {"0.0.0.0", "::", ""}  # noqa: S104  names of it, not a binding
    local = everywhere or host in {"localhost", "127.0.0.1", "::1"}
    names = {"localhost", "127.0.0.1"} if local else {host}
    return sorted({f"{name}:{port}" for name in names} | set(more))
