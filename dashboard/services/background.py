"""Work off the event loop, and its results back on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

import panel as pn
from bokeh.document import Document
from panel.io.state import set_curdoc

__all__ = ["Background"]


class Background:
    """Run functions in threads for one session and deliver their results to its document.

    The event loop of the server is shared by all sessions, so a callback that computes for a
    second freezes every one of them. Results hop back through the document's next-tick
    callback, the only call into a session from another thread that is allowed.

    Parameters
    ----------
    executor
        Where the work runs; shared by all sessions.
    failed
        Called on the session's loop with the exception of work that has no handler of its own.
    """

    def __init__(self, executor: Executor, failed: Callable[[BaseException], None]) -> None:
        self._executor = executor
        self._failed = failed
        self._document = pn.state.curdoc
        self._served = self._document is not None and self._document.session_context is not None

    def __call__(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> Future[Any]:
        """Run ``work()`` in a thread, then ``done(result)`` or ``failed(error)`` on the loop."""
        future = self._executor.submit(work)
        future.add_done_callback(partial(self._finished, done, failed or self._failed))
        return future

    def on_loop(self, call: Callable[[], None]) -> None:
        """Run ``call()`` on the session's loop soon; at once where there is no server."""
        document = self._document
        if document is None or not self._served:
            call()
        # A session that is over has no context any more, or one that says so.
        elif not getattr(document.session_context, "destroyed", True):
            document.add_next_tick_callback(partial(self._once_loaded, document, call))

    @staticmethod
    def _once_loaded(document: Document, call: Callable[[], None]) -> None:
        """Run ``call()`` when the browser has the page.

        A change between the making of the page and its first connection is lost to parts that
        the browser is still building: quick work would leave them busy for good.
        """
        with set_curdoc(document):
            pn.state.onload(call)

    def _finished(
        self,
        done: Callable[[Any], None] | None,
        failed: Callable[[BaseException], None],
        future: Future[Any],
    ) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self.on_loop(partial(failed, error))
        elif done is not None:
            self.on_loop(partial(self._deliver, done, future.result()))

    def _deliver(self, done: Callable[[Any], None], result: object) -> None:
        try:
            done(result)
        except Exception as error:  # the one place where a late error can still be shown
            self._failed(error)
