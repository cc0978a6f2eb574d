"""Regions of interest: the highest scores of a window, cut again in the other component."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from data.frames import Floats
from engine.streams.stars import PatchStars
from engine.streams.windows import Window

__all__ = ["Region", "RegionSettings", "ScoredWindow", "other_component", "regions"]

Integers = npt.NDArray[np.int64]

_OTHER = {"mu_lat": "mu_lon", "mu_lon": "mu_lat", "pm_phi1": "pm_phi2", "pm_phi2": "pm_phi1"}


class ScoredWindow(Protocol):
    """What this side needs of a window with scores."""

    @property
    def window(self) -> Window:
        """Coordinate and edges."""
        ...

    @property
    def index(self) -> npt.NDArray[Any]:
        """Rows of the stars, (n,)."""
        ...

    @property
    def log_r(self) -> npt.NDArray[Any]:
        """Mean over seeds of the natural logarithm of the score, (n,)."""
        ...

    @property
    def log_r_sd(self) -> npt.NDArray[Any]:
        """Its standard deviation over seeds, (n,)."""
        ...


class RegionSettings(Protocol):
    """What the regions need of the settings of a search."""

    @property
    def top(self) -> int:
        """Stars that are kept in each region."""
        ...

    @property
    def width(self) -> float:
        """Width of a region in the other component, mas/yr."""
        ...

    @property
    def step(self) -> float:
        """Distance between their lower edges, mas/yr."""
        ...

    @property
    def fewest(self) -> int:
        """Fiducial stars below which a region is left out."""
        ...


@dataclass(frozen=True, eq=False)
class Region:
    """The highest scores within two ranges of proper motion.

    Parameters
    ----------
    window
        The window that was trained for.
    other
        The range of the other component.
    index
        Rows of the chosen stars, highest score first, (m,).
    log_r
        Their scores, (m,).
    stars
        Fiducial stars of the region, of which these are the highest.
    """

    window: Window
    other: Window
    index: Integers
    log_r: Floats
    stars: int


def other_component(coordinate: str) -> str:
    """Name the proper motion across that of a window: ``mu_lon`` for ``mu_lat``."""
    return _OTHER.get(coordinate, "mu_lon" if coordinate.endswith("2") else "mu_lat")


def regions(
    scored: Iterable[ScoredWindow],
    stars: PatchStars,
    mask: npt.NDArray[np.bool_],
    settings: RegionSettings,
    *,
    log_r: Iterable[npt.NDArray[Any]] | None = None,
) -> list[Region]:
    """Cut scored windows into regions of interest and keep the highest scores of each.

    Parameters
    ----------
    scored
        Windows with scores.
    stars
        Of the patch.
    mask
        Which of them may be chosen, (n,).
    settings
        ``top``, ``width``, ``step``, ``fewest``.
    log_r
        Other scores than the mean ones, an array for each window: those of one seed.
    """
    found: list[Region] = []
    for scores, given in _with(scored, log_r):
        index = np.asarray(scores.index, dtype=np.int64)
        values = np.asarray(given, dtype=np.float64)
        keep = mask[index] & np.isfinite(values)
        index, values = index[keep], values[keep]
        if len(index) < settings.fewest:
            continue
        # A stable order: equal scores (trees give many) are taken by row, not by chance.
        order = np.lexsort((index, -values))
        index, values = index[order], values[order]
        name = other_component(scores.window.coordinate)
        motion = _motion(stars, name)[index]
        for other in _ranges(name, motion, settings):
            rows = np.flatnonzero(other.contains(motion))
            if len(rows) >= settings.fewest:
                top = rows[: settings.top]
                found.append(Region(scores.window, other, index[top], values[top], len(rows)))
    return found


def _ranges(name: str, motion: Floats, settings: RegionSettings) -> list[Window]:
    """List the ranges on the lattice of the scan that hold a star; outliers cost one each."""
    step, width = settings.step, settings.width
    steps = np.unique(np.floor(motion / step + 1e-9).astype(np.int64))
    first = np.unique(steps[:, None] - np.arange(int(np.ceil(width / step - 1e-9))))
    edges = (round(float(number * step), 9) for number in first)
    return [Window(name, low, round(low + width, 9)) for low in edges]


def _with(
    scored: Iterable[ScoredWindow], log_r: Iterable[npt.NDArray[Any]] | None
) -> Iterable[tuple[ScoredWindow, npt.NDArray[Any]]]:
    if log_r is None:
        return ((window, window.log_r) for window in scored)
    return zip(scored, log_r, strict=True)


def _motion(stars: PatchStars, name: str) -> Floats:
    """Give a component of the proper motion under the names of patches or of strips."""
    plain = {"pm_phi1": "mu_lon", "pm_phi2": "mu_lat"}.get(name, name)
    return stars[name] if stars.has(name) else stars[plain]
