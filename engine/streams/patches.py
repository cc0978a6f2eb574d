"""Patches of the sky: discs whose centres are those of a HEALPix grid, or any disc by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from astropy import units
from astropy.coordinates import SkyCoord

from data.columns.stream_frames import place, proper_motion
from data.errors import UserError
from data.frames import Floats, SolarParameters, sky_triad

__all__ = ["CLOUDS", "Dropped", "Patch", "overlapping", "ring_centres", "separation",
           "sky_patches"]  # fmt: skip

Dropped = Literal["published", "clouds", "nothing"]

CLOUDS = {"LMC": (280.47, -32.89, 7.0), "SMC": (302.81, -44.33, 2.5)}
"""The Magellanic Clouds: Galactic longitude, latitude and the radius that they fill (deg).

With these radii, discs of 15 deg that touch a Cloud are the fourteen that Via Machinae leaves out.
"""

_UNEXPLAINED = ((52.5, -41.81), (315.0, 82.19))
"""Two more centres that the published list lacks, for no stated reason."""

_SUN = SolarParameters()


@dataclass(frozen=True)
class Patch:
    """A disc on the sky with coordinates of its own.

    The axes are those of astropy's ``SkyOffsetFrame`` of ICRS at the centre: longitude to the
    east and latitude to the north, (0, 0) at the centre; proper motions turn with them.

    Parameters
    ----------
    name
        What it is called in tables.
    lon, lat
        Galactic longitude and latitude of the centre, degrees.
    radius
        Of the disc whose stars are used, degrees.
    inner
        Of the disc in which lines are looked for, degrees: estimates of densities are not to be
        relied upon at the rim.
    """

    name: str
    lon: float
    lat: float
    radius: float = 15.0
    inner: float = 10.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.lon) and -90.0 <= self.lat <= 90.0):
            raise UserError(
                f"A patch cannot be centred on l = {self.lon}, b = {self.lat}.",
                "Give degrees, the latitude between -90 and 90.",
            )
        if not 0.0 < self.inner <= self.radius < 90.0:
            raise UserError(
                f"A patch of {self.radius} deg with an inner disc of {self.inner} deg is invalid.",
                "The inner radius must be positive and no larger than the radius, below 90 deg.",
            )

    @classmethod
    def at(
        cls, ra: float, dec: float, radius: float = 15.0, inner: float = 10.0, name: str = ""
    ) -> Patch:
        """Make a patch by hand, from the ICRS position (deg) of its centre."""
        galactic = SkyCoord(ra * units.deg, dec * units.deg, frame="icrs").galactic
        name = name or f"ra{ra:.1f}{dec:+.1f}"
        return cls(name, float(galactic.l.deg), float(galactic.b.deg), radius, inner)

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Right ascension and declination of the centre, degrees (ICRS)."""
        icrs = SkyCoord(self.lon * units.deg, self.lat * units.deg, frame="galactic").icrs
        return float(icrs.ra.deg), float(icrs.dec.deg)

    @cached_property
    def matrix(self) -> Floats:
        """Rotation (3, 3) from ICRS axes to those of the patch; the first points to its centre."""
        east, north, centre = (axis[0] for axis in sky_triad(*self.centre))
        return np.stack([centre, east, north])

    def contains(self, ra: Floats, dec: Floats) -> npt.NDArray[np.bool_]:
        """Tell which positions (deg, ICRS) lie within the radius, flat distance as published."""
        local = self.local(ra, dec)
        return np.hypot(local["lon"], local["lat"]) < self.radius

    def local(
        self, ra: Floats, dec: Floats, pmra: Floats | None = None, pmdec: Floats | None = None
    ) -> dict[str, Floats]:
        """Give offsets from the centre and proper motions along them.

        Parameters
        ----------
        ra, dec
            ICRS, degrees, shape (n,).
        pmra, pmdec
            mas/yr, pmra with cos(dec); without them there are no motions in the result.

        Returns
        -------
        dict
            ``lon`` in (-180, 180] and ``lat`` (deg); ``mu_lon`` (with cos lat) and ``mu_lat``
            (mas/yr), each (n,).
        """
        ra, dec = (np.asarray(a, dtype=np.float64) for a in (ra, dec))
        found = {
            name: place(self.matrix, axis)[0](ra, dec, sun=_SUN)
            for axis, name in enumerate(("lon", "lat"))
        }
        if pmra is not None and pmdec is not None:
            motion = (np.asarray(a, dtype=np.float64) for a in (pmra, pmdec))
            given = (ra, dec, *motion)
            for axis, name in enumerate(("mu_lon", "mu_lat")):
                turned = proper_motion(self.matrix, axis, rest=False)[0]
                found[name] = turned(*given, sun=_SUN)
        return found

    def to_icrs(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Give right ascension in [0, 360) and declination (deg) of offsets (deg), (n,) each."""
        sight = sky_triad(lon, lat)[2] @ self.matrix
        ra = np.degrees(np.arctan2(sight[:, 1], sight[:, 0])) % 360.0
        return ra, np.degrees(np.arctan2(sight[:, 2], np.hypot(sight[:, 0], sight[:, 1])))


def ring_centres(nside: int) -> tuple[Floats, Floats]:
    """Give the centres of the pixels of a HEALPix grid in ring order.

    Gorski et al. 2005 (ApJ 622, 759), equations 2 to 9; any whole number of pixels a side.

    Parameters
    ----------
    nside
        Divisions of the side of a base pixel.

    Returns
    -------
    lon, lat
        Degrees, shape (12 nside^2,).
    """
    lon, lat = [], []
    for ring in range(1, 4 * nside):
        cap = min(ring, 4 * nside - ring)
        if cap < nside:
            z, phase, n = 1.0 - cap**2 / (3.0 * nside**2), 0.5, 4 * cap
            z = z if ring < nside else -z
        else:
            z, n = 4.0 / 3.0 - 2.0 * ring / (3.0 * nside), 4 * nside
            phase = 0.5 * ((ring - nside + 1) % 2)
        lon.append(360.0 / n * (np.arange(n) + phase))
        lat.append(np.full(n, np.degrees(np.arcsin(z))))
    return np.concatenate(lon), np.concatenate(lat)


def separation(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Give angles on the sky (deg) between places (deg) of shapes that broadcast."""
    l1, b1, l2, b2 = (
        np.radians(np.asarray(a, dtype=np.float64)) for a in (lon1, lat1, lon2, lat2)
    )
    half = np.sin((b2 - b1) / 2) ** 2 + np.cos(b1) * np.cos(b2) * np.sin((l2 - l1) / 2) ** 2
    return np.asarray(np.degrees(2.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))))


