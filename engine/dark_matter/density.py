"""Dark matter as what the baryons leave of the total density."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.baryons import Baryons
from engine.draws import Draws, map_draws

__all__ = ["baryon_density", "dark_density"]


def baryon_density(
    baryons: Baryons, points: NDArray[np.float64], count: int, seed: int = 0
) -> Draws:
    """Give the density of baryons with its errors.

    Parameters
    ----------
    baryons
        The model.
    points
        (P, 3) kpc.
    count
        Number of draws: that of the total density, for ``dark_density``.
    seed
        Fixes the draws. Calls with one count and seed belong together, so that a density
        evaluated on a finer lattice and then smoothed keeps its correlations.

    Returns
    -------
    Draws (P,), Msun/pc^3: the density of the best values, and how far the draws are from it.
    """
    mean = baryons.density(points)
    return Draws(mean, baryons.draws(points, count, seed) - mean)


def dark_density(total: Draws, baryons: Draws) -> Draws:
    """Subtract the baryons: rho_dark = rho_total - rho_baryon, with the errors of both.

    Both must be smoothed by the same kernel. The result may be negative within its errors; it
    is not cut off, because a cut would bias every average of it.

    Parameters
    ----------
    total, baryons
        (P,) Msun/pc^3, with the same number of draws, or one of them exact.

    Raises
    ------
    ValueError
        If they are not of the same cells or the same number of draws.
    """
    if total.mean.shape != baryons.mean.shape:
        raise ValueError(
            f"densities of {total.mean.shape} and {baryons.mean.shape} cells do not match"
        )
    return map_draws(np.subtract, total, baryons)
