"""The coordinates in which the logarithm of a density of tracers is smooth.

Beside the Galactic axis a disc is a function of its cylindrical coordinates; near the axis these
turn without end, so that a volume that comes close to it is described by Cartesian ones and the
distance from its centre. Heights are softened, asinh(z / h), as a disc changes quickly near its
plane and a halo slowly far from it; the distance is ln(1 + (r/a)^2) / 2, which is smooth at the
centre and a logarithm outside, where haloes are powers. Nothing is taken for symmetric: every
coordinate is an input.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.density.preprocess import beside_axis

__all__ = ["SmoothCoordinates"]


@dataclass(frozen=True)
class SmoothCoordinates:
    """Coordinates of a ball, each between -1 and 1 inside of it.

    Parameters
    ----------
    centre, radius
        The ball, kpc, Galactocentric.
    cylindrical
        Whether they are (R, phi, asinh(z/h)), else (x, y, asinh(z/h), ln(1 + (r/a)^2) / 2).
    height
        h in kpc: the median distance from the plane beside the axis, else twice as much.
    core
        a in kpc: a tenth of the median distance from ``origin``.
    origin
        Where r is counted from, kpc: the Galactic centre where the ball holds it, else its own.
    """

    centre: tuple[float, float, float]
    radius: float
    cylindrical: bool
    height: float
    core: float
    origin: tuple[float, float, float]

    @classmethod
    def of(cls, centre: tuple[float, float, float], radius: float, x: Tensor) -> SmoothCoordinates:
        """Choose for a ball and its tracers at x (n, 3) kpc."""
        centre = (float(centre[0]), float(centre[1]), float(centre[2]))
        inside = math.dist(centre, (0.0, 0.0, 0.0)) < radius
        origin = (0.0, 0.0, 0.0) if inside else centre
        away = torch.linalg.vector_norm(x - torch.tensor(origin).to(x), dim=-1)
        beside = beside_axis(centre, radius)
        return cls(
            centre,
            radius,
            beside,
            max((1.0 if beside else 2.0) * float(x[:, 2].abs().median()), 1e-3 * radius),
            max(0.1 * float(away.median()), 1e-3 * radius),
            origin,
        )

    @property
    def count(self) -> int:
        """Number of coordinates D."""
        return 3 if self.cylindrical else 4

    def __call__(self, x: Tensor) -> Tensor:
        """Give the coordinates (..., D) of positions (..., 3) kpc."""
        cx, cy, _ = self.centre
        height = _between(torch.asinh(x[..., 2] / self.height), *self._heights())
        if self.cylindrical:
            ring = math.hypot(cx, cy)
            along = (cx * x[..., 0] + cy * x[..., 1]) / ring
            across = (cx * x[..., 1] - cy * x[..., 0]) / ring
            angle = torch.atan2(across, along) / math.asin(self.radius / ring)
            spread = (torch.hypot(x[..., 0], x[..., 1]) - ring) / self.radius
            return torch.stack([spread, angle, height], -1)
        r2 = ((x - torch.tensor(self.origin).to(x)) ** 2).sum(-1)
        far = self.radius + math.dist(self.centre, self.origin)
        away = _between(0.5 * torch.log1p(r2 / self.core**2), 0.0, self._log_distance(far))
        plane = [(x[..., 0] - cx) / self.radius, (x[..., 1] - cy) / self.radius]
        return torch.stack([*plane, height, away], -1)

    def _heights(self) -> tuple[float, float]:
        z = self.centre[2]
        low, high = z - self.radius, z + self.radius
        return math.asinh(low / self.height), math.asinh(high / self.height)

    def _log_distance(self, r: float) -> float:
        return 0.5 * math.log1p((r / self.core) ** 2)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, as checkpoints store them."""
        return dict(vars(self))

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> SmoothCoordinates:
        """Undo ``to_dict``."""
        return cls(
            **{**stored, "centre": tuple(stored["centre"]), "origin": tuple(stored["origin"])}
        )


def _between(value: Tensor, low: float, high: float) -> Tensor:
    return (2 * value - (low + high)) / (high - low)
