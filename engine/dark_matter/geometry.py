"""Cells of a rectilinear grid: their volumes, and values between them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from engine.cubes.grid import Grid
from engine.draws import Draws

__all__ = [
    "apply_linear",
    "cell_volumes",
    "index_of_cells",
    "interpolation_weights",
    "trusted_cells",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NOTHING = 1e-9
"""Weight below which a corner plays no part: a point on a grid plane needs one side only."""


def cell_volumes(grid: Grid) -> Floats:
    """Volumes of the cells inside, (P,) kpc^3, in the order of ``grid.points``.

    A cell reaches half-way to its neighbours, the outermost ones as far outwards as inwards.
    """
    widths = [_widths(axis) for axis in (grid.x, grid.y, grid.z)]
    volumes = widths[0][:, None, None] * widths[1][None, :, None] * widths[2][None, None, :]
    inside: Floats = volumes[grid.inside]
    return inside


def _widths(axis: Floats) -> Floats:
    if len(axis) < 2:
        raise ValueError("a grid needs two values on each axis for its cells to have a volume")
    middle = 0.5 * (axis[1:] + axis[:-1])
    edges = np.concatenate([[2 * axis[0] - middle[0]], middle, [2 * axis[-1] - middle[-1]]])
    return np.diff(edges)


def trusted_cells(values: Draws, trusted: Bools | None) -> Bools:
    """Cells that are trusted and known: mean and deviations are finite, (P,).

    Parameters
    ----------
    values
        Field at the cells, mean (P,) or (P, 3).
    trusted
        (P,); None for all.
    """
    finite: Bools = np.all(_known(values), axis=tuple(range(1, values.mean.ndim)))
    if trusted is not None and trusted.shape != finite.shape:
        raise ValueError(f"a mask {trusted.shape} does not belong to {finite.shape} cells")
    return finite if trusted is None else finite & trusted


def index_of_cells(grid: Grid, usable: Bools) -> NDArray[np.int64]:
    """Place of each cell in ``grid.points``, (nx, ny, nz); -1 outside or not usable."""
    index = np.full(grid.inside.shape, -1, dtype=np.int64)
    index[grid.inside] = np.where(usable, np.arange(len(usable)), -1)
    return index


def interpolation_weights(
    grid: Grid, usable: Bools, points: Floats
) -> tuple[csr_array[np.float64], Bools]:
    """Trilinear interpolation as a linear map.

    Parameters
    ----------
    grid
        Where the field is known.
    usable
        Cells to interpolate between, (P,).
    points
        (Q, 3) kpc.

    Returns
    -------
    weights, valid
        (Q, P) sparse; (Q,) true where every corner that counts is usable. The rows of other
        points are empty.
    """
    index = index_of_cells(grid, usable)
    placed = [_bracket(axis, points[:, i]) for i, axis in enumerate((grid.x, grid.y, grid.z))]
    valid = np.logical_and.reduce([inside for _, _, inside in placed])
    rows, columns, weights = [], [], []
    for corner in np.ndindex(2, 2, 2):
        cell = index[tuple(low + up for (low, _, _), up in zip(placed, corner, strict=True))]
        weight = np.ones(len(points))
        for (_, fraction, _), up in zip(placed, corner, strict=True):
            weight *= fraction if up else 1.0 - fraction
        counts = weight > _NOTHING
        valid &= ~counts | (cell >= 0)
        chosen = np.flatnonzero(counts & (cell >= 0))
        rows.append(chosen)
        columns.append(cell[chosen])
        weights.append(weight[chosen])
    row, column = np.concatenate(rows), np.concatenate(columns)
    keep = valid[row]
    shape = (len(points), len(usable))
    data = np.concatenate(weights)[keep]
    return csr_array((data, (row[keep], column[keep])), shape=shape), valid


def _bracket(axis: Floats, at: Floats) -> tuple[NDArray[np.int64], Floats, Bools]:
    """Lower neighbour on an axis, fraction of the way to the next, and whether there is one."""
    low = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, len(axis) - 2)
    fraction = (at - axis[low]) / (axis[low + 1] - axis[low])
    inside = (fraction >= -_NOTHING) & (fraction <= 1.0 + _NOTHING)
    return low, np.clip(fraction, 0.0, 1.0), inside


def apply_linear(weights: Floats | csr_array[np.float64], values: Draws) -> Draws:
    """Apply a linear map (Q, P) to numbers (P, ...) and their deviations: (Q, ...).

    Entries that a row gives no weight may be NaN.
    """
    if isinstance(weights, csr_array):  # a few places need a few of many thousand cells
        columns = np.unique(weights.indices)
        weights = weights[:, columns]
        values = Draws(values.mean[columns], values.deviations[:, columns])
    used = _known(values)
    mean = np.where(used, values.mean, 0.0)
    deviations = np.where(used, values.deviations, 0.0)
    shape, width = (weights.shape[0], *mean.shape[1:]), math.prod(mean.shape[1:])

    def product(numbers: Floats) -> Floats:
        flat = weights @ numbers.reshape(len(numbers), width)
        return np.asarray(flat, dtype=np.float64).reshape(shape)

    moved = np.array([product(one) for one in deviations])
    return Draws(product(mean), moved.reshape(values.count, *shape))


def _known(values: Draws) -> Bools:
    """Entries whose mean and deviations are all finite, of the shape of the mean."""
    every_draw: Bools = np.all(np.isfinite(values.deviations), axis=0)
    return np.isfinite(values.mean) & every_draw
