"""Globular clusters and dwarf galaxies of the Milky Way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from astropy.table import Table

__all__ = ["KnownObject", "known_objects"]

Kind = Literal["globular cluster", "dwarf galaxy"]

_PACKAGED = Path(__file__).parent / "objects.ecsv"


@dataclass(frozen=True)
class KnownObject:
    """A cluster or a satellite galaxy.

    Parameters
    ----------
    name, other
        Its usual name and another one, or an empty word.
    kind
        ``globular cluster`` (Harris 1996, edition of 2010) or ``dwarf galaxy`` (compiled by
        C. Mateu, 2018; the Clouds are among them).
    ra, dec, l, b
        ICRS and Galactic position, degrees.
    distance
        kpc.
    half_light
        Half-light radius, degrees; 0 where it is not known.
    """

    name: str
    other: str
    kind: Kind
    ra: float
    dec: float
    l: float  # noqa: E741
    b: float
    distance: float
    half_light: float


@lru_cache(maxsize=1)
def known_objects() -> tuple[KnownObject, ...]:
    """Give all clusters and dwarf galaxies of the packaged table."""
    table = Table.read(_PACKAGED, format="ascii.ecsv")
    return tuple(
        KnownObject(
            str(row["name"]), str(row["other"] or ""), row["kind"],
            *(float(row[c]) for c in ("ra", "dec", "l", "b", "distance", "half_light")),
        )
        for row in table.filled()
    )  # fmt: skip
