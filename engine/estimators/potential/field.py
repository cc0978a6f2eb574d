"""A fitted potential: acceleration and mass density anywhere in the volume, with errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.draws import Draws
from engine.estimators.potential.gaussians import Gaussians
from engine.estimators.potential.residual import SmoothResidual

__all__ = ["PotentialField"]

Floats = NDArray[np.float64]

_CHUNK = 4096


@dataclass(frozen=True)
class PotentialField:
    """Gaussians of mass and a smooth residual, with draws of their coefficients.

    Parameters
    ----------
    gaussians, residual
        The basis.
    coefficients
        Masses in 10^10 Msun, then coefficients of the residual, (K,).
    deviations
        Equally likely deviations of the coefficients, (D, K).
    misfit
        Mean square of the whitened differences between the fit and the pointwise solutions: about
        1 where the fit is as good as the errors say.
    residual_size, residual_length
        The residual's prior that the data chose, km2 s-2 kpc-1 and kpc.
    common
        Relative errors that all places share, one for each draw, (D,).
    far
        Errors of the acceleration that reach over the whole volume and hold no mass: the same
        everywhere, (D, 3), and a tide at one radius from the centre, (D, 3, 3), symmetric and
        without trace; km2 s-2 kpc-1.
    members, naive_members
        Coefficients (M, K) of fits to each member alone, with the bias by measurement errors
        taken away and as it is: what sources of error are told apart by.
    naive
        Coefficients (K,) of the fit to the mean with that bias in it.
    """

    gaussians: Gaussians
    residual: SmoothResidual
    coefficients: Floats
    deviations: Floats
    misfit: float
    residual_size: float
    residual_length: float
    common: Floats
    far: tuple[Floats, Floats]
    members: Floats
    naive_members: Floats
    naive: Floats

    def acceleration(self, points: Floats) -> Draws:
        """Give the acceleration at points (P, 3) kpc: (P, 3) km2 s-2 kpc-1."""
        found = self._combine(points, self._acceleration_basis)
        same, tide = self.far
        offset = (np.asarray(points, np.float64) - self.residual.centre) / self.residual.radius
        far = same[:, None] + np.einsum("dij,pj->dpi", tide, offset)
        return Draws(found.mean, found.deviations + far)

    def bias(self, points: Floats) -> Floats:
        """Give what measurement errors had added at points (P, 3) kpc: (P, 3)."""
        if np.array_equal(self.naive, self.coefficients):  # a basis is dear, and nothing is asked
            return np.zeros((len(points), 3))
        return self._apply(points, (self.naive - self.coefficients)[:, None])[..., 0]

    def of_members(self, points: Floats, *, naive: bool) -> Floats:
        """Give the fits to each member alone at points (P, 3) kpc: (M, P, 3)."""
        chosen = self.naive_members if naive else self.members
        return np.moveaxis(self._apply(points, chosen.T), -1, 0)

    def density(self, points: Floats) -> Draws:
        """Give the total mass density at points (P, 3) kpc: (P,) Msun pc-3."""
        return self._combine(points, self._density_basis)

    def smoothed_density(self, points: Floats, offsets: Floats, weights: Floats) -> Draws:
        """Give the density averaged with a kernel at points (P, 3) kpc: (P,) Msun pc-3.

        Parameters
        ----------
        points
            Positions.
        offsets, weights
            Nodes (n, 3) kpc of the kernel and their weights (n,), which sum to 1.
        """

        def averaged(chunk: Floats) -> Floats:
            total = np.zeros((len(chunk), len(self.coefficients)))
            for offset, weight in zip(offsets, weights, strict=True):
                total += weight * self._density_basis(chunk + offset)
            return total

        return self._combine(points, averaged)

    def _acceleration_basis(self, points: Floats) -> Floats:
        parts = (self.gaussians, self.residual)
        return np.concatenate([part.acceleration(points) for part in parts], -1)

    def _density_basis(self, points: Floats) -> Floats:
        parts = (self.gaussians, self.residual)
        return np.concatenate([part.density(points) for part in parts], -1)

    def _apply(self, points: Floats, coefficients: Floats) -> Floats:
        """Give accelerations (P, 3, n) for coefficients (K, n)."""
        parts = [
            self._acceleration_basis(np.asarray(points[start : start + _CHUNK], np.float64))
            @ coefficients
            for start in range(0, max(1, len(points)), _CHUNK)
        ]
        joined: Floats = np.concatenate(parts)
        return joined

    def _combine(self, points: Floats, basis: Callable[[Floats], Floats]) -> Draws:
        """Apply the coefficients and their deviations to a basis (P, ..., K)."""
        means, deviations = [], []
        for start in range(0, max(1, len(points)), _CHUNK):
            chunk = basis(np.asarray(points[start : start + _CHUNK], dtype=np.float64))
            mean = chunk @ self.coefficients
            means.append(mean)
            scattered = np.moveaxis(chunk @ self.deviations.T, -1, 0)
            deviations.append(scattered + np.multiply.outer(self.common, mean))
        return Draws(np.concatenate(means), np.concatenate(deviations, 1))
