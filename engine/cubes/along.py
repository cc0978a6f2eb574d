"""A cube along a line: trilinear interpolation with errors, and which places are trusted."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.errors import UserError

__all__ = ["Along", "sample", "straight"]

Floats = NDArray[np.float64]
AXES = ("x", "y", "z")

_NOTHING = 1e-9
"""Weights below this are rounding of a place that lies on a cell's centre."""


@dataclass(frozen=True)
class Along:
    """A quantity at places of one's own choice.

    Parameters
    ----------
    points
        Galactocentric positions, (n, 3) kpc.
    s
        Distance along the places from the first of them, (n,) kpc.
    value, sd
        (..., n), the unit of the cube; the leading dimensions are those of the variable but
        for x, y and z, in its order. NaN where a place has no cell all round it.
    trusted
        (n,): whether all cells that a place is interpolated from are trusted.
    """

    points: Floats
    s: Floats
    value: Floats
    sd: Floats
    trusted: NDArray[np.bool_]


def straight(
    start: tuple[float, float, float], end: tuple[float, float, float], n: int = 121
) -> Floats:
    """Give n evenly spaced places from one position to another, (n, 3) kpc.

    Raises
    ------
    UserError
        If the positions are not finite or are the same.
    """
    ends = np.array([start, end], dtype=float)
    if not np.isfinite(ends).all():
        raise UserError("A line needs two positions in kpc.")
    if np.linalg.norm(ends[1] - ends[0]) < 1e-6:
        raise UserError("The two ends of the line coincide.", "Move one of them.")
    return np.linspace(ends[0], ends[1], n)


def sample(cube: xr.Dataset, variable: str, points: Floats, estimator: str | None = None) -> Along:
    """Interpolate a variable of a cube and its error at places.

    With the eight cells round a place and their weights w_i >= 0 of trilinear interpolation,
    the value is sum(w_i v_i) and the error sum(w_i sd_i): a cube does not say how the errors
    of neighbours are correlated, and for any correlation the error is at most that, which is
    what it is where neighbours share their error, as those of a smooth map nearly do.

    Parameters
    ----------
    cube
        On x, y, z (kpc, rising); with ``<variable>_sd`` and, where cells are judged, ``trusted``
        on (x, y, z) or on (estimator, x, y, z).
    variable
        Its name.
    points
        (n, 3) kpc.
    estimator
        For a variable with several estimators; the cube's default where None.

    Raises
    ------
    UserError
        If the cube has no such variable with an error.
    """
    missing = [name for name in (variable, f"{variable}_sd") if name not in cube]
    if missing:
        raise UserError(f"The cube has no variable named {missing[0]!r}.")
    points = np.asarray(points, dtype=float)
    cells, weights = _corners(cube, points)
    chosen = estimator or cube.attrs.get("default_estimator")
    value = _weighted(_ordered(cube[variable], chosen), cells, weights)
    sd = _weighted(_ordered(cube[f"{variable}_sd"], chosen), cells, weights)
    trusted = np.asarray(np.isfinite(value).reshape(-1, len(points)).all(axis=0), dtype=bool)
    if "trusted" in cube:
        believed = _ordered(cube["trusted"], chosen).astype(bool)[tuple(cells)]
        trusted = trusted & (believed | (weights < _NOTHING)).all(axis=0)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return Along(points, np.concatenate([[0.0], np.cumsum(steps)]), value, sd, trusted)


def _ordered(variable: xr.DataArray, estimator: str | None) -> NDArray[np.generic]:
    """Give a variable by one estimator as (..., x, y, z)."""
    if "estimator" in variable.dims:
        variable = variable.sel(estimator=estimator)
    values: NDArray[np.generic] = variable.transpose(..., *AXES).to_numpy()
    return values


def _corners(cube: xr.Dataset, points: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Give the cells round places, (3, 8, n), and their weights, (8, n); NaN off the grid."""
    low, share = [], []
    for axis, along in zip(AXES, points.T, strict=True):
        grid = cube[axis].to_numpy().astype(float)
        if grid.size < 2:
            raise UserError(f"The cube has a single layer in {axis} and cannot be interpolated.")
        index = np.clip(np.searchsorted(grid, along, side="right") - 1, 0, grid.size - 2)
        part = (along - grid[index]) / (grid[index + 1] - grid[index])
        low.append(index)
        share.append(np.where((part >= -_NOTHING) & (part <= 1 + _NOTHING), part, np.nan))
    corners = np.array(list(itertools.product((0, 1), repeat=3)))
    cells = np.stack(low)[:, None, :] + corners.T[:, :, None]
    parts = np.stack(share)[:, None, :]
    weights = np.where(corners.T[:, :, None] == 1, parts, 1.0 - parts).prod(axis=0)
    return cells, np.asarray(weights)


def _weighted(values: NDArray[np.generic], cells: NDArray[np.intp], weights: Floats) -> Floats:
    """Give the weighted sums of cells, (..., n); a cell without weight may be no number."""
    round_about = values[(..., *cells)].astype(float)
    heard = np.where(np.abs(weights) < _NOTHING, 0.0, round_about)
    total: Floats = (weights * heard).sum(axis=-2)
    return total
