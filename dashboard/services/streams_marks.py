"""What of a search is on the sky: patches, known streams, candidates."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashboard.services.streams_region import known_on_sky
from dashboard.views.streams_panels import chord
from dashboard.views.streams_sky import PatchMark, TrackMark
from engine.streams.search.reading import Found

__all__ = ["sky_marks"]

_MOST = 60
"""Candidates that are drawn."""


def sky_marks(found: Found | None, chosen: str | None) -> tuple[list[PatchMark], list[TrackMark]]:
    """Give what is on the sky.

    Parameters
    ----------
    found
        A search; None for an empty sky.
    chosen
        Key of the candidate that stands out.
    """
    if found is None:
        return [], []
    marks = [
        PatchMark(s.patch.name, s.patch.lon, s.patch.lat, s.patch.inner, s.share, s.best)
        for s in found.patches
    ]
    tracks: list[TrackMark] = known_on_sky([state.patch for state in found.patches])
    for row in found.candidates()[:_MOST]:
        lon, lat = _galactic_line(found, row)
        tracks.append(TrackMark(str(row["candidate"]), lon, lat, chosen=row["key"] == chosen))
    return marks, tracks


def _galactic_line(found: Found, row: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Give Galactic longitude and latitude along a candidate's line."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    patch = found.state_of(row["patch"]).patch
    ends = chord(np.radians(row["theta"]), row["r"], patch.inner)
    share = np.linspace(0.0, 1.0, 25)[:, None]
    places = ends[0] * (1 - share) + ends[1] * share
    ra, dec = patch.to_icrs(places[:, 0], places[:, 1])
    galactic = SkyCoord(ra * u.deg, dec * u.deg).galactic
    return np.asarray(galactic.l.deg), np.asarray(galactic.b.deg)
