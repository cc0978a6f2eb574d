"""From the sky to the Galactocentric frame and back.

The frame is right-handed with the Sun at positive x: astropy's ``Galactocentric`` (parameter
set v4.0) turned by 180 degrees about z. The disc turns towards negative y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from data.errors import UserError

__all__ = [
    "KM_S_PER_MAS_YR_KPC",
    "Floats",
    "SolarParameters",
    "cylindrical",
    "from_galactocentric",
    "galactocentric_rotation",
    "sky_triad",
    "to_galactocentric",
]

Floats = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

KM_S_PER_MAS_YR_KPC = 4.740470463533349
"""Transverse velocity of 1 mas/yr at 1 kpc: one astronomical unit a Julian year, in km/s."""

_CENTRE_RA, _CENTRE_DEC = 266.4051, -28.936175
"""ICRS direction of the Galactic centre (deg), as in astropy's v4.0 (Reid & Brunthaler 2004)."""

_ROLL_0 = 58.5986320306
"""Angle (deg) that lines the x-z plane up with the Galactic pole, as in astropy."""


@dataclass(frozen=True)
class SolarParameters:
    """Where the Sun is and how it moves, in the Galactocentric frame.

    Parameters
    ----------
    position
        (x, 0, z) in kpc. As in astropy's frame, x is the Sun's distance from the Galactic
        centre and z its height above the plane.
    velocity
        (vx, vy, vz) in km/s.
    """

    position: Triple = (8.122, 0.0, 0.0208)
    velocity: Triple = (-12.9, -245.6, 7.78)

    def __post_init__(self) -> None:
        numbers = (*self.position, *self.velocity)
        if len(numbers) != 6 or not np.all(np.isfinite(numbers)):
            raise UserError(
                "The Sun's position and velocity must be three finite numbers each.",
                "Give kpc and km/s, for example (8.122, 0, 0.0208) and (-12.9, -245.6, 7.78).",
            )
        if self.position[1] != 0.0 or self.position[0] <= abs(self.position[2]):
            raise UserError(
                f"The Sun cannot be at {self.position} kpc: in this frame it has y = 0 and "
                "positive x.",
                "Rotate the coordinates around z first.",
            )

    def to_dict(self) -> dict[str, list[float]]:
        """Give the form that is stored in manifests and cubes."""
        return {"position": list(self.position), "velocity": list(self.velocity)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Sequence[float]]) -> SolarParameters:
        """Read what `to_dict` wrote."""
        x, y, z = (float(value) for value in stored["position"])
        vx, vy, vz = (float(value) for value in stored["velocity"])
        return cls((x, y, z), (vx, vy, vz))


def to_galactocentric(
    ra: npt.ArrayLike,
    dec: npt.ArrayLike,
    distance: npt.ArrayLike,
    pmra: npt.ArrayLike,
    pmdec: npt.ArrayLike,
    radial_velocity: npt.ArrayLike,
    sun: SolarParameters | None = None,
) -> tuple[Floats, Floats]:
    """Turn astrometry into Galactocentric positions and velocities.

    With the unit vectors r (line of sight), p (east) and q (north),
    ``x = R d r + x_sun`` and ``v = R (v_r r + k d (mu_ra* p + mu_dec q)) + v_sun``,
    where R is the rotation of astropy's ``Galactocentric`` followed by half a turn about z.

    Parameters
    ----------
    ra, dec
        ICRS, degrees, shape (n,).
    distance
        kpc, shape (n,).
    pmra, pmdec
        mas/yr, pmra with cos(dec), shape (n,).
    radial_velocity
        km/s, shape (n,).
    sun
        The Sun's place and motion; the design's values by default.

    Returns
    -------
    x
        kpc, shape (n, 3); NaN where the position is not known.
    v
        km/s, shape (n, 3); NaN where any of its ingredients is not known.
    """
    sun = sun or SolarParameters()
    d, mu_a, mu_d, v_r = (
        np.atleast_1d(np.asarray(a, dtype=np.float64))
        for a in (distance, pmra, pmdec, radial_velocity)
    )
    p, q, r = sky_triad(ra, dec)
    rotation, origin = galactocentric_rotation(sun)
    x = (d[:, None] * r) @ rotation.T + origin
    k_d = KM_S_PER_MAS_YR_KPC * d
    v_sky = v_r[:, None] * r + (k_d * mu_a)[:, None] * p + (k_d * mu_d)[:, None] * q
    return x, v_sky @ rotation.T + np.asarray(sun.velocity)


