"""Places on the tangent plane of a dwarf, circularised radii, and perspective motion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.dwarfs.local_group import Dwarf
from data.errors import UserError

__all__ = ["circular_radius", "perspective", "sky_of", "tangent_plane"]

Floats = npt.NDArray[np.float64]

_KM_S = 4.740470446  # of one mas/yr at 1 kpc
_WIDEST = 30.0  # deg: beyond, a table is not of this dwarf


def tangent_plane(ra: Floats, dec: Floats, dwarf: Dwarf) -> tuple[Floats, Floats]:
    """Give tangent-plane coordinates, radians: x to the east, y to the north.

    Parameters
    ----------
    ra, dec
        deg, (n,).
    dwarf
        Whose centre is the origin.

    Raises
    ------
    UserError
        If most stars lie far from the dwarf.
    """
    a, d = np.radians(ra - dwarf.ra), np.radians(dec)
    d0 = np.radians(dwarf.dec)
    towards = np.sin(d0) * np.sin(d) + np.cos(d0) * np.cos(d) * np.cos(a)
    if np.median(towards) < np.cos(np.radians(_WIDEST)):
        far = np.degrees(np.arccos(np.clip(np.median(towards), -1, 1)))
        raise UserError(
            f"The stars are not those of {dwarf.name}: they lie {far:.0f} degrees from it.",
            "Name the dwarf that the table is of, or give its centre.",
        )
    towards = np.where(towards > 0, towards, np.nan)
    x = np.cos(d) * np.sin(a) / towards
    y = (np.cos(d0) * np.sin(d) - np.sin(d0) * np.cos(d) * np.cos(a)) / towards
    return x, y


def sky_of(x: Floats, y: Floats, dwarf: Dwarf) -> tuple[Floats, Floats]:
    """Give ra and dec (deg) of tangent-plane coordinates (radians)."""
    d0 = np.radians(dwarf.dec)
    denominator = np.cos(d0) - y * np.sin(d0)
    a = np.arctan2(x, denominator)
    dec = np.arctan2(np.cos(a) * (np.sin(d0) + y * np.cos(d0)), denominator)
    return (dwarf.ra + np.degrees(a)) % 360, np.degrees(dec)


def circular_radius(x: Floats, y: Floats, ellipticity: float, position_angle: float) -> Floats:
    """Give the radius of the circle with the area of the star's ellipse, in the unit of x and y.

    Along the major axis it is a sqrt(1 - e), along the minor axis b/sqrt(1 - e).
    """
    angle = np.radians(position_angle)
    major = x * np.sin(angle) + y * np.cos(angle)
    minor = x * np.cos(angle) - y * np.sin(angle)
    ratio = 1 - ellipticity
    return np.asarray(np.sqrt(major**2 * ratio + minor**2 / ratio), dtype=np.float64)


def perspective(v: Floats, x: Floats, y: Floats, dwarf: Dwarf) -> Floats:
    """Take the bulk motion's perspective out of line-of-sight velocities.

    v sqrt(1 + x^2 + y^2) - D (pmra x + pmdec y) is the same for all stars of a galaxy that moves
    as a whole.

    Parameters
    ----------
    v
        Line-of-sight velocities, km/s.
    x, y
        Tangent-plane coordinates, radians.
    dwarf
        Its distance and proper motion; without the latter nothing is changed.
    """
    if dwarf.pmra is None or dwarf.pmdec is None:
        return v
    across = _KM_S * dwarf.distance * (dwarf.pmra * x + dwarf.pmdec * y)
    return np.asarray(v * np.sqrt(1 + x**2 + y**2) - across, dtype=np.float64)
