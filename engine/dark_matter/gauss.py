"""Gauss's law as a test of the flux out of a region against the mass that lies in it.

    -1/(4 pi G) closed integral of a.n dS = integral of rho dV

The flux may come from one estimator and the density from another: then the two sides share
nothing but the stars. The region is made of blocks, each spanned by eight neighbouring cell
centres of the grid. Trapezoidal fluxes through the faces of a block cancel exactly against
those of its neighbours, so the surface of any region, ragged or not, is a sum of faces whose
corners all are solved and trusted cells, and nothing is extrapolated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.constants import G
from engine.cubes.grid import Grid
from engine.dark_matter.geometry import apply_linear, index_of_cells, trusted_cells
from engine.draws import Draws

__all__ = ["GaussCheck", "gauss_check"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PER_PC3 = 1e9
"""One Msun/pc^3 in Msun/kpc^3."""


@dataclass(frozen=True)
class GaussCheck:
    """Mass in a region, told by the flux through its surface and by the density in it.

    Parameters
    ----------
    from_flux, from_density
        () Msun; NaN where the region holds no block.
    difference
        () Msun, flux less density, with its error.
    blocks
        Number of blocks of the region.
    volume
        Of the region, kpc^3.
    covered
        The volume over that of all blocks inside the volume: what distrust leaves.
    """

    from_flux: Draws
    from_density: Draws
    difference: Draws
    blocks: int
    volume: float
    covered: float

    @property
    def pull(self) -> float:
        """Difference in its standard error; NaN where there are no draws."""
        return float(self.difference.mean / self.difference.sd)

    @property
    def relative(self) -> float:
        """Difference as a part of the mass from the density."""
        return float(self.difference.mean / self.from_density.mean)


def gauss_check(
    acceleration: Draws,
    density: Draws,
    grid: Grid,
    *,
    trusted: Bools | None = None,
    region: Bools | None = None,
) -> GaussCheck:
    """Compare the flux of an acceleration with the mass of a density.

    The trapezoidal rule is right to the square of the grid steps over the scale of the field:
    with the steps of the presets to one or two per cent of the mass, disc included.

    Parameters
    ----------
    acceleration
        At the cells, (P, 3) km^2 s^-2 kpc^-1.
    density
        At the cells, (P,) Msun/pc^3. With the number of draws of the acceleration, the two are
        taken as belonging together; with another number, as independent.
    grid
        The cells.
    trusted
        Cells that may be used, (P,); None for all.
    region
        Cells of the region, (P,); None for the whole volume. A block belongs to it where all
        its corners do.
    """
    inside = trusted_cells(acceleration, trusted) & trusted_cells(density, trusted)
    if region is not None:
        inside &= region
    cells = inside.size
    corners = index_of_cells(grid, inside)
    blocks = _full_blocks(corners >= 0)
    widths = (np.diff(grid.x), np.diff(grid.y), np.diff(grid.z))
    volumes = widths[0][:, None, None] * widths[1][None, :, None] * widths[2][None, None, :]
    share = _shared_by_corners(np.where(blocks, volumes, 0.0), corners, cells)
    flux_shares = np.stack(
        [_surface_shares(blocks, widths, axis, corners, cells) for axis in range(3)], axis=1
    )
    if not blocks.any():
        share, flux_shares = share * np.nan, flux_shares * np.nan
    mass = apply_linear(_PER_PC3 * share[None, :], density)
    size = acceleration.mean.size
    flat = Draws(
        acceleration.mean.reshape(size),
        acceleration.deviations.reshape(acceleration.count, size),
    )
    flux = apply_linear(-flux_shares.reshape(1, -1) / (4.0 * np.pi * G), flat)
    from_flux = Draws(flux.mean[0], flux.deviations[:, 0])
    from_density = Draws(mass.mean[0], mass.deviations[:, 0])
    all_blocks = _full_blocks(grid.inside)
    volume = float(volumes[blocks].sum())
    return GaussCheck(
        from_flux=from_flux,
        from_density=from_density,
        difference=_difference(from_flux, from_density),
        blocks=int(blocks.sum()),
        volume=volume,
        covered=volume / float(volumes[all_blocks].sum()) if all_blocks.any() else math.nan,
    )


def _full_blocks(known: Bools) -> Bools:
    """Blocks whose eight corners are known, (nx-1, ny-1, nz-1)."""
    full = np.ones(tuple(n - 1 for n in known.shape), dtype=np.bool_)
    for corner in np.ndindex(2, 2, 2):
        full &= known[_shifted(corner, full.shape)]
    return full


def _shifted(corner: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(up, up + n) for up, n in zip(corner, shape, strict=True))


def _shared_by_corners(amounts: Floats, corners: NDArray[np.int64], cells: int) -> Floats:
    """Give each block's (or face's) amount in equal parts to its corners, (P,)."""
    share = np.zeros(cells)
    extra = [2 if n < size else 1 for n, size in zip(amounts.shape, corners.shape, strict=True)]
    for corner in np.ndindex(*extra):
        cell = corners[_shifted(corner, amounts.shape)]
        counts = amounts != 0.0
        np.add.at(share, cell[counts], amounts[counts] / np.prod(extra))
    return share


def _surface_shares(
    blocks: Bools,
    widths: tuple[Floats, Floats, Floats],
    axis: int,
    corners: NDArray[np.int64],
    cells: int,
) -> Floats:
    """Area of the region's surface that faces along an axis, shared by the corners, (P,) kpc^2.

    Positive where the outward normal points along the axis: between two blocks of the region
    the faces cancel.
    """
    padded = np.pad(blocks.astype(np.float64), [(int(i == axis),) * 2 for i in range(3)])
    outward = -np.diff(padded, axis=axis)
    area = outward
    for other in range(3):
        if other != axis:
            shape = [1, 1, 1]
            shape[other] = -1
            area = area * widths[other].reshape(shape)
    return _shared_by_corners(area, corners, cells)


def _difference(first: Draws, second: Draws) -> Draws:
    """First less second: draw by draw where they pair up, else as independent numbers."""
    mean = first.mean - second.mean
    if first.count == second.count:
        return Draws(mean, first.deviations - second.deviations)
    if not (first.count and second.count):
        return Draws(mean, first.deviations if first.count else -second.deviations)
    error = np.sqrt(first.sd**2 + second.sd**2)
    return Draws(mean, np.array([error, -error]))