def from_galactocentric(
    x: npt.ArrayLike, v: npt.ArrayLike, sun: SolarParameters | None = None
) -> dict[str, Floats]:
    """Turn Galactocentric positions and velocities into what Gaia would measure.

    Parameters
    ----------
    x, v
        kpc and km/s, shape (n, 3).
    sun
        The Sun's place and motion; the design's values by default.

    Returns
    -------
    dict
        ra, dec (deg), distance (kpc), parallax (mas), pmra, pmdec (mas/yr) and
        radial_velocity (km/s), each of shape (n,). Not defined at the Sun itself.
    """
    sun = sun or SolarParameters()
    rotation, origin = galactocentric_rotation(sun)
    sight = (np.atleast_2d(np.asarray(x, dtype=np.float64)) - origin) @ rotation
    motion = (np.atleast_2d(np.asarray(v, dtype=np.float64)) - np.asarray(sun.velocity)) @ rotation
    distance = np.linalg.norm(sight, axis=1)
    ra = np.degrees(np.arctan2(sight[:, 1], sight[:, 0])) % 360.0
    dec = np.degrees(np.arctan2(sight[:, 2], np.hypot(sight[:, 0], sight[:, 1])))
    p, q, r = sky_triad(ra, dec)
    k_d = KM_S_PER_MAS_YR_KPC * distance
    return {
        "ra": ra,
        "dec": dec,
        "distance": distance,
        "parallax": 1.0 / distance,
        "pmra": np.einsum("ni,ni->n", motion, p) / k_d,
        "pmdec": np.einsum("ni,ni->n", motion, q) / k_d,
        "radial_velocity": np.einsum("ni,ni->n", motion, r),
    }


def cylindrical(x: npt.ArrayLike, v: npt.ArrayLike) -> dict[str, Floats]:
    """Give cylindrical coordinates that count positive along Galactic rotation.

    ``phi = atan2(-y, x)``, so phi = 0 at the Sun; ``L_z = y vx - x vy`` and
    ``v_phi = L_z / R``, both positive for the Sun.

    Parameters
    ----------
    x, v
        kpc and km/s, shape (n, 3).

    Returns
    -------
    dict
        R, z (kpc), phi (rad), v_R, v_phi, v_z (km/s) and L_z (kpc km/s), each (n,).
    """
    px, py, pz = np.moveaxis(np.atleast_2d(np.asarray(x, dtype=np.float64)), 1, 0)
    vx, vy, vz = np.moveaxis(np.atleast_2d(np.asarray(v, dtype=np.float64)), 1, 0)
    radius = np.hypot(px, py)
    l_z = py * vx - px * vy
    with np.errstate(divide="ignore", invalid="ignore"):
        v_radial, v_phi = (px * vx + py * vy) / radius, l_z / radius
    return {
        "R": radius,
        "phi": np.arctan2(-py, px),
        "z": pz,
        "v_R": v_radial,
        "v_phi": v_phi,
        "v_z": vz,
        "L_z": l_z,
    }


def sky_triad(ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Give the unit vectors east, north and along the line of sight.

    Parameters
    ----------
    ra, dec
        Degrees, shape (n,).

    Returns
    -------
    p, q, r
        ICRS Cartesian components, shape (n, 3) each.
    """
    a = np.radians(np.atleast_1d(np.asarray(ra, dtype=np.float64)))
    d = np.radians(np.atleast_1d(np.asarray(dec, dtype=np.float64)))
    sin_a, cos_a, sin_d, cos_d = np.sin(a), np.cos(a), np.sin(d), np.cos(d)
    p = np.stack([-sin_a, cos_a, np.zeros_like(a)], axis=1)
    q = np.stack([-sin_d * cos_a, -sin_d * sin_a, cos_d], axis=1)
    r = np.stack([cos_d * cos_a, cos_d * sin_a, sin_d], axis=1)
    return p, q, r


@lru_cache(maxsize=16)
def galactocentric_rotation(sun: SolarParameters) -> tuple[Floats, Floats]:
    """Give the rotation (3, 3) from ICRS axes and the Sun's place (3,) in the frame.

    The same steps as ``astropy.coordinates.builtin_frames.galactocentric``: the x axis to the
    Galactic centre, the roll, the tilt that lifts the Sun above the plane, and then half a
    turn about z.
    """
    ra, dec, roll = np.radians([_CENTRE_RA, _CENTRE_DEC, _ROLL_0])
    distance, _, height = sun.position
    sin_tilt = height / distance
    cos_tilt = np.sqrt(1.0 - sin_tilt**2)
    tilt = np.array([[cos_tilt, 0.0, sin_tilt], [0.0, 1.0, 0.0], [-sin_tilt, 0.0, cos_tilt]])
    to_centre = _about_x(roll) @ _about_y(-dec) @ _about_z(ra)
    half_turn = np.diag([-1.0, -1.0, 1.0])
    rotation = half_turn @ tilt @ to_centre
    origin = half_turn @ tilt @ np.array([-distance, 0.0, 0.0])
    for shared in (rotation, origin):  # every caller gets the same arrays
        shared.setflags(write=False)
    return rotation, origin


def _about_x(angle: float) -> Floats:
    """Give the matrix that turns the axes about x by an angle (rad)."""
    s, c = np.sin(angle), np.cos(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])


def _about_y(angle: float) -> Floats:
    """Give the matrix that turns the axes about y by an angle (rad)."""
    s, c = np.sin(angle), np.cos(angle)
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def _about_z(angle: float) -> Floats:
    """Give the matrix that turns the axes about z by an angle (rad)."""
    s, c = np.sin(angle), np.cos(angle)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
