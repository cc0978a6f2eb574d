"""Stars into cells: all panels are filled in one walk over the stars.

The cell of a star is ``floor((x - low) * (cells / (high - low)))`` in double precision, along
each axis; the upper end of a range belongs to the last cell, and a star outside or with a missing
coordinate is in none. ``numpy.histogram2d`` counts the same but for stars within rounding of an
edge between two cells.

A block of rows is small enough for the processor's cache. Its selected rows are listed once for
all panels, from the bits of the mask; for each panel the cells of the block are found by a loop
that the compiler turns into vector instructions, and the listed ones are counted. Finding cells
costs about 1 ns a star, so keeping them (4 bytes a star and panel) would not pay.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from data.parallel_rows import by_pieces
from data.selection.compiled import compiled

__all__ = ["Binned", "Plane", "fill", "warm"]

Array: TypeAlias = npt.NDArray[Any]
Range: TypeAlias = tuple[float, float]

_FEW = 6
"""Of more stars than the listed ones times this, only the listed ones are looked at: that is no
vector loop, and costs so many times as much a star."""
_BLOCK = 1 << 17
"""Rows of a block, a multiple of 8: a column's part in it takes 512 kB."""
_MOST_WORKERS = 8
_SAMPLE = 4096


@dataclass(frozen=True)
class Plane:
    """What one panel counts, and in which cells.

    Parameters
    ----------
    x, y
        Coordinates, shape (n,), any real type.
    x_range, y_range
        The frame, low before high.
    shape
        Cells in y and in x.
    value
        A third quantity, shape (n,), whose sums are wanted in each cell; None for counts alone.
    """

    x: Array
    y: Array
    x_range: Range
    y_range: Range
    shape: tuple[int, int]
    value: Array | None = None


@dataclass(frozen=True)
class Binned:
    """The cells of one panel, the lowest y first.

    Parameters
    ----------
    count
        Stars in each cell, shape (h, w), uint32. Where there is a third quantity, only stars
        that have it.
    mean, spread
        Of the third quantity, shape (h, w), float64: mean and standard deviation
        ``sqrt(<v^2> - <v>^2)`` of the stars in the cell, NaN where there is none; the spread
        also where there is only one. None where counts alone were wanted.
    """

    count: Array
    mean: Array | None = None
    spread: Array | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of all images."""
        return sum(a.nbytes for a in (self.count, self.mean, self.spread) if a is not None)


def fill(planes: Sequence[Plane], rows: int, bits: Array | None = None) -> list[Binned]:
    """Fill the cells of several panels with the selected stars.

    Parameters
    ----------
    planes
        One for each panel.
    rows
        Number of stars n.
    bits
        The selection, shape ((n + 7) // 8,), uint8, the first star in the lowest bit (as
        `data.selection.masks` keeps it); None for every star.

    Returns
    -------
    list of Binned
        In the order of the planes. Each worker takes every k-th block and sums are added in
        the order of the workers, so the same machine gives the same numbers again.
    """
    blocks = -(-rows // _BLOCK)
    workers = min(_cores(), max(blocks, 1))
    tasks = [[_Filler(plane) for plane in planes] for _ in range(workers)]

    def work(turn: slice) -> None:
        for worker in range(turn.start, turn.stop):
            listed = np.empty(_BLOCK + 8, dtype=np.int32)
            cells = np.empty(_BLOCK, dtype=np.int32)
            for block in range(worker, blocks, workers):
                start, stop = block * _BLOCK, min((block + 1) * _BLOCK, rows)
                kept = _list_rows(bits, start, stop, listed)
                if kept:
                    for filler in tasks[worker]:
                        filler.add(slice(start, stop), listed[:kept], cells[: stop - start])

    by_pieces(workers, work, 1)
    for others in tasks[1:]:
        for first, other in zip(tasks[0], others, strict=True):
            first.join(other)
    return [filler.result() for filler in tasks[0]]


class _Filler:
    """The sums of one panel in one worker."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._x, self._y = _readable(plane.x), _readable(plane.y)
        height, width = plane.shape
        # One more cell, for the stars of no cell: to count them costs less than to ask first.
        self.count = np.zeros(height * width + 1, dtype=np.uint32)
        self._value = None if plane.value is None else _readable(plane.value)
        if self._value is not None:
            self.sums = np.zeros((self.count.size, 2))
            self._origin = _typical(self._value)

    def add(self, rows: slice, listed: Array, cells: Array) -> None:
        """Add the listed stars among some rows; ``cells`` is scratch of as many entries."""
        plane = self._plane
        where = (*_ends(plane.x_range), *_ends(plane.y_range), plane.shape[1], plane.shape[0])
        if listed.size * _FEW < cells.size:
            _place_listed(self._x[rows], self._y[rows], *where, listed, cells)
        else:
            _place(self._x[rows], self._y[rows], *where, cells)
        if self._value is None:
            _count(cells, listed, self.count)
        else:
            _sum(cells, self._value[rows], listed, self._origin, self.count, self.sums)

    def join(self, other: _Filler) -> None:
        """Add what another worker has found."""
        self.count += other.count
        if self._value is not None:
            self.sums += other.sums

    def result(self) -> Binned:
        """Give the cells."""
        shape = self._plane.shape
        count = self.count[:-1].reshape(shape)
        if self._value is None:
            return Binned(count)
        with np.errstate(invalid="ignore", divide="ignore"):
            first, second = (self.sums[:-1, k].reshape(shape) / count for k in (0, 1))
        variance = np.maximum(second - first**2, 0.0)
        spread = np.where(count > 1, np.sqrt(variance), np.nan)
        return Binned(count, first + self._origin, spread)


