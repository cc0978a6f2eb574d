"""Proper motions without what the Sun's own motion does to them."""

from __future__ import annotations

import numpy as np

from data.frames import (
    KM_S_PER_MAS_YR_KPC,
    Floats,
    SolarParameters,
    galactocentric_rotation,
    sky_triad,
)

__all__ = ["without_reflex"]


def without_reflex(
    ra: Floats, dec: Floats, distance: Floats, pmra: Floats, pmdec: Floats,
    sun: SolarParameters | None = None,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Give proper motions as seen by an observer at rest with the Galaxy at the Sun's place.

    mu + (v_sun . e)/(k d) for the unit vectors e to the east and north.

    Parameters
    ----------
    ra, dec
        ICRS, degrees, (n,).
    distance
        kpc, (n,); the result is NaN where it is.
    pmra, pmdec
        mas/yr, pmra with cos(dec), (n,).
    sun
        Its motion; the design's by default.

    Returns
    -------
    pmra, pmdec
        mas/yr, (n,) each.
    """
    sun = sun or SolarParameters()
    own = np.asarray(sun.velocity) @ galactocentric_rotation(sun)[0]
    east, north, _ = sky_triad(ra, dec)
    scale = KM_S_PER_MAS_YR_KPC * np.asarray(distance, dtype=np.float64)
    return pmra + east @ own / scale, pmdec + north @ own / scale
