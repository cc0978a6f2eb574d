"""The free part of the potential: smooth, without any symmetry, small unless the stars ask.

A Gaussian process for the potential with a squared-exponential kernel, written in the
eigenfunctions of the Laplacian on a cube round the volume (Solin & Sarkka 2020, Stat. Comput. 30,
419): products of sines, whose prior variances follow the kernel's spectral density. It answers
for whatever flattened Gaussians about the Galactic centre cannot say: a halo beside the centre,
arms, a tide from outside. Its acceleration is a gradient by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.constants import G

__all__ = ["SmoothResidual"]

Floats = NDArray[np.float64]

_PAD = 3.0
"""Half of the cube's side in radii of the volume: the sines vanish on its faces."""


@dataclass(frozen=True)
class SmoothResidual:
    """The basis of the residual.

    Parameters
    ----------
    centre, radius
        The volume, kpc.
    order
        Sines along each axis.
    """

    centre: tuple[float, float, float]
    radius: float
    order: int = 8

    def __len__(self) -> int:
        """Give the number of basis functions."""
        return self.order**3

    @property
    def frequencies(self) -> Floats:
        """Angular frequencies of the functions, (K, 3) kpc^-1."""
        single = np.arange(1, self.order + 1) * np.pi / (2 * _PAD * self.radius)
        mesh = np.meshgrid(single, single, single, indexing="ij")
        return np.stack(mesh, -1).reshape(-1, 3)

    def prior(self, size: float, length: float) -> Floats:
        """Give the prior variances (K,) of the coefficients.

        Parameters
        ----------
        size
            Standard deviation of each component of the acceleration, km2 s-2 kpc-1.
        length
            Correlation length of the kernel, kpc.
        """
        decay = np.exp(-0.5 * length**2 * (self.frequencies**2).sum(1))
        variances: Floats = (size * length) ** 2 * (2 * np.pi) ** 1.5 * length**3 * decay
        return variances

    def acceleration(self, points: Floats) -> Floats:
        """Give minus the gradient of each function at points (P, 3): (P, 3, K)."""
        value, slope, _ = self._lines(points)
        parts = [
            _product(slope[0], value[1], value[2]),
            _product(value[0], slope[1], value[2]),
            _product(value[0], value[1], slope[2]),
        ]
        return -np.stack(parts, 1)

    def density(self, points: Floats) -> Floats:
        """Give Laplacian / 4 pi G of each function at points (P, 3): (P, K) Msun pc-3."""
        value, _, bend = self._lines(points)
        laplacian = _product(bend[0], value[1], value[2])
        laplacian += _product(value[0], bend[1], value[2])
        laplacian += _product(value[0], value[1], bend[2])
        return laplacian * (1e-9 / (4 * np.pi * G))

    def _lines(self, points: Floats) -> tuple[list[Floats], list[Floats], list[Floats]]:
        """Give sines, their slopes and their second derivatives along each axis."""
        half = _PAD * self.radius
        frequency = np.arange(1, self.order + 1) * np.pi / (2 * half)
        value, slope, bend = [], [], []
        for axis in range(3):
            phase = np.outer(points[:, axis] - self.centre[axis] + half, frequency)
            sine = np.sin(phase) / np.sqrt(half)
            value.append(sine)
            slope.append(frequency * np.cos(phase) / np.sqrt(half))
            bend.append(-(frequency**2) * sine)
        return value, slope, bend


def _product(a: Floats, b: Floats, c: Floats) -> Floats:
    full: Floats = np.einsum("pi,pj,pk->pijk", a, b, c, optimize=True)
    return full.reshape(len(a), a.shape[1] * b.shape[1] * c.shape[1])
