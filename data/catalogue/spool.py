"""Columns on their way into the store: raw files that grow chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.schema import MISSING_INTEGER

__all__ = ["Spool"]

_BLOCK = 1 << 20
_LARGEST_IN_FLOAT32 = 1 << 24
_LARGEST_IN_FLOAT64 = 1 << 53


class Spool:
    """A column that grows on disk and settles its type when all of it has been seen.

    Parameters
    ----------
    path
        Raw file, made by the first `append`.
    dtype
        The type that the column must have; None lets the values decide: float32 for floats and
        integers where that holds every value exactly, otherwise float64 for floats and int64
        for integers; bool for booleans without missing values.
    """

    def __init__(self, path: Path, dtype: str | None = None) -> None:
        self.path = path
        self.fixed = None if dtype is None else np.dtype(dtype)
        self._raw: np.dtype[Any] | None = self.fixed
        self._largest = 0
        self._any_missing = False
        self._needs_float64 = False
        self._any_float = False

    def append(self, values: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None) -> None:
        """Add the values of a chunk.

        Parameters
        ----------
        values
            Shape (m,): bool, int64 or float64 (or the fixed type).
        missing
            Shape (m,), True where there is no value. Floats say so by NaN as well.
        """
        if self.fixed is None:
            values = self._fit(values, missing)
        with self.path.open("ab") as file:
            np.ascontiguousarray(values, dtype=self._raw).tofile(file)

    def settle(self, keep: npt.NDArray[np.bool_] | None) -> npt.NDArray[Any]:
        """Give the column in its final type, mapped from disk.

        Parameters
        ----------
        keep
            Shape (n,), the rows that stay; None for all.

        Returns
        -------
        numpy.ndarray
            Mapped from the raw file, which must outlive it. Shape (number kept,).
        """
        raw = self._map()
        final = self._final_type()
        if keep is None and final == raw.dtype:
            return raw
        settled = self.path.with_suffix(".settled")
        with settled.open("wb") as file:
            for block in _blocks(len(raw)):
                part = raw[block] if keep is None else raw[block][keep[block]]
                self._convert(part, final).tofile(file)
        self.path.unlink()
        self.path = settled
        self._raw = final
        return self._map()

    @property
    def missing(self) -> int | None:
        """The integer that stands for a missing value in the settled column, if one does."""
        marked = self.fixed is None and self._any_missing and self._final_type() == np.int64
        return MISSING_INTEGER if marked else None

    def remove(self) -> None:
        """Delete the raw file."""
        self.path.unlink(missing_ok=True)

    def _map(self) -> npt.NDArray[Any]:
        assert self._raw is not None  # noqa: S101  (settled only after an append)
        if self.path.stat().st_size == 0:
            return np.empty(0, dtype=self._raw)
        return np.memmap(self.path, dtype=self._raw, mode="r")

    def _fit(
        self, values: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[Any]:
        """Widen the column or the chunk, so that both have one raw type."""
        if missing is not None and not missing.any():
            missing = None
        if values.dtype == np.bool_ and missing is not None:
            values = values.astype(np.int64)
        if values.dtype == np.int64:
            there = values if missing is None else values[~missing]
            if len(there):
                self._largest = max(self._largest, int(there.max()), -int(there.min()))
            if missing is not None:
                self._any_missing = True
                values = np.where(missing, MISSING_INTEGER, values)
        elif values.dtype != np.bool_:
            values = _narrow(values)
            self._needs_float64 |= values.dtype == np.float64
            self._any_float |= not bool(np.isnan(values).all())
        raw = self._raw or values.dtype
        common = raw if raw == values.dtype else _common(raw, values.dtype)
        if not self._any_float and common != raw and np.int64 in (raw, values.dtype):
            common = np.dtype(np.int64)  # the floats are all missing: long integers stay whole
            self._any_missing = True
        if self._raw is not None and common != raw:
            self._widen(common)
        self._raw = common
        return self._convert(values, common)

    def _widen(self, dtype: np.dtype[Any]) -> None:
        """Rewrite what is on disk in a wider type."""
        wider = self.path.with_suffix(".wider")
        raw = self._map()
        with wider.open("wb") as file:
            for block in _blocks(len(raw)):
                self._convert(raw[block], dtype).tofile(file)
        del raw
        wider.replace(self.path)

    def _final_type(self) -> np.dtype[Any]:
        assert self._raw is not None  # noqa: S101  (settled only after an append)
        if self.fixed is not None or self._raw == np.bool_:
            return self._raw
        if self._raw.kind == "f":
            wide = self._needs_float64 or self._largest > _LARGEST_IN_FLOAT32
            return np.dtype(np.float64 if wide else np.float32)
        if self._largest <= _LARGEST_IN_FLOAT32:
            return np.dtype(np.float32)
        if self._any_missing and self._largest <= _LARGEST_IN_FLOAT64:
            return np.dtype(np.float64)  # a missing value is NaN
        return self._raw

    def _convert(self, values: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Change the type, turning the mark of a missing integer into NaN and back."""
        if values.dtype == dtype:
            return values
        if values.dtype.kind == "f" and dtype.kind == "i":
            empty = np.isnan(values)
            return np.where(empty, MISSING_INTEGER, np.where(empty, 0, values).astype(dtype))
        converted = values.astype(dtype)
        if values.dtype == np.int64 and dtype.kind == "f":
            converted[values == MISSING_INTEGER] = np.nan
        return converted


def _narrow(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give floats as float32 where that keeps every digit, as float64 otherwise."""
    if values.dtype == np.float32:
        return values
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    same = np.array_equal(narrow.astype(np.float64), values, equal_nan=True)
    return narrow if same else values


def _common(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """Give the type that holds both; integers with floats may need float64."""
    if np.bool_ in (a, b) and np.float32 in (a, b):
        return np.dtype(np.float32)
    return np.promote_types(a, b)


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, _BLOCK):
        yield slice(start, start + _BLOCK)
