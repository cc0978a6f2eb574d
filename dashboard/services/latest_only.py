"""Work in a thread for what follows the user's hand: the latest wish counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.session.session import Session

__all__ = ["LatestWork"]


class LatestWork:
    """Do one piece of work at a time; of the wishes that arrive meanwhile, the last one.

    A dragged slider wishes faster than densities are made. Working through each of its values
    would fall behind the hand, and on the session's loop it would hold all others up.

    Parameters
    ----------
    session
        The browser session.
    wish
        Asked on the loop for the work that is wanted now: a function without arguments that
        is safe in a thread.
    done
        Given its result, on the loop.
    failed
        Given the error where there is no result; by default it is reported to the user.
    """

    def __init__(
        self,
        session: Session,
        wish: Callable[[], Callable[[], Any] | None],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._session, self._wish, self._done = session, wish, done
        self._report = failed or session.report
        self._busy = self._again = False

    @property
    def working(self) -> bool:
        """Whether a result is on its way."""
        return self._busy

    def __call__(self, _: object = None) -> None:
        """Wish for new work."""
        if self._busy:
            self._again = True
            return
        work = self._wish()
        if work is None:
            return
        self._busy, self._again = True, False
        self._session.background(work, self._finished, self._failed)

    def _finished(self, result: object) -> None:
        self._busy = False
        if self._again:
            self()
            return
        self._done(result)

    def _failed(self, error: BaseException) -> None:
        self._busy = False
        if self._again:  # what is wished for now may well be possible
            self()
            return
        self._report(error)
