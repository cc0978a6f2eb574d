"""Density profiles of dark haloes, normalised at the Sun's distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.frames import DEFAULT_SUN

__all__ = ["gnfw_shape"]

Floats = NDArray[np.float64]


def gnfw_shape(
    radius: Floats,
    scale_radius: Floats | float,
    slope: Floats | float,
    reference: float = DEFAULT_SUN.radius,
) -> Floats:
    """Give the generalised NFW profile, 1 at the reference radius.

    rho(r)/rho(r_0) = (r/r_0)^-gamma ((1 + r/r_s)/(1 + r_0/r_s))^(gamma - 3), the profile of Zhao
    (1996) with the outer slope 3; gamma = 1 is that of Navarro, Frenk & White (1997).

    Parameters
    ----------
    radius
        r, kpc; broadcasts with the others.
    scale_radius
        r_s, kpc.
    slope
        gamma, the inner logarithmic slope.
    reference
        r_0, kpc.
    """
    outer = (radius + scale_radius) / (reference + scale_radius)
    shape: Floats = (radius / reference) ** -slope * outer ** (slope - 3.0)
    return shape
