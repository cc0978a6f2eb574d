"""The density model f(x, v) = p(x) p(v|x) of a tracer population, in physical coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.density.ensemble import StackedFlow
from engine.density.frame import VelocityFrame
from engine.density.preprocess import BallMap, Standardiser
from engine.density.smooth.density import SmoothDensity

__all__ = ["Coordinates", "DensityModel", "Scores"]


@dataclass(frozen=True)
class Coordinates:
    """The coordinates in which the flows see the stars.

    Parameters
    ----------
    ball
        Ball of the volume to R^3.
    latent
        Standardiser of the mapped positions, the coordinates of p(x).
    frame
        Coordinates of the context and of the velocities of p(v|x).
    space
        Standardiser of the context, which is made of the positions themselves: bounded in the
        volume, so that the network is never asked beyond what it has seen.
    velocity
        Standardiser of the velocities in the frame.
    velocity_range
        (2, 3) km/s: the interval of each component in the frame that holds all but the
        outermost 0.01% of the tracers on either side; beyond it the flow extrapolates.
    """

    ball: BallMap
    latent: Standardiser
    frame: VelocityFrame
    space: Standardiser
    velocity: Standardiser
    velocity_range: Tensor

    @classmethod
    def fit(cls, x: Tensor, v: Tensor, ball: BallMap) -> Coordinates:
        """Fit to tracers at x (n, 3) kpc with velocities v (n, 3) km/s, on the CPU."""
        mapped, _ = ball.forward(x.double())
        frame = VelocityFrame.of(ball.centre, ball.radius, x, v)
        turned = frame.forward(x, v)
        return cls(
            ball,
            Standardiser.fit(mapped.to(x.dtype)),
            frame,
            Standardiser.fit(frame.context(x)),
            Standardiser.fit(turned),
            _range(turned),
        )

    def context(self, x: Tensor) -> Tensor:
        """Give what p(v|x) is conditioned on, (..., 5), at positions (..., 3) kpc."""
        return self.space.forward(self.frame.context(x))

    def standard_velocity(self, x: Tensor, v: Tensor) -> Tensor:
        """Give velocities v (..., 3) km/s at x (..., 3) as the flow sees them."""
        return self.velocity.forward(self.frame.forward(x, v))

    def physical_velocity(self, x: Tensor, value: Tensor) -> Tensor:
        """Undo ``standard_velocity``."""
        return self.frame.inverse(x, self.velocity.inverse(value))

    def knows(self, x: Tensor, v: Tensor) -> Tensor:
        """Tell which velocities v (..., 3) at x (..., 3) lie in ``velocity_range``, (...)."""
        turned = self.frame.forward(x, v)
        low, high = self.velocity_range.to(v)
        known: Tensor = ((turned >= low) & (turned <= high)).all(-1)
        return known

    def to_dict(self) -> dict[str, Any]:
        """Give tensors and numbers only."""
        names = ("latent", "space", "velocity")
        pairs = {n: [getattr(self, n).mean, getattr(self, n).scale] for n in names}
        ball = {"centre": self.ball.centre, "radius": self.ball.radius}
        frame = self.frame.to_dict()
        return {**ball, **pairs, "frame": frame, "velocity_range": self.velocity_range}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Coordinates:
        """Undo ``to_dict``."""
        parts = {n: Standardiser(*stored[n]) for n in ("latent", "space", "velocity")}
        ball = BallMap(stored["centre"], stored["radius"])
        frame = VelocityFrame.from_dict(stored["frame"])
        return cls(ball, frame=frame, **parts, velocity_range=stored["velocity_range"])


def _range(v: Tensor) -> Tensor:
    """Give the 0.01% and 99.99% quantiles of each column of v (n, 3), as (2, 3)."""
    ordered = v.sort(0).values
    cut = int(1e-4 * len(v))
    return torch.stack([ordered[cut], ordered[len(v) - 1 - cut]])


@dataclass(frozen=True)
class Scores:
    """Gradients of a density model at P positions and V velocities each.

    Parameters
    ----------
    density
        grad_x ln p(x), (M, P, 3) kpc^-1.
    space, velocity
        grad_x and grad_v of ln p(v|x), (M, P, V, 3) in kpc^-1 and (km/s)^-1.
    log_velocity
        ln p(v|x), (M, P, V).
    """

    density: Tensor
    space: Tensor
    velocity: Tensor
    log_velocity: Tensor


@dataclass(frozen=True)
class DensityModel:
    """An ensemble of M members of p(x) and p(v|x).

    Parameters
    ----------
    position
        p(x): a smooth density, or stacked flows where the stars have holes.
    velocity
        p(v|x): stacked flows, as many members.
    coordinates
        What flows take in and give out.
    """

    position: StackedFlow | SmoothDensity
    velocity: StackedFlow
    coordinates: Coordinates

    @property
    def members(self) -> int:
        """Number of members."""
        return self.position.members

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(iter(self.velocity.parameters.values())).device

    def pick(self, members: slice) -> DensityModel:
        """Give a model of some of the members."""
        return DensityModel(
            self.position.pick(members), self.velocity.pick(members), self.coordinates
        )

    def log_position(self, x: Tensor) -> Tensor:
        """Give ln p(x), (M, ...), in ln kpc^-3, at x (M, ..., 3) kpc inside the volume."""
        if isinstance(self.position, SmoothDensity):
            return self.position.log_density(x)
        mapped, log_det = self.coordinates.ball.forward(x)
        latent = self.coordinates.latent
        return self.position.log_prob(latent.forward(mapped)) + log_det + latent.log_det.to(x)

    def log_velocity(self, x: Tensor, v: Tensor) -> Tensor:
        """Give ln p(v|x), (M, ...), in ln (km/s)^-3, at x, v (M, ..., 3)."""
        value = self.coordinates.standard_velocity(x, v)
        log_det = self.coordinates.velocity.log_det.to(v) + self.coordinates.frame.log_det(x)
        return self.velocity.log_prob(value, self.coordinates.context(x)) + log_det

    def log_density(self, x: Tensor, v: Tensor) -> Tensor:
        """Give ln f(x, v) = ln p(x) + ln p(v|x), (M, ...)."""
        return self.log_position(x) + self.log_velocity(x, v)

    def velocities(self, x: Tensor, base: Tensor) -> Tensor:
        """Map standard normal draws to velocities of p(v|x).

        Parameters
        ----------
        x
            (M, ..., 3) kpc.
        base
            (M, ..., 3).

        Returns
        -------
        Tensor
            (M, ..., 3) km/s.
        """
        value = self.velocity.inverse(base, self.coordinates.context(x))
        return self.coordinates.physical_velocity(x, value)

    def positions(self, base: Tensor) -> Tensor:
        """Map standard normal draws (M, n, 3) to positions of p(x), kpc."""
        if isinstance(self.position, SmoothDensity):
            return self.position.positions(base)
        latent = self.position.inverse(base)
        return self.coordinates.ball.inverse(self.coordinates.latent.inverse(latent))

    def scores(self, x: Tensor, v: Tensor) -> Scores:
        """Differentiate ln p(x) and ln p(v|x).

        Parameters
        ----------
        x
            Positions (P, 3) kpc.
        v
            Velocities (M, P, V, 3) km/s, V for each member and position.
        """
        members, count = v.shape[0], v.shape[2]
        where = x.expand(members, *x.shape).detach().clone().requires_grad_()
        (density,) = torch.autograd.grad(self.log_position(where).sum(), where)
        wide = x[None, :, None].expand(members, -1, count, -1).flatten(1, 2)
        wide, flat = wide.detach().clone().requires_grad_(), v.flatten(1, 2).detach()
        flat.requires_grad_()
        value = self.log_velocity(wide, flat)
        grad_x, grad_v = torch.autograd.grad(value.sum(), (wide, flat))
        return Scores(
            density,
            grad_x.view_as(v),
            grad_v.view_as(v),
            value.detach().view(v.shape[:-1]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Give a form that ``torch.load(weights_only=True)`` reads back."""
        parts = {"position": self.position, "velocity": self.velocity}
        return {
            **{name: part.to_dict() for name, part in parts.items()},
            "coordinates": self.coordinates.to_dict(),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any], device: torch.device) -> DensityModel:
        """Undo ``to_dict`` on a device."""
        position = stored["position"]
        smooth = "coefficients" in position
        return cls(
            (SmoothDensity if smooth else StackedFlow).from_dict(position, device),
            StackedFlow.from_dict(stored["velocity"], device),
            Coordinates.from_dict(stored["coordinates"]),
        )
