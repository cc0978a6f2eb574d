"""How much time is left, told from how fast the progress was."""

from __future__ import annotations

from collections import deque

__all__ = ["RemainingTime"]

_BELIEVED = 0.25
"""Part of the expected time during which the estimate counts for something."""


class RemainingTime:
    """An estimate of the time left that follows changes of speed.

    The rate is that of the later half of the time so far, or of the last `window` seconds if
    that is longer; without an estimate nothing is said before there is enough to go by, because
    a wild first number is worse than none. An estimate made before the start is believed at
    first, and forgotten step by step during its first quarter.

    Parameters
    ----------
    window
        Seconds of history that count at least.
    expected
        Seconds that the whole was estimated to take, or 0.
    """

    def __init__(self, window: float = 60.0, expected: float = 0.0) -> None:
        self.window = window
        self.expected = expected
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
        known = elapsed >= 2.0 and gained >= 0.01
        if not known:
            return (1.0 - fraction) * self.expected if elapsed < self.expected else None
        whole = elapsed / gained
        if self.expected > 0.0:
            belief = max(0.0, 1.0 - (now - self._began) / (_BELIEVED * self.expected))
            whole = self.expected**belief * whole ** (1.0 - belief)
        return (1.0 - fraction) * whole
