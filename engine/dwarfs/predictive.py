"""Whether the stars look like the posterior: dispersion and kurtosis in bins of radius."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.dwarfs.fit import Fit
from engine.dwarfs.stars import Stars

__all__ = ["Predictive", "posterior_predictive"]

Floats = NDArray[np.float64]

_DRAWS = 200
_CLIP = 4.0  # dispersions; a foreground star must not be the kurtosis


@dataclass(frozen=True)
class Predictive:
    """Dispersion and kurtosis of the stars, and those of mock stars at the same places.

    Parameters
    ----------
    radius
        Median projected radius of each bin, kpc, (b,).
    count
        Stars of each bin.
    dispersion, kurtosis
        Of the stars, errors included, (b,).
    predicted_dispersion, predicted_kurtosis
        Of mock stars, one set for each of n draws, (n, b).
    """

    radius: Floats
    count: NDArray[np.int64]
    dispersion: Floats
    kurtosis: Floats
    predicted_dispersion: Floats
    predicted_kurtosis: Floats

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Bins whose kurtosis lies outside the 95% band of the mock stars."""
        low, high = np.quantile(self.predicted_kurtosis, [0.025, 0.975], axis=0)
        return np.asarray((self.kurtosis < low) | (self.kurtosis > high))


def posterior_predictive(fit: Fit, population: int, seed: int, bins: int = 5) -> Predictive:
    """Draw mock velocities at the stars' places from the posterior.

    Parameters
    ----------
    fit
        The fit.
    population
        Which population.
    seed
        Of the draws.
    bins
        Bins with like numbers of stars.
    """
    rng = np.random.default_rng([seed, 7])
    stars = fit.families[0].posterior.stars[population]
    order = np.argsort(stars.radius)
    groups = np.array_split(order, min(bins, max(1, len(order) // 10)))
    seen = _moments(stars.velocity, groups)
    sets = []
    picks = fit.picks[rng.permutation(len(fit.picks))[:_DRAWS]]
    for i, family in enumerate(fit.families):
        rows = picks[picks[:, 0] == i, 1]
        for start in range(0, len(rows), 25):
            z = torch.tensor(family.samples.flat[rows[start : start + 25]])
            with torch.no_grad():
                table, _, _ = family.posterior.tables(population, family.posterior.galaxy(z))
            speeds = family.posterior.speeds.v.numpy()
            for one in table.numpy():
                drawn = _draw(stars, one, speeds, family.posterior.grid.row_x, rng)
                sets.append(_moments(drawn, groups))
    predicted = np.array(sets)
    return Predictive(
        np.array([np.median(stars.radius[g]) for g in groups]) * fit.half_light,
        np.array([len(g) for g in groups]),
        seen[0],
        seen[1],
        predicted[:, 0],
        predicted[:, 1],
    )


def _draw(
    stars: Stars, table: Floats, speeds: Floats, rows: Floats, rng: np.random.Generator
) -> Floats:
    """Draw a velocity for each star from the row nearest to it."""
    within = np.cumsum(0.5 * (table[:, 1:] + table[:, :-1]), axis=1)
    within = np.concatenate([np.zeros((len(within), 1)), within / within[:, -1:]], 1)
    row = np.abs(np.log(np.maximum(stars.radius, 1e-9))[:, None] - rows).argmin(1)
    size = np.empty(len(row))
    ticket = rng.uniform(size=len(row))
    for j in np.unique(row):
        at = row == j
        size[at] = np.interp(ticket[at], within[j], speeds)
    sign = rng.choice([-1.0, 1.0], size=len(row))
    return np.asarray(sign * size + stars.error * rng.normal(size=len(row)), dtype=np.float64)


def _moments(velocity: Floats, groups: list[NDArray[np.intp]]) -> Floats:
    """Give dispersion and kurtosis of each group, (2, b)."""
    found = []
    middle, spread = np.median(velocity), np.std(velocity)
    for group in groups:
        v = velocity[group] - middle
        v = v[np.abs(v) < _CLIP * spread]
        square, fourth = float(np.mean(v**2)), float(np.mean(v**4))
        found.append((np.sqrt(square), fourth / max(square**2, 1e-300)))
    return np.array(found).T
