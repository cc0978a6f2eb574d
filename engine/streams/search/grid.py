"""Which windows a blind scan cuts: stated before anything is scored, free of torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.streams.stars import PatchStars
from engine.streams.windows import Window, windows

__all__ = ["scan_grid"]

FEWEST = 200
"""Stars that a window holds at least, whatever the share that was asked for."""

_MOST = 0.9
"""Largest share of a patch's stars in a window: something has to be left beside it."""


def scan_grid(stars: PatchStars, spec: Mapping[str, Any]) -> list[Window]:
    """State the windows of a blind scan: all of the lattice that hold enough stars.

    Parameters
    ----------
    stars
        Of a patch.
    spec
        Of a search: ``coordinates``, ``width``, ``step`` and ``least``.
    """
    least = max(FEWEST, float(spec["least"]) * len(stars))
    return [
        window
        for coordinate in spec["coordinates"]
        for window in windows(coordinate, stars[coordinate], spec["width"], spec["step"])
        if least <= int(np.sum(window.contains(stars[coordinate]))) <= _MOST * len(stars)
    ]