def _cores() -> int:
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(known or 1, _MOST_WORKERS)


def _ends(span: Range) -> Range:
    low, high = sorted(map(float, span))
    return (low, high) if high > low else (low, float(np.nextafter(low, np.inf)))


def _readable(values: Array) -> Array:
    """Give a read-only view: the loops are compiled for those alone, as the store gives them."""
    view = values.view(np.uint8) if values.dtype == np.bool_ else values.view()
    view.flags.writeable = False
    return view


def _typical(values: Array) -> float:
    """Give a value near the bulk: sums of differences from it lose no digits."""
    sample = np.asarray(values[:: max(len(values) // _SAMPLE, 1)], dtype=np.float64)
    sample = sample[np.isfinite(sample)]
    return float(np.median(sample)) if sample.size else 0.0


def _list_rows(bits: Array | None, start: int, stop: int, listed: Array) -> int:
    """Write the selected rows of a block, counted from its start, and give their number."""
    if bits is None:
        listed[: stop - start] = _EVERY[: stop - start]
        return stop - start
    return int(_list_bits(bits[start // 8 : (stop + 7) // 8], listed, _PLACES, _NUMBERS))


def _bytes_table() -> tuple[Array, Array]:
    """Give for each byte the places of its bits, shape (256, 8), and their number, (256,)."""
    table = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    places = np.argsort(table == 0, axis=1, kind="stable").astype(np.uint8)
    return places, table.sum(axis=1, dtype=np.int64)


_EVERY = np.arange(_BLOCK, dtype=np.int32)
_PLACES, _NUMBERS = _bytes_table()


@compiled
def _list_bits(bits: Array, listed: Array, places: Array, numbers: Array) -> int:
    """List the bits that are set; ``listed`` has room for eight more, which are scratch."""
    kept = np.uint64(0)
    for i in range(bits.size):
        byte = np.uint64(bits[i])
        for k in range(8):
            # All eight are written and the set ones kept: a branch would be guessed wrongly.
            listed[kept + np.uint64(k)] = np.int32(8 * i) + np.int32(places[byte, np.uint64(k)])
        kept += np.uint64(numbers[byte])
    return np.int64(kept)


@compiled
def _place(
    x: Array,
    y: Array,
    left: float,
    right: float,
    low: float,
    high: float,
    width: int,
    height: int,
    cells: Array,
) -> None:
    """Find the cell of each star; ``width * height`` stands for none."""
    x_scale, y_scale = width / (right - left), height / (high - low)
    last_column, last_row = np.float64(width - 1), np.float64(height - 1)
    row_length, outside = np.float64(width), np.float64(width * height)
    for i in range(cells.size):
        # In doubles throughout and without a branch, so that it can be vectorised.
        u, v = np.float64(x[i]), np.float64(y[i])
        inside = (u >= left) & (u <= right) & (v >= low) & (v <= high)
        column, row = np.floor((u - left) * x_scale), np.floor((v - low) * y_scale)
        column = column if column < last_column else last_column
        row = row if row < last_row else last_row
        cell = row * row_length + column
        cells[i] = np.int32(cell if inside else outside)


@compiled
def _place_listed(
    x: Array,
    y: Array,
    left: float,
    right: float,
    low: float,
    high: float,
    width: int,
    height: int,
    listed: Array,
    cells: Array,
) -> None:
    """Do what `_place` does for the listed stars alone; the other cells are left as they are."""
    x_scale, y_scale = width / (right - left), height / (high - low)
    last_column, last_row = np.float64(width - 1), np.float64(height - 1)
    row_length, outside = np.float64(width), np.float64(width * height)
    for k in range(listed.size):
        i = np.uint64(listed[k])
        u, v = np.float64(x[i]), np.float64(y[i])
        inside = (u >= left) & (u <= right) & (v >= low) & (v <= high)
        column, row = np.floor((u - left) * x_scale), np.floor((v - low) * y_scale)
        column = column if column < last_column else last_column
        row = row if row < last_row else last_row
        cell = row * row_length + column
        cells[i] = np.int32(cell if inside else outside)


@compiled
def _count(cells: Array, listed: Array, count: Array) -> None:
    for k in range(listed.size):
        count[np.uint64(cells[np.uint64(listed[k])])] += np.uint32(1)


@compiled
def _sum(
    cells: Array, value: Array, listed: Array, origin: float, count: Array, sums: Array
) -> None:
    for k in range(listed.size):
        i = np.uint64(listed[k])
        difference = np.float64(value[i]) - origin
        if np.isfinite(difference):
            cell = np.uint64(cells[i])
            count[cell] += np.uint32(1)
            sums[cell, 0] += difference
            sums[cell, 1] += difference**2


def warm() -> None:
    """Compile the loops for the types of the store; once on a machine, then read from disk."""
    bits = np.array([0b10110], dtype=np.uint8)
    for x_type, y_type in (("f4", "f4"), ("f8", "f8"), ("f4", "f8"), ("f8", "f4")):
        x, y = np.linspace(0, 1, 8, dtype=x_type), np.linspace(0, 1, 8, dtype=y_type)
        frame = ((0.0, 1.0), (0.0, 1.0), (4, 4))
        fill([Plane(x, y, *frame), Plane(x, y, *frame, x)], 8, bits)
        one = np.zeros(1, dtype=np.int32)
        _place_listed(_readable(x), _readable(y), *frame[0], *frame[1], 4, 4, one,
                      np.empty(8, dtype=np.int32))  # fmt: skip
