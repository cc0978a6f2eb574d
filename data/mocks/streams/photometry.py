"""Magnitudes and colours of mock patches: ridge lines and luminosity functions of old stars.

Isochrones are large tables under licences of their own. A patch in which a search is tried needs
their shape only: a main sequence, a turn-off whose colour tells the age and metallicity, a giant
branch, and counts that rise towards faint stars. Each population has here a ridge line with some
fifteen nodes, read to about 0.05 mag off published colour-magnitude diagrams of Gaia (clusters of
the metallicity named; Gaia Collaboration, Babusiaux et al. 2018, A&A 616, A10), and the counts of
an old population of a Kroupa-like mass function on it. They are not isochrones of any one code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["POPULATIONS", "Population", "colour_error", "draw_photometry", "share_brighter"]

FloatArray = npt.NDArray[np.float64]

_STEP = 0.02
_BRIGHTEST, _FAINTEST = -3.0, 13.0
_BRANCH = (0.45, 0.65)
"""M_G of the horizontal branch; its stars are a share of those of the giants about it."""


@dataclass(frozen=True)
class Population:
    """Old stars of one metallicity.

    Parameters
    ----------
    ridge
        Nodes (M_G, BP - RP), mag, from bright to faint.
    counts
        Nodes (M_G, log10 of stars per mag), in an arbitrary unit.
    spread
        Scatter of the colour about the ridge line, mag: that of metallicity and of binaries.
    branch
        Stars on the horizontal branch for each star of the population brighter than M_G = 1.
    branch_colours
        Ends of the horizontal branch, BP - RP.
    """

    ridge: tuple[tuple[float, float], ...]
    counts: tuple[tuple[float, float], ...]
    spread: float
    branch: float
    branch_colours: tuple[float, float]


_OLD_COUNTS = (
    (-3.0, -2.5), (-1.0, -1.95), (1.0, -1.40), (2.5, -0.95), (3.2, -0.45), (3.7, -0.08),
    (4.2, 0.03), (5.0, 0.10), (6.0, 0.15), (7.0, 0.22), (8.0, 0.36), (9.0, 0.50), (10.0, 0.58),
    (13.0, 0.55),
)  # fmt: skip

POPULATIONS: dict[str, Population] = {
    # [Fe/H] = -1.5, 12 Gyr: as M 92 and M 13, between which GD-1 and most haloes' stars lie
    "halo": Population(
        ridge=(
            (-3.0, 1.75), (-2.0, 1.42), (-1.0, 1.23), (0.0, 1.10), (1.0, 1.01), (2.0, 0.94),
            (2.8, 0.85), (3.2, 0.68), (3.6, 0.58), (4.0, 0.57), (4.5, 0.61), (5.0, 0.68),
            (6.0, 0.86), (7.0, 1.09), (8.0, 1.37), (9.0, 1.65), (10.0, 1.90), (13.0, 2.5),
        ),
        counts=_OLD_COUNTS, spread=0.04, branch=0.30, branch_colours=(-0.1, 0.8),
    ),
    # [Fe/H] = -0.6, 10 Gyr: as 47 Tuc
    "thick": Population(
        ridge=(
            (-3.0, 2.2), (-2.0, 1.72), (-1.0, 1.47), (0.0, 1.30), (1.0, 1.19), (2.0, 1.10),
            (3.0, 1.01), (3.5, 0.84), (3.9, 0.72), (4.3, 0.71), (5.0, 0.80), (6.0, 0.99),
            (7.0, 1.25), (8.0, 1.58), (9.0, 1.93), (10.0, 2.25), (13.0, 3.1),
        ),
        counts=_OLD_COUNTS, spread=0.05, branch=0.25, branch_colours=(1.0, 1.1),
    ),
    # about solar, of all ages: the main sequence goes on to bright stars
    "thin": Population(
        ridge=(
            (-3.0, 2.4), (-1.0, 1.65), (0.0, 1.40), (1.0, 1.26), (1.8, 1.10), (2.4, 0.55),
            (3.0, 0.54), (3.5, 0.62), (4.0, 0.70), (4.67, 0.82), (5.5, 0.97), (6.5, 1.22),
            (7.5, 1.56), (8.5, 1.92), (9.5, 2.28), (10.5, 2.62), (11.5, 2.95), (13.0, 3.4),
        ),
        counts=(
            (-3.0, -2.3), (0.0, -1.45), (1.0, -1.15), (2.0, -0.80), (3.0, -0.35), (4.0, -0.05),
            (5.0, 0.06), (6.0, 0.12), (7.0, 0.20), (8.0, 0.36), (9.0, 0.50), (10.0, 0.60),
            (13.0, 0.58),
        ),
        spread=0.09, branch=0.35, branch_colours=(1.15, 1.30),
    ),
}  # fmt: skip


def share_brighter(population: Population, limit: npt.ArrayLike) -> FloatArray:
    """Give the share (n,) of a population that is brighter than an absolute magnitude."""
    grid, cumulative = _table(population)
    return np.interp(np.asarray(limit, dtype=np.float64), grid, cumulative, left=0.0, right=1.0)


def draw_photometry(
    population: Population, faintest: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw absolute magnitudes and colours.

    Parameters
    ----------
    population
        The stars.
    faintest
        M_G (n,) that each may have at most; fainter stars are not seen.
    rng
        Source of all random numbers.

    Returns
    -------
    M_G and BP - RP, (n,) each, without errors of measurement.
    """
    grid, cumulative = _table(population)
    seen = share_brighter(population, faintest)
    magnitude = np.interp(rng.uniform(size=len(seen)) * seen, cumulative, grid)
    colour = np.interp(magnitude, *np.transpose(population.ridge))
    colour += population.spread * rng.normal(size=len(seen))
    # Giants within a magnitude of the horizontal branch move onto it, as many as belong there.
    chance = rng.uniform(size=len(seen))
    moved = (magnitude < 1.0) & (faintest > _BRANCH[1])
    moved &= chance < population.branch / (1.0 + population.branch)
    low, high = population.branch_colours
    magnitude = np.where(moved, rng.uniform(*_BRANCH, len(seen)), magnitude)
    return magnitude, np.where(moved, rng.uniform(low, high, len(seen)), colour)


def colour_error(g: npt.ArrayLike) -> FloatArray:
    """Error of BP - RP, mag, at magnitude `g`.

    0.003 + 0.09 x 10^(0.33 (G - 20)): through the medians of Gaia DR3, about 0.02 mag at 18
    and 0.09 at 20 (Riello et al. 2021, A&A 649, A3, fig. 9, both bands together).
    """
    g = np.asarray(g, dtype=np.float64)
    return np.asarray(0.003 + 0.09 * 10.0 ** (0.33 * (g - 20.0)), dtype=np.float64)


def _table(population: Population) -> tuple[FloatArray, FloatArray]:
    """M_G and the share of the stars brighter than it."""
    grid = np.arange(_BRIGHTEST, _FAINTEST + _STEP / 2, _STEP)
    counts = 10.0 ** np.interp(grid, *np.transpose(population.counts))
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (counts[1:] + counts[:-1]))])
    return grid, cumulative / cumulative[-1]
