"""The circular velocity that a map of the acceleration gives: sqrt(R |a_R|) in the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from engine.cubes.grid import Grid
from engine.draws import Draws
from engine.symmetry.significance import steady_weights

__all__ = ["Curve", "map_curve", "root"]

Floats = NDArray[np.float64]

HALF_WIDTH = 0.75
"""Columns within this distance in R (kpc) of a radius count there."""

_FEWEST_COLUMNS = 3


@dataclass(frozen=True)
class Curve:
    """A circular-velocity curve.

    Parameters
    ----------
    R
        Radii (n,), kpc.
    v_circ
        (n,) km/s; NaN where nothing is known, or where the pull is outwards.
    used
        (n,): stars, or columns of the map, behind each value.
    """

    R: Floats
    v_circ: Draws
    used: NDArray[np.int64]


def map_curve(
    grid: Grid,
    acceleration: Draws,
    trusted: NDArray[np.bool_],
    R: Floats,  # noqa: N803
    half_width: float = HALF_WIDTH,
) -> Curve:
    """Give sqrt(R |a_R|) in the plane, averaged over the azimuths that the map has.

    In each column (x, y) of the grid, R a_R = x a_x + y a_y, which is nearly the same everywhere,
    is interpolated to z = 0 between the two trusted cells around it. At each radius a straight
    line in R is fitted to the columns nearby, weighted with their errors, so that columns all on
    one side of it do no harm.

    Parameters
    ----------
    grid
        The grid, P cells of it inside the volume.
    acceleration
        (P, 3) km2/s2/kpc.
    trusted
        (P,).
    R
        Radii at which the curve is wanted, (n,) kpc.
    half_width
        Columns within this distance in R count, kpc.

    Returns
    -------
    Curve
        ``used`` counts columns. NaN where fewer than three columns are near, or all of them lie on
        one side.

    Raises
    ------
    UserError
        If the map does not reach the plane z = 0.
    """
    below, above, share = _around_plane(grid, trusted)
    points = grid.points
    ring = np.hypot(points[below, 0], points[below, 1])

    def pulls(a: Floats) -> Floats:
        product = np.sum(points[:, :2] * a[:, :2], axis=1)
        return np.asarray((1 - share) * product[below] + share * product[above])

    columns = acceleration.map(pulls)
    weights = steady_weights(columns.deviations)
    operator = np.full((len(R), len(ring)), np.nan)
    used = np.zeros(len(R), np.int64)
    for i, radius in enumerate(np.asarray(R, dtype=np.float64)):
        near = np.abs(ring - radius) <= half_width
        used[i] = np.count_nonzero(near)
        around = used[i] >= _FEWEST_COLUMNS and (
            ring[near].min() <= radius + 1e-9 and ring[near].max() >= radius - 1e-9
        )
        if around:
            operator[i] = 0.0
            operator[i, near] = _line_at(ring[near] - radius, weights[near])
    return Curve(np.asarray(R, dtype=np.float64), root(columns.map(lambda g: -operator @ g)), used)


def root(squares: Draws) -> Draws:
    """Give sqrt of squared velocities (n,), km/s; NaN where the mean is not positive.

    A draw below zero counts as zero where the mean is positive.
    """
    positive = squares.mean > 0

    def rooted(squared: Floats) -> Floats:
        return np.sqrt(np.where(positive, np.maximum(squared, 0.0), np.nan))

    return squares.map(rooted)


def _around_plane(
    grid: Grid, trusted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Give the cells below and above z = 0 of each column, and the share of the upper ones.

    Both are rows of ``grid.points``; columns without two trusted cells are left out.
    """
    if grid.z[0] > 0 or grid.z[-1] < 0:
        raise UserError(
            "No circular velocity: the map does not reach the plane z = 0.",
            "Choose a volume that includes the plane.",
        )
    upper = int(np.clip(np.searchsorted(grid.z, 0.0), 1, len(grid.z) - 1))
    lower = upper - 1
    share = float(-grid.z[lower] / (grid.z[upper] - grid.z[lower]))
    if share > 1 - 1e-9:  # a layer in the plane itself needs no other
        lower, share = upper, 0.0
    row = np.full(grid.inside.shape, -1)
    row[grid.inside] = np.where(trusted, np.arange(np.count_nonzero(grid.inside)), -1)
    below, above = row[:, :, lower].ravel(), row[:, :, upper].ravel()
    usable = (below >= 0) & (above >= 0)
    return below[usable], above[usable], share


def _line_at(offset: Floats, weights: Floats) -> Floats:
    """Give the weights (m,) with which values enter a straight-line fit at offset 0."""
    mean = np.average(offset, weights=weights)
    variance = np.average((offset - mean) ** 2, weights=weights)
    slope = 0.0 if variance < 1e-12 else -mean / variance
    line: Floats = weights / weights.sum() * (1 + slope * (offset - mean))
    return line
