r"""Flattened Gaussians of mass: the positive, family-free part of the potential.

A multi-Gaussian expansion (Emsellem et al. 1994, A&A 285, 723; Cappellari 2002, MNRAS 333, 400)
writes a mass density as a sum of Gaussians about the Galactic centre,

    rho(R, z) = sum_k M_k / ((2 pi)^{3/2} s_k^3 q_k) exp(-(R^2 + z^2 / q_k^2) / (2 s_k^2)),

with widths s, axis ratios q and masses M_k >= 0. Sums of Gaussians come as close as is wanted to
discs and haloes of any profile, none of which is assumed. With T = u / sqrt(1 + e u^2) and
e = 1 - q^2 the acceleration of one of them is an integral over 0 < u < 1/q,

    a_x = -sqrt(2/pi) G M / s^3 x \int T^2 h du,   a_z = -sqrt(2/pi) G M / s^3 z \int u^2 h du,
    h = exp(-(R^2 T^2 + z^2 u^2) / (2 s^2)) / (1 + e u^2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.constants import G

__all__ = ["Gaussians", "gaussian_dictionary"]

Floats = NDArray[np.float64]

_NODES, _TURN = 48, 0.3
_UNIT = 1e10
_PC3 = 1e-9  # kpc^-3 in pc^-3


@dataclass(frozen=True)
class Gaussians:
    """Gaussians of mass about the origin, each of 10^10 Msun.

    Parameters
    ----------
    width
        Standard deviation s in the plane, (K,) kpc.
    ratio
        Axis ratio q, (K,), at most 1.
    """

    width: Floats
    ratio: Floats

    def __len__(self) -> int:
        """Give their number K."""
        return len(self.width)

    def acceleration(self, points: Floats) -> Floats:
        """Give the acceleration of each at points (P, 3) kpc: (P, 3, K) km2 s-2 kpc-1."""
        ring2, height2 = (points[:, :2] ** 2).sum(1), points[:, 2] ** 2
        result = np.empty((len(points), 3, len(self)))
        for k, (s, q) in enumerate(zip(self.width, self.ratio, strict=True)):
            u, weight = _nodes(q)
            flat = 1 + (1 - q**2) * u**2
            t2 = u**2 / flat
            h = np.exp(-(ring2[:, None] * t2 + height2[:, None] * u**2) / (2 * s**2))
            factor = -np.sqrt(2 / np.pi) * G * _UNIT / s**3
            across, up = h @ (weight / flat * t2), h @ (weight / flat * u**2)
            result[:, :2, k] = factor * points[:, :2] * across[:, None]
            result[:, 2, k] = factor * points[:, 2] * up
        return result

    def density(self, points: Floats) -> Floats:
        """Give the mass density of each at points (P, 3) kpc: (P, K) Msun pc-3."""
        ring2, height2 = (points[:, :2] ** 2).sum(1), points[:, 2] ** 2
        square = ring2[:, None] + height2[:, None] / self.ratio**2
        peak = _UNIT / ((2 * np.pi) ** 1.5 * self.width**3 * self.ratio)
        density: Floats = _PC3 * peak * np.exp(-square / (2 * self.width**2))
        return density


def gaussian_dictionary(centre: tuple[float, float, float], radius: float) -> Gaussians:
    """Choose Gaussians from which the mass that a ball of tracers feels can be made.

    Flat ones with heights from 1/40 of the ball's radius on stand for discs, round ones for
    bulge and halo, up to widths of five times the farthest distance. A ball that holds the
    centre sees what is in the middle: there the round ones begin at 1/60 of its radius, which a
    cusp needs. The choice depends on the geometry alone.

    Parameters
    ----------
    centre, radius
        The ball, kpc.
    """
    distance = float(np.linalg.norm(centre))
    far = distance + radius
    outside = distance > radius
    narrowest = radius / 8 if outside else radius / 20
    least, steps = (radius / 8, 14) if outside else (radius / 60, 18)
    pairs = [
        (s, h / s)
        for s in np.geomspace(3 * narrowest, far, 7)
        for h in np.geomspace(radius / 40, radius / 2.5, 7)
        if h < 0.7 * s
    ]
    pairs += [(s, q) for s in np.geomspace(least, 5 * far, steps) for q in (0.6, 0.8, 1.0)]
    width, ratio = np.array(pairs).T
    return Gaussians(width, ratio)


def _nodes(ratio: float) -> tuple[Floats, Floats]:
    """Give Gauss-Legendre nodes and weights in arcsinh(u / turn) for 0 < u < 1/q."""
    end = np.arcsinh(1 / ratio / _TURN)
    t, weight = np.polynomial.legendre.leggauss(_NODES)
    t = 0.5 * end * (t + 1)
    return _TURN * np.sinh(t), 0.5 * end * weight * _TURN * np.cosh(t)
