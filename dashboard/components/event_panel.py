"""A part of the page that follows what one run reports, and draws it again when there is more."""

from __future__ import annotations

from typing import Generic, TypeVar

from dashboard.policy.event_history import EventHistory
from engine.runs.folder.directory import RunDirectory

__all__ = ["EventPanel"]

History = TypeVar("History", bound=EventHistory)


class EventPanel(Generic[History]):
    """What all such parts have in common; ``_draw`` is theirs.

    Parameters
    ----------
    history
        Makes an empty history of the reports that are followed.
    dark
        Whether the page is drawn dark.
    """

    def __init__(self, history: type[History], *, dark: bool) -> None:
        self._dark = dark
        self._live = True
        self._make = history
        self._history = history()
        self._directory: RunDirectory | None = None

    def open(self, directory: RunDirectory | None, *, live: bool = True) -> None:
        """Follow another run; one that is not live will report no more."""
        self._live = live
        self._directory = directory
        self._history = self._make()
        self.refresh(redraw=True)

    def set_dark(self, dark: bool) -> None:
        """Draw for another background."""
        self._dark = dark
        self._draw()

    def refresh(self, *, redraw: bool = False) -> None:
        """Read the events that are new, and draw if there were reports among them."""
        directory, kind = self._directory, self._history.KIND
        news = directory is not None and self._history.follow(
            lambda offset: directory.events_since(offset, kinds={kind})
        )
        if news or redraw:
            self._draw()

    def _draw(self) -> None:
        raise NotImplementedError
