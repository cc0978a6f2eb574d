"""A smooth density of tracers in a ball, with one set of coefficients for each member."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from engine.density.smooth.basis import Anova
from engine.density.smooth.coordinates import SmoothCoordinates
from engine.density.smooth.sampling import Sampler

__all__ = ["SmoothDensity"]

_BEFORE = (12, 9, 5)
"""Orders of the fine coordinates in checkpoints that do not name them."""


@dataclass(frozen=True)
class SmoothDensity:
    """ln p(x) = sum_k c_k b_k(x) - ln Z inside a ball, for M members.

    Parameters
    ----------
    coordinates
        Those of the ball.
    coefficients
        c, (M, K), float64 where the device has it.
    log_norm
        ln Z, (M,), ln kpc^3.
    basis
        The functions b.
    """

    coordinates: SmoothCoordinates
    coefficients: Tensor
    log_norm: Tensor
    basis: Anova

    @property
    def members(self) -> int:
        """Number of members M."""
        return len(self.coefficients)

    def pick(self, members: slice | Tensor) -> SmoothDensity:
        """Give a density of some of the members."""
        return replace(
            self, coefficients=self.coefficients[members], log_norm=self.log_norm[members]
        )

    def to(self, device: torch.device) -> SmoothDensity:
        """Move to a device; single precision where it has no other."""
        kind = torch.float32 if device.type == "mps" else torch.float64
        return replace(
            self,
            coefficients=self.coefficients.to(device, kind),
            log_norm=self.log_norm.to(device, kind),
        )

    def log_density(self, x: Tensor) -> Tensor:
        """Give ln p(x), (M, ...), in ln kpc^-3, at x (M, ..., 3) kpc inside the ball."""
        q = self.coordinates(x.to(self.coefficients.dtype))
        flat = self.basis.design(q.reshape(self.members, -1, self.coordinates.count))
        value = torch.einsum("mnk,mk->mn", flat, self.coefficients) - self.log_norm[:, None]
        return value.reshape(x.shape[:-1]).to(x.dtype)

    def positions(self, base: Tensor) -> Tensor:
        """Draw positions (M, n, 3) kpc with standard normal draws (M, n, 3).

        The normal draws choose the first proposals and the seed of everything else, so that the
        same draws give the same positions. See ``engine.density.smooth.sampling``.
        """
        uniform = torch.special.ndtr(base.double().cpu())
        drawn = [
            sampler.draw(uniform[member], _generator(base[member]), base.dtype)
            for member, sampler in enumerate(self._samplers)
        ]
        return torch.stack(drawn).to(base)

    @cached_property
    def _samplers(self) -> list[Sampler]:
        """One for each member, made at the first draw and kept."""
        return [
            Sampler(self.coordinates, self.basis, coefficients)
            for coefficients in self.coefficients.detach().double().cpu()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Give a form that ``torch.load(weights_only=True)`` reads back."""
        return {
            "coordinates": self.coordinates.to_dict(),
            "coefficients": self.coefficients,
            "log_norm": self.log_norm,
            "fine": list(self.basis.fine),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any], device: torch.device) -> SmoothDensity:
        """Undo ``to_dict`` on a device."""
        coordinates = SmoothCoordinates.from_dict(stored["coordinates"])
        first, second, third = stored.get("fine", _BEFORE)
        basis = Anova(coordinates.count, (first, second, third))
        return cls(coordinates, stored["coefficients"], stored["log_norm"], basis).to(device)


def _generator(base: Tensor) -> torch.Generator:
    """Make a generator whose seed is what numbers (n, 3) say."""
    content = base.detach().cpu().contiguous().numpy().tobytes()
    seed = int.from_bytes(hashlib.blake2b(content, digest_size=7).digest(), "little")
    return torch.Generator().manual_seed(seed)
