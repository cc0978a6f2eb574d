"""From posterior draws to profiles: what a fit says at each radius."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from data.constants import G
from engine.dwarfs.fit import Fit
from engine.dwarfs.grid import lagrange
from engine.dwarfs.jeans import projected_square, radial_square

__all__ = ["QUANTILES", "Profiles", "family_profiles", "profiles"]

Floats = NDArray[np.float64]

_RADII = 64
_FIRST, _LAST = 0.03, 15.0
_BATCH = 50
_FAMILY_DRAWS = 500
QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)


@dataclass(frozen=True)
class Profiles:
    """Profiles of n draws at radii r (kpc); shapes (n, len(r)) or, projected, (n, len(R)).

    Parameters
    ----------
    r, R
        Radii and projected radii, kpc.
    tracer_density
        Share of the stars per volume, kpc^-3 (populations together).
    dispersion
        Radial dispersion of the first population, km/s.
    anisotropy
        beta of the first population.
    mass, density, slope, v_circ
        M(<r) Msun, rho Msun/pc^3, -dln rho/dln r, km/s.
    surface_density
        Share of the stars per area, kpc^-2.
    projected_dispersion, projected_kurtosis
        Of the first population, km/s and 1.
    family
        Which family each draw is of, (n,).
    """

    r: Floats
    R: Floats
    tracer_density: Floats
    dispersion: Floats
    anisotropy: Floats
    mass: Floats
    density: Floats
    slope: Floats
    v_circ: Floats
    surface_density: Floats
    projected_dispersion: Floats
    projected_kurtosis: Floats
    family: NDArray[np.int64]

    def at(self, values: Floats, radius: float, *, log: bool = False) -> Floats:
        """Interpolate a profile (n, len(r)) to a radius in kpc, (n,)."""
        weights = lagrange(np.log(self.r), np.array([np.log(radius)]))[0]
        if log:
            return np.asarray(np.exp(np.log(values) @ weights), dtype=np.float64)
        return np.asarray(values @ weights, dtype=np.float64)


def profiles(fit: Fit) -> Profiles:
    """Give the profiles of the draws of a fit's average."""
    r = np.geomspace(_FIRST, _LAST, _RADII)
    parts: list[dict[str, Floats]] = []
    order: list[NDArray[np.int64]] = []
    for i, family in enumerate(fit.families):
        rows = fit.picks[fit.picks[:, 0] == i, 1]
        for start in range(0, len(rows), _BATCH):
            z = family.samples.flat[rows[start : start + _BATCH]]
            parts.append(_batch(fit, i, z, r))
            order.append(np.full(len(z), i))
    grid = fit.families[0].posterior.grid
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Profiles(
        r=r * fit.half_light,
        R=np.exp(grid.row_x) * fit.half_light,
        family=np.concatenate(order),
        **joined,
    )


def family_profiles(fit: Fit) -> dict[str, Floats]:
    """Give quantiles of each family's own posterior, whatever its weight.

    Returns
    -------
    dict
        ``density`` (Msun/pc^3), ``mass`` (Msun) and ``log_slope`` at the radii of `profiles`, at
        `QUANTILES`: (families, quantiles, r). A scan over anisotropies moves through them.
    """
    r, half = np.geomspace(_FIRST, _LAST, _RADII), fit.half_light
    found: dict[str, list[Floats]] = {"density": [], "mass": [], "log_slope": []}
    for family in fit.families:
        prior, flat = family.posterior.halo, family.samples.flat
        thin = flat[:: max(1, len(flat) // _FAMILY_DRAWS), : prior.size]
        to_r = torch.tensor(lagrange(prior.grid.x, np.log(r)).T.copy())
        with torch.no_grad():
            halo = prior(torch.tensor(thin))
            rho = torch.exp(torch.log(prior.density(halo, half)) @ to_r) * 1e-9
            mass = torch.exp(torch.log(prior.mass(halo, half)) @ to_r)
            values = {"density": rho, "mass": mass, "log_slope": halo.slope @ to_r}
        for name, one in values.items():
            found[name].append(np.quantile(one.numpy(), QUANTILES, axis=0))
    return {name: np.stack(parts) for name, parts in found.items()}


def _batch(fit: Fit, i: int, z: Floats, r: Floats) -> dict[str, Floats]:
    posterior, half = fit.families[i].posterior, fit.half_light
    grid = posterior.grid
    to_r = torch.tensor(lagrange(grid.x, np.log(r)).T.copy())
    with torch.no_grad():
        galaxy = posterior.galaxy(torch.tensor(z))
        halo, tracer, orbits = galaxy.halo, galaxy.tracers[0], galaxy.orbits[0]
        square = radial_square(grid, halo, tracer, orbits)
        table, _, _ = posterior.tables(0, galaxy)
        v = posterior.speeds.v
        second, fourth = ((table * v**p).sum(-1) * 2 * posterior.speeds.step for p in (2, 4))
        counts = np.array([s.weights.sum() for s in posterior.stars])
        shares = counts / counts.sum()
        places = sum(
            share * torch.exp(t.ln_density @ to_r)
            for share, t in zip(shares, galaxy.tracers, strict=True)
        )
        surface = sum(share * t.surface for share, t in zip(shares, galaxy.tracers, strict=True))
        pull = torch.exp(torch.log(halo.pull) @ to_r)
        found = {
            "tracer_density": places / half**3,
            "dispersion": torch.exp(0.5 * torch.log(square) @ to_r),
            "anisotropy": orbits.beta(torch.tensor(r)).expand(len(z), -1),
            "mass": pull * torch.tensor(r) * half / G,
            "density": torch.exp(halo.ln_density @ to_r) / (4 * np.pi * G * half**2) * 1e-9,
            "slope": halo.slope @ to_r,
            "v_circ": torch.sqrt(pull),
            "surface_density": surface / half**2,
            "projected_dispersion": torch.sqrt(projected_square(grid, halo, tracer, orbits)),
            "projected_kurtosis": fourth / second**2,
        }
    return {name: np.asarray(values) for name, values in found.items()}
