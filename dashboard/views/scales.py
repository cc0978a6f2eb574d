"""From the numbers of cells to places on the colour bar, for counts and for any quantity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["Scale", "count_scale", "ticks", "value_scale"]

#: Nodes of an equalised scale of a quantity: as many as there are colours.
_NODES = 256
#: Share of the cells at each end that take the last colour: a cell of few stars strays far.
_TAIL = 0.01
#: A logarithmic scale through zero is linear within this share of the larger limit.
_LINEAR = 0.01
#: Where numbers should stand between the ends of a bar.
_WANTED = (0.18, 0.34, 0.5, 0.66, 0.82)


@dataclass(frozen=True)
class Scale:
    """A map that never falls, from the numbers of cells to [0, 1].

    Parameters
    ----------
    how
        ``linear``, ``log`` or ``equalised``.
    low, high
        Numbers at the ends of the bar; those beyond have the colour of the end.
    nodes, places
        Of an equalised scale: numbers and where they stand, linear between.
    """

    how: str
    low: float
    high: float
    nodes: tuple[float, ...] = ()
    places: tuple[float, ...] = ()

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """Give the places of numbers, any shape."""
        values = np.clip(np.asarray(numbers, dtype=float), self.low, self.high)
        if self.low >= self.high:
            return np.ones(values.shape)
        if self.nodes:
            return np.interp(values, self.nodes, self.places)
        start, stop = (float(self._bent(np.float64(end))) for end in (self.low, self.high))
        return np.clip((self._bent(values) - start) / (stop - start), 0, 1)

    def _bent(self, values: np.ndarray) -> np.ndarray:
        if self.how != "log":
            return values
        if self.low > 0:
            return np.log(values)
        width = _LINEAR * max(abs(self.low), abs(self.high))
        return np.sign(values) * np.log1p(np.abs(values) / width)

    def to_dict(self) -> dict[str, Any]:
        """Write the scale as JSON can hold it."""
        return {name: value for name, value in asdict(self).items() if value != ()}

    @classmethod
    def from_dict(cls, document: object) -> Scale | None:
        """Read what `to_dict` wrote; None for anything else, such as a damaged document."""
        if not isinstance(document, Mapping):
            return None
        try:
            how, low, high = document["how"], float(document["low"]), float(document["high"])
            nodes, places = (
                tuple(float(v) for v in document.get(name, ())) for name in ("nodes", "places")
            )
        except (KeyError, TypeError, ValueError):
            return None
        sound = all(map(math.isfinite, (low, high, *nodes, *places))) and len(nodes) == len(places)
        sound &= all(a <= b for row in (nodes, places) for a, b in pairwise(row))
        return cls(how, low, high, nodes, places) if sound and how in _HOW else None


_HOW = ("linear", "log", "equalised")


def count_scale(counts: np.ndarray, how: str) -> Scale:
    """Give the scale of counts: from an empty cell (linear) or one star to the fullest cell.

    Parameters
    ----------
    counts
        The panel's image, integers; only its cells with at least one star matter.
    how
        ``linear``, ``log`` or ``equalised`` (the share of non-empty cells that hold fewer
        stars, so that every colour covers the same area).
    """
    top = float(counts.max()) if counts.size else 0.0
    if top < 1:
        return Scale(how, 0.0, 0.0)
    if how == "linear":
        return Scale(how, 0.0, top)
    if how == "log":
        return Scale(how, 1.0, top)
    levels, cells = _levels(counts[counts > 0])
    if levels.size <= 1:
        return Scale(how, top, top)
    below = np.concatenate([[0.0], np.cumsum(cells[:-1])]) / float(cells[:-1].sum())
    if levels.size > 4 * _NODES:
        # A node for each colour is as fine as the eye can see, and the bar uses the same nodes.
        picks = np.unique(np.searchsorted(below, np.linspace(0, 1, 4 * _NODES)))
        picks = np.unique(np.concatenate([[0], picks, [levels.size - 1]]))
        levels, below = levels[picks], below[picks]
    return Scale(how, float(levels[0]), top, tuple(levels.tolist()), tuple(below.tolist()))


def _levels(filled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the counts that occur and in how many cells; without sorting where they are small."""
    if int(filled.max()) > 4 * filled.size + 1024:
        return np.unique(filled, return_counts=True)
    cells = np.bincount(filled.astype(np.int64, copy=False).ravel())
    levels = np.flatnonzero(cells)
    return levels, cells[levels]


