"""The quantities that can be drawn from an acceleration vector, and the units to draw them in.

Signs follow the frame of the project: Galactocentric, right-handed, the Sun at +x, and the
azimuth counted along Galactic rotation, which at the Sun points to -y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

KPC_IN_M = 3.0856775814913673e19
"""One kiloparsec in metres (IAU 2015)."""


@dataclass(frozen=True)
class Unit:
    """A unit of acceleration.

    Parameters
    ----------
    key
        The name that a session state stores.
    label
        The name on screen.
    factor
        What a value in km2 s-2 kpc-1 is multiplied with.
    """

    key: str
    label: str
    factor: float


UNITS: dict[str, Unit] = {
    "km2/s2/kpc": Unit("km2/s2/kpc", "km² s⁻² kpc⁻¹", 1.0),
    "1e-10 m/s2": Unit("1e-10 m/s2", "10⁻¹⁰ m s⁻²", 1e6 / KPC_IN_M * 1e10),
}


@dataclass(frozen=True)
class Quantity:
    """A scalar made from an acceleration vector.

    Parameters
    ----------
    key
        The name that a session state stores.
    label
        The name on screen.
    description
        What it is, in a few words.
    signed
        Whether zero is a special value, so that a diverging colour map fits.
    """

    key: str
    label: str
    description: str
    signed: bool


QUANTITIES: dict[str, Quantity] = {
    q.key: q
    for q in (
        Quantity("abs", "|a|", "size of the acceleration", signed=False),
        Quantity("x", "a_x", "towards the Sun's side (+x)", signed=True),
        Quantity("y", "a_y", "against Galactic rotation at the Sun (+y)", signed=True),
        Quantity("z", "a_z", "towards the north Galactic pole", signed=True),
        Quantity("R", "a_R", "away from the axis of the Galaxy", signed=True),
        Quantity("phi", "a_φ", "along Galactic rotation", signed=True),
    )
}


def direction(key: str, acceleration: Array, x: Array, y: Array) -> Array:
    """Give the unit vectors along which a quantity measures the acceleration.

    Parameters
    ----------
    key
        A key of `QUANTITIES`.
    acceleration
        Acceleration, shape (3, ...); only its direction matters, and only for ``abs``.
    x, y
        Galactocentric positions in kpc, shape (...).

    Returns
    -------
    Array
        Shape (3, ...), dimensionless. NaN on the axis (R = 0) for ``R`` and ``phi``.
    """
    zero = np.zeros_like(x)
    if key in ("x", "y", "z"):
        vector = np.zeros_like(acceleration)
        vector["xyz".index(key)] = 1.0
        return vector
    with np.errstate(invalid="ignore", divide="ignore"):
        if key == "abs":
            unit: Array = acceleration / np.sqrt((acceleration**2).sum(axis=0))
            return unit
        radius = np.hypot(x, y)
        if key == "R":
            return np.stack([x / radius, y / radius, zero])
        if key == "phi":
            return np.stack([y / radius, -x / radius, zero])
    raise KeyError(key)


def evaluate(key: str, acceleration: Array, sd: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Give value and standard deviation of a quantity.

    With the unit vector n of `direction`, the value is a.n and its variance the sum of
    (n_i sd_i)^2: errors of the components are taken as independent, which is all that a cube
    says about them.

    Parameters
    ----------
    key
        A key of `QUANTITIES`.
    acceleration, sd
        Components and their standard deviations, shape (3, ...), any one unit.
    x, y
        Galactocentric positions in kpc, shape (...).

    Returns
    -------
    value, sd
        Shape (...), the unit of the input.
    """
    normal = direction(key, acceleration, x, y)
    value = (acceleration * normal).sum(axis=0)
    return value, np.sqrt(((sd * normal) ** 2).sum(axis=0))
