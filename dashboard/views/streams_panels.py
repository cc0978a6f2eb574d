"""What the four panels of a region show: counts, stars, lines and words, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PANELS", "Plane", "RegionPicture", "chord", "empty", "panel_data"]

Floats = npt.NDArray[np.float64]
_Frame = tuple[tuple[float, float], tuple[float, float]]

PANELS = ("sky", "motion", "colour", "hough")
_BINS = 90


@dataclass(frozen=True)
class Plane:
    """Two columns of stars, three times: all of a window, those of highest R, and members.

    Parameters
    ----------
    all
        x and y of the stars in the background, (n,) each.
    high
        x and y of the stars of highest R, (k,) each.
    members
        Which of them are on the line, (k,).
    """

    all: tuple[Floats, Floats]
    high: tuple[Floats, Floats]
    members: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RegionPicture:
    """What the four panels show.

    Parameters
    ----------
    sky, motion, colour
        The three planes; `colour` is None where there is no colour.
    log_r
        ln R of the stars of highest R, (k,).
    line
        Angle (rad) and distance from the centre (deg) of the best line; None without one.
    inner
        Radius in which lines are looked for, degrees.
    hough
        Score of every box, (n_theta, n_r), NaN where there is none, with its axes in degrees.
    windows
        Boxes in the plane of motions, (left, bottom, right, top), mas/yr: window and region.
    cuts
        Limits of colour and magnitude, (blue, red, bright, faint); NaN where there is none.
    tracks
        Names and offsets of known streams and objects nearby, degrees.
    """

    sky: Plane
    motion: Plane
    colour: Plane | None
    log_r: Floats
    line: tuple[float, float] | None
    inner: float
    hough: tuple[Floats, Floats, Floats] | None
    windows: Sequence[tuple[float, float, float, float]] = ()
    cuts: tuple[float, float, float, float] = (np.nan,) * 4
    tracks: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)


def panel_data(
    name: str, picture: RegionPicture
) -> tuple[_Frame, dict[str, dict[str, Any]], float]:
    """Give what a panel shows.

    Returns
    -------
    frame, parts, top
        Ranges of x and y, the columns of each source, and the end of the colours.
    """
    if name == "hough":
        return _hough_data(picture)
    plane: Plane | None = getattr(picture, name)
    parts = empty(name)
    frame = _frame(plane)
    top = 2.0
    if plane is not None:
        parts["image"], top = _counts(plane, frame)
        for part, chosen in (("others", ~plane.members), ("members", plane.members)):
            parts[part] = {
                "x": plane.high[0][chosen],
                "y": plane.high[1][chosen],
                "log_r": picture.log_r[chosen],
            }
    else:
        parts["words"] = _words([(0.5, 0.5, "The table has no colours.")])
    _GUIDES[name](picture, frame, parts)
    return frame, parts, top


def empty(name: str) -> dict[str, dict[str, Any]]:
    """Give the sources of a panel, with nothing in them."""
    lines: dict[str, Any] = {"xs": [], "ys": []}
    points: dict[str, Any] = {"x": [], "y": [], "log_r": []}
    image: dict[str, Any] = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
    return {
        "image": image, "quiet": dict(lines), "known": dict(lines), "line": dict(lines),
        "words": {"x": [], "y": [], "text": []}, "others": dict(points), "members": dict(points),
    }  # fmt: skip


def _paths(lines: Sequence[Floats]) -> dict[str, Any]:
    """Give lines, (n, 2) each, as columns."""
    return {"xs": [line[:, 0] for line in lines], "ys": [line[:, 1] for line in lines]}


def _words(words: Sequence[tuple[float, float, str]]) -> dict[str, Any]:
    return {
        "x": [x for x, _, _ in words],
        "y": [y for _, y, _ in words],
        "text": [text for _, _, text in words],
    }


def _frame(plane: Plane | None) -> _Frame:
    """Give the ranges of x and y: most of the stars, and all of those of highest R."""
    if plane is None:
        return (0.0, 1.0), (0.0, 1.0)
    x, y = (_range(a, high) for a, high in zip(plane.all, plane.high, strict=True))
    return x, y


def _range(values: Floats, always: Floats) -> tuple[float, float]:
    if not len(values) and not len(always):
        return 0.0, 1.0
    some = values if len(values) else always
    low, high = (float(v) for v in np.percentile(some, [0.5, 99.5]))
    if len(always):
        low, high = min(low, float(always.min())), max(high, float(always.max()))
    margin = 0.04 * max(high - low, 1e-6)
    return low - margin, high + margin


def _counts(plane: Plane, frame: _Frame) -> tuple[dict[str, Any], float]:
    """Count the stars in the background; the root of the counts shows sparse and dense parts."""
    counts, ex, ey = np.histogram2d(*plane.all, bins=_BINS, range=frame)
    values = np.where(counts > 0, np.sqrt(counts), np.nan).T.astype(np.float32)
    image = {
        "image": [values], "x": [ex[0]], "y": [ey[0]], "dw": [ex[-1] - ex[0]],
        "dh": [ey[-1] - ey[0]],
    }  # fmt: skip
    return image, max(4.0, float(np.sqrt(counts.max())))


def _sky_guides(picture: RegionPicture, frame: _Frame, parts: dict[str, dict[str, Any]]) -> None:
    angle = np.linspace(0.0, 2 * np.pi, 181)
    rim = np.column_stack([np.cos(angle), np.sin(angle)]) * picture.inner
    tracks = [np.column_stack(track) for track in picture.tracks.values()]
    parts["quiet"] = _paths([rim])
    parts["known"] = _paths(tracks)
    parts["words"] = _words(
        [
            (float(track[len(track) // 2, 0]), float(track[len(track) // 2, 1]), name)
            for name, track in zip(picture.tracks, tracks, strict=True)
        ]
    )
    if picture.line is not None:
        parts["line"] = _paths([chord(*picture.line, picture.inner)])


def chord(theta: float, r: float, radius: float) -> Floats:
    """Give the ends (2, 2) of the line r = x sin(theta) - y cos(theta) within a disc."""
    half = np.sqrt(max(radius**2 - r**2, 0.0))
    foot = r * np.array([np.sin(theta), -np.cos(theta)])
    along = np.array([np.cos(theta), np.sin(theta)])
    return np.stack([foot - half * along, foot + half * along])


def _motion_guides(
    picture: RegionPicture, frame: _Frame, parts: dict[str, dict[str, Any]]
) -> None:
    boxes = [np.array([[a, b], [c, b], [c, d], [a, d], [a, b]]) for a, b, c, d in picture.windows]
    parts["quiet"], parts["line"] = _paths(boxes[:1]), _paths(boxes[1:])


def _colour_guides(
    picture: RegionPicture, frame: _Frame, parts: dict[str, dict[str, Any]]
) -> None:
    blue, red, _, faint = picture.cuts
    (left, right), (bottom, top) = frame
    lines = [np.array([[at, bottom], [at, top]]) for at in (blue, red) if np.isfinite(at)]
    lines += [np.array([[left, at], [right, at]]) for at in (faint,) if np.isfinite(at)]
    parts["quiet"] = _paths(lines)


_GUIDES = {"sky": _sky_guides, "motion": _motion_guides, "colour": _colour_guides}


def _hough_data(
    picture: RegionPicture,
) -> tuple[_Frame, dict[str, dict[str, Any]], float]:
    parts = empty("hough")
    frame = ((0.0, 180.0), (-picture.inner, picture.inner))
    if picture.hough is None:
        parts["words"] = _words([(90.0, 0.0, "Too few stars for a line.")])
        return frame, parts, 4.0
    scores, _, r = picture.hough
    width, height = 180.0, float(r[-1] - r[0]) * len(r) / max(1, len(r) - 1)
    parts["image"] = {
        "image": [scores.T.astype(np.float32)], "x": [0.0], "y": [-height / 2], "dw": [width],
        "dh": [height],
    }  # fmt: skip
    if picture.line is not None:
        at = float(np.degrees(picture.line[0]))
        parts["members"] = {"x": [at], "y": [picture.line[1]], "log_r": [0.0]}
    top = float(np.nanmax(scores)) if np.isfinite(scores).any() else 0.0
    return ((0.0, width), (-height / 2, height / 2)), parts, max(4.0, top)
