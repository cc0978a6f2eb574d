"""The grid of windows in one proper-motion component that a blind scan goes through."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import UserError

__all__ = ["Window", "windows"]

_MOST = 10_000


@dataclass(frozen=True)
class Window:
    """A slice of one coordinate, the signal region of the papers.

    Parameters
    ----------
    coordinate
        Name of the coordinate, such as ``pm_phi1``.
    low, high
        Edges in its unit; the lower one belongs to the window, the upper one does not.
    """

    coordinate: str
    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse edges that enclose nothing."""
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UserError(
                f"The window {self.low:g} to {self.high:g} in {self.coordinate} is empty.",
                "The lower edge must be below the upper one.",
            )

    @property
    def centre(self) -> float:
        """Middle of the window."""
        return 0.5 * (self.low + self.high)

    @property
    def width(self) -> float:
        """Distance of the edges."""
        return self.high - self.low

    def contains(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Tell which values (N,) lie in the window; missing ones do not."""
        array = np.asarray(values)
        inside: NDArray[np.bool_] = (array >= self.low) & (array < self.high)
        return inside

    def __str__(self) -> str:
        return f"{self.coordinate} {self.low:g} to {self.high:g}"


def windows(coordinate: str, values: ArrayLike, width: float, step: float) -> list[Window]:
    """State the grid of a scan: every window of a width on a fixed lattice that meets the data.

    Lower edges are whole multiples of the step, whatever the data: two tables of the same sky
    are scanned by the same windows, and nobody chooses a favourable phase. The grid runs from
    the first window that holds the smallest value to the last that holds the largest.

    Parameters
    ----------
    coordinate
        Name of the coordinate.
    values
        Its values (N,); missing ones do not count.
    width, step
        Of the windows, in the coordinate's unit.

    Raises
    ------
    UserError
        If no value is finite, a width or step is not positive, or the step skips stars.
    """
    array = np.asarray(values, np.float64)
    array = array[np.isfinite(array)]
    if not len(array):
        raise UserError(
            f"No star has a value of {coordinate}.",
            "Choose another coordinate.",
        )
    if not (width > 0 and step > 0 and math.isfinite(width) and math.isfinite(step)):
        raise UserError(
            f"Windows of width {width:g} at steps of {step:g} are invalid.",
            "Both must be positive.",
        )
    if step > width * (1 + 1e-9):
        raise UserError(
            f"Steps of {step:g} between windows of width {width:g} leave stars out.",
            "Choose a step no larger than the width.",
        )
    # The first lower edge is the largest multiple whose window does not end below the minimum.
    first = math.floor((float(array.min()) - width) / step + 1e-9) + 1
    last = math.floor(float(array.max()) / step + 1e-9)
    if last - first >= _MOST:
        raise UserError(
            f"The scan of {coordinate} would have {last - first + 1:,} windows.",
            f"Choose larger steps, or remove outliers ({array.min():g} to {array.max():g}).",
        )
    edges = (round(number * step, 9) for number in range(first, last + 1))
    return [Window(coordinate, low, round(low + width, 9)) for low in edges]