def sky_patches(
    *,
    dropped: Dropped = "published",
    min_latitude: float = 33.0,
    radius: float = 15.0,
    inner: float = 10.0,
    nside: int = 6,
) -> list[Patch]:
    """List the patches of Via Machinae: a HEALPix grid in Galactic coordinates off the disc.

    Parameters
    ----------
    dropped
        ``published`` leaves out what Via Machinae leaves out (200 patches remain), ``clouds``
        only discs that touch a Magellanic Cloud (202), ``nothing`` keeps all (216).
    min_latitude
        Smallest distance of a centre from the Galactic plane, degrees.
    radius, inner
        Of every patch, degrees.
    nside
        Of the grid.
    """
    lon, lat = ring_centres(nside)
    keep = np.abs(lat) > min_latitude
    if dropped != "nothing":
        for l_cloud, b_cloud, extent in CLOUDS.values():
            keep &= separation(lon, lat, np.array(l_cloud), np.array(b_cloud)) > radius + extent
    if dropped == "published":
        for l_gone, b_gone in _UNEXPLAINED:
            keep &= separation(lon, lat, np.array(l_gone), np.array(b_gone)) > 0.1
    chosen = [(float(a), float(b)) for a, b in zip(lon[keep], lat[keep], strict=True)]
    return [Patch(f"l{a:05.1f}b{b:+05.1f}", a, b, radius, inner) for a, b in chosen]


def overlapping(patches: list[Patch], radius: float | None = None) -> list[tuple[int, int]]:
    """List the pairs of patches whose discs of a radius (deg; by default the inner) overlap."""
    lon = np.array([patch.lon for patch in patches])
    lat = np.array([patch.lat for patch in patches])
    reach = np.array([radius or patch.inner for patch in patches])
    apart = separation(lon[:, None], lat[:, None], lon, lat)
    near = np.triu(apart < reach[:, None] + reach, k=1)
    return [(int(i), int(j)) for i, j in np.argwhere(near)]
