"""Compact clumps among chosen stars: globular clusters and dwarfs are no streams.

Via Machinae's finder is not public; this is a substitute. A disc is a clump if it holds more than
five of a region's chosen stars, by more than chance explains, and is not merely a part of a line:
the ring round it holds no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.spatial import cKDTree

from data.frames import Floats

__all__ = ["Clump", "find_clumps"]

_RING = 3.0  # outer radius of the comparison, in radii of the disc


@dataclass(frozen=True)
class Clump:
    """A disc with too many stars.

    Parameters
    ----------
    x, y, radius
        Degrees, local.
    stars
        Chosen stars in it.
    log_p
        Natural logarithm of the Poisson chance of so many, for this place alone.
    """

    x: float
    y: float
    radius: float
    stars: int
    log_p: float


def find_clumps(
    x: Floats, y: Floats, area: float, *, radius: float = 0.5, least: int = 6, chance: float = 1e-5
) -> list[Clump]:
    """Find discs that hold too many stars.

    Parameters
    ----------
    x, y
        Offsets of the chosen stars of a region, degrees, (n,).
    area
        Covered area, square degrees.
    radius
        Of the discs, degrees.
    least
        Stars of a clump.
    chance
        Poisson probability below which a disc is a clump.
    """
    found: list[Clump] = []
    left = np.ones(len(x), dtype=bool)
    # A line through a disc has half of what it has in the ring's two cuts, per length.
    in_line = 1.0 / (_RING - 1.0)
    while left.sum() >= least:
        places = np.stack([x[left], y[left]], axis=1)
        tree = cKDTree(places)
        near = tree.query_ball_point(places, radius, return_length=True)
        densest = int(np.argmax(near))
        members = places[tree.query_ball_point(places[densest], radius)]
        centre = members.mean(axis=0)
        inside = len(tree.query_ball_point(centre, radius))
        around = len(tree.query_ball_point(centre, _RING * radius)) - inside
        even = len(places) * np.pi * radius**2 / area
        log_p = float(stats.poisson.logsf(inside - 1, max(even, in_line * around)))
        if inside < least or log_p > np.log(chance):
            return found
        found.append(Clump(float(centre[0]), float(centre[1]), radius, inside, log_p))
        left &= np.hypot(x - centre[0], y - centre[1]) >= radius
    return found
