"""North against south: what a galaxy that is symmetric about its plane would make zero.

The Sun is 20.8 pc above the plane z = 0; mirror cells are mirrored in the plane, not in the
Sun's height. Both cells of a pair must be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from engine.cubes.grid import Grid
from engine.draws import Draws

__all__ = [
    "MirrorPairs",
    "component_difference",
    "density_asymmetry",
    "mirror_pairs",
    "north_south",
    "size_asymmetry",
]

Floats = NDArray[np.float64]

MIRRORED = np.array([1.0, 1.0, -1.0])
"""What mirroring in the plane does to the components of a vector."""


@dataclass(frozen=True)
class MirrorPairs:
    """Cells north of the plane with their mirror cells.

    Parameters
    ----------
    north, south
        Rows of ``grid.points``, (n,) each; the n-th of both belong together.
    """

    north: NDArray[np.int64]
    south: NDArray[np.int64]


def mirror_pairs(grid: Grid, trusted: NDArray[np.bool_] | None = None) -> MirrorPairs:
    """Pair each cell with z > 0 with the cell at -z.

    Parameters
    ----------
    grid
        The grid, P cells of it inside the volume.
    trusted
        (P,); both cells of a pair must be. By default all are.

    Raises
    ------
    UserError
        If the grid is not symmetric about z = 0, or no pair is left.
    """
    if not np.allclose(grid.z, -grid.z[::-1], rtol=0, atol=1e-6):
        raise UserError(
            "North and south cannot be compared: the map is not symmetric about the plane.",
            "Choose a volume whose inner half includes the plane z = 0.",
        )
    count = int(np.count_nonzero(grid.inside))
    usable = np.ones(count, bool) if trusted is None else np.asarray(trusted, bool)
    row = np.full(grid.inside.shape, -1)
    row[grid.inside] = np.where(usable, np.arange(count), -1)
    mirror = row[:, :, ::-1]
    paired = (row >= 0) & (mirror >= 0) & (grid.z > 0)
    if not paired.any():
        raise UserError(
            "North and south cannot be compared: no trusted cell has a trusted mirror cell.",
            "Include flagged cells, or use more tracers.",
        )
    return MirrorPairs(row[paired], mirror[paired])


def component_difference(acceleration: Draws, pairs: MirrorPairs) -> Draws:
    """Give a_i(z) - s_i a_i(-z), (n, 3) km2/s2/kpc, with s = (1, 1, -1).

    Zero where the potential is even in z: then a_x and a_y are even, and a_z is odd.

    Parameters
    ----------
    acceleration
        (P, 3) at the cells of the grid, km2/s2/kpc.
    pairs
        The n pairs.
    """
    return acceleration.map(lambda a: a[pairs.north] - MIRRORED * a[pairs.south])


def north_south(acceleration: Draws, pairs: MirrorPairs) -> Draws:
    """Give the component differences relative to the sizes, (n, 3).

    (a_i(z) - s_i a_i(-z)) / (|a(z)| + |a(-z)|). All three are relative to the size of the whole
    vector: a component may be zero by symmetry, its own size is no measure.
    """

    def relative(a: Floats) -> Floats:
        north, south = a[pairs.north], a[pairs.south]
        size = np.linalg.norm(north, axis=-1) + np.linalg.norm(south, axis=-1)
        return _divided(north - MIRRORED * south, size[:, None])

    return acceleration.map(relative)


def size_asymmetry(acceleration: Draws, pairs: MirrorPairs) -> Draws:
    """Give (|a(z)| - |a(-z)|) / (|a(z)| + |a(-z)|), (n,), as in the talks on arXiv 2305.13358."""

    def ratio(a: Floats) -> Floats:
        north = np.linalg.norm(a[pairs.north], axis=-1)
        south = np.linalg.norm(a[pairs.south], axis=-1)
        return _divided(north - south, north + south)

    return acceleration.map(ratio)


def density_asymmetry(density: Draws, pairs: MirrorPairs) -> Draws:
    """Give (rho(z) - rho(-z)) / (rho(z) + rho(-z)), (n,); NaN where the sum is not positive.

    Parameters
    ----------
    density
        (P,) at the cells of the grid, Msun/pc^3.
    pairs
        The n pairs.
    """

    def ratio(rho: Floats) -> Floats:
        north, south = rho[pairs.north], rho[pairs.south]
        return _divided(north - south, north + south)

    return density.map(ratio)


def _divided(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)
