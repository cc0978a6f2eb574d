"""What a run has reported, followed without reading its events twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = ["EventHistory", "ReadSince"]

ReadSince = Callable[[int], tuple[list[dict[str, Any]], int]]
"""A position in the event file to the events after it and the next position."""


@dataclass
class EventHistory:
    """Reports of one kind, growing as events arrive.

    Parameters
    ----------
    offset
        How far the event file has been read.
    version
        Grows whenever something was added.
    """

    KIND: ClassVar[str] = ""
    """The kind of events that are reports."""

    offset: int = 0
    version: int = 0

    def follow(self, read_since: ReadSince, at_most: int = 64) -> bool:
        """Read what is new, in at most `at_most` chunks; say whether anything was."""
        before = self.version
        for _ in range(at_most):
            events, offset = read_since(self.offset)
            self.add(events)
            if offset == self.offset:
                break
            self.offset = offset
        return self.version != before

    def add(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take events in; those of other kinds, and damaged ones, are passed over."""
        for event in events:
            if event.get("kind") != self.KIND:
                continue
            try:
                self._take(event)
            except (KeyError, TypeError, ValueError):
                continue
            self.version += 1

    def _take(self, event: Mapping[str, Any]) -> None:
        """Keep one report; KeyError, TypeError or ValueError where it is damaged."""
        raise NotImplementedError
