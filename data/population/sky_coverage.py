"""How evenly a sample covers the sky and the distances: gaps, edges and steps in counts.

Everything is judged against chance (Poisson) and against what the smooth density of a galaxy
can do, with room to spare: the thresholds are ratios that even a very thin disc does not reach.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from data.frames import Floats

__all__ = ["BREAK", "MIN_GAP", "distance_edges", "gap_fraction", "height_edges",
           "latitude_edges", "longitude_steps", "sky_counts"]  # fmt: skip

BREAK = 10.0
"""Ratio of counts across two bins that counts as breaking off."""

MIN_GAP = 0.01
"""Smallest part of the sky that is called a gap."""

# Ratios between neighbouring cells of the sky that no smooth galaxy reaches: at the same latitude,
# and from one band of latitude to the next, where a disc of 0.1 kpc scale height gives 30.
_ALONG, _ACROSS = 5.0, 50.0
_LOG_CHANCE = np.log(1e-7)  # below it a count is not chance; a few hundred are looked at
_STEP = np.log(1.2)
_STEP_SIGMA = 6.0
_ORDER = 3  # of the smooth variation with longitude

Counts = npt.NDArray[np.int64]


def sky_counts(longitude: Floats, sine: Floats) -> Counts:
    """Count stars in cells of equal area.

    Parameters
    ----------
    longitude
        Degrees in [0, 360), shape (n,).
    sine
        Sine of the latitude, shape (n,).

    Returns
    -------
    ndarray
        Counts by latitude and longitude, shape (12, 24).
    """
    counts = np.histogram2d(sine, longitude, bins=(12, 24), range=((-1.0, 1.0), (0.0, 360.0)))[0]
    return counts.astype(np.int64)


def gap_fraction(counts: Counts, *, broken: bool = False) -> float:
    """Measure the part of the sky that is empty beside parts that are full.

    A cell starts a gap if, beyond chance, it holds less than a fifth of a neighbour at its
    latitude or a fiftieth of one at another; the empty cells connected with it belong to the gap.

    Parameters
    ----------
    counts
        Stars in cells of equal area by latitude and longitude.
    broken
        The counts are known to break off at some latitude, so every empty cell is a gap (the
        cells that such an edge cuts through hide it from their neighbours).
    """
    around = _neighbours(counts)
    least = np.maximum(around[:2].max(axis=0) / _ALONG, around[2:].max(axis=0) / _ACROSS)
    gap = _log_chance(counts, least) < _LOG_CHANCE
    if broken:
        gap |= counts == 0
    while True:
        grown = gap | ((counts == 0) & _neighbours(gap).any(axis=0))
        if (grown == gap).all():
            return float(gap.mean())
        gap = grown


def _log_chance(counts: Counts, least: Floats) -> Floats:
    """Give the logarithm of the Poisson probability of so few stars; 0 where there are enough.

    The probability of the count itself stands for the whole tail, which it dominates: unlike
    the tail it does not underflow, so the most significant place can still be told.
    """
    return np.where(counts < least, stats.poisson.logpmf(counts, least), 0.0)


def _neighbours(cells: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Give the four neighbours of each cell, shape (4, bands, columns).

    First the two at the same latitude, then the two at others; past a pole there is nothing.
    """
    none = np.zeros_like(cells[:1])
    return np.stack([
        np.roll(cells, 1, axis=1),
        np.roll(cells, -1, axis=1),
        np.concatenate([none, cells[:-1]]),
        np.concatenate([cells[1:], none]),
    ])  # fmt: skip


def latitude_edges(sine: Floats) -> list[float]:
    """Find where the counts over the sine of the latitude break off."""
    edges = np.linspace(-1.0, 1.0, 81)
    return _breaks(np.histogram(sine, edges)[0], edges, np.diff(edges))


def height_edges(height: Floats, radius: float) -> list[float]:
    """Find where the number density over the height above the centre (kpc) breaks off."""
    edges = np.linspace(-radius, radius, 161)
    slices = np.diff(radius**2 * edges - edges**3 / 3.0)
    return _breaks(np.histogram(height, edges)[0], edges, slices)


def distance_edges(distance: Floats, radius: float) -> list[float]:
    """Find where the number density over the distance (kpc) breaks off, in or out."""
    edges = np.linspace(0.0, radius, 41)
    return _breaks(np.histogram(distance, edges)[0], edges, np.diff(edges**3))


def _breaks(counts: Counts, edges: Floats, exposure: Floats) -> list[float]:
    """Find the bins on whose two sides the counts differ by more than the ratio BREAK.

    Two bins on either side are compared and the one between is left out, since the edge may
    lie inside it. Of consecutive finds the most significant one is kept.
    """
    n, size = counts[:-1] + counts[1:], exposure[:-1] + exposure[1:]
    left, right = np.s_[:-3], np.s_[3:]
    falls = _log_chance(n[right], n[left] * size[right] / size[left] / BREAK)
    rises = _log_chance(n[left], n[right] * size[left] / size[right] / BREAK)
    chance = np.minimum(falls, rises)
    found: list[float] = []
    certain = chance < _LOG_CHANCE
    for run in np.split(np.arange(chance.size), np.flatnonzero(np.diff(certain)) + 1):
        best = run[np.argmin(chance[run])]
        if certain[best]:
            found.append(float((edges[best + 2] + edges[best + 3]) / 2.0))
    return found


def longitude_steps(longitude: Floats) -> dict[float, float]:
    """Find longitudes at which the counts jump.

    The logarithm of the counts is fitted with a smooth function (Fourier terms up to the third);
    what is left of 10 degrees on one side is compared with 10 degrees on the other.

    Parameters
    ----------
    longitude
        Degrees in [0, 360), shape (n,).

    Returns
    -------
    dict
        The jump in the logarithm of the counts by longitude (deg), for jumps of more than 20%
        and six standard deviations.
    """
    width = 5.0
    counts = np.histogram(longitude, np.arange(0.0, 360.1, width))[0]
    middle = np.radians(np.arange(width / 2.0, 360.0, width))
    terms = [np.ones_like(middle)]
    for order in range(1, _ORDER + 1):
        terms += [np.cos(order * middle), np.sin(order * middle)]
    weight = np.sqrt(counts + 0.5)
    logarithm = np.log(counts + 0.5)
    design = np.stack(terms, axis=1)
    solution = np.linalg.lstsq(design * weight[:, None], logarithm * weight, rcond=None)[0]
    smooth = np.exp(design @ solution)
    after = counts + np.roll(counts, -1)
    before = np.roll(counts, 1) + np.roll(counts, 2)
    expected_after = smooth + np.roll(smooth, -1)
    expected_before = np.roll(smooth, 1) + np.roll(smooth, 2)
    jump = np.log((after + 0.5) / expected_after) - np.log((before + 0.5) / expected_before)
    sigma = np.sqrt(1.0 / (after + 0.5) + 1.0 / (before + 0.5))
    large = (np.abs(jump) > _STEP) & (np.abs(jump) > _STEP_SIGMA * sigma)
    return {float(i * width): float(jump[i]) for i in np.flatnonzero(large)}