def value_scale(values: np.ndarray, how: str) -> Scale:
    """Give the scale of a quantity: all but the outermost hundredth of the cells at each end.

    A logarithmic scale that passes zero is logarithmic on both sides of it.

    Parameters
    ----------
    values
        One number for each cell; those that are not finite do not matter.
    how
        ``linear``, ``log`` or ``equalised``.
    """
    there = values[np.isfinite(values)]
    if not there.size:
        return Scale(how, 0.0, 0.0)
    if how == "equalised":
        places = np.linspace(0.0, 1.0, _NODES)
        nodes = np.quantile(there, places)
        nodes, first = np.unique(nodes, return_index=True)
        return Scale(how, float(nodes[0]), float(nodes[-1]), tuple(nodes.tolist()),
                     _ended(places[first]))  # fmt: skip
    low, high = (float(v) for v in np.quantile(there, [_TAIL, 1 - _TAIL]))
    return Scale(how, low, high)


def _ended(places: np.ndarray) -> tuple[float, ...]:
    """Stretch places to the ends of the bar, which equal numbers may have shortened."""
    places = places - places[0]
    return tuple((places / (places[-1] or 1.0)).tolist())


def ticks(scale: Scale, *, whole: bool, at_most: int = 6) -> dict[float, str]:
    """Give places on the colour bar (0 to 1) and the numbers that stand there.

    The places come from the same map as the colours, so the bar is right for every scale.

    Parameters
    ----------
    scale
        That of the colours.
    whole
        For counts: whole numbers, the largest one exact. Otherwise the ends bear the signs
        that say what lies beyond them.
    at_most
        About so many.
    """
    if whole and scale.high < 1:
        return {}
    if scale.low >= scale.high:
        return {1.0: _short(scale.high) if whole else _number(scale.high, abs(scale.high) / 100)}
    wanted = _whole(scale) if whole else _round(scale)
    found: dict[float, str] = {}
    last = -1.0
    step = (scale.high - scale.low) / 100
    for n in wanted:
        place = float(scale(np.array([n]))[0])
        end = n == wanted[-1]
        if end and found and place - last < 1 / at_most:
            found.pop(last)
        if place - last >= 1 / at_most or not found or end:
            found[place] = _short(n) if whole else _bound(n, scale, step)
            last = place
    return found


def _whole(scale: Scale) -> list[int]:
    first, top = max(math.ceil(scale.low), 1), int(scale.high)
    inner = {m * 10**k for k in range(12) for m in (1, 2, 5)}
    return sorted({first, top} | {n for n in inner if first < n < top})


def _round(scale: Scale) -> list[float]:
    """Give the ends and round numbers between, dense where the scale is steep."""
    low, high = scale.low, scale.high
    if scale.how == "linear":
        return [low, *_multiples(_step((high - low) / 5), low, high), high]
    exact = [_where(scale, place) for place in (0.0, *_WANTED, 1.0)]
    chosen = set()
    for before, number, after in zip(exact, exact[1:], exact[2:], strict=False):
        # Rounded within a tenth of the way to the nearer neighbour on the bar.
        room = min(number - before, after - number) / 5
        if room > 0:
            step = 10.0 ** math.floor(math.log10(room))
            chosen.add(round(round(number / step) * step, 12))
    return [low, *sorted(v for v in chosen if low < v < high), high]


def _where(scale: Scale, place: float) -> float:
    """Find the number that stands at a place of the bar, by halving."""
    low, high = scale.low, scale.high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(scale(np.array(middle))) < place else (low, middle)
    return (low + high) / 2


def _multiples(step: float, low: float, high: float) -> list[float]:
    """Give the multiples of a step between two numbers."""
    whole = range(math.ceil(low / step), math.floor(high / step) + 1)
    return [v for k in whole if low < (v := round(k * step, 12)) < high]


def _step(length: float) -> float:
    """Round a length up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(length))
    return next(m for m in (1.0, 2.0, 5.0, 10.0) if m * power >= length * (1 - 1e-9)) * power


def _bound(n: float, scale: Scale, step: float) -> str:
    """Write a number; the ends of a scale hold what lies beyond as well."""
    fine = min(step, abs(n) / 50) if n and scale.how != "linear" else step
    text = _number(n, fine)
    if scale.how == "equalised":
        return text
    return f"≤ {text}" if n == scale.low else f"≥ {text}" if n == scale.high else text


def _number(value: float, step: float) -> str:
    """Write a number as finely as a hundredth of the bar."""
    if value and (abs(value) >= 1e5 or abs(value) < 1e-3):
        return f"{value:.2g}".replace("-", "−")
    digits = max(0, -math.floor(math.log10(step))) if step > 0 else 2
    text = f"{value:.{min(digits, 6)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def _short(n: float) -> str:
    """Write a count as 950, 1.2k or 34M."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if n >= size:
            return f"{n / size:.3g}{letter}"
    return str(int(n))
