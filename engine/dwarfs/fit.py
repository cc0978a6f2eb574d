"""Fitting a dwarf galaxy: every family sampled, and the families averaged by their evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from engine.dwarfs.convergence import effective_size, split_r_hat
from engine.dwarfs.families import Family
from engine.dwarfs.grid import Grid, lagrange
from engine.dwarfs.losvd import VelocityGrid
from engine.dwarfs.posterior import Posterior
from engine.dwarfs.sampler import Samples, Sampling, bridge_evidence, find_mode, sample
from engine.dwarfs.stars import Stars

__all__ = ["MIN_STARS", "FamilyFit", "Fit", "FitSettings", "fit_dwarf", "intrinsic_dispersion"]

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

MIN_STARS = 10
"""Fewer stars with velocities than this are not fitted."""

_JUDGED = np.log([0.5, 1.0, 2.0])  # radii in R_h whose density must have converged


@dataclass(frozen=True)
class FitSettings:
    """How carefully a fit is made.

    Parameters
    ----------
    sampling
        How long each family is sampled.
    rows, steps, speeds, nodes
        Size of the tables: radii, points on a sight line, speeds, nodes of the inner integral.
    draws
        Draws of the average of the families.
    """

    sampling: Sampling
    rows: int = 22
    steps: int = 18
    speeds: int = 30
    nodes: int = 6
    draws: int = 400

    @property
    def grid(self) -> Grid:
        """The radii."""
        return Grid(rows=self.rows, steps=self.steps)


PRESETS: dict[str, FitSettings] = {
    "quick": FitSettings(Sampling(chains=6, warmup=50, draws=80, evidence=200)),
    "standard": FitSettings(
        Sampling(chains=8, warmup=100, draws=250, evidence=500), 24, 20, 36, 8, 1000
    ),
}


@dataclass(frozen=True)
class FamilyFit:
    """The posterior of one family.

    Parameters
    ----------
    family
        Its name.
    posterior
        The density that was sampled.
    samples
        Draws.
    ln_evidence
        ln of the evidence.
    r_hat, effective
        The worst r-hat and the smallest effective sample size of ln rho at 0.5, 1 and 2 R_h and
        of the slope at R_h.
    """

    family: str
    posterior: Posterior
    samples: Samples
    ln_evidence: float
    r_hat: float
    effective: float


@dataclass(frozen=True)
class Fit:
    """All families and their average.

    Parameters
    ----------
    families
        The fits.
    weights
        Posterior probability of each, (F,).
    half_light
        R_h, kpc.
    picks
        Draws of the average: index of the family and of its draw, (n, 2).
    """

    families: tuple[FamilyFit, ...]
    weights: Floats
    half_light: float
    picks: NDArray[np.int64]


def intrinsic_dispersion(velocity: Floats, error: Floats) -> float:
    """Give the dispersion behind the errors, km/s: robust, and never zero."""
    low, high = np.quantile(velocity, [0.16, 0.84])
    spread = max(0.5 * (high - low), 1e-3)
    square = spread**2 - float(np.median(error**2))
    return float(np.sqrt(max(square, (0.1 * spread) ** 2)))


def fit_dwarf(
    stars: Sequence[Stars],
    half_light: float,
    families: Sequence[Family],
    settings: FitSettings,
    seed: int,
    *,
    progress: Progress = lambda fraction, words: None,
    keep: Path | None = None,
) -> Fit:
    """Fit the density of dark matter to the stars.

    Parameters
    ----------
    stars
        Populations in one potential, in units of R_h.
    half_light
        R_h, kpc.
    families
        Families of orbits, equally probable before.
    settings
        How carefully.
    seed
        Everything random follows from it.
    progress
        Called with the fraction done and words; may raise to stop.
    keep
        Folder where finished families are kept, and found again.

    Raises
    ------
    UserError
        If there are too few stars.
    """
    count = sum(len(s.velocity) for s in stars)
    if count < MIN_STARS:
        raise UserError(
            f"Only {count} star{'s' * (count != 1)} with a velocity can be used.",
            f"A fit needs {MIN_STARS}; loosen the cuts or bring more stars.",
        )
    velocity = np.concatenate([s.velocity for s in stars])
    error = np.concatenate([s.error for s in stars])
    grid = settings.grid
    speeds = VelocityGrid(
        intrinsic_dispersion(velocity, error), settings.speeds, nodes=settings.nodes
    )
    shift_sd = max(3.0, 2 * float(np.std(velocity)) / np.sqrt(count))
    fits = []
    for i, family in enumerate(families):
        posterior = Posterior(stars, family, grid, speeds, shift_sd)

        def report(done: float, i: int = i, family: Family = family) -> None:
            progress((i + done) / len(families), f"sampling {family.name}")

        fits.append(_fit_family(posterior, settings, [seed, i], report, keep))
    ln_z = np.array([fit.ln_evidence for fit in fits])
    weights = np.exp(ln_z - ln_z.max())
    weights /= weights.sum()
    picks = _pick(fits, weights, settings.draws, np.random.default_rng([seed, 99]))
    return Fit(tuple(fits), weights, half_light, picks)


def _fit_family(
    posterior: Posterior,
    settings: FitSettings,
    seed: list[int],
    report: Callable[[float], None],
    keep: Path | None,
) -> FamilyFit:
    """Sample one family, or read what was kept of it."""
    name = posterior.family.name
    file = None if keep is None else keep / f"{name.replace('=', '_').replace(' ', '_')}.npz"
    stored = _read(file, posterior.size)
    if stored is not None:
        return _judged(posterior, *stored)
    rng = np.random.default_rng(seed)
    sampling = settings.sampling
    if posterior.family.isotropic_centre:  # a third of the cost, and narrower ridges
        sampling = replace(sampling, warmup=2 * sampling.warmup, draws=2 * sampling.draws)
    density = posterior.log_density
    mode, root = find_mode(density, np.zeros(posterior.size), lambda: report(0.0))
    samples = sample(density, mode, root, sampling, rng, lambda done: report(0.05 + 0.9 * done))
    evidence = bridge_evidence(density, samples, settings.sampling.evidence, rng)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(".tmp.npz")
        np.savez(
            temporary,
            z=samples.z,
            log_density=samples.log_density,
            accepted=samples.accepted,
            evidence=evidence,
        )
        temporary.rename(file)
    report(1.0)
    return _judged(posterior, samples, evidence)


def _read(file: Path | None, size: int) -> tuple[Samples, float] | None:
    if file is None or not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as stored:
            samples = Samples(stored["z"], stored["log_density"], float(stored["accepted"]))
            evidence = float(stored["evidence"])
    except (OSError, ValueError, KeyError, BadZipFile):
        return None  # damaged: sample again
    return (samples, evidence) if samples.z.shape[-1] == size else None


def _judged(posterior: Posterior, samples: Samples, evidence: float) -> FamilyFit:
    """Judge the chains by what is wanted of them."""
    grid = posterior.grid
    with torch.no_grad():
        halo = posterior.halo(torch.tensor(samples.flat[:, : posterior.halo.size]))
        at = torch.tensor(lagrange(grid.x, _JUDGED).T.copy())
        wanted = torch.cat([halo.ln_density @ at, halo.slope @ at[:, 1:2]], 1).numpy()
    chains = wanted.reshape(*samples.z.shape[:2], -1)
    return FamilyFit(
        posterior.family.name,
        posterior,
        samples,
        evidence,
        float(split_r_hat(chains).max()),
        float(effective_size(chains).min()),
    )


def _pick(
    fits: Sequence[FamilyFit], weights: Floats, count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw from the families in proportion to their weights."""
    shares = rng.multinomial(count, weights)
    picks = []
    for i, (fit, share) in enumerate(zip(fits, shares, strict=True)):
        there = len(fit.samples.flat)
        which = (
            rng.permutation(there)[:share] if share <= there else rng.integers(there, size=share)
        )
        picks.append(np.stack([np.full(share, i), which], 1))
    return np.concatenate(picks).astype(np.int64)
