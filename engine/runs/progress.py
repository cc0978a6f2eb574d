"""How much time is left, told from how fast the progress was."""

from __future__ import annotations

from collections import deque

__all__ = ["RemainingTime"]


class RemainingTime:
    """An estimate of the time left that follows changes of speed.

    The rate is that of the later half of the time so far, or of the last `window` seconds if
    that is longer; nothing is said before there is enough to go by, because a wild first
    number is worse than none.

    Parameters
    ----------
    window
        Seconds of history that count at least.
    """

    def __init__(self, window: float = 60.0) -> None:
        self.window = window
        self._history: deque[tuple[float, float]] = deque()
        self._began = 0.0

    def add(self, fraction: float, now: float) -> float | None:
        """Take a progress report and estimate the seconds left.

        Parameters
        ----------
        fraction
            What is done, 0 to 1. Going backwards starts the history anew.
        now
            A monotonic time in seconds.
        """
        history = self._history
        if history and fraction < history[-1][1]:
            history.clear()
        if not history:
            self._began = now
        history.append((now, fraction))
        window = max(self.window, (now - self._began) / 2)
        while len(history) > 2 and now - history[1][0] > window:
            history.popleft()
        elapsed, gained = now - history[0][0], fraction - history[0][1]
        if fraction >= 1.0:
            return 0.0
        if elapsed < 2.0 or gained < 0.01:
            return None
        return (1.0 - fraction) * elapsed / gained
