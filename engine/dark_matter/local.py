"""The density of dark matter at the Sun's distance from the centre, and what others found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.constants import GEV_PER_CM3
from data.frames import DEFAULT_SUN
from data.literature.dark_matter import PUBLISHED_DARK_MATTER, PublishedDensity
from engine.cubes.grid import Grid
from engine.dark_matter.geometry import apply_linear, cell_volumes, trusted_cells
from engine.dark_matter.shells import ellipsoidal_radius
from engine.draws import Draws

__all__ = ["Comparison", "LocalValue", "compare_local", "local_value"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_FEWEST_CELLS = 8
"""Below that, a slope with radius cannot be told from the slope with angle."""


@dataclass(frozen=True)
class LocalValue:
    """The spherically averaged density at the Sun's distance from the Galactic centre.

    Parameters
    ----------
    density
        () Msun/pc^3; NaN where too few cells are trusted.
    radius
        Where it holds, kpc.
    cells
        Number of cells that were used.
    covered
        Their volume over that of all cells of the shell inside the volume.
    """

    density: Draws
    radius: float
    cells: int
    covered: float

    @property
    def msun_pc3(self) -> tuple[float, float]:
        """Value and error in Msun/pc^3; the error is NaN where there are no draws."""
        return float(self.density.mean), float(self.density.sd)

    @property
    def gev_cm3(self) -> tuple[float, float]:
        """Value and error in GeV/cm^3."""
        value, error = self.msun_pc3
        return value * GEV_PER_CM3, error * GEV_PER_CM3


def local_value(
    density: Draws,
    grid: Grid,
    *,
    radius: float = DEFAULT_SUN.radius,
    half_width: float = 0.75,
    trusted: Bools | None = None,
    axis_ratio: float = 1.0,
    z_min: float = 0.0,
) -> LocalValue:
    """Average a density over the shell round the Sun's distance.

    A straight line in the radius, weighted by volume, is fitted to r^2 rho in the cells of the
    shell and read off at ``radius``. Where distrust leaves more of the inner half than of the
    outer one, a plain mean would belong to another radius; and a line through rho itself would
    be half a per cent high, because rho is curved, while r^2 rho of a halo is nearly straight.

    Parameters
    ----------
    density
        At the cells, (P,) Msun/pc^3.
    grid
        The cells.
    radius, half_width
        The shell, kpc; it should be two grid steps thick or more.
    trusted
        Cells that may be used, (P,); None for all.
    axis_ratio, z_min
        As in ``shell_average``.
    """
    points, volumes = grid.points, cell_volumes(grid)
    distance = ellipsoidal_radius(points, axis_ratio)
    offset = distance - radius
    member = np.abs(offset) <= half_width
    usable = member & trusted_cells(density, trusted) & (np.abs(points[:, 2]) >= z_min)
    weight = np.where(usable, volumes, 0.0)
    s0, s1, s2 = (float(np.sum(weight * offset**power)) for power in range(3))
    spread = s0 * s2 - s1**2
    enough = usable.sum() >= _FEWEST_CELLS and spread > 1e-12 * (s0 * half_width) ** 2
    shares = weight * (s2 - s1 * offset) / spread if enough else np.full(len(weight), np.nan)
    row = apply_linear((shares * (distance / radius) ** 2)[None, :], density)
    return LocalValue(
        density=Draws(row.mean[0], row.deviations[:, 0]),
        radius=radius,
        cells=int(usable.sum()),
        covered=s0 / volumes[member].sum() if member.any() else math.nan,
    )


@dataclass(frozen=True)
class Comparison:
    """A published density and how far ours is from it.

    Parameters
    ----------
    published
        The other value.
    difference
        Ours less theirs, Msun/pc^3.
    pull
        The difference in the common standard error; NaN where ours has none.
    """

    published: PublishedDensity
    difference: float
    pull: float


def compare_local(
    local: LocalValue, published: tuple[PublishedDensity, ...] = PUBLISHED_DARK_MATTER
) -> list[Comparison]:
    """Set a local density beside the published ones."""
    value, error = local.msun_pc3
    rows = []
    for other in published:
        theirs, their_error = other.msun_pc3
        difference = value - theirs
        rows.append(Comparison(other, difference, difference / math.hypot(error, their_error)))
    return rows
