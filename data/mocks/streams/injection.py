"""Streams for mock patches: along a great circle, along a published track, or sprayed on an orbit.

A stream is described once (`Injection`) and gives as many stars as are asked for, with their true
places, distances and proper motions. What a search has to find again, its track, is given with
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.frames import (
    KM_S_PER_MAS_YR_KPC,
    SolarParameters,
    galactocentric_rotation,
    sky_triad,
)
from data.mocks.streams.field import Stars, patch_matrix, to_sky
from data.mocks.streams.photometry import POPULATIONS, draw_photometry

__all__ = ["STREAM_LABEL", "Injection", "Track", "draw_stream"]

FloatArray = npt.NDArray[np.float64]

STREAM_LABEL = 3
"""Value of the column `tracer` for stars of a stream."""


@dataclass(frozen=True)
class Injection:
    """A stream that is put into a patch.

    Parameters
    ----------
    angle, offset
        Of its great circle in the patch: degrees from the longitude axis, and degrees by which it
        misses the centre, r = x sin(angle) - y cos(angle), as lines are counted in a search.
    width
        Standard deviation across the track, degrees.
    length
        Degrees along the track, about the point that is nearest to the centre; None for all of it.
    distance, gradient
        kpc at that point, and kpc per degree along the track.
    speed
        Galactocentric velocity along the track, km/s: the proper motions follow from it and from
        the Sun's own motion, so they change along the track as those of real streams do.
    pm
        Instead of `speed`: proper motions along and across the track, mas/yr, the same for all.
    dispersion
        Of the velocities, km/s.
    track
        Instead of a great circle: an ECSV file of galstreams, or any with its columns.
    spray
        Instead of both: particles that leave a cluster on the orbit of the great circle's nearest
        point (gala).
    seed
        Of its stars.
    """

    angle: float = 35.0
    offset: float = 2.0
    width: float = 0.25
    length: float | None = None
    distance: float = 8.5
    gradient: float = 0.0
    speed: float = -200.0
    pm: tuple[float, float] | None = None
    dispersion: float = 2.0
    track: str | None = None
    spray: bool = False
    seed: int = 0

    def checked(self) -> Injection:
        """Refuse numbers that describe no stream.

        Raises
        ------
        UserError
            Saying which of them.
        """
        for name, low, high in (
            ("width", 0.0, 10.0), ("distance", 0.1, 200.0), ("dispersion", 0.0, 200.0),
            ("offset", -60.0, 60.0), ("gradient", -5.0, 5.0), ("speed", -800.0, 800.0),
        ):  # fmt: skip
            value = getattr(self, name)
            if not (np.isfinite(value) and low <= value <= high):
                raise UserError(
                    f"Invalid {name} of the stream: {value:g}.", f"Choose {low:g} to {high:g}."
                )
        if self.length is not None and not 0.1 <= self.length <= 120.0:
            raise UserError(
                f"Invalid length of the stream: {self.length:g} degrees.", "Choose 0.1 to 120."
            )
        if self.track is not None and self.spray:
            raise UserError("Give either a track or a spray, not both.")
        return replace(self, angle=float(self.angle) % 180.0)

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Injection:
        """Read what `to_dict` gave."""
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        if known.get("pm") is not None:
            known["pm"] = tuple(known["pm"])
        return cls(**known)


@dataclass(frozen=True)
class Track:
    """The middle of a stream: what is known of it at points in order along it.

    Parameters
    ----------
    ra, dec
        Degrees, (n,).
    distance
        kpc, (n,).
    pmra, pmdec
        mas/yr, (n,).
    """

    ra: FloatArray
    dec: FloatArray
    distance: FloatArray
    pmra: FloatArray
    pmdec: FloatArray

    def to_dict(self) -> dict[str, list[float]]:
        """Give the JSON form, to 6 decimals."""
        return {
            name: np.round(getattr(self, name), 6).tolist() for name in self.__dataclass_fields__
        }


def draw_stream(
    injection: Injection, count: int, patch: tuple[float, float, float], faintest: float
) -> tuple[Stars, Track]:
    """Draw the stars of a stream that lie in a patch.

    Parameters
    ----------
    injection
        The stream.
    count
        Number of stars in the patch, all brighter than `faintest`.
    patch
        Centre (ra, dec) and radius, degrees.
    faintest
        G of the faintest star.

    Raises
    ------
    UserError
        If the stream does not pass through the patch.
    """
    rng = np.random.default_rng([injection.seed, 67])
    if injection.spray:
        from data.mocks.streams.spray import sprayed

        middle = great_circle(injection, patch)
        places, middle = sprayed(injection, middle, count, patch, rng)
    else:
        middle = (
            _from_file(injection, patch) if injection.track else great_circle(injection, patch)
        )
        places = _along(injection, middle, count, patch, rng)
    modulus = 5.0 * np.log10(100.0 * places.distance)
    magnitude, colour = draw_photometry(POPULATIONS["halo"], faintest - modulus, rng)
    tracer = np.full(count, STREAM_LABEL, dtype=np.uint8)
    stars = Stars(
        places.ra, places.dec, places.distance, places.pmra, places.pmdec, magnitude + modulus,
        colour, tracer,
    )  # fmt: skip
    return stars, middle


def circle_matrix(injection: Injection, patch: tuple[float, float, float]) -> FloatArray:
    """Matrix (3, 3) from ICRS axes to those of the great circle; phi1 = 0 nearest the centre."""
    angle, offset = np.radians([injection.angle, injection.offset])
    # In the patch's frame the axes are (centre, longitude, latitude).
    normal = np.array([0.0, np.sin(angle), -np.cos(angle)])
    origin = np.array([np.cos(offset), 0.0, 0.0]) + np.sin(offset) * normal
    along = np.array([0.0, np.cos(angle), np.sin(angle)])
    local = np.stack([origin, along, np.cross(origin, along)])
    return np.asarray(local @ patch_matrix(patch[0], patch[1]))


def great_circle(injection: Injection, patch: tuple[float, float, float]) -> Track:
    """Give the middle of a stream along its great circle, within the patch."""
    reach = np.cos(np.radians(patch[2])) / np.cos(np.radians(injection.offset))
    if reach >= 1.0:
        raise UserError(
            f"A stream {abs(injection.offset):g} degrees from the centre misses the patch.",
            f"The patch has a radius of {patch[2]:g} degrees.",
        )
    half = float(np.degrees(np.arccos(reach)))
    if injection.length is not None:
        half = min(half, injection.length / 2)
    phi1 = np.linspace(-half, half, 201)
    matrix = circle_matrix(injection, patch)
    ra, dec = to_sky(matrix, phi1, np.zeros_like(phi1))
    distance = injection.distance + injection.gradient * phi1
    if distance.min() <= 0.1:
        raise UserError(
            "The stream passes too close to the Sun: its distance falls below 0.1 kpc."
        )
    east, north, _ = sky_triad(ra, dec)
    turned = np.radians(phi1)[:, None]
    along = -np.sin(turned) * matrix[0] + np.cos(turned) * matrix[1]
    if injection.pm is not None:
        motion = injection.pm[0] * along + injection.pm[1] * matrix[2]
    else:
        sun = SolarParameters()
        own = np.asarray(sun.velocity) @ galactocentric_rotation(sun)[0]
        scale = (KM_S_PER_MAS_YR_KPC * distance)[:, None]
        motion = (injection.speed * along - own) / scale
    return Track(ra, dec, distance, np.sum(motion * east, axis=1), np.sum(motion * north, axis=1))


def _along(
    injection: Injection,
    middle: Track,
    count: int,
    patch: tuple[float, float, float],
    rng: np.random.Generator,
) -> Track:
    """Scatter stars evenly along the middle of a stream, those that stay in the patch."""
    vector = sky_triad(middle.ra, middle.dec)[2]
    steps = np.degrees(np.arccos(np.clip(np.sum(vector[1:] * vector[:-1], 1), -1, 1)))
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    kept: list[Track] = []
    missing = count
    while missing > 0:
        n = 2 * missing + 20
        at = rng.uniform(0.0, arc[-1], n)
        on = np.stack([np.interp(at, arc, vector[:, i]) for i in range(3)], 1)
        on /= np.linalg.norm(on, axis=1, keepdims=True)
        segment = np.clip(np.searchsorted(arc, at) - 1, 0, len(steps) - 1)
        pole = np.cross(on, vector[segment + 1] - vector[segment])
        pole /= np.linalg.norm(pole, axis=1, keepdims=True)
        off = np.radians(injection.width) * rng.normal(size=(n, 1))
        place = on * np.cos(off) + pole * np.sin(off)
        distance = np.interp(at, arc, middle.distance)
        distance *= 1.0 + np.radians(injection.width) * rng.normal(size=n)
        spread = injection.dispersion / (KM_S_PER_MAS_YR_KPC * distance)
        found = Track(
            np.degrees(np.arctan2(place[:, 1], place[:, 0])) % 360.0,
            np.degrees(np.arcsin(np.clip(place[:, 2], -1, 1))),
            distance,
            np.interp(at, arc, middle.pmra) + spread * rng.normal(size=n),
            np.interp(at, arc, middle.pmdec) + spread * rng.normal(size=n),
        )
        rows = np.flatnonzero(_inside(found, patch))[:missing]
        kept.append(_rows(found, rows))
        missing -= len(rows)
    return _joined(kept)


def _from_file(injection: Injection, patch: tuple[float, float, float]) -> Track:
    """Read a track and keep its longest stretch in the patch."""
    from astropy.table import Table

    try:
        table = Table.read(Path(str(injection.track)).expanduser(), format="ascii.ecsv")
        columns = [
            np.asarray(table[name], dtype=np.float64)
            for name in ("ra", "dec", "distance", "pm_ra_cosdec", "pm_dec")
        ]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"The track {injection.track} cannot be read ({type(error).__name__}).",
            "It must be an ECSV file with ra, dec, distance, pm_ra_cosdec and pm_dec, as in "
            "galstreams.",
        ) from error
    if np.ptp(columns[2]) == 0.0 and columns[2][0] == 1.0:
        columns[2] = np.full(len(columns[2]), injection.distance)  # 1 kpc throughout: not known
    path = Track(*columns)
    good = np.isfinite(np.stack(columns)).all(axis=0) & _inside(path, patch)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    stretches = edges.reshape(-1, 2)
    if not len(stretches) or np.max(stretches[:, 1] - stretches[:, 0]) < 2:
        raise UserError(
            f"The track {injection.track} does not pass through the patch.",
            f"The patch is centred on ra {patch[0]:g}, dec {patch[1]:g}.",
        )
    begin, end = stretches[np.argmax(stretches[:, 1] - stretches[:, 0])]
    return _rows(path, np.arange(begin, end))


def _inside(places: Track, patch: tuple[float, float, float]) -> npt.NDArray[np.bool_]:
    centre = patch_matrix(patch[0], patch[1])[0]
    cosine = sky_triad(places.ra, places.dec)[2] @ centre
    return np.asarray(cosine > np.cos(np.radians(patch[2])))


def _rows(places: Track, rows: npt.NDArray[np.int64]) -> Track:
    return Track(*(getattr(places, name)[rows] for name in places.__dataclass_fields__))


def _joined(parts: list[Track]) -> Track:
    names = Track.__dataclass_fields__
    if not parts:
        return Track(*(np.empty(0) for _ in names))
    return Track(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
