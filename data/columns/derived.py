"""Columns that are calculated from the stored ones, by name.

The frame is Galactocentric with the Sun at +x, so the disc turns towards -y: ``phi``, ``v_phi``
and ``L_z`` are counted positive along Galactic rotation and ``phi`` is 0 at the Sun. A value is
missing (NaN) wherever one of the columns that it needs is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from data.columns.families import find_ways, listed
from data.columns.kept import KeptColumns
from data.columns.table import TABLE, ColumnSource, Derived
from data.columns.unknown import not_from_parallax, unknown_column
from data.errors import UserError
from data.frames import Floats, SolarParameters, galactocentric_rotation
from data.parallel_rows import by_pieces
from data.units import conversion_factor

__all__ = ["DERIVED", "ColumnCache", "ColumnSource", "Derived", "available", "check_columns",
           "column", "described", "unit"]  # fmt: skip

Array: TypeAlias = npt.NDArray[Any]

_BLOCK = 1 << 16  # rows calculated at once, so that temporary arrays stay small
_MAX_CACHE_BYTES = 1 << 30


DERIVED = TABLE
"""Derived columns without parameters, by name; of several ways the first that the catalogue
allows is taken. `data.columns.families` has those with parameters, such as ``E(bovy)``."""

_STORED_FIRST = frozenset({"l", "b", "parallax_over_error", "pm", "E"})
"""Where a table brings these, or errors, its own are used, if its unit is that of what the name
means here. The other names are words of the frame and hide a stored column that is called the same
but means something else (R can be a magnitude)."""


def _way(catalogue: ColumnSource, name: str) -> Derived | None:
    """Find how to calculate a column here; ``None`` where a stored column is to be used."""
    ways = find_ways(name)
    first = name in _STORED_FIRST or name.endswith("_error")
    if first and catalogue.has(name) and _means_the_same(catalogue, name, ways):
        return None
    return next((way for way in ways if _allows(catalogue, way)), None)


def _means_the_same(catalogue: ColumnSource, name: str, ways: tuple[Derived, ...]) -> bool:
    """Say whether a stored column can be what its name means here, by its unit.

    A ``b`` in magnitudes is no latitude. One without a unit may be either, and Galactic
    coordinates are calculated from ra and dec then: the numbers are the same if it is one.
    """
    manifest = getattr(catalogue, "manifest", None)
    column = None if manifest is None else manifest.columns.get(name)
    if column is None or not ways:
        return True
    if not column.unit.strip():
        return name not in ("l", "b")
    try:
        conversion_factor(column.unit, ways[0].unit, name)
    except UserError:
        return False
    return True


def _allows(catalogue: ColumnSource, way: Derived) -> bool:
    possible = way.possible is None or way.possible(catalogue)
    return possible and all(map(catalogue.has, way.needs))


def available(catalogue: ColumnSource) -> dict[str, Derived]:
    """List the derived columns that this catalogue allows, in the order of :data:`DERIVED`.

    Of those with parameters it lists the usual ones.
    """
    found = ((name, _way(catalogue, name)) for name in (*DERIVED, *listed()))
    return {name: way for name, way in found if way is not None}


def described(catalogue: ColumnSource, name: str) -> Derived | None:
    """Describe a derived column as it is calculated here; None for a stored or unknown one."""
    try:
        return _way(catalogue, name)
    except UserError:
        return None


def unit(name: str) -> str:
    """Give the unit of a derived column as a string for ``astropy.units.Unit``.

    Raises
    ------
    KeyError
        If no derived column is called so.
    """
    ways = find_ways(name)
    if not ways:
        raise KeyError(name)
    return ways[0].unit


def sun_position(catalogue: object) -> Floats:
    """Give the place of the Sun (kpc) to which the positions of a catalogue refer.

    Measured stars were placed round the frame's exact origin of the sky, which lies 0.03 pc from
    the nominal position; stars of a simulation are seen from the nominal one.
    """
    manifest = getattr(catalogue, "manifest", None)
    if manifest is None:
        return np.asarray(SolarParameters().position, dtype=np.float64)
    if manifest.kind == "astrometry":
        return galactocentric_rotation(manifest.sun)[1]
    return np.asarray(manifest.sun.position, dtype=np.float64)


class ColumnCache:
    """Derived columns in memory, the least recently used dropped beyond a bound.

    Keys are content ids, never arrays. Safe to share between threads.
    """

    def __init__(self, max_bytes: int = _MAX_CACHE_BYTES) -> None:
        self.max_bytes = max_bytes
        self._columns: OrderedDict[tuple[object, ...], Array] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def n_bytes(self) -> int:
        """Memory held at the moment."""
        return sum(values.nbytes for values in self._columns.values())

    def get(self, key: tuple[object, ...], calculate: Callable[[], Array]) -> Array:
        """Give the column of a key, calculated where it is not held."""
        with self._lock:
            if key in self._columns:
                self._columns.move_to_end(key)
                return self._columns[key]
        values = calculate()
        if not values.flags.owndata and not values.flags.writeable:
            return values  # mapped: the system holds it
        values.flags.writeable = False
        with self._lock:
            if values.nbytes <= self.max_bytes:
                self._columns[key] = values
            while self.n_bytes > self.max_bytes:
                self._columns.popitem(last=False)
        return values


_cache = ColumnCache()
_kept = KeptColumns()


def column(catalogue: ColumnSource, name: str) -> Array:
    """Give a column by name, stored or derived.

    Returns
    -------
    ndarray, (n_rows,)
        The stored column as it is, or the derived one as float32, read-only.

    Raises
    ------
    UserError
        If the catalogue neither stores it nor can derive it; names similar columns.
    """
    way = _way(catalogue, name)
    if way is None:
        if catalogue.has(name):
            return catalogue.column(name)
        raise _unknown(catalogue, name)
    manifest = getattr(catalogue, "manifest", None)
    solar = SolarParameters() if manifest is None else manifest.sun
    place = sun_position(catalogue)
    sun = solar if way.moving else place
    identity = getattr(catalogue, "id", None)
    if identity is None:
        return _calculate(catalogue, way, sun)
    meaning = (way.needs, *place.tolist(), solar)
    kept = _kept.find(catalogue, name, meaning)
    if kept is not None:
        return kept
    key = (identity, catalogue.n_rows, name, *place.tolist(), solar)

    def make() -> Array:
        return _kept.keep(catalogue, name, meaning, _calculate(catalogue, way, sun))

    return _cache.get(key, make)


def check_columns(catalogue: ColumnSource, names: Iterable[str]) -> None:
    """Check that a catalogue stores columns or can derive them; nothing is calculated.

    Raises
    ------
    UserError
        As of `column`, for the first that it cannot give.
    """
    for name in sorted(names):
        if _way(catalogue, name) is None and not catalogue.has(name):
            raise _unknown(catalogue, name)


def _calculate(catalogue: ColumnSource, way: Derived, sun: Floats | SolarParameters) -> Array:
    needed: list[Array | None] = [catalogue.column(name) for name in way.needs]
    needed += [catalogue.column(name) if catalogue.has(name) else None for name in way.optional]
    out = np.empty(catalogue.n_rows, dtype=np.float32)

    def work(rows: slice) -> None:
        parts = [
            None if values is None else np.asarray(values[rows], dtype=np.float64)
            for values in needed
        ]
        with np.errstate(all="ignore"):
            out[rows] = way.calculate(*parts, sun=sun)

    by_pieces(out.size, work, _BLOCK)
    return out


def _unknown(catalogue: ColumnSource, name: str) -> UserError:
    stored: Iterable[str] = getattr(catalogue, "columns", ())
    ways = find_ways(name)
    if any(all(map(catalogue.has, way.needs)) for way in ways):
        return not_from_parallax(name, catalogue)
    return unknown_column(name, ways, {*stored, *available(catalogue)})
