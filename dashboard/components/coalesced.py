"""Draw soon, once for all changes that arrive meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.session.session import Session

__all__ = ["Soon"]


class Soon:
    """A call that waits for the loop, and is made once however often it is asked for.

    A dragged slider sends faster than figures can be drawn; drawing each of its values in turn
    would fall behind the hand.

    Parameters
    ----------
    session
        On whose loop.
    ready
        Whether there is anything to draw; asked with each wish.
    draw
        What is to be done.
    """

    def __init__(
        self, session: Session, ready: Callable[[], bool], draw: Callable[[], None]
    ) -> None:
        self._session, self._ready, self._draw = session, ready, draw
        self._pending = False

    def __call__(self, _: object = None) -> None:
        """Ask for it; an event of a widget may come along."""
        if not self._pending and self._ready():
            self._pending = True
            self._session.background.on_loop(self._now)

    def _now(self) -> None:
        self._pending = False
        self._draw()
