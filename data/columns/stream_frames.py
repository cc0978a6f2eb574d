"""Coordinates along great circles: those of known streams, and any other.

phi1 runs along the circle, phi2 is the height above it, both in degrees; proper motions are in
mas/yr, that along phi1 times cos(phi2), as Gaia gives pmra.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from data.errors import UserError
from data.frames import (
    KM_S_PER_MAS_YR_KPC,
    Floats,
    SolarParameters,
    galactocentric_rotation,
    sky_triad,
)

__all__ = ["STREAMS", "from_points", "from_pole", "place", "proper_motion", "rotation_of"]

STREAMS: dict[str, tuple[str, str]] = {
    "gd1": ("GD1Koposov10", "GD-1 (Koposov et al. 2010, ApJ 712, 260)"),
    "pal5": ("Pal5PriceWhelan18", "Palomar 5 (Price-Whelan et al. 2018)"),
    "orphan": ("OrphanKoposov19", "Orphan (Koposov et al. 2019, MNRAS 485, 4726)"),
    "sagittarius": ("SagittariusLaw10", "Sagittarius (Law & Majewski 2010, ApJ 714, 229)"),
    "jhelum": ("JhelumBonaca19", "Jhelum (Bonaca et al. 2019, ApJ 881, L37)"),
    "ophiuchus": ("OphiuchusPriceWhelan16", "Ophiuchus (Price-Whelan et al. 2016)"),
    "magellanic": ("MagellanicStreamNidever08", "Magellanic Stream (Nidever et al. 2008)"),
}
"""Streams by name: gala's frame and what it is."""


@lru_cache(maxsize=32)
def rotation_of(stream: str) -> Floats:
    """Give the matrix (3, 3) from ICRS axes to those of a stream's frame.

    Taken from gala's frame; for Sagittarius it holds a reflection, as published.

    Raises
    ------
    UserError
        If the stream is not known.
    """
    if stream not in STREAMS:
        raise UserError(
            f"There is no stream called {stream!r}.",
            f"Choose one of {', '.join(STREAMS)}, or a great circle: phi1(pole, RA, DEC).",
        )
    import gala.coordinates as gc
    from astropy.coordinates import CartesianRepresentation, SkyCoord

    frame = getattr(gc, STREAMS[stream][0])
    axes = SkyCoord(CartesianRepresentation(np.eye(3)), frame="icrs").transform_to(frame())
    matrix = np.asarray(axes.cartesian.xyz.value, dtype=np.float64)
    # Published matrices are rounded: the nearest orthogonal one keeps lengths.
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ right, dtype=np.float64)


def from_pole(ra: float, dec: float, ra0: float | None = None) -> Floats:
    """Give the matrix (3, 3) of the great circle round a pole.

    Parameters
    ----------
    ra, dec
        Of the pole, degrees (ICRS).
    ra0
        Right ascension of the point of the circle where phi1 = 0; where it rises through the
        celestial equator by default.
    """
    pole = _direction(ra, dec)
    if ra0 is None:
        origin = _direction(ra + 90.0, 0.0)
    else:
        # The circle's point on a meridian: its direction is at right angles to the pole.
        meridian, north = _direction(ra0, 0.0), np.array([0.0, 0.0, 1.0])
        along, across = float(pole @ meridian), float(pole @ north)
        if np.hypot(along, across) < 1e-9:
            raise UserError("The pole lies a quarter turn from every point of that meridian.")
        origin = across * meridian - along * north
        origin = origin if origin @ meridian >= 0 else -origin
    return _matrix(origin, pole)


def from_points(ra1: float, dec1: float, ra2: float, dec2: float) -> Floats:
    """Give the matrix (3, 3) of the great circle through two points.

    phi1 = 0 half-way between them, and grows from the first to the second.

    Raises
    ------
    UserError
        If the points coincide or are opposite: many circles go through them.
    """
    first, second = _direction(ra1, dec1), _direction(ra2, dec2)
    pole = np.cross(first, second)
    if np.linalg.norm(pole) < 1e-9:
        raise UserError("Two points that coincide or are opposite lie on many great circles.")
    return _matrix(first + second, pole)


