"""One region of a search under cuts that the user moves: stars, line and picture at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.views.streams_panels import Plane, RegionPicture
from dashboard.views.streams_sky import TrackMark
from data.frames import sky_triad
from engine.streams.area import SkyArea
from engine.streams.fiducial import FiducialCuts, fiducial
from engine.streams.lines import Line, LineSettings, best_line, line_grid
from engine.streams.patches import Patch
from engine.streams.regions import other_component
from engine.streams.search.files import PatchFolder, StoredScores
from engine.streams.search.found import covered_area
from engine.streams.stars import PatchStars

__all__ = ["RegionChoice", "RegionResult", "known_on_sky", "known_tracks", "look_at"]

Floats = npt.NDArray[np.float64]

_FEWEST = 10
_MOST_DRAWN = 300_000


@dataclass(frozen=True)
class RegionChoice:
    """What is looked at.

    Parameters
    ----------
    folder
        Of the patch.
    window
        Name of the window.
    other
        Edges of the region in the other proper motion, mas/yr.
    cuts
        Applied after the scores.
    top
        Stars of highest R that are kept.
    line
        How lines are looked for.
    """

    folder: Path
    window: str
    other: tuple[float, float]
    cuts: FiducialCuts
    top: int
    line: LineSettings


@dataclass(frozen=True)
class RegionResult:
    """What is seen there.

    Parameters
    ----------
    picture
        For the panels.
    index
        The stars of highest R among those of the patch, (k,).
    line
        The best line through them; None where they are too few.
    threshold
        The smallest ln R among them; NaN without any.
    counts
        Stars of the window, of the region, and those that pass the cuts.
    table
        The cuts one by one: what each asks for, and how many of the region's stars are left.
    """

    picture: RegionPicture
    index: npt.NDArray[np.int64]
    line: Line | None
    threshold: float
    counts: tuple[int, int, int]
    table: tuple[tuple[str, int], ...]


def look_at(
    choice: RegionChoice, tracks: Mapping[str, tuple[Floats, Floats]] | None = None
) -> RegionResult:
    """Cut, rank, and find the line, on stored scores.

    Parameters
    ----------
    choice
        Where and how.
    tracks
        Known objects for the picture, offsets in degrees.
    """
    patch, stars, area = _patch(str(choice.folder), _stamp(choice.folder / "stars.npz"))
    path = choice.folder / "scores" / f"{choice.window}.npz"
    scores = _scores(str(choice.folder), choice.window, _stamp(path))
    columns = stars.columns
    motion = stars[other_component(scores.window.coordinate)][scores.index]
    inside = np.flatnonzero((motion >= choice.other[0]) & (motion < choice.other[1]))
    region = scores.index[inside]
    # only the stars of the region: the cut in height turns places into the Galaxy's frame
    few = PatchStars({name: values[region] for name, values in columns.items()})
    passed = fiducial(few, choice.cuts, patch)
    kept = inside[passed.mask & np.isfinite(scores.log_r[inside])]
    # as the search does: equal scores are taken by row
    ranked = kept[np.lexsort((scores.index[kept], -scores.log_r[kept]))][: choice.top]
    index, log_r = scores.index[ranked], scores.log_r[ranked]
    inner = float(min(choice.cuts.inner or patch.radius, patch.radius))
    grid = line_grid(_within(area, inner), choice.line)
    line, hough = None, None
    if len(index) >= _FEWEST:
        x, y = (np.asarray(columns[name], dtype=np.float64)[index] for name in ("lon", "lat"))
        line = best_line(grid, x, y)
        values = grid.scores(grid.votes(x, y), len(index))
        hough = (np.where(np.isfinite(values), values, np.nan), np.degrees(grid.theta), grid.r)
    member = np.zeros(len(index), dtype=bool)
    if line is not None:
        member[line.members] = True
    picture = RegionPicture(
        sky=_plane(columns, ("lon", "lat"), region, index, member),
        motion=_plane(columns, ("mu_lon", "mu_lat"), scores.index, index, member),
        colour=_plane(columns, ("bp_rp", "g"), region, index, member)
        if {"bp_rp", "g"} <= set(columns)
        else None,
        log_r=log_r,
        line=None if line is None else (line.theta, line.r),
        inner=inner,
        hough=hough,
        windows=_boxes(scores, choice.other),
        cuts=_limits(choice.cuts),
        tracks=dict(tracks or {}),
    )
    return RegionResult(
        picture=picture,
        index=index,
        line=line,
        threshold=float(log_r.min()) if len(log_r) else float("nan"),
        counts=(len(scores.index), len(region), len(kept)),
        table=tuple((row.unused or row.says, row.left) for row in passed.table),
    )


def _plane(
    columns: Mapping[str, npt.NDArray[Any]],
    names: tuple[str, str],
    everyone: npt.NDArray[np.int64],
    high: npt.NDArray[np.int64],
    member: npt.NDArray[np.bool_],
) -> Plane:
    if len(everyone) > _MOST_DRAWN:  # an even sample draws the same picture
        everyone = everyone[:: len(everyone) // _MOST_DRAWN + 1]
    x, y = (np.asarray(columns[name], dtype=np.float64) for name in names)
    return Plane((x[everyone], y[everyone]), (x[high], y[high]), member)


def _boxes(
    scores: StoredScores, other: tuple[float, float]
) -> list[tuple[float, float, float, float]]:
    """Window and region in the plane of (mu_lon, mu_lat)."""
    low, high = scores.window.low, scores.window.high
    far = 1000.0
    if scores.window.coordinate == "mu_lat":
        return [(-far, low, far, high), (other[0], low, other[1], high)]
    return [(low, -far, high, far), (low, other[0], high, other[1])]


def _limits(cuts: FiducialCuts) -> tuple[float, float, float, float]:
    nan = float("nan")
    blue, red = cuts.colour if cuts.colour is not None else (nan, nan)
    return blue, red, nan, cuts.faintest if cuts.faintest is not None else nan


@lru_cache(maxsize=6)
def _patch(folder: str, stamp: int) -> tuple[Patch, PatchStars, SkyArea]:
    """Read the stars of a patch once, and learn where they are."""
    there = PatchFolder(Path(folder))
    columns = there.stars()
    patch = there.patch()
    stars = PatchStars(columns)
    return patch, stars, covered_area(patch, stars, patch.radius)


@lru_cache(maxsize=24)
def _scores(folder: str, window: str, stamp: int) -> StoredScores:
    return PatchFolder(Path(folder)).scores(window)


@lru_cache(maxsize=32)
def _within(area: SkyArea, radius: float) -> SkyArea:
    """Cut an area, the same one for the same radius, so that its boxes are laid out once."""
    return area.within(radius)


def _stamp(path: Path) -> int:
    """Give the time of a file, by which a cache knows that it has changed."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=64)
