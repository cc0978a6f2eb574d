"""Undo and redo: a line of states and a place on it."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["History"]

T = TypeVar("T")

#: How many states are remembered.
LIMIT = 100


class History(Generic[T]):
    """A bounded line of states with a cursor.

    Parameters
    ----------
    start
        The first state; it can never be undone.
    """

    def __init__(self, start: T) -> None:
        self._states = [start]
        self._at = 0

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier state."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a state that was undone."""
        return self._at + 1 < len(self._states)

    def push(self, state: T) -> None:
        """Append a state after the present one; what was undone is forgotten."""
        self._states = [*self._states[: self._at + 1], state][-LIMIT:]
        self._at = len(self._states) - 1

    def back(self) -> T:
        """Move to the earlier state, if there is one, and give the present state."""
        self._at = max(self._at - 1, 0)
        return self._states[self._at]

    def forward(self) -> T:
        """Move to the later state, if there is one, and give the present state."""
        self._at = min(self._at + 1, len(self._states) - 1)
        return self._states[self._at]
