"""Positions exchanged among stars: a sky with the same stars and no streams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.streams.stars import PatchStars

__all__ = ["exchange", "motion_cells", "permuted"]

Integers = npt.NDArray[np.int64]

_STARS = 300
_PLACES = ("lon", "lat", "ra", "dec", "ebv")


def permuted(stars: PatchStars, rng: np.random.Generator, *, cell: int = _STARS) -> PatchStars:
    """Exchange the positions of stars among those of like proper motion.

    What changes slowly with proper motion (the disc lies to one side, and moves otherwise than
    the halo) stays; what is thin in position does not. All that belongs to a place goes with it.

    Parameters
    ----------
    stars
        Of a patch.
    rng
        Source of the exchange.
    cell
        Stars of a cell in proper motion, among which positions are exchanged, at the least.
    """
    order = exchange(motion_cells(stars["mu_lon"], stars["mu_lat"], cell), rng)
    moved = {name: stars.columns[name][order] for name in _PLACES if stars.has(name)}
    return stars.replaced(**moved)


def motion_cells(
    mu_lon: npt.NDArray[np.float64], mu_lat: npt.NDArray[np.float64], stars: int = _STARS
) -> Integers:
    """Divide the plane of proper motions into cells of like numbers of stars.

    Halves along the wider side, again and again (a k-d tree), until a further half would be too
    small.

    Parameters
    ----------
    mu_lon, mu_lat
        mas/yr, (n,).
    stars
        Least number in a cell.

    Returns
    -------
    ndarray
        Number of the cell of each star, (n,).
    """
    points = np.stack([mu_lon, mu_lat], axis=1)
    label = np.zeros(len(points), dtype=np.int64)
    waiting, cells = [np.arange(len(points))], 0
    while waiting:
        rows = waiting.pop()
        if len(rows) < 2 * stars:
            label[rows] = cells
            cells += 1
            continue
        inside = points[rows]
        # Robust widths: a few fast stars must not decide where the many are divided.
        low, high = np.quantile(inside, [0.1, 0.9], axis=0)
        order = np.argsort(inside[:, int(np.argmax(high - low))], kind="stable")
        middle = len(rows) // 2
        waiting += [rows[order[:middle]], rows[order[middle:]]]
    return label


def exchange(cells: Integers, rng: np.random.Generator) -> Integers:
    """Give for each star the star whose place it takes, one of the same cell, (n,)."""
    inside = np.argsort(cells, kind="stable")
    drawn = np.lexsort((rng.random(len(cells)), cells))
    order = np.empty(len(cells), dtype=np.int64)
    order[inside] = drawn
    return order
