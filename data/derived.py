"""Columns that are calculated from the stored ones, by name.

The frame is Galactocentric with the Sun at +x, so the disc turns towards -y: ``phi``, ``v_phi``
and ``L_z`` are counted positive along Galactic rotation and ``phi`` is 0 at the Sun. A value is
missing (NaN) wherever one of the columns that it needs is.
"""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from data import derived_formulae as formulae
from data.errors import UserError
from data.frames import Floats, SolarParameters, galactocentric_rotation

__all__ = ["DERIVED", "ColumnCache", "ColumnSource", "Derived", "available", "column", "unit"]

Array: TypeAlias = npt.NDArray[Any]

_BLOCK = 1 << 18  # rows calculated at once, so that temporary arrays stay small
_MAX_CACHE_BYTES = 1 << 30


class ColumnSource(Protocol):
    """What a selection needs of a catalogue."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    def has(self, name: str) -> bool:
        """Say whether a column of that name is stored."""

    def column(self, name: str) -> Array:
        """Give a stored column, shape (n_rows,)."""


@dataclass(frozen=True)
class Derived:
    """A derived column: what it is, what it needs and how it is calculated.

    ``calculate`` takes the needed columns as doubles, in the order of ``needs``, and the Sun's
    position as keyword ``sun``.
    """

    unit: str
    description: str
    needs: tuple[str, ...]
    calculate: Callable[..., Array]


_PLANE = ("x", "y", "vx", "vy")

DERIVED: dict[str, tuple[Derived, ...]] = {
    "R": (
        Derived("kpc", "distance from the Galactic axis", ("x", "y"),
                formulae.length),
    ),
    "r": (
        Derived("kpc", "distance from the Galactic centre", ("x", "y", "z"),
                formulae.length),
    ),
    "phi": (
        Derived("deg", "Galactocentric azimuth, 0 at the Sun, positive along rotation",
                ("x", "y"), formulae.azimuth),
    ),
    "v_R": (
        Derived("km / s", "velocity away from the Galactic axis", _PLANE,
                formulae.radial_motion),
    ),
    "v_phi": (
        Derived("km / s", "velocity along Galactic rotation", _PLANE, formulae.rotation_velocity),
    ),
    "v_z": (
        Derived("km / s", "velocity to the Galactic north", ("vz",), formulae.itself),
    ),
    "L_z": (
        Derived("kpc km / s", "angular momentum about the Galactic axis, positive along rotation",
                _PLANE, formulae.angular_momentum),
    ),
    "speed": (
        Derived("km / s", "speed in the Galactic rest frame", ("vx", "vy", "vz"),
                formulae.length),
    ),
    "v_toomre": (
        Derived("km / s", "sqrt(v_R^2 + v_z^2), the vertical axis of a Toomre diagram",
                (*_PLANE, "vz"), formulae.toomre),
    ),
    "distance_sun": (
        Derived("kpc", "distance from the Sun", ("x", "y", "z"), formulae.distance_from_sun),
    ),
    "l": (
        Derived("deg", "Galactic longitude", ("ra", "dec"), formulae.galactic_longitude),
        Derived("deg", "Galactic longitude", ("x", "y", "z"), formulae.seen_longitude),
    ),
    "b": (
        Derived("deg", "Galactic latitude", ("ra", "dec"), formulae.galactic_latitude),
        Derived("deg", "Galactic latitude", ("x", "y", "z"), formulae.seen_latitude),
    ),
    "parallax_over_error": (
        Derived("", "parallax divided by its error", ("parallax", "parallax_error"),
                formulae.ratio),
    ),
    "pm": (
        Derived("mas / yr", "total proper motion", ("pmra", "pmdec"),
                formulae.length),
    ),
    "absolute_g": (
        Derived("mag", "absolute magnitude M_G, without extinction",
                ("phot_g_mean_mag", "distance"), formulae.absolute_magnitude),
    ),
    "absolute_grvs": (
        Derived("mag", "absolute magnitude in G_RVS, without extinction",
                ("grvs_mag", "distance"), formulae.absolute_magnitude),
    ),
}  # fmt: skip
"""Derived columns by name; of several ways the first that the catalogue allows is taken."""

_STORED_FIRST = frozenset({"l", "b", "parallax_over_error", "pm"})
"""Where a table brings these, its own are used. The other names are words of the frame and
hide a stored column that is called the same but means something else (R can be a magnitude)."""


def _way(catalogue: ColumnSource, name: str) -> Derived | None:
    """Find how to calculate a column here; ``None`` where a stored column is to be used."""
    if name in _STORED_FIRST and catalogue.has(name):
        return None
    return next((way for way in DERIVED.get(name, ()) if all(map(catalogue.has, way.needs))), None)


def available(catalogue: ColumnSource) -> dict[str, Derived]:
    """List the derived columns that this catalogue allows, in the order of :data:`DERIVED`."""
    found = ((name, _way(catalogue, name)) for name in DERIVED)
    return {name: way for name, way in found if way is not None}


def unit(name: str) -> str:
    """Give the unit of a derived column as a string for ``astropy.units.Unit``."""
    return DERIVED[name][0].unit


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
        values.flags.writeable = False
        with self._lock:
            if values.nbytes <= self.max_bytes:
                self._columns[key] = values
            while self.n_bytes > self.max_bytes:
                self._columns.popitem(last=False)
        return values


_cache = ColumnCache()


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
    sun = sun_position(catalogue)
    identity = getattr(catalogue, "id", None)
    if identity is None:
        return _calculate(catalogue, way, sun)
    key = (identity, catalogue.n_rows, name, *sun.tolist())
    return _cache.get(key, lambda: _calculate(catalogue, way, sun))


def _calculate(catalogue: ColumnSource, way: Derived, sun: Array) -> Array:
    needed = [catalogue.column(name) for name in way.needs]
    out = np.empty(catalogue.n_rows, dtype=np.float32)
    with np.errstate(all="ignore"):
        for start in range(0, out.size, _BLOCK):
            rows = slice(start, start + _BLOCK)
            parts = [np.asarray(values[rows], dtype=np.float64) for values in needed]
            out[rows] = way.calculate(*parts, sun=sun)
    return out


def _unknown(catalogue: ColumnSource, name: str) -> UserError:
    if name in DERIVED:
        ways = " or ".join(" and ".join(way.needs) for way in DERIVED[name])
        return UserError(
            f"The column {name!r} cannot be derived from this catalogue.", f"It needs {ways}."
        )
    stored: Iterable[str] = getattr(catalogue, "columns", ())
    names = sorted({*stored, *available(catalogue)})
    folded = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.6)
    similar = ", ".join(folded[match] for match in close)
    hint = f"Did you mean {similar}?" if similar else f"It has: {', '.join(names)}."
    return UserError(f"The catalogue has no column {name!r}.", hint)
