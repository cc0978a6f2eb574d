"""Posterior of a halo's density, scale radius and slope, on a grid that follows it.

The density at the Sun enters linearly, so its part of the posterior is known in closed form;
what is left are one or two dimensions, which a grid covers. Against a Markov chain this needs no
burn-in, no test of convergence and no package, and gives the same numbers again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri, stdtr, stdtrit

from engine.dark_matter.halo import gnfw_shape

__all__ = ["Likelihood", "Samples", "sample_posterior"]

Floats = NDArray[np.float64]

_CELLS = {1: (400, 1), 2: (120, 120)}
_ZOOMS = 12
_KEPT = 0.03
_NEGLIGIBLE = 1e-6
"""Weight, relative to the highest, below which cells of the grid are left out of the next."""


@dataclass(frozen=True)
class Likelihood:
    """How likely a profile is, given the averages over the shells.

    Parameters
    ----------
    radius, density
        (B,) kpc, (B,) Msun/pc^3.
    covariance
        (B, B).
    draws
        Number K of draws that the covariance was estimated from; None where it is known.
    reference
        Radius of the density parameter, kpc.
    """

    radius: Floats
    density: Floats
    covariance: Floats
    draws: int | None
    reference: float

    def moments(self, scale_radius: Floats, slope: Floats) -> tuple[Floats, Floats, Floats]:
        """Best density, its standard error, and chi^2 there, each (n,), for n shapes.

        With the model rho_0 f and the inverse covariance W: rho_0 = f W d / (f W f), error
        (f W f)^-1/2, chi^2 = d W d - (f W d)^2/(f W f).
        """
        shape = gnfw_shape(
            self.radius[:, None], scale_radius[None, :], slope[None, :], self.reference
        )
        root = np.linalg.cholesky(self.covariance)
        f = np.linalg.solve(root, shape)
        d = np.linalg.solve(root, self.density)
        strength = np.sum(f * f, axis=0)
        best = d @ f / strength
        residual = d[:, None] - best * f
        return best, strength**-0.5, np.sum(residual**2, axis=0)

    def marginal(self, scale_radius: Floats, slope: Floats) -> tuple[Floats, Floats]:
        """Logarithm of the likelihood, integrated over all densities rho_0 > 0, and chi^2, (n,).

        With a known covariance it is Gaussian. One from K draws gives
        (1 + chi^2/(K - 1))^(-K/2) (Sellentin & Heavens 2016, MNRAS 456, L132), in rho_0 a
        Student t of K - 1 degrees of freedom.
        """
        best, error, chi2 = self.moments(scale_radius, slope)
        if self.draws is None:
            gaussian: Floats = np.log(error) - 0.5 * chi2 + log_ndtr(best / error)
            return gaussian, chi2
        nu = self.draws - 1
        widened = self._widened(error, chi2)
        student: Floats = (
            np.log(widened)
            - 0.5 * (nu + 1) * np.log1p(chi2 / nu)
            + np.log(np.maximum(stdtr(nu, best / widened), np.finfo(float).tiny))
        )
        return student, chi2

    def draw_density(self, scale_radius: Floats, slope: Floats, uniform: Floats) -> Floats:
        """Turn uniform numbers into densities rho_0 > 0 of the given shapes, (n,)."""
        best, error, chi2 = self.moments(scale_radius, slope)
        # from the upper tail down: right also where nearly all of it lies below 0
        tiny = np.finfo(float).tiny
        if self.draws is None:
            tail = uniform * ndtr(best / error)
            return np.maximum(best - error * ndtri(np.maximum(tail, tiny)), 0.0)
        nu, widened = float(self.draws - 1), self._widened(error, chi2)
        tail = uniform * stdtr(nu, best / widened)
        return np.maximum(best - widened * stdtrit(nu, np.maximum(tail, tiny)), 0.0)

    def _widened(self, error: Floats, chi2: Floats) -> Floats:
        nu = (self.draws or 0) - 1
        widened: Floats = error * np.sqrt((nu + chi2) / nu)
        return widened


@dataclass(frozen=True)
class Samples:
    """Equally likely haloes.

    Parameters
    ----------
    density, scale_radius, slope
        (n,) Msun/pc^3 at the reference radius, kpc, and gamma.
    chi2
        Smallest chi^2 on the grid.
    cells
        Effective number of grid cells that carry the posterior, 1/sum of the squared weights.
    """

    density: Floats
    scale_radius: Floats
    slope: Floats
    chi2: float
    cells: float


def sample_posterior(
    likelihood: Likelihood,
    log_scale: tuple[float, float],
    slope: tuple[float, float],
    count: int,
    seed: int,
) -> Samples:
    """Draw haloes from the posterior.

    The prior is flat in the density (above 0), in ln r_s and in gamma within their bounds. The
    grid over the latter two is drawn together on the cells that count until these fill it; a
    sample is drawn in a cell with its weight, evenly within it, and its density from the closed
    form.

    Parameters
    ----------
    likelihood
        The data.
    log_scale
        Bounds of ln(r_s/kpc).
    slope
        Bounds of gamma; equal bounds fix it.
    count, seed
        How many samples; same seed, same samples.
    """
    plane = _Plane(likelihood, slope)
    sizes = _CELLS[1 if plane.fixed else 2]
    bounds = [log_scale, plane.bounds(log_scale)]
    for _ in range(_ZOOMS):
        logarithm, chi2 = plane.weigh(bounds, sizes)
        tighter = _tighten(bounds, logarithm)
        shrunk = any(
            new[1] - new[0] < 0.8 * (old[1] - old[0])
            for new, old in zip(tighter, bounds, strict=True)
        )
        if not shrunk:
            break
        bounds = tighter
    else:
        logarithm, chi2 = plane.weigh(bounds, sizes)
    weights = np.exp(logarithm - logarithm.max())
    share = (weights / weights.sum()).ravel()
    rng = np.random.default_rng(seed)
    chosen = np.unravel_index(rng.choice(share.size, size=count, p=share), sizes)
    drawn = [
        low + (high - low) * (index + rng.random(count)) / size
        for (low, high), index, size in zip(bounds, chosen, sizes, strict=True)
    ]
    scale_radius = np.exp(drawn[0])
    # a cell across the edge of the prior reaches beyond it by a part of its width
    inner = np.clip(plane.slope_at(drawn[0], drawn[1]), *slope)
    density = likelihood.draw_density(scale_radius, inner, rng.random(count))
    return Samples(density, scale_radius, inner, chi2, float(1.0 / np.sum(share**2)))


@dataclass(frozen=True)
class _Plane:
    """The plane of ln r_s and w, the logarithmic slope in the midst of the data.

    Data fix the slope where they are, w = (gamma + 3 x)/(1 + x) with x = r_pivot/r_s, far better
    than r_s or gamma: in (r_s, gamma) the posterior is a thin oblique ridge that falls between
    the cells, in (r_s, w) it lies along an axis. A fixed gamma takes the place of w.
    """

    likelihood: Likelihood
    slope: tuple[float, float]

    @property
    def fixed(self) -> bool:
        return self.slope[0] == self.slope[1]

    def _x(self, log_scale: Floats) -> Floats:
        pivot = np.exp(np.mean(np.log(self.likelihood.radius)))
        return np.asarray(pivot * np.exp(-log_scale))

    def bounds(self, log_scale: tuple[float, float]) -> tuple[float, float]:
        """Bounds of the second coordinate that hold the whole prior."""
        if self.fixed:
            return self.slope
        x = self._x(np.array(log_scale[::-1]))
        low, high = (np.array(self.slope) + 3.0 * x) / (1.0 + x)
        return float(low), float(high)

    def slope_at(self, log_scale: Floats, second: Floats) -> Floats:
        """Turn the second coordinate into gamma, (n,)."""
        x = self._x(log_scale)
        return second if self.fixed else second * (1.0 + x) - 3.0 * x

    def weigh(
        self, bounds: list[tuple[float, float]], sizes: tuple[int, int]
    ) -> tuple[Floats, float]:
        """Logarithm of the posterior at the cells' centres, and the smallest chi^2."""
        axes = [
            low + (high - low) * (np.arange(size) + 0.5) / size
            for (low, high), size in zip(bounds, sizes, strict=True)
        ]
        log_scale, second = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
        gamma = self.slope_at(log_scale, second)
        allowed = (gamma >= self.slope[0]) & (gamma <= self.slope[1])
        logarithm = np.full(gamma.shape, -np.inf)
        logarithm[allowed], chi2 = self.likelihood.marginal(
            np.exp(log_scale[allowed]), gamma[allowed]
        )
        if not self.fixed:  # a prior flat in gamma: d gamma = (1 + x) d w
            logarithm += np.log1p(self._x(log_scale))
        return logarithm.reshape(sizes), float(chi2.min())


def _tighten(bounds: list[tuple[float, float]], logarithm: Floats) -> list[tuple[float, float]]:
    """Bounds of the cells that count, with one cell to spare on each side.

    Where the posterior is narrower than a cell, the best cell need not be the nearest to its
    peak; the best few per cent of all cells are therefore kept whatever their weight.
    """
    few = np.quantile(logarithm, 1.0 - _KEPT, method="lower")
    counts = logarithm >= min(few, logarithm.max() + np.log(_NEGLIGIBLE))
    tighter = []
    for axis, (low, high) in enumerate(bounds):
        places = np.flatnonzero(counts.any(axis=1 - axis))
        width = (high - low) / logarithm.shape[axis]
        tighter.append(
            (max(low, low + (places[0] - 1) * width), min(high, low + (places[-1] + 2) * width))
        )
    return tighter
