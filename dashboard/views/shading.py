"""From counts to colours: one palette for context and selection, and a colour bar that is true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dashboard.theme import density_map

__all__ = ["CONTEXT_LEVELS", "LEVELS", "colour_ticks", "palette", "scale", "shade"]

#: Indices of the image: 0 is empty, then the greys of stars that are not selected, then the
#: colours of the selection. One byte a pixel keeps a refresh of four panels under a megabyte.
LEVELS = 256
CONTEXT_LEVELS = 40
_FIRST = 1 + CONTEXT_LEVELS

_GREYS = {True: ((26, 33, 52), (92, 103, 132)), False: ((236, 239, 245), (172, 180, 196))}


def palette(*, dark: bool) -> list[str]:
    """Give the colours of the indices 1 to 255: greys for context, then the density map."""
    low, high = _GREYS[dark]
    steps = np.linspace(0.0, 1.0, CONTEXT_LEVELS)[:, None]
    greys = np.rint((1 - steps) * np.array(low) + steps * np.array(high)).astype(int)
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in greys] + selection_palette(dark=dark)


def selection_palette(*, dark: bool) -> list[str]:
    """Give the colours of the selection alone, as the colour bar shows them."""
    colours = density_map(dark=dark)
    # The emptiest cell that holds a star must still be told from the background.
    picks = np.linspace(0.12, 1.0, LEVELS - _FIRST) * (len(colours) - 1)
    return [colours[int(i)] for i in picks]


def scale(counts: np.ndarray, how: str) -> Callable[[np.ndarray], np.ndarray]:
    """Give the map from counts to [0, 1] that a panel uses.

    Parameters
    ----------
    counts
        The panel's image; only its cells with at least one star matter.
    how
        ``linear``, ``log`` or ``equalised`` (the share of non-empty cells that hold fewer
        stars, so that every colour covers the same area).

    Returns
    -------
    callable
        Non-decreasing, for counts of at least 1.
    """
    filled = counts[counts > 0]
    top = float(filled.max()) if filled.size else 1.0
    if how == "linear":
        return lambda n: np.clip(np.asarray(n, dtype=float) / top, 0, 1)
    if how == "log":
        if top <= 1:
            return lambda n: np.ones(np.shape(n))
        return lambda n: np.clip(np.log(np.maximum(n, 1)) / np.log(top), 0, 1)
    levels, cells = np.unique(filled, return_counts=True)
    if levels.size <= 1:
        return lambda n: np.ones(np.shape(n))
    below = np.concatenate([[0.0], np.cumsum(cells[:-1])]) / float(cells[:-1].sum())
    return lambda n: np.interp(n, levels, np.clip(below, 0, 1))


def shade(selected: np.ndarray, everything: np.ndarray | None, how: str) -> np.ndarray:
    """Turn counts into palette indices.

    Parameters
    ----------
    selected : (h, w)
        Stars of the selection in each cell.
    everything : (h, w), optional
        All stars in each cell; where only these are found, the cell is grey.
    how
        As for ``scale``.

    Returns
    -------
    (h, w) uint8
        0 for empty cells.
    """
    index = np.zeros(selected.shape, dtype=np.uint8)
    if everything is not None:
        rest = (everything > 0) & (selected == 0)
        grey = scale(everything, "equalised")(everything[rest])
        index[rest] = 1 + np.rint(grey * (CONTEXT_LEVELS - 1)).astype(np.uint8)
    filled = selected > 0
    colour = scale(selected, how)(selected[filled])
    index[filled] = _FIRST + np.rint(colour * (LEVELS - 1 - _FIRST)).astype(np.uint8)
    return index


def colour_ticks(counts: np.ndarray, how: str, at_most: int = 6) -> dict[float, str]:
    """Give positions on the colour bar (0 to 1) and the counts that they stand for.

    The positions come from the same map as the colours, so the bar is right for the equalised
    scale too.
    """
    top = int(counts.max()) if counts.size else 0
    if top <= 0:
        return {}
    nice = sorted({1, top} | {m * 10**k for k in range(8) for m in (1, 2, 5) if m * 10**k < top})
    to_unit = scale(counts, how)
    ticks: dict[float, str] = {}
    last = -1.0
    for n in nice:
        place = float(to_unit(np.array([n]))[0])
        if n == top and ticks and place - last < 1 / at_most:
            ticks.pop(last)
        if place - last >= 1 / at_most or not ticks or n == top:
            ticks[place] = _short(n)
            last = place
    return ticks


def _short(n: int) -> str:
    """Write a count as 950, 1.2k or 34M."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if n >= size:
            return f"{n / size:.3g}{letter}"
    return str(n)
