"""From cells to colours: one palette for context and selection."""

from __future__ import annotations

import colorcet
import numpy as np

from dashboard.components.theme import density_map
from dashboard.views.scales import Scale, count_scale, ticks, value_scale

__all__ = ["CONTEXT_LEVELS", "LEVELS", "colour_ticks", "palette", "scale", "scale_of",
           "selection_palette", "shade"]  # fmt: skip

#: Indices of the image: 0 is empty, then the greys of stars that are not selected, then the
#: colours of the selection. One byte a pixel keeps a refresh of four panels under a megabyte.
LEVELS = 256
CONTEXT_LEVELS = 40
_FIRST = 1 + CONTEXT_LEVELS

_GREYS = {True: ((26, 33, 52), (92, 103, 132)), False: ((236, 239, 245), (172, 180, 196))}
#: Of a third quantity: perceptually uniform, every colour apart from the background and the
#: greys, since a low mean is not an empty cell.
_VALUES = {True: colorcet.CET_L20[50:], False: colorcet.CET_L8[:225]}


def palette(*, dark: bool, quantity: bool = False) -> list[str]:
    """Give the colours of the indices 1 to 255: greys for context, then those of the cells."""
    low, high = _GREYS[dark]
    steps = np.linspace(0.0, 1.0, CONTEXT_LEVELS)[:, None]
    greys = np.rint((1 - steps) * np.array(low) + steps * np.array(high)).astype(int)
    colours = selection_palette(dark=dark, quantity=quantity)
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in greys] + colours


def selection_palette(*, dark: bool, quantity: bool = False) -> list[str]:
    """Give the colours of the cells alone, as the colour bar shows them."""
    colours = _VALUES[dark] if quantity else density_map(dark=dark)
    # The emptiest cell that holds a star must still be told from the background.
    start = 0.0 if quantity else 0.12
    picks = np.linspace(start, 1.0, LEVELS - _FIRST) * (len(colours) - 1)
    return [colours[int(i)] for i in picks]


def scale(counts: np.ndarray, how: str) -> Scale:
    """Give the map from counts to [0, 1] that a panel uses; as `count_scale`."""
    return count_scale(counts, how)


def scale_of(selected: np.ndarray, value: np.ndarray | None, how: str) -> Scale:
    """Give the scale of a panel: of its quantity where it shows one, else of its counts."""
    return count_scale(selected, how) if value is None else value_scale(value, how)


def shade(
    selected: np.ndarray,
    everything: np.ndarray | None,
    how: str | Scale,
    value: np.ndarray | None = None,
) -> np.ndarray:
    """Turn cells into palette indices.

    Parameters
    ----------
    selected : (h, w)
        Stars of the selection in each cell.
    everything : (h, w), optional
        All stars in each cell; where only these are found, the cell is grey.
    how
        As for `scale`, or a scale to keep.
    value : (h, w), optional
        The quantity that gives the colour, instead of the count; a cell where it is missing is
        grey as well.

    Returns
    -------
    (h, w) uint8
        0 for empty cells.
    """
    index = np.zeros(selected.shape, dtype=np.uint8)
    filled = selected > 0 if value is None else np.isfinite(value)
    context = selected if everything is None else everything
    if everything is not None or value is not None:
        rest = (context > 0) & ~filled
        if rest.any():
            grey = count_scale(context, "equalised")
            index[rest] = _indices(grey, context[rest], 1, CONTEXT_LEVELS)
    colour = scale_of(selected, value, how) if isinstance(how, str) else how
    numbers = selected if value is None else value
    index[filled] = _indices(colour, numbers[filled], _FIRST, LEVELS - 1)
    return index


def _indices(colour: Scale, numbers: np.ndarray, first: int, last: int) -> np.ndarray:
    """Give the palette index of each number: of counts through a table of all that occur."""
    if numbers.dtype.kind in "iu" and numbers.size:
        top = int(numbers.max())
        if top <= 4 * numbers.size + 1024:
            return _levels(colour, np.arange(top + 1), first, last)[numbers]
    return _levels(colour, numbers, first, last)


def _levels(colour: Scale, numbers: np.ndarray, first: int, last: int) -> np.ndarray:
    return (first + np.rint(colour(numbers) * (last - first))).astype(np.uint8)


def colour_ticks(counts: np.ndarray, how: str, at_most: int = 6) -> dict[float, str]:
    """Give places on the colour bar of counts (0 to 1) and the counts that stand there."""
    return ticks(count_scale(counts, how), whole=True, at_most=at_most)