def known_tracks(patch: Patch) -> dict[str, tuple[Floats, Floats]]:
    """Give the known streams that pass through a patch: offsets from its centre, degrees."""
    found = {}
    for name, (ra, dec) in _streams().items():
        local = patch.local(ra, dec)
        near = np.hypot(local["lon"], local["lat"]) < patch.radius
        near &= patch.matrix[0] @ _directions(ra, dec).T > 0.0
        if near.sum() > 1:
            found[name] = (local["lon"][near], local["lat"][near])
    return found


def known_on_sky(patches: list[Patch]) -> list[TrackMark]:
    """Give the known streams in any of the patches, in Galactic coordinates."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    names = {name for patch in patches[:20] for name in known_tracks(patch)}
    marks = []
    for name in sorted(names):
        ra, dec = _streams()[name]
        galactic = SkyCoord(ra * u.deg, dec * u.deg).galactic
        marks.append(TrackMark(name, galactic.l.deg, galactic.b.deg, known=True))
    return marks


@lru_cache(maxsize=1)
def _streams() -> dict[str, tuple[Floats, Floats]]:
    """Read the known streams: name to ra and dec along each, degrees."""
    from data.literature.tracks import known_tracks as packaged

    return {track.stream: (track.ra, track.dec) for track in packaged() if track.default}


def _directions(ra: Floats, dec: Floats) -> Floats:
    return np.asarray(sky_triad(ra, dec)[2])
