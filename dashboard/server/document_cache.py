"""What a browser pulls of a page: written beside the loop, and whole when it comes back."""

from __future__ import annotations

import asyncio
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import panel as pn
from bokeh.core.serialization import Serialized
from bokeh.document import Document
from bokeh.document.events import DocumentChangedEvent, DocumentPatchedEvent
from bokeh.server.session import ServerSession

__all__ = ["pull_beside_the_loop", "write_ahead"]


def write_ahead(document: Document) -> None:
    """Write the page down for the browser that will pull it, unless it changes before."""
    changes: list[DocumentChangedEvent] = []

    def changed(event: DocumentChangedEvent) -> None:
        if isinstance(event, DocumentPatchedEvent):  # no mere callback that came or went
            changes.append(event)
            document.remove_on_change(changed)

    document.on_change(changed)
    written: list[Any] = [document.to_json()]

    def to_json(*, deferred: bool = True) -> Any:  # noqa: ANN401 - as Bokeh has it
        del document.to_json  # the class's own again
        text = written.pop()
        if deferred and not changes:
            document.remove_on_change(changed)
            return text
        return type(document).to_json(document, deferred=deferred)

    document.to_json = to_json


def pull_beside_the_loop() -> None:
    """Let servers of this process write pages in a thread while the loop serves other sessions.

    A page that has changed since it was written ahead takes a third of a second of Python. The
    session's own callbacks wait: the lock of its document is held.
    """
    writer = ThreadPoolExecutor(1, thread_name_prefix="via-obscura-pulls")
    # Counted here and not where pages are written ahead: on a busy machine a browser may have
    # pulled its page before that is done.
    pulled: weakref.WeakSet[ServerSession] = weakref.WeakSet()

    async def pull(message: Any, connection: Any) -> Any:  # noqa: ANN401 - as Bokeh has them
        session = connection.session
        if session in pulled:
            _now_loaded(session.document)
            _as_text(session.document)
        pulled.add(session)
        asked = message.header["msgid"]

        async def write() -> Any:  # noqa: ANN401
            def reply() -> Any:  # noqa: ANN401
                return connection.protocol.create("PULL-DOC-REPLY", asked, session.document)

            return await asyncio.get_running_loop().run_in_executor(writer, reply)

        return await session.with_document_locked(write)

    ServerSession.pull = staticmethod(pull)


def _as_text(document: Document) -> None:
    """Write arrays into the text of the page from now on.

    A browser that pulls a second time has lost its connection and come back. Bokeh 3.9 then
    forgets the binary buffers of the answer ("buffer for id=... not found", and the page stays
    dead).
    """

    def to_json(*, deferred: bool = True) -> Any:  # noqa: ANN401 - as Bokeh has it
        text = type(document).to_json(document, deferred=False)
        return Serialized(text, []) if deferred else text

    document.to_json = to_json


def _now_loaded(document: Document) -> None:
    """See to it that a page which has come back counts as loaded.

    A browser says once that it has drawn a page. Where the connection was lost before, nobody
    hears it, and Panel would hold everything back that the page is to be told.
    """
    if not pn.state._loaded.get(document):
        document.add_next_tick_callback(partial(pn.state._on_load, document))
