"""Formulae of the derived columns: pure functions of columns.

All take columns as doubles of shape (n,) and, by keyword, the Sun's position in kpc, shape (3,).
The frame is Galactocentric with the Sun at +x, so the disc turns towards -y.
"""

from __future__ import annotations

import numpy as np

from data import fast_angles
from data.frames import KM_S_PER_MAS_YR_KPC, Floats

_DEGREE = np.pi / 180.0


def length(*components: Floats, sun: Floats) -> Floats:
    """Length of a vector, in the unit of its components."""
    squares = np.zeros_like(components[0])
    for component in components:
        squares += component**2
    return np.sqrt(squares)


def itself(values: Floats, *, sun: Floats) -> Floats:
    """Give the column as it is, under its other name."""
    return values


def ratio(values: Floats, errors: Floats, *, sun: Floats) -> Floats:
    """Give a quantity in units of its error."""
    return values / errors


def azimuth(x: Floats, y: Floats, *, sun: Floats) -> Floats:
    """Galactocentric azimuth in degrees, in (-180, 180], 0 at the Sun, positive along rotation."""
    return np.arctan2(-y, x) / _DEGREE


def radial_motion(x: Floats, y: Floats, vx: Floats, vy: Floats, *, sun: Floats) -> Floats:
    """v_R = (x vx + y vy) / R, positive outwards, in the unit of the velocities."""
    return (x * vx + y * vy) / np.hypot(x, y)


def angular_momentum(x: Floats, y: Floats, vx: Floats, vy: Floats, *, sun: Floats) -> Floats:
    """L_z = -(x vy - y vx), positive along Galactic rotation (which runs towards -y at +x)."""
    return y * vx - x * vy


def total_angular_momentum(
    x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats, *, sun: Floats
) -> Floats:
    """L = |x cross v|."""
    across = angular_momentum_across(x, y, z, vx, vy, vz, sun=sun)
    return np.hypot(across, angular_momentum(x, y, vx, vy, sun=sun))


def angular_momentum_across(
    x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats, *, sun: Floats
) -> Floats:
    """L_perp = sqrt(L_x^2 + L_y^2)."""
    return np.hypot(y * vz - z * vy, z * vx - x * vz)


def rotation_velocity(x: Floats, y: Floats, vx: Floats, vy: Floats, *, sun: Floats) -> Floats:
    """v_phi = L_z / R, positive along Galactic rotation."""
    return angular_momentum(x, y, vx, vy, sun=sun) / np.hypot(x, y)


def toomre(x: Floats, y: Floats, vx: Floats, vy: Floats, vz: Floats, *, sun: Floats) -> Floats:
    """Vertical axis of the Toomre diagram, sqrt(v_R^2 + v_z^2)."""
    v_radial = radial_motion(x, y, vx, vy, sun=sun)
    return length(v_radial, vz, sun=sun)


def distance_from_sun(x: Floats, y: Floats, z: Floats, *, sun: Floats) -> Floats:
    """Distance from the Sun in kpc, from the Galactocentric position."""
    return length(x - sun[0], y - sun[1], z - sun[2], sun=sun)


def galactic_longitude(ra: Floats, dec: Floats, *, sun: Floats) -> Floats:
    """Galactic longitude in degrees, in [0, 360), from ICRS coordinates in degrees."""
    return fast_angles.galactic_longitude(ra, dec)


def galactic_latitude(ra: Floats, dec: Floats, *, sun: Floats) -> Floats:
    """Galactic latitude in degrees from ICRS coordinates in degrees."""
    return fast_angles.galactic_latitude(ra, dec)


def _heliocentric(x: Floats, y: Floats, z: Floats, sun: Floats) -> list[Floats]:
    """Heliocentric Galactic axes (to the centre, along rotation, to the north pole).

    The frame's plane is tilted about the y axis by asin(z_sun / d) so that the Sun lies above
    it while the direction b = 0, l = 0 points to the centre (astropy's Galactocentric).
    """
    toward, along = -(x - sun[0]), -(y - sun[1])
    up = z - sun[2]
    sine = sun[2] / sun[0]
    cosine = np.sqrt(1.0 - sine**2)
    return [cosine * toward - sine * up, along, sine * toward + cosine * up]


def seen_longitude(x: Floats, y: Floats, z: Floats, *, sun: Floats) -> Floats:
    """Galactic longitude in degrees, in [0, 360), of a position seen from the Sun."""
    toward, along, _ = _heliocentric(x, y, z, sun)
    return np.arctan2(along, toward) / _DEGREE % 360.0


def seen_latitude(x: Floats, y: Floats, z: Floats, *, sun: Floats) -> Floats:
    """Galactic latitude in degrees of a position seen from the Sun."""
    toward, along, up = _heliocentric(x, y, z, sun)
    return np.arctan2(up, np.hypot(toward, along)) / _DEGREE


def tangential_velocity(pmra: Floats, pmdec: Floats, distance: Floats, *, sun: Floats) -> Floats:
    """v_tan = k d sqrt(mu_ra*^2 + mu_dec^2), in km/s for mas/yr and kpc."""
    return KM_S_PER_MAS_YR_KPC * distance * np.hypot(pmra, pmdec)


def absolute_magnitude(magnitude: Floats, distance: Floats, *, sun: Floats) -> Floats:
    """M = m - 5 log10(d / 10 pc) with d in kpc, without extinction."""
    return magnitude - 5.0 * np.log10(distance) - 10.0
