r"""Averages with a truncated Gaussian kernel, and the mass density of an acceleration field.

Gauss's law gives the density as a divergence, which a noisy field does not have pointwise. Its
average with a kernel K needs the field alone (arXiv 2305.13358; integration by parts),

    <div a>(x) = \oint_S a(x - d) . (-n) K dS  +  \int a(x - d) . (grad K)(d) dV,

with the ellipsoid S on which the kernel is cut off: cut at two standard deviations the surface
holds 39% of the whole for a Plummer sphere and cannot be left out. Whatever is compared with such
a density (baryons, a truth) must be averaged with the same kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf
from scipy.stats import qmc

from data.constants import MSUN_PC3_PER_LAPLACIAN

__all__ = ["BANDWIDTHS", "Kernel", "Layers", "smoothed_gauss_density"]

Floats = NDArray[np.float64]

BANDWIDTHS = (0.5, 0.5, 0.2)
"""kpc, of the talks."""


@dataclass(frozen=True)
class Layers:
    """Nodes of a kernel's integrals, in J horizontal layers that share their heights.

    Parameters
    ----------
    height
        Height of each layer over the middle, (J,) kpc.
    offsets
        Horizontal offsets, (J, n, 2) kpc; a layer has n.
    weights
        Weights of the average, (J, n), of sum 1.
    vectors
        Vectors of the divergence, (J, n, 3) kpc^-1: <div a>(x) = sum vectors . a(x - d).
        Those of the surface are at the last nodes, which have no weight in the average.
    """

    height: Floats
    offsets: Floats
    weights: Floats
    vectors: Floats

    def nodes(self) -> tuple[Floats, Floats]:
        """Give offsets (n, 3) kpc and weights (n,) of the average, one by one."""
        height = np.broadcast_to(self.height[:, None, None], (*self.weights.shape, 1))
        offsets = np.concatenate([self.offsets, height], -1).reshape(-1, 3)
        weights = self.weights.ravel()
        return offsets[weights > 0], weights[weights > 0]


@dataclass(frozen=True)
class Kernel:
    """A Gaussian cut off on an ellipsoid.

    Parameters
    ----------
    bandwidths
        Standard deviations along x, y and z, kpc.
    truncation
        Radius of the ellipsoid in standard deviations.
    """

    bandwidths: tuple[float, float, float] = BANDWIDTHS
    truncation: float = 2.0

    @property
    def _mass(self) -> float:
        """Integral of exp(-r^2 / 2) over the ball of the truncation."""
        t = self.truncation
        whole = (2 * np.pi) ** 1.5 * erf(t / np.sqrt(2))
        return float(whole - 4 * np.pi * t * np.exp(-(t**2) / 2))

    def nodes(self, count: int, seed: int = 0) -> tuple[Floats, Floats]:
        """Give offsets (n, 3) kpc and weights (n,) of the average; n is about ``count``.

        Quasi-random points in the ellipsoid, each with its mirror images in the three planes,
        so that any linear field is averaged exactly.
        """
        r = self.truncation * _symmetric(_ball(max(1, count // 8), seed))
        weight = np.exp(-0.5 * (r**2).sum(1))
        return r * np.array(self.bandwidths), weight / weight.sum()

    def divergence(self, count: int, seed: int = 0) -> tuple[Floats, Floats]:
        """Give offsets d (n, 3) kpc and vectors w (n, 3) kpc^-1: <div a>(x) = sum w . a(x - d).

        Half of the nodes fill the ellipsoid, half lie on its surface.
        """
        h, t = np.array(self.bandwidths), self.truncation
        inside = _symmetric(_ball(max(1, count // 16), seed)) * t
        volume = 4 / 3 * np.pi * t**3
        density = volume * np.exp(-0.5 * (inside**2).sum(1)) / self._mass / len(inside)
        within = -(inside / h) * density[:, None]
        sphere = _ball(max(1, count // 16), seed + 1)
        sphere = _symmetric(sphere / np.linalg.norm(sphere, axis=1, keepdims=True))
        area = 4 * np.pi * t**2 * np.exp(-0.5 * t**2) / self._mass / len(sphere)
        outward = -sphere / h * area  # the normal at x - d is that at d turned round
        return np.concatenate([inside, t * sphere]) * h, np.concatenate([within, outward])

    @property
    def reach(self) -> float:
        """Farthest distance from which the kernel takes, kpc."""
        return self.truncation * max(self.bandwidths)

    def layers(self, heights: int = 24, rings: int = 6, azimuths: int = 16) -> Layers:
        """Give nodes in layers, for fields on grids: what is horizontal is the same at all z.

        Gauss-Legendre nodes in height and in the radius of each layer's disc, even ones in
        azimuth, symmetric in all three planes; the surface has a ring at the rim of each layer
        (equal heights hold equal areas of a sphere, Archimedes).

        Parameters
        ----------
        heights, rings, azimuths
            Layers, rings in each, nodes on each ring (a multiple of four).
        """
        h, t = np.array(self.bandwidths), self.truncation
        node, length = np.polynomial.legendre.leggauss(heights)
        u, du = t * node, t * length
        rim = np.sqrt(t**2 - u**2)
        node, length = np.polynomial.legendre.leggauss(rings)
        r = 0.5 * rim[:, None] * (1 + node)
        area = 0.5 * rim[:, None] * length * r * (2 * np.pi / azimuths)
        inner = du[:, None] * area * np.exp(-0.5 * (r**2 + u[:, None] ** 2)) / self._mass
        outer = du * (2 * np.pi / azimuths) * t * np.exp(-0.5 * t**2) / self._mass
        phi = 2 * np.pi * (np.arange(azimuths) + 0.5) / azimuths
        circle = np.stack([np.cos(phi), np.sin(phi)], -1)
        radius = np.concatenate([r, rim[:, None]], 1)
        flat = (radius[..., None, None] * circle).reshape(heights, -1, 2)
        weights = np.concatenate([inner, np.zeros((heights, 1))], 1)
        # on the surface the normal takes the place of the offset
        strength = np.concatenate([inner, outer[:, None] / t], 1)
        scaled = np.concatenate([flat, np.broadcast_to(u[:, None, None], (*flat.shape[:2], 1))], 2)
        vectors = -scaled / h * np.repeat(strength, azimuths, 1)[..., None]
        weights = np.repeat(weights, azimuths, 1)
        return Layers(u * h[2], flat * h[:2], weights / weights.sum(), vectors)


def smoothed_gauss_density(
    acceleration: Callable[[Floats], Floats],
    points: Floats,
    kernel: Kernel,
    count: int = 4096,
    seed: int = 0,
) -> Floats:
    """Give the kernel-averaged mass density of an acceleration field.

    Parameters
    ----------
    acceleration
        Gives (n, 3) km2 s-2 kpc-1 at positions (n, 3) kpc; an interpolator of a lattice, so
        that every density shares one set of evaluations.
    points
        (P, 3) kpc.
    kernel
        The kernel.
    count, seed
        Nodes of the integrals, and their seed.

    Returns
    -------
    ndarray
        (P,) Msun pc-3; NaN where the field is not known on the whole ellipsoid.
    """
    offsets, vectors = kernel.divergence(count, seed)
    density = np.empty(len(points))
    for index, point in enumerate(points):
        field = acceleration(point - offsets)
        density[index] = -MSUN_PC3_PER_LAPLACIAN * np.einsum("ni,ni->", vectors, field)
    return density


def _ball(count: int, seed: int) -> Floats:
    """Give quasi-random points in one octant of the unit ball, (count, 3)."""
    sobol = qmc.Sobol(3, scramble=True, rng=np.random.default_rng(seed))
    u = sobol.random_base2(int(np.ceil(np.log2(count))))[:count]
    height, azimuth = u[:, 1], 0.5 * np.pi * u[:, 2]
    ring = np.sqrt(1 - height**2)
    direction = np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), height], 1)
    points: Floats = np.cbrt(u[:, :1]) * direction
    return points


def _symmetric(points: Floats) -> Floats:
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3, indexing="ij")).reshape(3, 8).T
    full: Floats = (points[:, None] * signs).reshape(-1, 3)
    return full
