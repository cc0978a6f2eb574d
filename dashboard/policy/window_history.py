"""The windows that a search for streams has been through, as it reports them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.policy.event_history import EventHistory

__all__ = ["SearchedWindow", "WindowHistory"]


@dataclass(frozen=True)
class SearchedWindow:
    """One window.

    Parameters
    ----------
    patch
        Name of its patch.
    coordinate
        Proper motion that it is a window of.
    low, high
        Its edges, mas/yr.
    stars
        In the window.
    sigma
        sigma_L of its best line; NaN where it has too few stars for one.
    seconds
        What it took.
    """

    patch: str
    coordinate: str
    low: float
    high: float
    stars: int
    sigma: float
    seconds: float


@dataclass
class WindowHistory(EventHistory):
    """Windows by patch, coordinate and lower edge; one that is searched again is replaced."""

    KIND = "window"

    _windows: dict[tuple[str, str, float], SearchedWindow] = field(default_factory=dict)

    def _take(self, event: Mapping[str, Any]) -> None:
        sigma = event["sigma"]
        one = SearchedWindow(
            patch=str(event["patch"]),
            coordinate=str(event["coordinate"]),
            low=float(event["low"]),
            high=float(event["high"]),
            stars=int(event["stars"]),
            sigma=math.nan if sigma is None else float(sigma),
            seconds=float(event["seconds"]),
        )
        self._windows[one.patch, one.coordinate, one.low] = one

    @property
    def windows(self) -> list[SearchedWindow]:
        """The windows, by patch, coordinate and edge."""
        return [self._windows[key] for key in sorted(self._windows)]

    @property
    def best(self) -> SearchedWindow | None:
        """The window with the most significant line."""
        seen = [one for one in self.windows if math.isfinite(one.sigma)]
        return max(seen, key=lambda one: one.sigma, default=None)
