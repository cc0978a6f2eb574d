"""The positions at which a map is solved: a grid over the volume, and lines through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "Line", "grid_heights", "make_grid", "make_lines"]

Floats = NDArray[np.float64]

_PLANE_DENSITY = 2.5
"""Strength of the crowding of z values towards the plane: dz grows sixfold to the edge."""


@dataclass(frozen=True)
class Grid:
    """A rectilinear grid; only the cells inside the volume are solved.

    Parameters
    ----------
    x, y, z
        Coordinate values, kpc, increasing.
    inside
        (nx, ny, nz), true where the cell's centre lies in the volume.
    """

    x: Floats
    y: Floats
    z: Floats
    inside: NDArray[np.bool_]

    @property
    def points(self) -> Floats:
        """Positions of the cells inside, (n, 3) kpc, in the order of ``inside``."""
        mesh = np.stack(np.meshgrid(self.x, self.y, self.z, indexing="ij"), axis=-1)
        points: Floats = mesh[self.inside]
        return points

    def fill(self, values: NDArray[np.generic], outside: float = np.nan) -> NDArray[np.generic]:
        """Spread values (..., n) of the cells inside over the grid, (..., nx, ny, nz)."""
        full = np.full((*values.shape[:-1], *self.inside.shape), outside, dtype=values.dtype)
        full[..., self.inside] = values
        return full


def make_grid(
    centre: tuple[float, float, float], radius: float, spacing: float, z_cells: int
) -> Grid:
    """Lay a grid over a ball.

    x and y are evenly spaced through the centre. Where the Galactic plane crosses the inner half
    of the ball, z is symmetric about the plane, so that north and south can be compared cell by
    cell, and denser towards it, where the vertical force changes over 0.3 kpc; elsewhere it is
    evenly spaced through the centre.

    Parameters
    ----------
    centre, radius
        The volume, kpc.
    spacing
        Step in x and y, kpc.
    z_cells
        Number of values in z.
    """
    steps = max(1, int(np.floor(radius / spacing + 1e-9)))
    offset = spacing * np.arange(-steps, steps + 1, dtype=np.float64)
    x, y = centre[0] + offset, centre[1] + offset
    z = grid_heights(centre[2], radius, z_cells)
    mesh = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    inside = np.linalg.norm(mesh - np.asarray(centre), axis=-1) < radius
    return Grid(np.asarray(x), np.asarray(y), np.asarray(z), inside)


def grid_heights(height: float, radius: float, z_cells: int) -> Floats:
    """Give the values of z (z_cells,) in a ball whose centre has a height (all kpc)."""
    fraction = np.linspace(-1, 1, z_cells)
    z: Floats = height + radius * fraction
    if abs(height) < 0.5 * radius:
        reach = radius + abs(height)
        z = reach * np.sinh(_PLANE_DENSITY * fraction) / np.sinh(_PLANE_DENSITY)
    return z


@dataclass(frozen=True)
class Line:
    """A line of positions.

    Parameters
    ----------
    name
        ``x``, ``z`` or ``arc``.
    s
        Coordinate along the line, (n,): kpc, or degrees of azimuth for the arc.
    points
        (n, 3) kpc; rows outside the volume are NaN.
    """

    name: str
    s: Floats
    points: Floats


def make_lines(
    centre: tuple[float, float, float], radius: float, sun: tuple[float, float, float], count: int
) -> list[Line]:
    """Give the named lines: along x and z through the centre, and the solar arc.

    The arc runs at the Sun's cylindrical radius and height; phi = 0 at the Sun and grows along
    Galactic rotation, towards -y. Where it misses the volume it is NaN throughout.
    """
    middle = np.asarray(centre)
    s = np.linspace(-radius, radius, count) * 0.999
    lines = []
    for name, axis in (("x", 0), ("z", 2)):
        points = np.tile(middle, (count, 1))
        points[:, axis] += s
        lines.append(Line(name, points[:, axis].copy(), points))
    ring = float(np.hypot(sun[0], sun[1]))
    azimuth = np.arctan2(-sun[1], sun[0])
    half = np.degrees(2 * np.arcsin(min(1.0, radius / (2 * ring)))) if ring > 0 else 180.0
    phi = np.linspace(-half, half, count)
    angle = azimuth + np.radians(phi)
    points = np.stack(
        [ring * np.cos(angle), -ring * np.sin(angle), np.full(count, sun[2])], axis=1
    )
    lines.append(Line("arc", phi, points))
    return [_masked(line, middle, radius) for line in lines]


def _masked(line: Line, centre: Floats, radius: float) -> Line:
    points = line.points.copy()
    points[np.linalg.norm(points - centre, axis=1) >= radius] = np.nan
    return Line(line.name, line.s, points)
