"""Integrals over a ball of densities that are concentrated to a plane and a centre."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.density.smooth.coordinates import SmoothCoordinates

__all__ = ["Boxes", "Cells", "ball_boxes", "ball_cells"]

_RINGS, _ANGLES, _HEIGHTS = 14, 24, 48
_BOXES = (28, 36, 96)


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
    theta, theta_weight = _softened(rings, 0.0, math.pi / 2, _ring_scale(coordinates) / radius)
    ring, ring_weight = radius * np.sin(theta), radius * np.cos(theta) * theta_weight
    angles = round(_ANGLES * finer)
    angle = (np.arange(angles) + 0.5) * (2 * math.pi / angles)
    points, weights = [], []
    for r, w in zip(ring, ring_weight, strict=True):
        half = math.sqrt(radius**2 - r**2)
        z, z_weight = _softened(
            round(_HEIGHTS * finer), cz - half, cz + half, _height_scale(coordinates)
        )
        x, y = cx + r * np.cos(angle), cy + r * np.sin(angle)
        plane = np.stack([x, y], -1)[:, None].repeat(len(z), 1)
        points.append(np.concatenate([plane, z[None, :, None].repeat(angles, 0)], -1))
        weights.append(np.tile(w * r * (2 * math.pi / angles) * z_weight, (angles, 1)))
    where = np.concatenate([part.reshape(-1, 3) for part in points])
    weight = np.concatenate([part.ravel() for part in weights])
    return Cells(torch.from_numpy(where), torch.from_numpy(weight))


def _ring_scale(coordinates: SmoothCoordinates) -> float:
    return 1e3 * coordinates.radius if coordinates.cylindrical else coordinates.core


def _height_scale(coordinates: SmoothCoordinates) -> float:
    if coordinates.cylindrical:
        return coordinates.height
    return min(coordinates.height, coordinates.core)


def _softened(count: int, low: float, high: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Give Gauss-Legendre nodes and weights in asinh(u / scale) between two limits."""
    node, weight = np.polynomial.legendre.leggauss(count)
    a, b = math.asinh(low / scale), math.asinh(high / scale)
    t = 0.5 * (a + b) + 0.5 * (b - a) * node
    return scale * np.sinh(t), 0.5 * (b - a) * weight * scale * np.cosh(t)


@dataclass(frozen=True)
class Boxes:
    """Small boxes in ring, angle and softened height that fill a ball.

    Parameters
    ----------
    coordinates
        Those of the ball.
    points
        Their middles, (Q, 3) kpc.
    volume
        (Q,) kpc^3.
    low, high
        Their edges: half of the squared distance from the ball's axis, the angle about it and
        asinh(z / h), (Q, 3).
    """

    coordinates: SmoothCoordinates
    points: Tensor
    volume: Tensor
    low: Tensor
    high: Tensor

    def place(self, box: Tensor, part: Tensor) -> Tensor:
        """Give the positions (n, 3) kpc at parts (n, 3), 0 to 1, of the edges of boxes (n,).

        Boxes at the surface reach out of the ball a little; what lies there is put back on it.
        """
        where = _to_space(self.coordinates, torch.lerp(self.low[box], self.high[box], part))
        centre = torch.tensor(self.coordinates.centre, dtype=where.dtype)
        away = where - centre
        distance: Tensor = torch.linalg.vector_norm(away, dim=-1, keepdim=True)
        moved: Tensor = centre + away * (self.coordinates.radius / distance).clamp_max(1.0)
        return moved


def ball_boxes(coordinates: SmoothCoordinates) -> Boxes:
    """Cut a ball into boxes, fine enough to draw stars from."""
    radius, (_, _, cz), h = coordinates.radius, coordinates.centre, _height_scale(coordinates)
    a = math.asinh(radius / _ring_scale(coordinates))
    ring = _ring_scale(coordinates) * np.sinh(np.linspace(0.0, a, _BOXES[0] + 1))
    angle = np.linspace(0.0, 2 * math.pi, _BOXES[1] + 1)
    half = np.sqrt(radius**2 - (0.5 * (ring[1:] + ring[:-1])) ** 2)
    low_z, high_z = np.arcsinh((cz - half) / h), np.arcsinh((cz + half) / h)
    part = np.linspace(0.0, 1.0, _BOXES[2] + 1)
    height = low_z[:, None] + (high_z - low_z)[:, None] * part
    shape = _BOXES

    def spread(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        wide = values.reshape([shape[i] if i in axes else 1 for i in range(3)])
        return np.broadcast_to(wide, shape).ravel()

    edges = [
        np.stack([spread(0.5 * r**2, (0,)), spread(phi, (1,)), spread(w, (0, 2))], -1)
        for r, phi, w in (
            (ring[:-1], angle[:-1], height[:, :-1]),
            (ring[1:], angle[1:], height[:, 1:]),
        )
    ]
    low, high = (torch.from_numpy(edge) for edge in edges)
    points = _to_space(coordinates, 0.5 * (low + high))
    slope = torch.sqrt(points[:, 2] ** 2 + h**2)
    return Boxes(coordinates, points, (high - low).prod(-1) * slope, low, high)


def _to_space(coordinates: SmoothCoordinates, where: Tensor) -> Tensor:
    """Turn half of the squared ring, angle and softened height (n, 3) into positions, kpc."""
    ring, angle = torch.sqrt(2 * where[:, 0]), where[:, 1]
    x = coordinates.centre[0] + ring * torch.cos(angle)
    y = coordinates.centre[1] + ring * torch.sin(angle)
    return torch.stack([x, y, _height_scale(coordinates) * torch.sinh(where[:, 2])], -1)
