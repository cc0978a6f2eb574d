"""Smooth maps that bring the stars to coordinates which a flow learns easily.

Positions: ball to R^3, then standardised per axis; velocities: standardised per axis.
The ball map removes the hard edge of the volume, which a flow would otherwise smear into a
spurious density gradient. Source: ``u = (x - c)/R``, ``y = (u/|u|) atanh |u|`` with the
log-determinant ``-ln(1 - r^2) + 2 ln(atanh(r)/r)`` (Buckley et al. 2023, arXiv 2205.01129).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["EDGE_MARGIN", "BallMap", "Standardiser", "beside_axis"]

EDGE_MARGIN = 1e-6
"""The ball's radius exceeds the volume's by this fraction, so that no star sits on its edge."""

_SERIES_BELOW = 1e-3

_AXIS_MARGIN = 1.1
"""The axis must be farther from the centre than this many radii of the volume."""


def beside_axis(centre: Sequence[float], radius: float) -> bool:
    """Tell whether a ball lies well beside the Galactic axis, near which azimuths turn fast.

    Parameters
    ----------
    centre, radius
        The ball, kpc, Galactocentric.
    """
    return math.hypot(centre[0], centre[1]) > _AXIS_MARGIN * radius


def _atanh_ratio(r: Tensor) -> Tensor:
    """Give atanh(r)/r with its series near zero, so that values and gradients stay finite."""
    small = r < _SERIES_BELOW
    safe = torch.where(small, torch.full_like(r, 0.5), r)
    return torch.where(small, 1 + r**2 / 3 + r**4 / 5, torch.atanh(safe) / safe)


def _tanh_ratio(r: Tensor) -> Tensor:
    """Give tanh(r)/r with its series near zero."""
    small = r < _SERIES_BELOW
    safe = torch.where(small, torch.full_like(r, 0.5), r)
    return torch.where(small, 1 - r**2 / 3 + 2 * r**4 / 15, torch.tanh(safe) / safe)


def _norm(vector: Tensor) -> Tensor:
    """Give |vector| over the last axis with a zero gradient, not NaN, at the origin."""
    square = (vector**2).sum(-1, keepdim=True)
    return torch.sqrt(square.clamp_min(torch.finfo(square.dtype).tiny))


@dataclass(frozen=True)
class BallMap:
    """The map from the open ball of a volume to R^3.

    Parameters
    ----------
    centre
        Centre of the volume, shape (3,), kpc.
    radius
        Radius of the volume in kpc; the map's own radius is larger by ``EDGE_MARGIN``.
    """

    centre: Tensor
    radius: float

    def unit(self, x: Tensor) -> Tensor:
        """Scale positions (..., 3) in kpc to u = (x - c)/R, inside the unit ball."""
        return (x - self.centre.to(x)) / (self.radius * (1 + EDGE_MARGIN))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map positions to R^3.

        Parameters
        ----------
        x
            Positions (..., 3) in kpc, inside the volume.

        Returns
        -------
        y, log_det
            Latent positions (..., 3) and ln|dy/dx| (...), in ln kpc^-3.
        """
        u = self.unit(x)
        r = _norm(u)
        ratio = _atanh_ratio(r)
        scale = torch.log(torch.as_tensor(self.radius * (1 + EDGE_MARGIN), dtype=x.dtype))
        log_det = -torch.log1p(-(r**2)) + 2 * torch.log(ratio) - 3 * scale.to(x.device)
        return u * ratio, log_det.squeeze(-1)

    def inverse(self, y: Tensor) -> Tensor:
        """Map latent positions (..., 3) back to kpc."""
        return self.centre.to(y) + self.radius * (1 + EDGE_MARGIN) * y * _tanh_ratio(_norm(y))


@dataclass(frozen=True)
class Standardiser:
    """Shift and scale per axis; ``log_det`` is the constant -sum(ln scale)."""

    mean: Tensor
    scale: Tensor

    @classmethod
    def fit(cls, values: Tensor) -> Standardiser:
        """Fit mean and standard deviation of values (n, d).

        Raises
        ------
        ValueError
            If a column is constant, so that it has no scale.
        """
        mean, scale = values.double().mean(0), values.double().std(0)
        if not bool((scale > 0).all()):
            msg = f"a constant column cannot be standardised: scales {scale.tolist()}"
            raise ValueError(msg)
        return cls(mean.to(values.dtype), scale.to(values.dtype))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise values (..., d)."""
        return (values - self.mean.to(values)) / self.scale.to(values)

    def inverse(self, values: Tensor) -> Tensor:
        """Undo ``forward``."""
        return values * self.scale.to(values) + self.mean.to(values)

    @property
    def log_det(self) -> Tensor:
        """Log-determinant of ``forward``, a scalar."""
        return -torch.log(self.scale).sum()
