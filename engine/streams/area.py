"""What part of a patch the stars cover: a disc, or any shape learnt from the stars themselves.

Lines are compared by stars per area, so the area of every strip has to be known. For a full disc
there is a formula; anything else is a grid of small cells with the covered fraction of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from data.errors import UserError
from data.frames import Floats
from data.selection.compiled import compiled

__all__ = ["SkyArea", "disc_strip"]

_CELL = 0.1  # deg; a quarter of the narrowest strip's width would do
_FINE = 5  # parts of a cell's side, for the fraction of it inside a disc
_GAP_NEIGHBOUR, _GAP_QUANTILE = 4, 0.995  # see `learn`
_PROBED = 20_000


@dataclass(frozen=True, eq=False)
class SkyArea:
    """A covered area in the local plane of a patch, in degrees.

    Parameters
    ----------
    radius
        Distance from the origin that the area does not exceed, degrees.
    weight
        Covered fraction of each cell, (nx, ny); None for the full disc.
    origin
        Lower corner of the first cell, degrees.
    cell
        Side of a cell, degrees.
    """

    radius: float
    weight: Floats | None = None
    origin: tuple[float, float] = (0.0, 0.0)
    cell: float = _CELL

    @classmethod
    def disc(cls, radius: float = 10.0) -> SkyArea:
        """Give a full disc round the origin."""
        return cls(radius)

    @classmethod
    def learn(
        cls, x: Floats, y: Floats, *, radius: float | None = None, cell: float = _CELL
    ) -> SkyArea:
        """Learn the area from the stars that lie in it.

        Every cell with a star counts, and what is closed between them: holes are filled that are
        too small for their emptiness to be more than chance (morphological closing with a disc as
        wide as the distance to the fourth neighbour, of all but 0.5% of the stars). Edges of any
        form are followed to within the distance between stars.

        Parameters
        ----------
        x, y
            Offsets of many stars, degrees, (n,): all that a patch has, not a few chosen ones.
        radius
            Cut at this distance from the origin.
        cell
            Side of a cell, degrees; larger for wide areas, so that there are below a million.

        Raises
        ------
        UserError
            If there are fewer than 50 stars.
        """
        x, y = (np.asarray(a, dtype=np.float64) for a in (x, y))
        if radius is not None:
            near = np.hypot(x, y) < radius
            x, y = x[near], y[near]
        if len(x) < 50:
            raise UserError(
                f"The covered area cannot be determined from {len(x)} stars.",
                "Choose a patch with at least 50 stars.",
            )
        gap = _gap(x, y)
        cell = max(cell, np.sqrt(np.ptp(x) * np.ptp(y)) / 1000.0)
        margin = gap + 2.0 * cell
        origin = (float(x.min() - margin), float(y.min() - margin))
        shape = [
            int(np.ceil((a.max() + margin - o) / cell))
            for a, o in ((x, origin[0]), (y, origin[1]))
        ]
        seen = np.zeros(shape, dtype=bool)
        seen[((x - origin[0]) / cell).astype(int), ((y - origin[1]) / cell).astype(int)] = True
        grown = ndimage.distance_transform_edt(~seen) * cell <= gap
        closed = ndimage.distance_transform_edt(grown) * cell > gap
        area = cls(
            float(np.hypot(x, y).max()), (closed | seen).astype(np.float64), origin, float(cell)
        )
        return area if radius is None else area.within(radius)

    @cached_property
    def grid(self) -> SkyArea:
        """The same area as a grid of cells."""
        if self.weight is not None:
            return self
        n = 2 * int(np.ceil(self.radius / self.cell)) + 2
        low = -0.5 * n * self.cell
        return SkyArea(self.radius, np.ones((n, n)), (low, low), self.cell).within(self.radius)

    def within(self, radius: float) -> SkyArea:
        """Cut the area at a distance from the origin."""
        if self.weight is None:
            return SkyArea(min(radius, self.radius), None, self.origin, self.cell)
        inside = _fraction_inside(self, 0.0, 0.0, radius)
        return SkyArea(min(radius, self.radius), self.weight * inside, self.origin, self.cell)

    def without(self, discs: Sequence[tuple[float, float, float]]) -> SkyArea:
        """Take discs out, each (x, y, radius) in degrees: known objects, clumps."""
        if not discs:
            return self
        grid = self.grid
        weight = cast("Floats", grid.weight).copy()
        for x, y, radius in discs:
            weight *= 1.0 - _fraction_inside(grid, x, y, radius)
        return SkyArea(self.radius, weight, grid.origin, grid.cell)

    def like(self, x: Floats, y: Floats, *, smoothing: float = 2.0) -> SkyArea:
        """Weigh the area with the density of stars, so that gradients are expected.

        Strips then hold "areas" in which stars are even; the total stays the same.

        Parameters
        ----------
        x, y
            Offsets of the stars whose density is taken, degrees, (n,).
        smoothing
            Standard deviation of the kernel that their counts are smoothed with, degrees.
        """
        grid = self.grid
        covered = cast("Floats", grid.weight)
        i, j = self._cells(x, y)
        counts = np.zeros_like(covered)
        np.add.at(counts, (i, j), 1.0)
        width = smoothing / grid.cell
        smooth = ndimage.gaussian_filter(counts * (covered > 0), width, mode="constant")
        # The kernel loses what lies beyond the edge: the same of the covered fraction.
        reach = ndimage.gaussian_filter(covered, width, mode="constant")
        density = np.where(covered > 0, smooth / np.maximum(reach, 1e-9), 0.0)
        weight = covered * density
        weight *= covered.sum() / max(weight.sum(), 1e-300)
        return SkyArea(self.radius, weight, grid.origin, grid.cell)

    @property
    def total(self) -> float:
        """Covered area in square degrees."""
        if self.weight is None:
            return float(np.pi * self.radius**2)
        return float(self.weight.sum() * self.cell**2)

    def contains(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Tell which offsets (deg) lie in the area."""
        if self.weight is None:
            return np.asarray(np.hypot(x, y) < self.radius)
        i, j = self._cells(x, y)
        inside = (np.asarray(x) >= self.origin[0]) & (np.asarray(y) >= self.origin[1])
        ends = np.asarray(self.origin) + np.array(self.weight.shape) * self.cell
        inside &= (np.asarray(x) < ends[0]) & (np.asarray(y) < ends[1])
        return np.asarray(inside & (self.weight[i, j] > 0))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw n places evenly in the area (by its weight), degrees."""
        if self.weight is None:
            r, angle = self.radius * np.sqrt(rng.random(n)), 2.0 * np.pi * rng.random(n)
            return r * np.cos(angle), r * np.sin(angle)
        steps = np.cumsum(self.weight.ravel())
        # Never beyond the last cell that has any weight, whatever the rounding.
        at = np.searchsorted(steps, rng.random(n) * steps[-1], side="right")
        i, j = np.unravel_index(at, self.weight.shape)
        x = self.origin[0] + (i + rng.random(n)) * self.cell
        return x, self.origin[1] + (j + rng.random(n)) * self.cell

    def strips(self, theta: Floats, edges: Floats) -> Floats:
        """Give the areas between parallel lines r = x sin(theta) - y cos(theta).

        Parameters
        ----------
        theta
            Directions, rad, (t,).
        edges
            Equally spaced distances r, degrees, increasing, (k + 1,).

        Returns
        -------
        ndarray
            Square degrees, (t, k).
        """
        if self.weight is None:
            return np.tile(disc_strip(self.radius, edges[:-1], edges[1:]), (len(theta), 1))
        i, j = np.nonzero(self.weight)
        x = np.asarray(self.origin[0] + (i + 0.5) * self.cell, dtype=np.float64)
        y = np.asarray(self.origin[1] + (j + 0.5) * self.cell, dtype=np.float64)
        below: Floats = _projected(x, y, self.weight[i, j], self.cell, theta, edges)
        return np.diff(below, axis=1)

    def _cells(self, x: Floats, y: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        grid = self.grid
        shape = cast("Floats", grid.weight).shape
        i, j = (
            np.clip(np.floor((np.asarray(a) - o) / grid.cell).astype(np.int64), 0, n - 1)
            for a, o, n in zip((x, y), grid.origin, shape, strict=True)
        )
        return i, j


def disc_strip(radius: float, low: Floats, high: Floats) -> Floats:
    """Give the area of a disc between two parallel lines at distances low < high of its centre.

    A = R^2 [F(high/R) - F(low/R)] with F(u) = u sqrt(1 - u^2) + asin u.
    """
    u, v = (np.clip(np.asarray(a) / radius, -1.0, 1.0) for a in (low, high))
    return np.asarray(
        radius**2 * (v * np.sqrt(1 - v**2) + np.arcsin(v) - u * np.sqrt(1 - u**2) - np.arcsin(u))
    )


def _gap(x: Floats, y: Floats) -> float:
    """Give the size of holes that chance makes: see `SkyArea.learn`."""
    places = np.unique(np.stack([x, y], axis=1), axis=0)
    probed = places[:: max(1, len(places) // _PROBED)]
    k = min(_GAP_NEIGHBOUR + 1, len(places))
    distance = np.asarray(cKDTree(places).query(probed, k=k)[0])[:, -1]
    return float(np.quantile(distance, _GAP_QUANTILE))


def _fraction_inside(area: SkyArea, x: float, y: float, radius: float) -> Floats:
    """Give the part of each cell of a grid that lies in a disc, shape of the weight."""
    nx, ny = cast("Floats", area.weight).shape
    step = area.cell / _FINE
    gx = area.origin[0] + (np.arange(nx * _FINE) + 0.5) * step - x
    gy = area.origin[1] + (np.arange(ny * _FINE) + 0.5) * step - y
    inside = gx[:, None] ** 2 + gy**2 < radius**2
    return np.asarray(np.mean(inside.reshape(nx, _FINE, ny, _FINE), axis=(1, 3)))


@compiled
def _projected(
    x: Floats, y: Floats, weight: Floats, cell: float, theta: Floats, edges: Floats
) -> Floats:
    """Give the area on the near side of every edge, (t, k), edges (k,) equally spaced.

    A square's shadow along r is the convolution of two uniform ones, of widths cell |sin| and
    cell |cos|; its integral is a piecewise parabola.
    """
    n = len(edges)
    found, whole = np.zeros((len(theta), n)), np.zeros((len(theta), n + 1))
    step = edges[1] - edges[0]
    for t in range(len(theta)):
        s, c = np.sin(theta[t]), np.cos(theta[t])
        wide, narrow = 0.5 * cell * max(abs(s), abs(c)), 0.5 * cell * min(abs(s), abs(c))
        narrow = max(narrow, 1e-6 * wide)  # rounding must not leave a shadow without a slope
        reach = wide + narrow
        for i in range(len(x)):
            r = x[i] * s - y[i] * c
            first = max(0, int(np.ceil((r - reach - edges[0]) / step)))
            full = cell * cell * weight[i]
            k = first
            while k < n and edges[k] < r + reach:
                u = edges[k] - r
                d = abs(u)
                if d <= wide - narrow:
                    half = 0.5 * d / wide
                else:
                    half = 0.5 - (reach - d) ** 2 / (8.0 * wide * narrow)
                found[t, k] += full * (0.5 + half if u > 0 else 0.5 - half)
                k += 1
            whole[t, k] += full
        total = 0.0
        for k in range(n):
            total += whole[t, k]
            found[t, k] += total
    return found
