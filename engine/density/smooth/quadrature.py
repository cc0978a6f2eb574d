"""Integrals over a ball of densities that are concentrated to a plane and a centre."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.density.smooth.coordinates import SmoothCoordinates

__all__ = ["Cells", "ball_cells", "height_scale", "ring_scale"]

_RINGS, _ANGLES, _HEIGHTS = 14, 24, 48


@dataclass(frozen=True)
class Cells:
    """Nodes of a product rule in cylindrical coordinates about the axis of the ball.

    Parameters
    ----------
    points
        (Q, 3) kpc, float64.
    weight
        (Q,) kpc^3.
    """

    points: Tensor
    weight: Tensor


def ball_cells(coordinates: SmoothCoordinates, finer: float = 1.0) -> Cells:
    """Give Gauss-Legendre nodes: rings about the axis of the ball, angles, softened heights.

    Rings crowd towards the middle where the ball holds the Galactic centre, heights towards the
    plane.

    Parameters
    ----------
    coordinates
        Those of the ball.
    finer
        Factor on the nodes along each axis.
    """
    radius, (cx, cy, cz) = coordinates.radius, coordinates.centre
    more = 1.0 if coordinates.cylindrical else 2.0
    rings = round(more * _RINGS * finer)
    # with r = R sin(theta) the height of the ball, R cos(theta), is smooth up to the end
    theta, theta_weight = _softened(rings, 0.0, math.pi / 2, ring_scale(coordinates) / radius)
    ring, ring_weight = radius * np.sin(theta), radius * np.cos(theta) * theta_weight
    angles = round(_ANGLES * finer)
    angle = (np.arange(angles) + 0.5) * (2 * math.pi / angles)
    points, weights = [], []
    for r, w in zip(ring, ring_weight, strict=True):
        half = math.sqrt(radius**2 - r**2)
        z, z_weight = _softened(
            round(_HEIGHTS * finer), cz - half, cz + half, height_scale(coordinates)
        )
        x, y = cx + r * np.cos(angle), cy + r * np.sin(angle)
        plane = np.stack([x, y], -1)[:, None].repeat(len(z), 1)
        points.append(np.concatenate([plane, z[None, :, None].repeat(angles, 0)], -1))
        weights.append(np.tile(w * r * (2 * math.pi / angles) * z_weight, (angles, 1)))
    where = np.concatenate([part.reshape(-1, 3) for part in points])
    weight = np.concatenate([part.ravel() for part in weights])
    return Cells(torch.from_numpy(where), torch.from_numpy(weight))


def ring_scale(coordinates: SmoothCoordinates) -> float:
    """Give the distance from the ball's axis, kpc, within which rings are evenly spaced."""
    return 1e3 * coordinates.radius if coordinates.cylindrical else coordinates.core


def height_scale(coordinates: SmoothCoordinates) -> float:
    """Give the height, kpc, within which heights are evenly spaced."""
    if coordinates.cylindrical:
        return coordinates.height
    return min(coordinates.height, coordinates.core)


def _softened(count: int, low: float, high: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Give Gauss-Legendre nodes and weights in asinh(u / scale) between two limits."""
    node, weight = np.polynomial.legendre.leggauss(count)
    a, b = math.asinh(low / scale), math.asinh(high / scale)
    t = 0.5 * (a + b) + 0.5 * (b - a) * node
    return scale * np.sinh(t), 0.5 * (b - a) * weight * scale * np.cosh(t)
