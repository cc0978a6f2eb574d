"""The composition root: services once, a session for each browser, and the server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import panel as pn

# Here, while there is one thread: requests silences a warning of urllib3 about SOCKS proxies while
# it is imported, and a thread that leaves `warnings.catch_warnings` meanwhile undoes that.
import requests  # noqa: F401
from bokeh.document import Document
from panel.io.state import set_curdoc
from panel.viewable import Viewable

from dashboard.server.server import ServeOptions, make_server, origins
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.shell import Shell

__all__ = ["build_app", "origins", "rehearsal", "serve"]

#: The page that is rehearsed: many kinds of controls, and no figure.
REHEARSED = "tracers"
#: Milliseconds between two pulls of a session.
PULL_MS = 1000


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
    session = Session(services, services.access.of(pn.state.user))
    shell = Shell(services, session)
    document = pn.state.curdoc
    if document is not None and document.session_context is not None:
        # Bokeh's own, which goes with the document. Panel's starts on a later tick, and where the
        # browser has left by then it runs on the bare loop, for good.
        document.add_periodic_callback(partial(_pull, document, shell), PULL_MS)
    return shell.page


def _pull(document: Document, shell: Shell) -> None:
    with set_curdoc(document):
        shell.refresh()


def rehearsal(services: Services) -> Viewable:
    """Build a page without figures: what HoloViews keeps of those would keep the session."""
    return Shell(services, Session(services, page=REHEARSED)).page


def serve(
    home: Path,
    options: ServeOptions | None = None,
    on_listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve the application until the process is stopped.

    Parameters
    ----------
    home
        Folder that holds catalogues and runs; it is created where it is missing.
    options
        How it is served; by default on localhost, port 5006.
    on_listening
        Called once browsers can connect.
    """
    options = options or ServeOptions()
    services = Services(home)
    services.access = options.rules(home)
    services.start()
    pn.extension(notifications=False)
    pn.config.autoreload = False
    try:
        server = make_server(
            services, lambda: build_app(services), options, lambda: rehearsal(services)
        )
        server.start()
        on_listening()
        server.io_loop.start()
    finally:
        services.close()
