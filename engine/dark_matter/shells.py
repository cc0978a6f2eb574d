"""Averages of a density over spherical and ellipsoidal shells round the Galactic centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.cubes.grid import Grid
from engine.dark_matter.geometry import apply_linear, cell_volumes, trusted_cells
from engine.draws import Draws

__all__ = ["ShellProfile", "default_edges", "ellipsoidal_radius", "shell_average"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class ShellProfile:
    """A density averaged over shells.

    Parameters
    ----------
    edges
        Bounds of the shells, (B+1,) kpc.
    radius
        Volume-weighted mean radius of the cells that were used, (B,) kpc: averaging a profile
        over a shell gives its value there, up to its curvature.
    density
        (B,) Msun/pc^3; NaN where no trusted cell is left.
    cells
        Number of cells that were used, (B,).
    covered
        Their volume over that of all cells of the shell inside the volume, (B,): what distrust
        and ``z_min`` leave; NaN where the shell misses the volume.
    of_shell
        Their volume over that of the whole shell, (B,): how much of a sphere the average knows.
    axis_ratio
        q of the shells: m^2 = R^2 + z^2/q^2; 1 is a sphere.
    """

    edges: Floats
    radius: Floats
    density: Draws
    cells: NDArray[np.int64]
    covered: Floats
    of_shell: Floats
    axis_ratio: float = 1.0


def ellipsoidal_radius(points: Floats, axis_ratio: float = 1.0) -> Floats:
    """Give m = sqrt(x^2 + y^2 + z^2/q^2) of positions (P, 3) kpc, (P,) kpc."""
    scaled = points / np.array([1.0, 1.0, axis_ratio])
    radius: Floats = np.linalg.norm(scaled, axis=1)
    return radius


def default_edges(grid: Grid, width: float = 0.5, axis_ratio: float = 1.0) -> Floats:
    """Bounds of shells of one width, multiples of it, that hold all cells inside."""
    radius = ellipsoidal_radius(grid.points, axis_ratio)
    low, high = np.floor(radius.min() / width), np.floor(radius.max() / width) + 1
    edges: Floats = width * np.arange(low, high + 1)
    return edges


def shell_average(
    density: Draws,
    grid: Grid,
    edges: Floats,
    *,
    trusted: Bools | None = None,
    axis_ratio: float = 1.0,
    z_min: float = 0.0,
) -> ShellProfile:
    """Average a density over shells, weighted by volume.

    A cell belongs to the shell in which its centre lies. That the Galaxy is the same all
    around is an assumption of this step only: the volume sees a part of each shell
    (``of_shell``).

    Parameters
    ----------
    density
        At the cells, (P,) Msun/pc^3.
    grid
        The cells.
    edges
        Bounds of the shells, (B+1,) kpc, increasing.
    trusted
        Cells that may be used, (P,); None for all. Cells without a finite density never are.
    axis_ratio
        q of the shells.
    z_min
        Cells with abs(z) below it (kpc) are left out: the baryons dominate there, and with
        them their errors.

    Raises
    ------
    ValueError
        If the edges do not increase or the axis ratio is not positive.
    """
    if len(edges) < 2 or not np.all(np.diff(edges) > 0) or edges[0] < 0:
        raise ValueError("the bounds of shells must be two or more radii that increase from 0")
    if not axis_ratio > 0:
        raise ValueError(f"the axis ratio of shells must be positive, not {axis_ratio:g}")
    points, volumes = grid.points, cell_volumes(grid)
    radius = ellipsoidal_radius(points, axis_ratio)
    usable = trusted_cells(density, trusted) & (np.abs(points[:, 2]) >= z_min)
    shell = np.searchsorted(edges, radius, side="right") - 1
    member = shell == np.arange(len(edges) - 1)[:, None]
    weights = np.where(member & usable, volumes, 0.0)
    volume = weights.sum(axis=1)
    cells = (member & usable).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights /= volume[:, None]
        covered = volume / (member * volumes).sum(axis=1)
    whole = 4.0 / 3.0 * np.pi * axis_ratio * np.diff(edges**3)
    return ShellProfile(
        edges=edges,
        radius=weights @ radius,
        density=apply_linear(weights, density),
        cells=cells,
        covered=covered,
        of_shell=volume / whole,
        axis_ratio=axis_ratio,
    )