def _direction(ra: float, dec: float) -> Floats:
    a, d = np.radians([ra, dec])
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def _matrix(origin: Floats, pole: Floats) -> Floats:
    pole = pole / np.linalg.norm(pole)
    origin = origin - (origin @ pole) * pole
    origin = origin / np.linalg.norm(origin)
    return np.stack([origin, np.cross(pole, origin), pole])


def place(matrix: Floats, axis: int) -> tuple[Callable[..., Floats], Callable[..., Floats]]:
    """Give phi1 (axis 0) or phi2 (axis 1) in degrees, phi1 in (-180, 180].

    Returns
    -------
    from_sky, from_space
        Functions of (ra, dec) and of (x, y, z); ``sun`` is a `SolarParameters`.
    """

    def from_sky(ra: Floats, dec: Floats, *, sun: SolarParameters) -> Floats:
        return _angle(sky_triad(ra, dec)[2] @ matrix.T, axis)

    def from_space(x: Floats, y: Floats, z: Floats, *, sun: SolarParameters) -> Floats:
        return _angle(_sight(x, y, z, sun) @ matrix.T, axis)

    return from_sky, from_space


def proper_motion(
    matrix: Floats, axis: int, *, rest: bool
) -> tuple[Callable[..., Floats], Callable[..., Floats]]:
    """Give the proper motion along phi1 (times cos phi2) or phi2, in mas/yr.

    Parameters
    ----------
    matrix
        From ICRS axes to those of the circle, (3, 3).
    axis
        0 for phi1, 1 for phi2.
    rest
        Take out what the Sun's motion does to it: mu + (v_sun . e) / (k d), with e the unit
        vector of the coordinate; a distance is needed for that.

    Returns
    -------
    from_sky, from_space
        Functions of (ra, dec, pmra, pmdec and, at rest, distance) and of (x, y, z, vx, vy, vz).
    """

    def from_sky(
        ra: Floats, dec: Floats, pmra: Floats, pmdec: Floats, *distance: Floats,
        sun: SolarParameters,
    ) -> Floats:  # fmt: skip
        p, q, r = sky_triad(ra, dec)
        motion = pmra[:, None] * p + pmdec[:, None] * q
        if rest:
            turn = galactocentric_rotation(sun)[0]
            own = np.asarray(sun.velocity) @ turn
            motion = motion + own / (KM_S_PER_MAS_YR_KPC * distance[0])[:, None]
        return _component(r @ matrix.T, motion @ matrix.T, axis)

    def from_space(
        x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats, *,
        sun: SolarParameters,
    ) -> Floats:  # fmt: skip
        sight = _sight(x, y, z, sun)
        velocity = np.stack([vx, vy, vz], axis=1)
        if not rest:
            velocity = velocity - np.asarray(sun.velocity)
        distance = np.linalg.norm(sight, axis=1)[:, None]
        motion = velocity @ galactocentric_rotation(sun)[0] / (KM_S_PER_MAS_YR_KPC * distance)
        return _component(sight / distance @ matrix.T, motion @ matrix.T, axis)

    return from_sky, from_space


def _sight(x: Floats, y: Floats, z: Floats, sun: SolarParameters) -> Floats:
    """Give the ICRS vector (n, 3), kpc, from the Sun's nominal place to positions."""
    rotation, _ = galactocentric_rotation(sun)
    offset: Sequence[Floats] = [a - b for a, b in zip((x, y, z), sun.position, strict=True)]
    return np.asarray(np.stack(offset, axis=1) @ rotation, dtype=np.float64)


def _angle(vector: Floats, axis: int) -> Floats:
    if axis == 0:
        return np.degrees(np.arctan2(vector[:, 1], vector[:, 0]))
    return np.degrees(np.arctan2(vector[:, 2], np.hypot(vector[:, 0], vector[:, 1])))


def _component(sight: Floats, motion: Floats, axis: int) -> Floats:
    """Give the component of a motion (n, 3) along phi1 or phi2 at directions (n, 3)."""
    across = np.hypot(sight[:, 0], sight[:, 1])
    cosine, sine = sight[:, 0] / across, sight[:, 1] / across
    if axis == 0:
        return cosine * motion[:, 1] - sine * motion[:, 0]
    outward = cosine * motion[:, 0] + sine * motion[:, 1]
    return across * motion[:, 2] - sight[:, 2] * outward
