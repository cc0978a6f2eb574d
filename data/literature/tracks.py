"""Tracks of known streams on the sky, with their motions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.table import Table

from data.frames import Floats

__all__ = ["LATITUDE", "PACKAGED", "StreamTrack", "known_tracks", "read_tracks", "write_tracks"]

PACKAGED = Path(__file__).parent / "tracks.ecsv"
"""The table that comes with the program: galstreams 1.2.1, thinned to a degree."""

LATITUDE = 25.0
"""Degrees from the Galactic plane from which on a blind search can expect to see a stream."""

_UNITS = {"ra": "deg", "dec": "deg", "distance": "kpc", "pmra": "mas / yr", "pmdec": "mas / yr",
          "radial_velocity": "km / s"}  # fmt: skip
_DECIMALS = {"ra": 4, "dec": 4, "distance": 3, "pmra": 4, "pmdec": 4, "radial_velocity": 2}


@dataclass(frozen=True, eq=False)
class StreamTrack:
    """One track of a stream.

    Parameters
    ----------
    name
        Of the track, with a short reference: ``GD-1-I21``.
    stream
        Of the stream; several tracks may belong to one.
    reference
        Where it was published, such as ``ibata2021``.
    default
        Whether it is the one that galstreams prefers for its stream.
    ra, dec
        ICRS, degrees, in order along the track, (n,).
    distance
        kpc, (n,); NaN where it is not known.
    pmra, pmdec
        mas/yr, pmra with cos(dec), not corrected for the Sun's motion, (n,); NaN where unknown.
    radial_velocity
        km/s, (n,); NaN where it is not known.
    width
        Standard deviation across, degrees; NaN where it is not known.
    off_plane
        Fraction of the track's places, before any thinning, more than 25 deg from the Galactic
        plane.
    """

    name: str
    stream: str
    reference: str
    default: bool
    ra: Floats
    dec: Floats
    distance: Floats
    pmra: Floats
    pmdec: Floats
    radial_velocity: Floats
    width: float
    off_plane: float

    @property
    def has_proper_motion(self) -> bool:
        """Whether the proper motion is known somewhere along it."""
        return bool(np.isfinite(self.pmra).any())

    @property
    def has_distance(self) -> bool:
        """Whether the distance is known somewhere along it."""
        return bool(np.isfinite(self.distance).any())

    def at(self, rows: npt.NDArray[np.integer]) -> StreamTrack:
        """Give the track with some of its places only."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _UNITS})


@lru_cache(maxsize=1)
def known_tracks() -> tuple[StreamTrack, ...]:
    """Give the tracks that come with the program."""
    return tuple(read_tracks(PACKAGED))


def read_tracks(file: Path) -> list[StreamTrack]:
    """Read what `write_tracks` wrote."""
    table = Table.read(file, format="ascii.ecsv")
    columns = {name: np.asarray(table[name], dtype=np.float64) for name in _UNITS}
    number = np.asarray(table["track"], dtype=np.int64)
    return [
        StreamTrack(**kept, **{name: values[number == i] for name, values in columns.items()})
        for i, kept in enumerate(table.meta["tracks"])
    ]


def write_tracks(tracks: Sequence[StreamTrack], file: Path) -> None:
    """Write tracks as one table; what belongs to a whole track stands in its head."""
    single = [f.name for f in fields(StreamTrack) if f.name not in _UNITS]
    table = Table(
        {
            "track": np.repeat(np.arange(len(tracks)), [len(track.ra) for track in tracks]),
            **{
                name: np.round(np.concatenate([getattr(t, name) for t in tracks]), digits)
                for name, digits in _DECIMALS.items()
            },
        }
    )
    for name, unit in _UNITS.items():
        table[name].unit = unit
    table.meta = {
        "source": "galstreams 1.2.1 (Mateu 2023, MNRAS 520, 5225), thinned to one degree",
        "licence": "BSD 3-Clause, Copyright (c) 2017, Cecilia Mateu: see LICENSE.galstreams",
        "tracks": [{name: getattr(track, name) for name in single} for track in tracks],
    }
    table.write(file, format="ascii.ecsv", delimiter=",", overwrite=True)
