"""Cylindrical components of vectors in the Galactocentric frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["azimuth", "cylindrical"]

Floats = NDArray[np.float64]


def azimuth(points: Floats) -> Floats:
    """Give phi in radians, (...,), of points (..., 3): 0 at +x, growing along rotation (-y)."""
    angle: Floats = np.arctan2(-points[..., 1], points[..., 0])
    return angle


def cylindrical(points: Floats, vectors: Floats) -> Floats:
    """Turn Cartesian components of vectors into (R, phi, z).

    The unit vectors are e_R = (x, y, 0)/R and e_phi = (y, -x, 0)/R: phi grows along Galactic
    rotation, towards -y at +x, as v_phi and L_z do.

    Parameters
    ----------
    points
        Positions (..., 3), kpc.
    vectors
        Cartesian components (..., 3).

    Returns
    -------
    ndarray
        Components along R, phi and z, (..., 3), in the unit of the vectors; the first two are NaN
        on the axis R = 0.
    """
    x, y = points[..., 0], points[..., 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine, sine = x / np.hypot(x, y), y / np.hypot(x, y)
    radial = cosine * vectors[..., 0] + sine * vectors[..., 1]
    along = sine * vectors[..., 0] - cosine * vectors[..., 1]
    components: Floats = np.stack([radial, along, vectors[..., 2]], axis=-1)
    return components
