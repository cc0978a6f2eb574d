"""The server: how it listens, who may come in, and how its loop stays free."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.application.application import SessionContext
from bokeh.document import Document
from bokeh.model import Model
from panel.io import server as panel_server
from panel.io.application import Application
from panel.io.document import _cleanup_doc
from panel.io.state import set_curdoc
from panel.viewable import Viewable

from dashboard import pages
from dashboard.policy.access import AccessRules
from dashboard.server.accounts import read_accounts, secret_of
from dashboard.server.connection import quiet_about_closed_pages, tell_of_connection
from dashboard.server.document_cache import pull_beside_the_loop, write_ahead
from dashboard.server.limits import UPLOAD_LIMIT
from dashboard.server.login import LoginProvider
from dashboard.server.react_mount_patch import KEEP_LATE_CHANGES
from data.errors import UserError

if TYPE_CHECKING:
    from bokeh.server.server import Server

    from dashboard.services.services import Services

__all__ = ["ServeOptions", "make_server", "origins", "rehearse"]

#: Names of this machine that no other can reach.
LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Unused sessions are looked for this often, and dropped after this long (ms): long enough
#: for a laptop lid or a broken network, short enough that memory comes back.
CHECK_UNUSED_MS = 15_000
UNUSED_LIFETIME_MS = 60_000
#: Seconds for which the token in a loaded page can open its websocket.
TOKEN_EXPIRATION_S = 600


@dataclass(frozen=True)
class ServeOptions:
    """How the application is served.

    Parameters
    ----------
    host, port
        Address to listen on; sessions share the store, so anything but the loopback address
        shares it with whoever can reach that address.
    open_browser
        Open the page in the user's browser.
    allow_origins
        Further ``host:port`` under which browsers may reach the server.
    accounts
        File of accounts; with it everyone has to log in.
    oauth
        Name of an OAuth provider of Panel, instead of accounts; its key and secret come from
        PANEL_OAUTH_KEY and PANEL_OAUTH_SECRET.
    editors
        Users of the OAuth provider that may change things; the others are guests.
    read_only
        Everyone is a guest.
    tables
        The only folder from which tables are read by name; by default ``tables`` in the home
        where somebody has to log in or the server can be reached from elsewhere.
    proxy
        Stands behind a proxy that says who asks and how (X-Forwarded-For, X-Forwarded-Proto).
    root
        Path under which the proxy shows it, as in ``/obscura/``.
    unused_ms, check_ms
        When sessions without a browser are dropped, and how often that is looked at.
    """

    host: str = "localhost"
    port: int = 5006
    open_browser: bool = False
    allow_origins: Sequence[str] = ()
    accounts: Path | None = None
    oauth: str | None = None
    editors: Sequence[str] = ()
    read_only: bool = False
    tables: Path | None = None
    proxy: bool = False
    root: str = ""
    unused_ms: int = UNUSED_LIFETIME_MS
    check_ms: int = CHECK_UNUSED_MS

    @property
    def login(self) -> bool:
        """Whether everyone has to log in."""
        return self.accounts is not None or self.oauth is not None

    def rules(self, home: Path) -> AccessRules:
        """Give who may change what.

        Raises
        ------
        UserError
            The accounts cannot be read.
        """
        accounts = read_accounts(self.accounts) if self.accounts else {}
        alone = self.host in LOOPBACK and not self.login and not self.proxy
        return AccessRules(
            roles={name: account.role for name, account in accounts.items()},
            editors=frozenset(self.editors),
            login=self.login,
            read_only=self.read_only,
            tables=self.tables or (None if alone else home / "tables"),
        )


class _BuildsInThread(Application):
    """An application whose pages are built beside the event loop.

    To build the page of a new session takes a second or two of Python. On the loop that is a
    second in which every other session is frozen; in a thread, the loop has its turn every few
    milliseconds. One thread builds, one page after the other: what the libraries share between
    sessions is never built from two sides.
    """

    _builder: ThreadPoolExecutor
    _built: weakref.WeakSet[Document]

    async def on_session_created(self, session_context: SessionContext) -> None:
        """Build the page; `initialize_document` then finds it built."""
        await super().on_session_created(session_context)
        document = session_context._document
        build = super().initialize_document
        loop, context = asyncio.get_running_loop(), copy_context()
        await loop.run_in_executor(self._builder, lambda: context.run(build, document))
        # What the page does from now on, it does on the loop.
        pn.state._thread_id_[document] = pn.state._current_thread
        # A page of some thousand models is taken down beside the loop, too: nobody sees it then.
        models = document.models
        take_down = models.destroy
        models.destroy = lambda: self._builder.submit(take_down)
        self._built.add(document)
        # A page whose network was gone comes back by itself; until then it says so.
        document.config.reconnect_session = True
        tell_of_connection(document)

    def initialize_document(self, doc: Document) -> None:
        """Build the page, unless that is done."""
        if doc not in self._built:
            super().initialize_document(doc)


def make_server(
    services: Services,
    app: Any,  # noqa: ANN401
    options: ServeOptions,
    rehearsal: Callable[[], Viewable] | None = None,
) -> Server:
    """Make the server, listening; its loop is the caller's to start.

    Parameters
    ----------
    services
        The long-lived services.
    app
        Function that builds the page of a session.
    options
        How it is served.
    rehearsal
        Gives a page that is built at once and dropped: see `rehearse`.
    """
    secret = secret_of(services.home)
    server = pn.serve(
        {"/": app},
        port=options.port,
        address=options.host,
        websocket_origin=origins(options.host, options.port, options.allow_origins),
        show=options.open_browser,
        start=False,
        title="Via Obscura",
        verbose=False,
        check_unused_sessions_milliseconds=options.check_ms,
        unused_session_lifetime_milliseconds=options.unused_ms,
        session_token_expiration=TOKEN_EXPIRATION_S,
        # An upload travels as base64 beside the rest of its message.
        websocket_max_message_size=UPLOAD_LIMIT * 4 // 3 + 2**20,
        global_loading_spinner=False,
        # A websocket needs a token that only a page of this server can have got.
        sign_sessions=True,
        secret_key=secret,
        generate_session_ids=True,
        xsrf_cookies=True,
        use_xheaders=options.proxy,
        **_login(options, secret),
        **({"root_path": options.root} if options.root else {}),
    )
    builder = ThreadPoolExecutor(1, thread_name_prefix="via-obscura-pages")
    for context in server._tornado._applications.values():
        application = context._application
        application.__class__ = _BuildsInThread
        application._builder, application._built = builder, weakref.WeakSet()
    _prepare_pages(builder)
    pull_beside_the_loop()
    quiet_about_closed_pages()
    for page in iter_modules(pages.__path__, f"{pages.__name__}."):
        import_module(page.name)
    # What is imported stays for good, and to look through it takes a third of a second each time.
    # Now, before there is a session: one that is frozen with the rest would never be freed.
    gc.collect()
    gc.freeze()
    if rehearsal is not None:
        builder.submit(rehearse, rehearsal)
    return server


def rehearse(page: Callable[[], Viewable]) -> None:
    """Build a page for nobody and drop it.

    The first page of a process imports some hundred modules more, and fills the tables that the
    libraries make of their own classes: twice the work of the second. Done here while a browser
    is still on its way, the first visitor waits for less; one who comes at once for no more.
    """
    document = Document()
    with set_curdoc(document):
        page().server_doc(document, location=False)
    _cleanup_doc(document)


def _login(options: ServeOptions, secret: str) -> dict[str, Any]:
    """Give what `pn.serve` must know so that everyone has to log in; nothing where nobody has to.

    Raises
    ------
    UserError
        The accounts cannot be read, or the OAuth provider's key is missing.
    """
    # Another key than that of the sessions, so that neither can stand for the other.
    cookies = hashlib.sha256(b"cookies:" + secret.encode()).hexdigest()
    if options.accounts is not None:
        pn.config.cookie_secret = cookies
        return {"auth_provider": LoginProvider(read_accounts(options.accounts))}
    if options.oauth is None:
        return {}
    key, hidden = (os.environ.get(f"PANEL_OAUTH_{name}") for name in ("KEY", "SECRET"))
    if not key or not hidden:
        raise UserError(
            f"To log in with {options.oauth} takes a key and a secret.",
            "Set PANEL_OAUTH_KEY and PANEL_OAUTH_SECRET to those of your provider.",
        )
    return {
        "oauth_provider": options.oauth,
        "oauth_key": key,
        "oauth_secret": hidden,
        "cookie_secret": cookies,
    }


def _prepare_pages(builder: ThreadPoolExecutor) -> None:
    """Take two more things off the loop, where the server is about to send the frame of a page.

    Which scripts and styles a page needs is found out once: it costs 0.1 s, depends on the
    classes of models that are imported and not on the page. And the page, which is complete now,
    is written down for the browser that will ask for it in a moment.
    """
    find = panel_server.bundle_resources
    known: dict[tuple[object, ...], Any] = {}

    def prepared(roots: Any, resources: Any, **options: Any) -> Any:  # noqa: ANN401
        places = resources.mode, resources.root_url, pn.state.rel_path
        key = (*places, len(Model.model_class_reverse_map), *sorted(options.items()))
        if key not in known:
            known[key] = find(roots, resources, **options)
            known[key].js_raw.append(KEEP_LATE_CHANGES)
        document = next((root.document for root in roots if root.document is not None), None)
        if document is not None:
            builder.submit(write_ahead, document)
        return known[key]

    panel_server.bundle_resources = prepared


def origins(host: str, port: int, more: Sequence[str] = ()) -> list[str]:
    """Give the origins from which a browser may open a websocket; never a wildcard.

    Bokeh cannot name an IPv6 address here, so a server on ``::1`` is reached as localhost.
    """
    everywhere = host in {"0.0.0.0", "::", ""}  # noqa: S104  names of it, not a binding
    local = everywhere or host in {"localhost", "127.0.0.1", "::1"}
    names = {"localhost", "127.0.0.1"} if local else {host}
    return sorted({f"{name}:{port}" for name in names} | set(more))
