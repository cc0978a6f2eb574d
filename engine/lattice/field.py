r"""An acceleration field on a grid, interpolated, and the mass density of its divergence.

One set of evaluations on the grid serves every density, whatever the bandwidths: by Gauss's law
the density is a sum of the field's values with weights that the kernel and the interpolation
fix (``engine.smoothing``),

    rho(x) = -1/(4 pi G) \sum_i w_i . a_i,

so that it applies alike to the mean and to each of the equally likely deviations. Where x and y
are on the grid the weights are the same for all x and y, since the steps are equal there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.constants import MSUN_PC3_PER_LAPLACIAN
from engine.cubes.grid import Grid
from engine.draws import Draws
from engine.lattice.filling import continuation
from engine.lattice.interpolation import cubic_weights, padded_axis
from engine.smoothing import Kernel, Layers

__all__ = ["Lattice"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LARGEST_REACH = 2.0
"""kpc; farther than that no kernel may take."""

_Z_PADDING = 3

_WINDOW_NUMBERS = 8_000_000
"""Numbers in one block of windows, 32 MB."""


@dataclass(frozen=True)
class Lattice:
    """An acceleration field on a grid and what lies between its cells.

    Parameters
    ----------
    grid
        The grid.
    axes
        The grid's axes, continued on both sides.
    padding
        By how many cells, for each axis.
    values
        Mean and deviations at the cells of the continued grid, (1 + K, X, Y, 3, Z)
        km2 s-2 kpc-1, single precision.
    known
        Cells inside the volume with a finite field, (nx, ny, nz).
    """

    grid: Grid
    axes: tuple[Floats, Floats, Floats]
    padding: tuple[int, int, int]
    values: NDArray[np.float32]
    known: Bools

    @classmethod
    def of(cls, grid: Grid, acceleration: Draws) -> Lattice:
        """Lay a field (P, 3), at ``grid.points``, out.

        Raises
        ------
        ValueError
            If x and y are not evenly spaced alike, or fewer than 40 cells are known.
        """
        step = grid.x[1] - grid.x[0]
        if not np.allclose(np.concatenate([np.diff(grid.x), np.diff(grid.y)]), step):
            raise ValueError("the steps of x and y must be equal")
        finite = np.isfinite(acceleration.mean).all(1)
        finite &= np.isfinite(acceleration.deviations).all((0, 2))
        if np.count_nonzero(finite) < 40:
            raise ValueError(f"{np.count_nonzero(finite)} cells are too few for a field")
        wide = int(np.ceil(LARGEST_REACH / step)) + 2
        padding = (wide, wide, _Z_PADDING)
        axes = tuple(
            padded_axis(axis, p, p)
            for axis, p in zip((grid.x, grid.y, grid.z), padding, strict=True)
        )
        known = grid.inside.copy()
        known[grid.inside] = finite
        fields = np.concatenate([acceleration.mean[None], acceleration.deviations])[:, finite]
        where = np.argwhere(known) + np.array(padding)
        size = tuple(len(axis) for axis in axes)
        full = np.zeros((len(fields), *size, 3), np.float32)
        full[:, *where.T] = fields
        wanted = _around(size, where, wide)
        flat = np.moveaxis(fields, 1, 0).reshape(len(where), -1)
        filled = (continuation(where, wanted) @ flat).reshape(len(wanted), len(fields), 3)
        full[:, *wanted.T] = np.moveaxis(filled, 1, 0)
        values = np.ascontiguousarray(np.moveaxis(full, -1, -2))
        return cls(grid, (axes[0], axes[1], axes[2]), padding, values, known)

    @property
    def count(self) -> int:
        """Number K of draws."""
        return len(self.values) - 1

    def acceleration(self, points: Floats) -> Draws:
        """Interpolate the field at points (P, 3) kpc: (P, 3) km2 s-2 kpc-1."""
        (i, wx), (j, wy), (k, wz) = (
            cubic_weights(axis, points[:, n]) for n, axis in enumerate(self.axes)
        )
        total = np.zeros((len(self.values), len(points), 3))
        for a, b, c in np.ndindex(4, 4, 4):
            weight = wx[:, a] * wy[:, b] * wz[:, c]
            total += weight[:, None] * self.values[:, i + a, j + b, :, k + c].swapaxes(0, 1)
        return _draws(total)

    def density(self, kernel: Kernel, cells: tuple[slice, slice, slice] | None = None) -> Draws:
        """Give the kernel-averaged mass density at cells of the grid.

        Parameters
        ----------
        kernel
            The kernel.
        cells
            Part of the grid along x, y and z; None for all.

        Returns
        -------
        Draws
            (nx, ny, nz) of the part, Msun pc-3; NaN at cells that are not known. Near the edge
            of the volume it averages over a continued field: see ``near_edge``.
        """
        self._check(kernel)
        chosen = cells or (slice(None),) * 3
        ix, iy, iz = (np.arange(n)[part] for n, part in zip(self.known.shape, chosen, strict=True))
        layers = kernel.layers()
        horizontal, reach = self._horizontal(layers, 0.0, 0.0)
        z = self.grid.z[iz]
        vertical = self._vertical(layers, z)
        used = np.flatnonzero((vertical != 0).any((0, 1)))
        span = slice(used[0], used[-1] + 1)
        # (kx, ky, 3 Z', nz): what a column of cells gives to each height
        weights = np.einsum("jabc,tjz->abczt", horizontal, vertical[..., span], optimize=True)
        weights = weights.reshape(*weights.shape[:2], -1, len(z)).astype(np.float32)
        start = (self.padding[0] + ix[0] - reach, self.padding[1] + iy[0] - reach)
        field = self.values[..., span].reshape(*self.values.shape[:3], -1)
        add = _one_height if len(z) == 1 else _many_heights
        result = add(field, weights, start, (len(ix), len(iy)))
        gap = np.where(self.known[chosen], 0.0, np.nan)
        shaped = result.reshape(len(self.values), len(ix), len(iy), len(z))
        return _draws(-MSUN_PC3_PER_LAPLACIAN * shaped.astype(np.float64) + gap)

    def density_at(self, points: Floats, kernel: Kernel) -> Draws:
        """Give the kernel-averaged mass density at points (P, 3) kpc: (P,) Msun pc-3.

        NaN at points beyond the grid. Points that share x and y cost little more than one.
        """
        self._check(kernel)
        layers = kernel.layers()
        step = self.axes[0][1] - self.axes[0][0]
        total = np.full((len(self.values), len(points)), np.nan)
        low, high = (np.array([axis[end] for axis in self._bare]) for end in (0, -1))
        valid = ((points >= low - 1e-9) & (points <= high + 1e-9)).all(1)
        places, column = np.unique(points[:, :2], axis=0, return_inverse=True)
        for number, place in enumerate(places):
            rows = np.flatnonzero((column.ravel() == number) & valid)
            if not len(rows):
                continue
            start = np.array([axis[0] for axis in self.axes[:2]])
            cell = np.floor((place - start) / step + 1e-9)
            fraction = (place - start) / step - cell
            horizontal, reach = self._horizontal(layers, *fraction)
            vertical = self._vertical(layers, points[rows, 2])
            i, j = (int(c) - reach for c in cell)
            width, depth = horizontal.shape[1:3]
            block = self.values[:, i : i + width, j : j + depth]
            columns = np.einsum("dabcz,nabc->dnz", block, horizontal, optimize=True)
            total[:, rows] = np.einsum("dnz,tnz->dt", columns, vertical, optimize=True)
        return _draws(-MSUN_PC3_PER_LAPLACIAN * total)

    def missing_nearby(self, kernel: Kernel) -> Bools:
        """Tell at which ``grid.points`` the kernel takes from cells without a field, (P,)."""
        points = self.grid.points
        gaps = points[~self.known[self.grid.inside]]
        if not len(gaps):
            return np.zeros(len(points), np.bool_)
        # one cell more than the kernel reaches: interpolation takes from the next one
        steps = [float(np.median(np.diff(axis))) for axis in self._bare]
        scale = kernel.truncation * np.array(kernel.bandwidths) + steps
        distance, _ = cKDTree(gaps / scale).query(points / scale)
        return np.asarray(distance <= 1.0)

    @property
    def _bare(self) -> tuple[Floats, Floats, Floats]:
        return self.grid.x, self.grid.y, self.grid.z

    def _check(self, kernel: Kernel) -> None:
        if kernel.reach > LARGEST_REACH + 1e-9:
            raise ValueError(f"a kernel may not reach farther than {LARGEST_REACH:g} kpc")

    def _horizontal(self, layers: Layers, x: float, y: float) -> tuple[Floats, int]:
        """Give weights (J, k, k, 3) of columns of cells round a cell, for each layer.

        Parameters
        ----------
        layers
            Nodes of the kernel.
        x, y
            Where in the cell the middle is, 0 to 1.

        Returns
        -------
        weights, reach
            And the number of cells before the middle's.
        """
        step = self.axes[0][1] - self.axes[0][0]
        place = np.array([x, y]) - layers.offsets / step
        reach = int(np.ceil(np.abs(layers.offsets).max() / step)) + 1
        width = 2 * reach + 2
        axis = np.arange(-reach, reach + 2, dtype=np.float64)
        (i, wx), (j, wy) = (cubic_weights(axis, place[..., n]) for n in range(2))
        heights, nodes = place.shape[:2]
        layer = np.repeat(np.arange(heights), nodes)
        weights = np.zeros((3, heights * width * width))
        for a, b in np.ndindex(4, 4):
            cell = (layer * width + (i + a).ravel()) * width + (j + b).ravel()
            both = (wx[..., a] * wy[..., b]).ravel()
            for c in range(3):
                amount = both * layers.vectors[..., c].ravel()
                weights[c] += np.bincount(cell, amount, minlength=weights.shape[1])
        return np.moveaxis(weights.reshape(3, heights, width, width), 0, -1), reach

    def _vertical(self, layers: Layers, z: Floats) -> Floats:
        """Give weights (T, J, Z) of the heights of the grid for layers about heights (T,)."""
        first, four = cubic_weights(self.axes[2], z[:, None] - layers.height)
        weights = np.zeros((*first.shape, len(self.axes[2])))
        for a in range(4):
            np.put_along_axis(weights, (first + a)[..., None], four[..., a, None], -1)
        return weights


def _many_heights(
    field: NDArray[np.float32],
    weights: NDArray[np.float32],
    start: tuple[int, int],
    count: tuple[int, int],
) -> NDArray[np.float32]:
    """Apply weights (kx, ky, N, T) of columns to a field (D, X, Y, N): (D, nx, ny, T)."""
    wide, deep, entries, heights = weights.shape
    # few large products: many small ones wait for each other where cores are shared
    flat = np.ascontiguousarray(weights).reshape(-1, heights)
    part = field[
        :, start[0] : start[0] + count[0] + wide - 1, start[1] : start[1] + count[1] + deep - 1
    ]
    windows = np.moveaxis(sliding_window_view(part, (wide, deep), (1, 2)), 3, -1)
    result = np.empty((len(field), *count, heights), np.float32)
    some = max(1, _WINDOW_NUMBERS // (count[1] * wide * deep * entries))
    for draw in range(0, len(field), some):
        for row in range(count[0]):
            block = windows[draw : draw + some, row]
            result[draw : draw + some, row] = (block.reshape(-1, len(flat)) @ flat).reshape(
                len(block), count[1], heights
            )
    return result


def _one_height(
    field: NDArray[np.float32],
    weights: NDArray[np.float32],
    start: tuple[int, int],
    count: tuple[int, int],
) -> NDArray[np.float32]:
    """Do the same for T = 1: each column is read once, and shifted sums are added."""
    wide, deep = weights.shape[:2]
    columns = field[
        :, start[0] : start[0] + count[0] + wide - 1, start[1] : start[1] + count[1] + deep - 1
    ]
    result = np.zeros((len(field), *count), np.float32)
    for draw, one in enumerate(columns):
        parts = one @ weights[..., 0].reshape(wide * deep, -1).T
        for number, (a, b) in enumerate(np.ndindex(wide, deep)):
            result[draw] += parts[a : a + count[0], b : b + count[1], number]
    return result[..., None]


def _around(size: tuple[int, ...], known: NDArray[np.int64], reach: int) -> NDArray[np.int64]:
    """Give the cells (Q, 3) that are not known but lie within reach of one that is."""
    empty = np.ones(size, np.bool_)
    empty[tuple(known.T)] = False
    wanted = np.argwhere(empty)
    distance, _ = cKDTree(known).query(wanted, distance_upper_bound=reach + 1.5)
    return np.asarray(wanted[np.isfinite(distance)])


def _draws(stacked: Floats) -> Draws:
    """Take the mean and the deviations apart."""
    return Draws(stacked[0], stacked[1:])
