r"""The tilt of the field: where the pull points, against the Galactic centre.

At a position with cylindrical (R, z) the pull -a comes *from* the direction with the azimuthal
angle atan2(a_phi, -a_R) and, in the meridional plane, the angle atan2(-a_z, -a_R) above the plane
at which a source would have to lie to pull so. Against the centre:

* ``azimuthal``: atan2(a_phi, -a_R), zero where the field is axisymmetric;
* ``meridional``: atan2(-a_z, -a_R) - atan2(z, R), zero for a spherical galaxy; positive where
  the field pulls further to the south than towards the centre. Flattening makes it positive
  above and negative below the plane, so it is odd in z for a galaxy that is symmetric about
  z = 0;
* ``mirror``: half the sum of the meridional tilts at z and -z, zero for such a galaxy,
  flattened or not. A symmetry plane that is tilted at that azimuth, or that lies off z = 0,
  makes it differ from zero.

These are definitions of this project; no paper's figure is meant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.draws import Draws
from engine.symmetry.cylindrical import cylindrical
from engine.symmetry.north_south import MirrorPairs

__all__ = ["centre_angle", "direction_tilt", "mirror_tilt"]

Floats = NDArray[np.float64]


def direction_tilt(points: Floats, acceleration: Draws) -> Draws:
    """Give the azimuthal and the meridional tilt in degrees, (P, 2).

    Parameters
    ----------
    points
        (P, 3) kpc; the tilts are NaN on the axis.
    acceleration
        (P, 3) km2/s2/kpc.
    """

    def tilts(a: Floats) -> Floats:
        radial, along, vertical = np.moveaxis(cylindrical(points, a), -1, 0)
        R, z = np.hypot(points[:, 0], points[:, 1]), points[:, 2]  # noqa: N806
        meridional = np.arctan2(-vertical, -radial) - np.arctan2(z, R)
        angles = np.stack([np.arctan2(along, -radial), meridional], axis=-1)
        return np.degrees((angles + np.pi) % (2 * np.pi) - np.pi)

    return acceleration.map(tilts)


def mirror_tilt(points: Floats, acceleration: Draws, pairs: MirrorPairs) -> Draws:
    """Give half the sum of the meridional tilts at z and -z in degrees, (n,)."""
    both = direction_tilt(points, acceleration)
    return both.map(lambda t: 0.5 * (t[pairs.north, 1] + t[pairs.south, 1]))


def centre_angle(points: Floats, acceleration: Draws) -> Draws:
    """Give the angle between the pull and the direction to the Galactic centre, degrees, (P,).

    It is never negative, so errors alone make it positive; ask ``direction_tilt`` for a number
    with a sign. NaN at the centre and where there is no pull.
    """
    inward = -points

    def angle(a: Floats) -> Floats:
        # atan2 of cross and dot product: arccos would lose small angles
        across = np.linalg.norm(np.cross(a, inward), axis=-1)
        ahead = np.sum(a * inward, axis=-1)
        nowhere = (across == 0) & (ahead == 0)
        return np.where(nowhere, np.nan, np.degrees(np.arctan2(across, ahead)))

    return acceleration.map(angle)
