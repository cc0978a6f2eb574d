"""Masks that are evaluated piecewise: a changed cut costs its own evaluation and a few ANDs.

The answer of every range, polygon and comparison is kept as bits, an eighth of a byte a star;
groups and complements are made from the bits of their members, which at 34 million stars takes
less than a millisecond each.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from functools import reduce
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from data.columns.derived import ColumnSource
from data.parallel_rows import by_pieces
from data.selection.evaluate import columns_of, refine_rows
from data.selection.kernels import BoolArray
from data.selection.tree import Node, canonical, leaves

__all__ = ["Bits", "MaskCache", "count_bits", "from_bits", "to_bits"]

Bits: TypeAlias = npt.NDArray[np.uint8]
"""A mask of n rows in (n + 7) // 8 bytes, the first row in the lowest bit; the bits after the
last row are 0."""

_Key: TypeAlias = tuple[str, int, str]


class MaskCache:
    """Masks of selections, from kept answers of their cuts.

    Keys are a catalogue's content id, its number of rows and a hash of the cut, so the answer
    for another catalogue is never taken. A catalogue without an id is evaluated anew each time.
    Safe to share between threads and sessions; two that ask for the same new cut at once may
    both evaluate it.

    Parameters
    ----------
    capacity
        Bytes that may be held; the answers that were not used for longest go first.
    """

    def __init__(self, capacity: int = 256 * 2**20) -> None:
        self._capacity = capacity
        self._held: OrderedDict[_Key, Bits] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def evaluate(self, tree: object, catalogue: ColumnSource) -> BoolArray:
        """Say which stars a selection keeps, as `data.selection.mask` does.

        Returns
        -------
        ndarray, bool, (n_rows,)
            The caller's own.

        Raises
        ------
        UserError
            If the tree is malformed or names a column that is not there.
        """
        return from_bits(self.bits(tree, catalogue), catalogue.n_rows)

    def bits(self, tree: object, catalogue: ColumnSource) -> Bits:
        """Give the mask as bits, shape ((n_rows + 7) // 8,), read-only."""
        node = canonical(tree)
        rows = catalogue.n_rows
        result = _ones(rows) if node is None else self._bits(node, catalogue, rows)
        result.flags.writeable = False
        return result

    def count(self, tree: object, catalogue: ColumnSource) -> int:
        """Give how many stars a selection keeps."""
        return count_bits(self.bits(tree, catalogue))

    def missing(self, tree: object, catalogue: ColumnSource) -> int:
        """Give how many cuts of a selection have to be evaluated because none is kept."""
        keys = {_key(leaf, catalogue) for leaf in leaves(canonical(tree))}
        with self._lock:
            return sum(key is None or key not in self._held for key in keys)

    @property
    def nbytes(self) -> int:
        """Bytes that are held now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._held)

    def _bits(self, node: Node, catalogue: ColumnSource, rows: int) -> Bits:
        kind = node["kind"]
        if kind == "not":
            return _complement(self._bits(node["of"], catalogue, rows), rows)
        if kind not in ("and", "or", "xor"):
            return self._leaf(node, catalogue)
        members = (self._bits(member, catalogue, rows) for member in node["of"])
        start = _ones(rows) if kind == "and" else np.zeros(_size(rows), dtype=np.uint8)
        combine = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}[kind]
        # The first array is this call's own, so every step may write into it.
        return reduce(lambda held, member: combine(held, member, out=held), members, start)

    def _leaf(self, leaf: Node, catalogue: ColumnSource) -> Bits:
        key = _key(leaf, catalogue)
        if key is None:
            return _evaluated(leaf, catalogue)
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        bits = _evaluated(leaf, catalogue)
        bits.flags.writeable = False
        with self._lock:
            if key not in self._held:
                self._held[key] = bits
                self._bytes += bits.nbytes
            while self._bytes > self._capacity:
                self._bytes -= self._held.popitem(last=False)[1].nbytes
        return bits


def _key(leaf: Node, catalogue: ColumnSource) -> _Key | None:
    identity = getattr(catalogue, "id", None)
    if identity is None:
        return None
    text = json.dumps(leaf, sort_keys=True, separators=(",", ":"))
    return str(identity), catalogue.n_rows, hashlib.sha256(text.encode()).hexdigest()


def _evaluated(leaf: Node, catalogue: ColumnSource) -> Bits:
    values = columns_of(leaf, catalogue)
    bits = np.empty(_size(catalogue.n_rows), dtype=np.uint8)

    def work(rows: slice) -> None:
        mask = np.ones(rows.stop - rows.start, dtype=np.bool_)
        refine_rows(mask, leaf, values.rows(rows))
        bits[rows.start // 8 : _size(rows.stop)] = to_bits(mask)

    by_pieces(catalogue.n_rows, work)
    return bits


def to_bits(mask: BoolArray) -> Bits:
    """Pack a mask, shape (n,), into bits."""
    return np.packbits(mask, bitorder="little")


def from_bits(bits: Bits, rows: int) -> BoolArray:
    """Unpack bits into a mask of shape (rows,)."""
    out = np.empty(rows, dtype=np.bool_)

    def work(part: slice) -> None:
        piece = bits[part.start // 8 : _size(part.stop)]
        count = part.stop - part.start
        out[part] = np.unpackbits(piece, count=count, bitorder="little").view(np.bool_)

    by_pieces(rows, work)
    return out


def count_bits(bits: Bits) -> int:
    """Give the number of rows that bits keep."""
    whole = bits.size // 8 * 8
    words = np.bitwise_count(bits[:whole].view(np.uint64))
    return int(words.sum(dtype=np.int64)) + int(np.bitwise_count(bits[whole:]).sum())


def _size(rows: int) -> int:
    return (rows + 7) // 8


def _ones(rows: int) -> Bits:
    return _trimmed(np.full(_size(rows), 255, dtype=np.uint8), rows)


def _complement(bits: Bits, rows: int) -> Bits:
    return _trimmed(np.bitwise_not(bits), rows)


def _trimmed(bits: Bits, rows: int) -> Bits:
    """Clear the bits after the last row."""
    if rows % 8:
        bits[-1] &= (1 << rows % 8) - 1
    return bits
