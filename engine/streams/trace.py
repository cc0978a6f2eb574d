"""The course of a candidate on the sky: where its line begins and ends, and how it moves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from astropy import units
from astropy.coordinates import SkyCoord

from data.frames import Floats
from engine.streams.lines import Line
from engine.streams.patches import Patch
from engine.streams.stars import PatchStars

__all__ = ["Trace", "towards_plane", "trace"]

_PLACES, _NEAREST = 11, 50
_LOCAL = ("lon", "lat", "mu_lon", "mu_lat")
_ENDS = (0.02, 0.98)
_PARALLEL = np.radians(20.0)


@dataclass(frozen=True)
class Trace:
    """Places along a line, with the mean motion there.

    Parameters
    ----------
    columns
        lon, lat (deg), mu_lon, mu_lat (mas/yr) and, where the sky is known, ra, dec, pmra,
        pmdec; (11,) each.
    length, width
        Between the ends, and the standard deviation across, degrees.
    motion_sd
        Robust standard deviation of the stars' proper motions about the mean course, mas/yr.
    stars
        Of the patch.
    """

    columns: dict[str, Floats]
    length: float
    width: float
    motion_sd: float
    stars: PatchStars = field(repr=False)


def trace(line: Line, stars: PatchStars, patch: Patch | None = None) -> Trace:
    """Follow a line from its first to its last star, without the outermost two per cent.

    The proper motions are straight lines along it, fitted to the median of thirds (two slopes of
    medians do not mind the background stars among the members).
    """
    members = line.members
    x, y = stars.lon[members], stars.lat[members]
    sine, cosine = np.sin(line.theta), np.cos(line.theta)
    along, across = x * cosine + y * sine, x * sine - y * cosine - line.r
    low, high = np.quantile(along, _ENDS)
    t = np.linspace(low, high, _PLACES)
    columns = {"lon": t * cosine + line.r * sine, "lat": t * sine - line.r * cosine}
    left = []
    for name in ("mu_lon", "mu_lat"):
        slope, middle = _robust(along, stars[name][members])
        columns[name] = middle + slope * t
        left.append(stars[name][members] - middle - slope * along)
    spread = float(np.median(np.abs(np.concatenate(left))) * 1.4826)
    return Trace(
        columns | _sky(columns, stars, patch),
        float(high - low),
        float(np.median(np.abs(across - np.median(across))) * 1.4826),
        spread,
        stars,
    )


def _robust(t: Floats, values: Floats) -> tuple[float, float]:
    """Give slope and value at t = 0 of a straight line through the medians of the outer thirds."""
    if len(t) < 9:
        return 0.0, float(np.median(values))
    first, last = t <= np.quantile(t, 1 / 3), t >= np.quantile(t, 2 / 3)
    run = np.median(t[last]) - np.median(t[first])
    slope = float((np.median(values[last]) - np.median(values[first])) / run) if run > 0 else 0.0
    return slope, float(np.median(values - slope * t))


def _sky(columns: dict[str, Floats], stars: PatchStars, patch: Patch | None) -> dict[str, Floats]:
    """Give ICRS places and motions: by rotation in a patch, by a local fit to stars in a strip."""
    if patch is not None:
        ra, dec = patch.to_icrs(columns["lon"], columns["lat"])
        # The rotation between the two frames, at each place, from two motions of unit size.
        one, none = np.ones(_PLACES), np.zeros(_PLACES)
        east, north = patch.local(ra, dec, one, none), patch.local(ra, dec, none, one)
        return {
            "ra": ra,
            "dec": dec,
            "pmra": columns["mu_lon"] * east["mu_lon"] + columns["mu_lat"] * east["mu_lat"],
            "pmdec": columns["mu_lon"] * north["mu_lon"] + columns["mu_lat"] * north["mu_lat"],
        }
    if not stars.has("ra", "dec", "pmra", "pmdec"):
        return {}
    found: dict[str, list[float]] = {name: [] for name in ("ra", "dec", "pmra", "pmdec")}
    for x, y, mu_x, mu_y in zip(*(columns[name] for name in _LOCAL), strict=True):
        rows = np.argsort((stars.lon - x) ** 2 + (stars.lat - y) ** 2)[:_NEAREST]
        places = np.stack([stars.lon[rows] - x, stars.lat[rows] - y], axis=1)
        motions = np.stack([stars["mu_lon"][rows] - mu_x, stars["mu_lat"][rows] - mu_y], axis=1)
        ra = stars["ra"][rows]
        ra = ra[0] + (ra - ra[0] + 180.0) % 360.0 - 180.0  # across 0h
        found["ra"].append(_fitted(places, ra) % 360.0)
        found["dec"].append(_fitted(places, stars["dec"][rows]))
        found["pmra"].append(_fitted(motions, stars["pmra"][rows]))
        found["pmdec"].append(_fitted(motions, stars["pmdec"][rows]))
    return {name: np.array(values) for name, values in found.items()}


def _fitted(offsets: Floats, values: Floats) -> float:
    """Give the value at offset 0 of a plane through values at offsets (n, 2)."""
    plane = np.column_stack([np.ones(len(values)), offsets])
    return float(np.linalg.lstsq(plane, values, rcond=None)[0][0])


def towards_plane(line: Line, patch: Patch) -> bool:
    """Tell whether a line is parallel to the Galactic plane and on its side of the patch.

    Such lines at the edge are the classic false positives: the disc's density rises there.
    """
    foot = np.array([line.r * np.sin(line.theta)]), np.array([-line.r * np.cos(line.theta)])
    step = 1.0
    ends = [
        patch.to_icrs(
            foot[0] + sign * step * np.cos(line.theta), foot[1] + sign * step * np.sin(line.theta)
        )
        for sign in (-1.0, 1.0)
    ]
    galactic = [
        SkyCoord(ra * units.deg, dec * units.deg, frame="icrs").galactic for ra, dec in ends
    ]
    rise = float(galactic[1].b.deg[0] - galactic[0].b.deg[0])
    slope = np.arcsin(np.clip(rise / (2.0 * step), -1.0, 1.0))
    facing = abs(float(galactic[0].b.deg[0])) < abs(patch.lat)
    return bool(abs(slope) < _PARALLEL and facing)
