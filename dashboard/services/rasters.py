"""Masks and images, kept by what they are of and never by their data."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from data.selection import MaskCache

__all__ = ["RasterCache"]

T = TypeVar("T")


class RasterCache:
    """A bounded memory of arrays, keyed on ids and hashes.

    A key names its content completely: catalogue id, selection hash, axes, ranges, size. Two
    sessions that look at the same thing share the array; no plot object goes in here, since
    shared plots would carry the ranges of one session into another.

    Parameters
    ----------
    capacity
        Bytes that may be held; the least recently used arrays go first. At 34 million stars a
        map of the sky takes 270 MB, an image one.

    Attributes
    ----------
    masks : MaskCache
        The answers of cuts, as bits, with a bound of their own.
    """

    def __init__(self, capacity: int = 640 * 2**20) -> None:
        self.masks = MaskCache()
        self._capacity = capacity
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], *, size: int | None = None) -> T:
        """Give what is held under ``key``, or make it, hold it and give it.

        Parameters
        ----------
        key
            Complete name of the content.
        make
            Called without a lock held; two sessions may both make the same thing once.
        size
            Bytes to count; by default the result's ``nbytes``.
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0]
        value = make()
        self._hold(key, value, int(getattr(value, "nbytes", 0) if size is None else size))
        return value

    def peek(self, key: Hashable) -> Any | None:  # noqa: ANN401  whatever was put there
        """Give what is held under ``key``, or None."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def _hold(self, key: Hashable, value: object, size: int) -> None:
        with self._lock:
            if key in self._held:
                self._bytes -= self._held.pop(key)[1]
            self._held[key] = (value, size)
            self._bytes += size
            while self._bytes > self._capacity and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1][1]

    @property
    def nbytes(self) -> int:
        """Bytes that are held now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._held)
