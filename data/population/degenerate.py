"""Stars that no density model can be trained on, because they do not fill phase space.

A plane, a line, a point, one velocity or one star many times: the density of such stars is
infinite where they are and zero elsewhere, and no smooth density describes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from data.errors import UserError

__all__ = ["require_spread"]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

_FLAT = 3e-4
"""Least spread along any direction, in units of the largest. The thinnest disc in a ball of 4 kpc
has 2e-3; a tilted plane that is written with three decimals has 2e-4."""

_ROUNDING = 1e-6
"""Spread of equal numbers after rounding to single precision, in units of the number."""

_LOOKED_AT = 300_000
"""Stars whose spread is measured at most: a plane is one in any sample of its stars."""

_HALF = 0.5
_FEWEST_VELOCITIES = 100
_POSITION, _VELOCITY = ("x", "y", "z"), ("vx", "vy", "vz")
_PLACE = "position (x, y, z)"


def require_spread(x: Singles, v: Singles, sun: Floats, fewest: int) -> None:
    """Refuse tracers that do not fill a volume of positions and of velocities.

    Parameters
    ----------
    x, v
        Positions (kpc) and velocities (km/s) of the tracers, (n, 3).
    sun
        The Sun's position, (3,) kpc.
    fewest
        Least number of different positions.

    Raises
    ------
    UserError
        Naming the columns that do not vary, or vary only together, or repeat.
    """
    _require_finite(x, v)
    step = max(1, len(x) // _LOOKED_AT)
    place, motion = x[::step].astype(np.float64), v[::step].astype(np.float64)
    flat = [*_constant(place, _POSITION), *_constant(motion, _VELOCITY)]
    if flat:
        raise UserError(
            f"{_listed(flat)} {'do' if len(flat) > 1 else 'does'} not vary among the"
            f" {len(x):,} tracers.",
            "A map needs stars that fill a volume and move in all three directions.",
        )
    _require_rank(place, motion)
    _require_body(place, motion, sun)
    _require_different(x, v, fewest)


def _require_finite(x: Singles, v: Singles) -> None:
    names = [
        name
        for columns, values in ((_POSITION, x), (_VELOCITY, v))
        for name, finite in zip(columns, np.asarray(np.isfinite(values).all(0)), strict=True)
        if not finite
    ]
    if names:
        raise UserError(
            f"{_listed(names)} of some tracers {'are' if len(names) > 1 else 'is'} not finite.",
            "Leave these stars out by a selection, or correct the table and ingest it again.",
        )


def _constant(values: Floats, names: Sequence[str]) -> list[str]:
    """Name the columns of (n, 3) that do not vary."""
    spread = values.std(0)
    rounding = _ROUNDING * np.abs(values).max(0)
    least = np.maximum(_FLAT * spread.max(), rounding)
    return [name for name, small in zip(names, np.asarray(spread <= least), strict=True) if small]


def _require_rank(place: Floats, motion: Floats) -> None:
    """Refuse positions or velocities in a plane or on a line, at whatever angle."""
    for values, names in ((place, _POSITION), (motion, _VELOCITY)):
        size, direction = np.linalg.eigh(np.cov(values.T))
        flat = np.sqrt(np.maximum(size, 0.0)) <= _FLAT * np.sqrt(size[-1])
        if not flat.any():
            continue
        # a column belongs to it if its unit vector has a part along the directions without spread
        part = np.linalg.norm(direction[:, flat], axis=1)
        columns = [name for name, share in zip(names, part, strict=True) if share > _FLAT]
        shape = "on a line" if np.count_nonzero(flat) > 1 else "in a plane"
        raise UserError(
            f"{_listed(columns)} vary only together: the tracers'"
            f" {'positions' if names is _POSITION else 'velocities'} lie {shape}.",
            "Look at how these columns were made; two of them may be copies of each other.",
        )


def _require_body(place: Floats, motion: Floats, sun: Floats) -> None:
    """Refuse positions on a sphere or a cylinder, and orbits that are exact circles."""
    ring = np.linalg.norm(place[:, :2], axis=1)
    lengths = {
        "distance from the Sun": np.linalg.norm(place - sun, axis=1),
        "distance from the Galactic centre": np.linalg.norm(place, axis=1),
        "distance R from the Galactic axis": ring,
    }
    unit = place[:, :2] / np.maximum(ring, 1e-12)[:, None]
    speeds = {
        "velocity v_R away from the Galactic axis": (unit * motion[:, :2]).sum(1),
        "velocity v_phi along Galactic rotation": unit[:, 1] * motion[:, 0]
        - unit[:, 0] * motion[:, 1],
        "speed": np.linalg.norm(motion, axis=1),
    }
    _require_scatter(lengths, float(place.std(0).max()), float(np.abs(place).max()))
    _require_scatter(speeds, float(motion.std(0).max()), float(np.abs(motion).max()))


def _require_scatter(values: Mapping[str, Floats], spread: float, size: float) -> None:
    for name, column in values.items():
        if column.std() <= max(_FLAT * spread, _ROUNDING * size):
            raise UserError(
                f"The {name} is the same for all tracers.",
                "A map needs stars that fill a volume and move in all three directions.",
            )


def _require_different(x: Singles, v: Singles, fewest: int) -> None:
    """Refuse stars that repeat: a value, a place, or a handful of velocities."""
    for values, names in ((x, _POSITION), (v, _VELOCITY)):
        for name, column in zip(names, values.T, strict=True):
            middle = np.partition(column, len(column) // 2)[len(column) // 2]
            same = int(np.count_nonzero(column == middle))
            if same > _HALF * len(column):
                raise UserError(
                    f"{same:,} of the {len(column):,} tracers have the same {name}, {middle:g}.",
                    "A placeholder may stand for a missing value; leave these stars out.",
                )
    different, shared = _repeated(x)
    if shared > _HALF * len(x):
        raise UserError(
            f"About {shared:,.0f} of the {len(x):,} tracers share their {_PLACE} with another.",
            "Remove repeated rows from the table; coordinates may also be rounded too coarsely.",
        )
    if different < fewest:
        raise UserError(
            f"The {len(x):,} tracers have only {different:,.0f} different values of their"
            f" {_PLACE}; a density model needs at least {fewest:,}.",
            "Remove repeated rows from the table, or widen the selection.",
        )
    different, _ = _repeated(v)
    if different < _FEWEST_VELOCITIES:
        raise UserError(
            f"The {len(v):,} tracers have only {different:,.0f} different velocities"
            " (vx, vy, vz).",
            "Look at how these columns were made.",
        )


def _repeated(values: Singles) -> tuple[float, float]:
    """Count the different rows of (n, 3), and the rows that are equal to another one.

    Of many rows those of a part of the values are counted, so that equal rows stay together.
    """
    bits = np.ascontiguousarray(values + np.float32(0)).view(np.uint32).astype(np.uint64)
    key = np.zeros(len(values), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in bits.T:
            key = (key ^ column) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
    every = max(1, len(values) // _LOOKED_AT)
    _, counts = np.unique(key[key % np.uint64(every) == 0], return_counts=True)
    return float(every * counts.size), float(every * counts[counts > 1].sum())


def _listed(names: Sequence[str]) -> str:
    """Write names into a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
