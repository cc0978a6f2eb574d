"""What is known already where a candidate is: streams, globular clusters, dwarf galaxies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from data.frames import Floats, sky_triad
from data.literature.objects import KnownObject, known_objects
from data.literature.tracks import StreamTrack, known_tracks

__all__ = ["Match", "identify", "recall_tracks"]

_ALONG = 0.5  # part of the candidate that must follow a track
_ACROSS, _WIDTHS = 1.5, 2.0  # deg, or standard deviations of the track
_MOTION = 1.5  # mas/yr, besides the candidate's own spread
_TOUCH = 1.0  # deg between a candidate's line and a compact object
_ANGLE = 20.0  # deg between directions


@dataclass(frozen=True)
class Match:
    """The nearest known object of a candidate.

    Parameters
    ----------
    name
        Of the stream or object; empty if there is none within 10 degrees.
    kind
        ``stream``, ``globular cluster`` or ``dwarf galaxy``.
    separation
        Degrees: median over the candidate for streams, least for compact objects.
    motion
        Difference in proper motion, mas/yr; NaN where the track has none.
    known
        Whether the candidate is taken for it. A track without proper motions is compared by
        place and direction alone, and must be near.
    """

    name: str = ""
    kind: str = ""
    separation: float = np.nan
    motion: float = np.nan
    known: bool = False


def recall_tracks() -> list[StreamTrack]:
    """List what a blind search off the plane can be expected to find again.

    One track for each stream, with proper motions, most of it more than 25 deg from the plane:
    86 of 141.
    """
    return [
        track
        for track in known_tracks()
        if track.default and track.has_proper_motion and track.off_plane > 0.5
    ]


def identify(
    ra: Floats,
    dec: Floats,
    pmra: Floats,
    pmdec: Floats,
    *,
    spread: float = 0.0,
    tracks: Sequence[StreamTrack] | None = None,
    objects: Sequence[KnownObject] | None = None,
) -> Match:
    """Find the nearest known object of a candidate.

    Parameters
    ----------
    ra, dec
        Places along the candidate, ICRS degrees, (n,), n > 1.
    pmra, pmdec
        Its proper motion there, mas/yr, pmra with cos(dec), (n,).
    spread
        Standard deviation of its stars' proper motions, mas/yr.
    tracks, objects
        What is known; the packaged tables by default.
    """
    tracks = known_tracks() if tracks is None else tracks
    objects = known_objects() if objects is None else objects
    east, north, sight = sky_triad(ra, dec)
    motion = np.asarray(pmra)[:, None] * east + np.asarray(pmdec)[:, None] * north
    matches = [_stream(track, sight, motion, spread) for track in tracks]
    matches += [_compact(known, sight) for known in objects]
    near = [match for match in matches if match.separation < 10.0]
    # What it is taken for comes first, then what merely lies near.
    return min(near, key=lambda m: (not m.known, m.separation), default=Match())


def _stream(track: StreamTrack, sight: Floats, motion: Floats, spread: float) -> Match:
    tree, places, known_motion = _prepared(track)
    chord, nearest = (np.asarray(a) for a in tree.query(sight))
    apart = _angle(chord)
    width = _across(track)
    follows = apart < width
    # In vectors on the sky, so that frames do not matter over the degree between the places.
    difference = np.sqrt(((motion - known_motion[nearest]) ** 2).sum(axis=1))
    there = difference[follows & np.isfinite(difference)]
    there = there if len(there) else difference[np.isfinite(difference)]
    moves = float(np.median(there)) if len(there) else np.nan
    known = bool(follows.mean() >= _ALONG) and _parallel(sight, places, nearest)
    if np.isfinite(moves):
        known = known and moves < _MOTION + spread
    return Match(track.stream, "stream", float(np.median(apart)), moves, known)


def _across(track: StreamTrack) -> float:
    """Degrees from a track within which a candidate may be it.

    Wide streams count as wide only where the motion is compared as well: some tracks without
    proper motions are ten degrees wide, and by place alone half of the sky would be known.
    """
    if np.isnan(track.width) or not track.has_proper_motion:
        return _ACROSS
    return max(_ACROSS, _WIDTHS * track.width)


@lru_cache(maxsize=512)
def _prepared(track: StreamTrack) -> tuple[cKDTree, Floats, Floats]:
    """Give a track's places and motions, filled in to a tenth of a degree or so."""
    east, north, sight = sky_triad(track.ra, track.dec)
    motion = track.pmra[:, None] * east + track.pmdec[:, None] * north
    at = np.linspace(0, len(sight) - 1, 10 * (len(sight) - 1) + 1)
    low = np.minimum(at.astype(int), len(sight) - 2)
    part = (at - low)[:, None]
    places = (1 - part) * sight[low] + part * sight[low + 1]
    places /= np.sqrt((places**2).sum(axis=1))[:, None]
    return cKDTree(places), places, (1 - part) * motion[low] + part * motion[low + 1]


def _parallel(sight: Floats, places: Floats, nearest: np.ndarray) -> bool:
    """Tell whether a candidate runs along a track, rather than across it."""
    own = sight[-1] - sight[0]
    first, last = int(nearest.min()), int(nearest.max())
    middle = len(places) // 2 if first == last else (first + last) // 2
    step = max(3, (last - first) // 2)
    other = places[min(middle + step, len(places) - 1)] - places[max(middle - step, 0)]
    lengths = np.linalg.norm(own) * np.linalg.norm(other)
    if lengths < 1e-12:
        return True
    return bool(abs(own @ other) / lengths > np.cos(np.radians(_ANGLE)))


def _compact(known: KnownObject, sight: Floats) -> Match:
    place = sky_triad(known.ra, known.dec)[2][0]
    apart = float(_angle(np.sqrt(((sight - place) ** 2).sum(axis=1))).min())
    # A line may pass a cluster by chance: it is named, and taken for it only if it ends there.
    ends = _angle(np.sqrt(((sight[[0, -1]] - place) ** 2).sum(axis=1)))
    length = float(_angle(np.sqrt(((sight[:1] - sight[-1:]) ** 2).sum(axis=1)))[0])
    compact = length < 2.0 * max(_TOUCH, known.half_light)
    return Match(known.name, known.kind, apart, np.nan, compact and bool(ends.max() < _TOUCH + 1))


def _angle(chord: Floats) -> Floats:
    return np.asarray(np.degrees(2.0 * np.arcsin(np.clip(0.5 * np.asarray(chord), 0.0, 1.0))))
