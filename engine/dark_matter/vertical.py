"""The vertical force at the Sun and the surface density that it tells of.

Poisson's equation, integrated through the plane at one place,

    Sigma(z) = int_-z^z rho dz = -[a_z(z) - a_z(-z)]/(4 pi G)
                                 - 1/(4 pi G) int_-z^z (da_x/dx + da_y/dy) dz.

The first term is the usual one-dimensional estimate. The second is small only where the circular
velocity does not change with radius (Kuijken & Gilmore 1989); a map of all three components
knows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from data.constants import G
from data.frames import DEFAULT_SUN
from engine.cubes.grid import Grid
from engine.dark_matter.geometry import apply_linear, interpolation_weights, trusted_cells
from engine.draws import Draws

__all__ = ["Column", "SurfaceDensity", "surface_density", "vertical_column"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PER_PC2 = 1e-6
"""One Msun/kpc^2 in Msun/pc^2."""

_FEWEST_NODES = 4
"""A cubic spline needs four."""


@dataclass(frozen=True)
class Column:
    """The field along the vertical through a place in the plane, at the grid's heights.

    Parameters
    ----------
    z
        Heights, (n,) kpc.
    vertical
        K_z = a_z there, (n,) km^2 s^-2 kpc^-1; NaN where it is not trusted.
    divergence
        da_x/dx + da_y/dy, (n,) km^2 s^-2 kpc^-2; NaN where one of the four neighbours that the
        central differences need is not trusted.
    """

    z: Floats
    vertical: Draws
    divergence: Draws


@dataclass(frozen=True)
class SurfaceDensity:
    """Surface density within a height of the plane, Msun/pc^2.

    Parameters
    ----------
    z_max
        The height, kpc.
    vertical_only
        () -[a_z(z) - a_z(-z)]/(4 pi G): what a one-dimensional analysis says.
    correction
        () the part of the radial and azimuthal force.
    total
        () the sum of both. Each is NaN where the trusted nodes do not reach ``z_max``.
    nodes, missing
        Number of heights of the grid that were used, and of those within ``z_max`` that were
        not trusted and were bridged, in whichever of the two terms there are more of them.
    """

    z_max: float
    vertical_only: Draws
    correction: Draws
    total: Draws
    nodes: int
    missing: int


def vertical_column(
    acceleration: Draws,
    grid: Grid,
    *,
    place: tuple[float, float] = DEFAULT_SUN.position[:2],
    trusted: Bools | None = None,
    step: float | None = None,
) -> Column:
    """Take the field along the vertical through a place in the plane.

    Parameters
    ----------
    acceleration
        At the cells, (P, 3) km^2 s^-2 kpc^-1.
    grid
        The cells.
    place
        x and y, kpc; between the columns of the grid the field is interpolated linearly.
    trusted
        Cells that may be used, (P,); None for all.
    step
        Half the base of the central differences in x and y, kpc; None: the spacing of the
        grid. They are wrong by about (step/R)^2 v_c^2/R^2, which at 0.5 kpc is half a per cent
        of the surface density at the Sun.
    """
    h = float(grid.x[1] - grid.x[0]) if step is None else step
    usable = trusted_cells(acceleration, trusted)

    def along(dx: float, dy: float) -> Draws:
        n = len(grid.z)
        points = np.stack([np.full(n, place[0] + dx), np.full(n, place[1] + dy), grid.z], axis=1)
        weights, valid = interpolation_weights(grid, usable, points)
        field = apply_linear(weights, acceleration)
        gap = np.where(valid, 0.0, np.nan)[:, None]
        return Draws(field.mean + gap, field.deviations + gap)

    east, west, north, south = along(h, 0.0), along(-h, 0.0), along(0.0, h), along(0.0, -h)
    slopes = [
        (plus_x[..., 0] - minus_x[..., 0] + plus_y[..., 1] - minus_y[..., 1]) / (2.0 * h)
        for plus_x, minus_x, plus_y, minus_y in (
            (east.mean, west.mean, north.mean, south.mean),
            (east.deviations, west.deviations, north.deviations, south.deviations),
        )
    ]
    middle = along(0.0, 0.0)
    vertical = Draws(middle.mean[:, 2], middle.deviations[..., 2])
    return Column(grid.z, vertical, Draws(*slopes))


def surface_density(column: Column, z_max: float = 1.1) -> SurfaceDensity:
    """Give the surface density within a height of the plane, with and without the correction.

    Both terms are cubic splines over the trusted heights; ``z_max`` itself must lie between two
    neighbouring heights that are trusted, above and below the plane. Heights in between that
    are not trusted are bridged and counted.

    Parameters
    ----------
    column
        From ``vertical_column``.
    z_max
        kpc.

    Raises
    ------
    ValueError
        If the height is not positive.
    """
    if not z_max > 0:
        raise ValueError(f"the height of a surface density must be positive, not {z_max:g}")
    ends, used, gaps = _spline_weights(column.z, column.vertical, z_max, integral=False)
    slab, used_too, gaps_too = _spline_weights(column.z, column.divergence, z_max, integral=True)
    scale = -_PER_PC2 / (4.0 * np.pi * G)
    vertical_only = _scalar(apply_linear(scale * ends, column.vertical))
    correction = _scalar(apply_linear(scale * slab, column.divergence))
    total = Draws(
        vertical_only.mean + correction.mean, vertical_only.deviations + correction.deviations
    )
    return SurfaceDensity(
        z_max, vertical_only, correction, total, min(used, used_too), max(gaps, gaps_too)
    )


def _spline_weights(
    z: Floats, values: Draws, z_max: float, *, integral: bool
) -> tuple[Floats, int, int]:
    """Weights (1, n) of f(z_max) - f(-z_max), or of the integral between, for a spline f.

    A spline through given abscissae is linear in its ordinates, so it is fitted once to each
    unit vector.
    """
    known = trusted_cells(values, None)
    within = np.abs(z) <= z_max
    used, missing = int(np.sum(known & within)), int(np.sum(~known & within))
    if known.sum() < _FEWEST_NODES or not (_held(z, known, z_max) and _held(z, known, -z_max)):
        return np.full((1, len(z)), np.nan), used, missing
    spline = CubicSpline(z[known], np.eye(int(known.sum())))
    weights = np.zeros((1, len(z)))
    weights[0, known] = (
        spline.integrate(-z_max, z_max) if integral else spline(z_max) - spline(-z_max)
    )
    return weights, used, missing


def _held(z: Floats, known: Bools, at: float) -> bool:
    """Whether a height lies between two neighbouring values that are known."""
    above = int(np.searchsorted(z, at))
    if above < len(z) and z[above] == at:
        return bool(known[above])
    return bool(0 < above < len(z) and known[above - 1] and known[above])


def _scalar(row: Draws) -> Draws:
    return Draws(row.mean[0], row.deviations[:, 0])
