"""Families of galaxies that may hold the truth: what is free in their orbits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from data.errors import UserError
from engine.dwarfs.anisotropy import Cuddeford, General

__all__ = ["FAMILIES", "Family", "family_of", "given_family"]

CENTRE_RANGE = (-1.45, 0.45)
"""Central anisotropies that have a distribution function here."""
_RADIUS_MEAN, _RADIUS_SD = 0.7, 1.1


@dataclass(frozen=True)
class Family:
    """A family.

    Parameters
    ----------
    name
        Its name.
    size
        How many parameters its orbits have.
    orbits
        From independent normal numbers (B, size) to the anisotropy.
    isotropic_centre
        Whether b0 is 0 for all.
    gaussian
        Whether there is no distribution function, so that velocities at a radius are taken as
        Gaussian with the dispersion of the Jeans equation.
    """

    name: str
    size: int
    orbits: Callable[[Tensor], Cuddeford | General]
    isotropic_centre: bool = False
    gaussian: bool = False


def _centre(z: Tensor) -> Tensor:
    """Give b0 with b0/(2 - b0) even in its range."""
    low, high = (b / (2 - b) for b in CENTRE_RANGE)
    share: Tensor = torch.special.ndtr(z)
    even = low + (high - low) * share
    return 2 * even / (1 + even)


def _inverse_radius(z: Tensor) -> Tensor:
    return torch.exp(-2 * (_RADIUS_MEAN + _RADIUS_SD * z))


def _osipkov_merritt(z: Tensor) -> Cuddeford:
    return Cuddeford(torch.zeros_like(z), _inverse_radius(z))


def _constant(z: Tensor) -> Cuddeford:
    return Cuddeford(_centre(z), torch.zeros_like(z))


def _both(z: Tensor) -> Cuddeford:
    return Cuddeford(_centre(z[:, :1]), _inverse_radius(z[:, 1:]))


def _general(z: Tensor) -> General:
    even = -0.5 + 1.4 * torch.special.ndtr(z[:, :2])  # beta/(2 - beta), -0.67 to 0.95 in beta
    ends = 2 * even / (1 + even)
    radius, power = torch.exp(0.5 * z[:, 2:3]), 1.5 * torch.exp(0.3 * z[:, 3:])
    return General(ends[:, :1], ends[:, 1:], radius, power)


FAMILIES: Mapping[str, Family] = {
    "osipkov-merritt": Family("osipkov-merritt", 1, _osipkov_merritt, isotropic_centre=True),
    "constant": Family("constant", 1, _constant),
    "cuddeford": Family("cuddeford", 2, _both),
    "general": Family("general", 4, _general, gaussian=True),
}


def given_family(beta: float, r_a: float | None = None) -> Family:
    """Give a family whose anisotropy is fixed.

    Parameters
    ----------
    beta
        Central anisotropy.
    r_a
        Anisotropy radius in R_h; none for a constant anisotropy.

    Raises
    ------
    UserError
        The anisotropy is 1 or more, or the radius is not positive.
    """
    if not (np.isfinite(beta) and -20 <= beta < 1):
        raise UserError(f"An anisotropy of {beta:g} is not possible.", "It is -20 to below 1.")
    if r_a is not None and not r_a > 0:
        raise UserError(f"An anisotropy radius of {r_a:g} is not possible.", "It is above 0.")
    inverse = 0.0 if r_a is None else float(r_a) ** -2

    def orbits(z: Tensor) -> Cuddeford:
        ones = torch.ones(len(z), 1, dtype=z.dtype)
        return Cuddeford(beta * ones, inverse * ones)

    low, high = CENTRE_RANGE
    name = f"beta={beta:g}" if r_a is None else "osipkov-merritt given"
    return Family(name, 0, orbits, isotropic_centre=beta == 0, gaussian=not low <= beta <= high)


def family_of(name: str) -> Family:
    """Find a family by name.

    Raises
    ------
    UserError
        There is none.
    """
    if name not in FAMILIES:
        raise UserError(f"There is no family {name!r}.", f"Known: {', '.join(FAMILIES)}.")
    return FAMILIES[name]
