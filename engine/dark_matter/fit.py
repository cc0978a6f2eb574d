"""NFW and generalised NFW haloes fitted to a profile of dark matter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.frames import DEFAULT_SUN
from engine.dark_matter.covariance import shrunk_covariance
from engine.dark_matter.halo import gnfw_shape
from engine.dark_matter.posterior import Likelihood, sample_posterior
from engine.draws import Draws

__all__ = ["MODELS", "PARAMETERS", "HaloFit", "Priors", "fit_halo"]

Floats = NDArray[np.float64]

MODELS = ("gnfw", "nfw")
PARAMETERS = ("rho_sun", "r_s", "gamma")
_FEWEST_BINS = 3


@dataclass(frozen=True)
class Priors:
    """Flat between bounds in ln r_s and in gamma, and in the density at the Sun above 0.

    A profile between 4 and 12 kpc hardly tells r_s from gamma: their posteriors lean on these
    bounds, while the density and its slope at the Sun do not.

    Parameters
    ----------
    scale_radius
        Bounds of r_s, kpc: those of 4 to 60 hold all haloes that were fitted to the Galaxy.
    slope
        Bounds of gamma: a core to twice the cusp of NFW. `nfw` fixes it at 1.
    """

    scale_radius: tuple[float, float] = (4.0, 60.0)
    slope: tuple[float, float] = (0.0, 2.0)

    def __post_init__(self) -> None:
        for name, (low, high) in (("r_s", self.scale_radius), ("gamma", self.slope)):
            if not (math.isfinite(low) and math.isfinite(high) and 0.0 <= low < high):
                raise UserError(
                    f"The prior of {name} must have two increasing bounds above 0: {low:g},"
                    f" {high:g}."
                )
        if self.scale_radius[0] == 0.0 or self.slope[1] >= 3.0:
            raise UserError("The prior must keep r_s above 0 and gamma below 3.")


@dataclass(frozen=True)
class HaloFit:
    """Posterior of a halo.

    Parameters
    ----------
    model
        One of ``MODELS``.
    samples
        Equally likely parameters, (n, 3): the columns are ``PARAMETERS``, density at ``reference``
        in Msun/pc^3, r_s in kpc and gamma.
    priors
        What they assume.
    reference
        Radius of the density parameter, kpc.
    chi2, bins
        Smallest chi^2 and the number of shells that entered.
    shrinkage
        Of the correlations; see ``shrunk_covariance``.
    draws
        Number of draws that the covariance comes from.
    """

    model: str
    samples: Floats
    priors: Priors
    reference: float
    chi2: float
    bins: int
    shrinkage: float
    draws: int

    @property
    def degrees_of_freedom(self) -> int:
        """Shells less parameters."""
        return self.bins - (3 if self.model == "gnfw" else 2)

    def percentiles(self, levels: tuple[float, ...] = (16.0, 50.0, 84.0)) -> dict[str, Floats]:
        """Percentiles of each parameter's posterior, (len(levels),)."""
        values = np.percentile(self.samples, levels, axis=0)
        return {name: values[:, i] for i, name in enumerate(PARAMETERS)}

    def profiles(self, radius: Floats) -> Floats:
        """Density of each sample at radii (m,) kpc, (n, m) Msun/pc^3."""
        density, scale, slope = self.samples.T[:, :, None]
        profiles: Floats = density * gnfw_shape(radius, scale, slope, self.reference)
        return profiles

    def band(
        self, radius: Floats, levels: tuple[float, ...] = (2.5, 16.0, 50.0, 84.0, 97.5)
    ) -> Floats:
        """Percentiles of the density at radii (m,) kpc, (len(levels), m) Msun/pc^3."""
        band: Floats = np.percentile(self.profiles(radius), levels, axis=0)
        return band


def fit_halo(
    radius: Floats,
    density: Draws,
    *,
    model: str = "gnfw",
    priors: Priors | None = None,
    reference: float = DEFAULT_SUN.radius,
    count: int = 4000,
    seed: int = 0,
) -> HaloFit:
    """Fit a halo to a profile with all its covariances.

    Parameters
    ----------
    radius
        Radii of the shells, (B,) kpc, such as ``ShellProfile.radius``.
    density
        (B,) Msun/pc^3. Shells that are NaN are left out.
    model
        ``gnfw``, or ``nfw`` with gamma = 1.
    priors
        See ``Priors``.
    reference
        Radius at which the density is a parameter, kpc.
    count, seed
        Number of samples of the posterior; same seed, same samples.

    Raises
    ------
    UserError
        If the model is unknown, fewer than three shells have a density and an error, or there are
        fewer than three draws.
    """
    if model not in MODELS:
        raise UserError(
            f"Unknown halo model {str(model)[:60]!r}.", f"Choose one of {', '.join(MODELS)}."
        )
    priors = priors or Priors()
    if density.count < 3:
        raise UserError(
            f"A halo cannot be fitted to a profile with {density.count} draws of its errors.",
            "This needs an ensemble of at least three members.",
        )
    known = np.isfinite(radius) & np.isfinite(density.mean) & (density.sd > 0.0)
    if known.sum() < _FEWEST_BINS:
        raise UserError(
            f"Only {known.sum()} shells have a density with an uncertainty; a halo fit needs"
            f" {_FEWEST_BINS}.",
            "Use narrower shells, or include more cells.",
        )
    used = Draws(density.mean[known], density.deviations[:, known])
    shrunk = shrunk_covariance(used)
    likelihood = Likelihood(radius[known], used.mean, shrunk.covariance, shrunk.draws, reference)
    low, high = priors.scale_radius
    drawn = sample_posterior(
        likelihood,
        (math.log(low), math.log(high)),
        priors.slope if model == "gnfw" else (1.0, 1.0),
        count,
        seed,
    )
    return HaloFit(
        model=model,
        samples=np.stack([drawn.density, drawn.scale_radius, drawn.slope], axis=1),
        priors=priors,
        reference=reference,
        chi2=drawn.chi2,
        bins=int(known.sum()),
        shrinkage=shrunk.shrinkage,
        draws=shrunk.draws,
    )
