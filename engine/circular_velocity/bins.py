"""Bins in (R, z) over a ball, with the volume that each has inside."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.population.population import Volume

__all__ = ["Bins", "make_bins"]

Floats = NDArray[np.float64]

_PARTS = 8
"""Each bin is divided into 8 x 8 parts, whose arcs inside the ball are added up."""

_COVERED = 0.5
"""Bins of which less lies inside the ball are left out."""


@dataclass(frozen=True)
class Bins:
    """Bins in R and u = asinh(z/z0); bin (i, j) is number i * layers + j.

    Parameters
    ----------
    edges_R, edges_z
        Edges, kpc.
    R, z
        Centre of the part of each bin that lies inside the ball, (b,) kpc.
    volume
        Volume of that part, (b,) kpc^3.
    inside
        Whether the bin counts, (b,).
    """

    edges_R: Floats  # noqa: N815
    edges_z: Floats
    R: Floats
    z: Floats
    volume: Floats
    inside: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number b of bins."""
        return len(self.R)

    @property
    def range_R(self) -> tuple[float, float]:  # noqa: N802
        """Smallest and largest R, kpc."""
        return float(self.edges_R[0]), float(self.edges_R[-1])

    @property
    def range_z(self) -> tuple[float, float]:
        """Smallest and largest z, kpc."""
        return float(self.edges_z[0]), float(self.edges_z[-1])

    def cells(self, R: Floats, z: Floats) -> NDArray[np.int64]:  # noqa: N803
        """Give the bin of positions (n,); -1 for none."""
        layers = len(self.edges_z) - 1
        i = np.searchsorted(self.edges_R, R, side="right") - 1
        j = np.searchsorted(self.edges_z, z, side="right") - 1
        within = (i >= 0) & (i < len(self.edges_R) - 1) & (j >= 0) & (j < layers)
        return np.where(within, i * layers + j, -1)

    def usable_at(self, R: Floats, z: Floats) -> NDArray[np.bool_]:  # noqa: N803
        """Say which positions (n,) lie in a bin that counts."""
        cells = self.cells(R, z)
        usable: NDArray[np.bool_] = (cells >= 0) & self.inside[cells]
        return usable

    def only(self, counting: NDArray[np.bool_]) -> Bins:
        """Give the bins of which only those counting (b,) count."""
        return replace(self, inside=self.inside & counting)


def make_bins(volume: Volume, step: float, layers: int, plane_scale: float) -> Bins:
    """Lay bins over a ball: ``step`` kpc wide in R, even in asinh(z/z0), z0 = ``plane_scale``."""
    middle, radius = np.asarray(volume.centre), volume.radius
    ring = float(np.hypot(middle[0], middle[1]))
    low, high = max(ring - radius, 0.0), ring + radius
    edges_R = np.linspace(low, high, max(1, round((high - low) / step)) + 1)  # noqa: N806
    reach = np.arcsinh((middle[2] + radius * np.array([-1, 1])) / plane_scale)
    edges_u = np.linspace(reach[0], reach[1], layers + 1)
    fraction = (np.arange(_PARTS) + 0.5) / _PARTS
    part_R = (edges_R[:-1, None] + np.diff(edges_R)[:, None] * fraction).ravel()  # noqa: N806
    part_u = (edges_u[:-1, None] + np.diff(edges_u)[:, None] * fraction).ravel()
    R, u = np.meshgrid(part_R, part_u, indexing="ij")  # noqa: N806
    z = plane_scale * np.sinh(u)
    arc = 2 * _half_arc(R, z - middle[2], ring, radius)
    size = np.diff(edges_R)[0] * np.diff(edges_u)[0] / _PARTS**2
    element = arc * R * np.hypot(z, plane_scale) * size

    def gathered(values: Floats) -> Floats:
        blocks = values.reshape(len(edges_R) - 1, _PARTS, layers, _PARTS)
        total: Floats = blocks.sum(axis=(1, 3)).ravel()
        return total

    amount = gathered(element)
    safe = np.where(amount > 0, amount, 1.0)
    covered = gathered((arc > 0).astype(np.float64)) / _PARTS**2
    return Bins(
        edges_R=edges_R,
        edges_z=plane_scale * np.sinh(edges_u),
        R=gathered(element * R) / safe,
        z=plane_scale * np.sinh(gathered(element * u) / safe),
        volume=amount,
        inside=covered >= _COVERED,
    )


def _half_arc(R: Floats, z: Floats, ring: float, radius: float) -> Floats:  # noqa: N803
    """Give half the azimuth (rad) that a circle of radius R has inside a ball.

    The centre of the ball has the cylindrical radius ``ring``, and z counts from it: the points
    of the circle lie at d^2 = R^2 + ring^2 - 2 R ring cos(phi) + z^2.
    """
    cosine = (R**2 + ring**2 + z**2 - radius**2) / np.maximum(2 * ring * R, 1e-12)
    arc: Floats = np.arccos(np.clip(cosine, -1.0, 1.0))
    return arc
