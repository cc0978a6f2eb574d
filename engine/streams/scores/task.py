"""What every method is given: the stars, one window of them, and how to work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.streams.scores.settings import ScoreSettings
from engine.streams.windows import Window

__all__ = ["WindowTask"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class WindowTask:
    """One window to be scored once.

    Parameters
    ----------
    features, m
        (N, F) and (N,), all finite: the stars of the table and the coordinate that windows cut.
    window
        Whose n stars are scored.
    settings, seed
        See ``score_windows``.
    on_progress
        Called with the finished part; may raise to stop.
    """

    features: Floats
    m: Floats
    window: Window
    settings: ScoreSettings
    seed: int
    on_progress: Callable[[float], None]

    @cached_property
    def inside(self) -> Bools:
        """(N,) which stars are in the window."""
        return self.window.contains(self.m)

    @property
    def stars(self) -> Floats:
        """(n, F + 1) features of the window's stars, and m."""
        return np.column_stack([self.features[self.inside], self.m[self.inside]])

    def place(self, m: Floats) -> Floats:
        """Give m from the middle of the window, in units of its standard deviation."""
        place: Floats = (m - self.window.centre) / self.window.width * np.sqrt(12)
        return place
