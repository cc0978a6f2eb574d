"""The smooth stars of a mock patch: halo, thick and thin disc as Gaia would see them.

Densities are those of Juric et al. (2008, ApJ 673, 864), velocity ellipsoids those of a review
(Bland-Hawthorn & Gerhard 2016, ARA&A 54, 529; the halo's after Belokurov et al. 2018): smooth,
without substructure. Nothing here solves an equation of motion, so no map can be tried on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.columns.stream_frames import place, proper_motion
from data.frames import (
    DEFAULT_SUN,
    SolarParameters,
    from_galactocentric,
    sky_triad,
    to_galactocentric,
)
from data.mocks.streams.photometry import POPULATIONS, draw_photometry, share_brighter

__all__ = ["FAINTEST", "Field", "Stars", "draw_field", "patch_matrix", "to_patch", "to_sky"]

FloatArray = npt.NDArray[np.float64]

FAINTEST = 20.7
"""G at which a mock patch ends, about where Gaia is still complete at high latitude."""

_NEAREST, _FARTHEST, _SHELLS = 0.05, 100.0, 400
_RAYS = 256


@dataclass(frozen=True)
class Field:
    """A smooth component of the Galaxy.

    Parameters
    ----------
    label
        Its number in the column `tracer`, as for ``mock galaxy``: 0 thin, 1 thick, 2 halo.
    local
        Its density at the Sun, stars brighter than M_G = 13 per unit volume, relative.
    length, height
        Scales of a disc, kpc; of the halo the slope and the flattening of its power law.
    rotation
        Mean v_phi, km/s.
    dispersion
        Of (v_R, v_phi, v_z) for a disc, of (v_r, v_phi, v_theta) for the halo, km/s.
    """

    label: int
    local: float
    length: float
    height: float
    rotation: float
    dispersion: tuple[float, float, float]

    def density(self, x: FloatArray) -> FloatArray:
        """Density (n,) at Galactocentric positions (n, 3) kpc."""
        radius, z = np.hypot(x[:, 0], x[:, 1]), np.abs(x[:, 2])
        if self.label == 2:
            m = np.sqrt(radius**2 + (z / self.height) ** 2 + 0.5**2)
            return np.asarray(self.local * (m / DEFAULT_SUN.radius) ** -self.length)
        return np.asarray(
            self.local * np.exp(-(radius - DEFAULT_SUN.radius) / self.length - z / self.height)
        )


FIELDS: dict[str, Field] = {
    "thin": Field(0, 1.0, 2.6, 0.30, 225.0, (35.0, 25.0, 18.0)),
    "thick": Field(1, 0.12, 3.6, 0.90, 185.0, (65.0, 50.0, 40.0)),
    "halo": Field(2, 0.005, 2.8, 0.64, 10.0, (150.0, 85.0, 85.0)),
}


@dataclass(frozen=True)
class Stars:
    """True places of stars on the sky.

    Parameters
    ----------
    ra, dec
        Degrees, (n,).
    distance
        kpc, (n,).
    pmra, pmdec
        mas/yr, (n,).
    g, colour
        True apparent magnitude and BP - RP, (n,).
    tracer
        Label of the component, (n,); 3 for stars of a stream.
    """

    ra: FloatArray
    dec: FloatArray
    distance: FloatArray
    pmra: FloatArray
    pmdec: FloatArray
    g: FloatArray
    colour: FloatArray
    tracer: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ra)

    def take(self, rows: npt.NDArray[np.int64]) -> Stars:
        """Give the stars of some rows."""
        return Stars(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @classmethod
    def joined(cls, parts: list[Stars]) -> Stars:
        """Put stars below each other."""
        names = cls.__dataclass_fields__
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def patch_matrix(ra: float, dec: float) -> FloatArray:
    """Matrix (3, 3) from ICRS axes to those of a patch: centre, east, north.

    Its longitude and latitude are those of astropy's sky-offset frame at the centre.
    """
    p, q, r = sky_triad(ra, dec)
    return np.stack([r[0], p[0], q[0]])


def to_patch(
    matrix: FloatArray, ra: FloatArray, dec: FloatArray, pmra: FloatArray, pmdec: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give longitude and latitude (deg) and proper motions (mas/yr) in a patch's own frame."""
    sun = SolarParameters()
    lon, lat = (place(matrix, i)[0](ra, dec, sun=sun) for i in (0, 1))
    motions = (
        proper_motion(matrix, i, rest=False)[0](ra, dec, pmra, pmdec, sun=sun) for i in (0, 1)
    )
    return (lon, lat, *motions)  # type: ignore[return-value]


def to_sky(matrix: FloatArray, lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give ra and dec (deg) of longitudes and latitudes in a frame."""
    vector = sky_triad(lon, lat)[2] @ matrix
    ra = np.degrees(np.arctan2(vector[:, 1], vector[:, 0])) % 360.0
    return ra, np.degrees(np.arcsin(np.clip(vector[:, 2], -1.0, 1.0)))


def draw_field(
    count: int, ra: float, dec: float, radius: float, seed: int, faintest: float = FAINTEST
) -> Stars:
    """Draw the smooth stars of a patch.

    Parameters
    ----------
    count
        Number of stars; the components share them as their densities say.
    ra, dec, radius
        Centre and radius of the patch, degrees.
    seed
        Everything random follows from it.
    faintest
        Stars beyond this G are not seen.
    """
    rng = np.random.default_rng([seed, 61])
    shells = np.geomspace(_NEAREST, _FARTHEST, _SHELLS)
    tables = {name: _shells(name, shells, ra, dec, radius, faintest) for name in FIELDS}
    totals = np.array([mean.sum() for mean, _ in tables.values()])
    numbers = rng.multinomial(count, totals / totals.sum())
    parts = [
        _draw_component(name, int(n), tables[name][1], shells, (ra, dec, radius), faintest, rng)
        for name, n in zip(FIELDS, numbers, strict=True)
    ]
    stars = Stars.joined(parts)
    return stars.take(rng.permutation(len(stars)))


def _shells(
    name: str, shells: FloatArray, ra: float, dec: float, radius: float, faintest: float
) -> tuple[FloatArray, FloatArray]:
    """Visible stars in shells of even ln d: the mean over the patch, and the most of any ray."""
    rays = _cap(_RAYS, ra, dec, radius, np.random.default_rng(0))
    density = np.stack(
        [FIELDS[name].density(_positions(*rays, np.full(_RAYS, d))) for d in shells]
    )
    seen = shells**3 * share_brighter(POPULATIONS[name], faintest - _modulus(shells))
    return seen * density.mean(1), seen * density.max(1)


def _draw_component(
    name: str,
    count: int,
    envelope: FloatArray,
    shells: FloatArray,
    patch: tuple[float, float, float],
    faintest: float,
    rng: np.random.Generator,
) -> Stars:
    """Draw the stars of a component: distances from the envelope, kept by the true density."""
    field, population = FIELDS[name], POPULATIONS[name]
    steps = 0.5 * (envelope[1:] + envelope[:-1])
    cumulative = np.concatenate([[0.0], np.cumsum(steps)])
    found: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    missing = count
    while missing > 0:
        n = 2 * missing + 100
        ra, dec = _cap(n, *patch, rng)
        ln_d = np.interp(rng.uniform(size=n) * cumulative[-1], cumulative, np.log(shells))
        distance = np.exp(ln_d)
        most = np.interp(ln_d, np.log(shells), envelope) / (
            distance**3
            * np.maximum(share_brighter(population, faintest - _modulus(distance)), 1e-12)
        )
        ratio = field.density(_positions(ra, dec, distance)) / most
        kept = np.flatnonzero(rng.uniform(size=n) * 1.05 < ratio)[:missing]
        found.append((ra[kept], dec[kept], distance[kept]))
        missing -= len(kept)
    ra, dec, distance = (
        (np.concatenate(part) for part in zip(*found, strict=True)) if found else np.empty((3, 0))
    )
    magnitude, colour = draw_photometry(population, faintest - _modulus(distance), rng)
    x = _positions(ra, dec, distance)
    sky = from_galactocentric(x, _velocities(field, x, rng))
    tracer = np.full(count, field.label, dtype=np.uint8)
    return Stars(
        ra,
        dec,
        distance,
        sky["pmra"],
        sky["pmdec"],
        magnitude + _modulus(distance),
        colour,
        tracer,
    )


def _velocities(field: Field, x: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw velocities (n, 3) km/s from the component's ellipsoid at positions (n, 3) kpc."""
    spin = np.stack([x[:, 1], -x[:, 0], np.zeros(len(x))], 1)  # along Galactic rotation
    spin /= np.linalg.norm(spin, axis=1, keepdims=True)
    if field.label == 2:
        first = x / np.linalg.norm(x, axis=1, keepdims=True)
    else:
        first = np.cross(spin, np.array([0.0, 0.0, 1.0]))
    third = np.cross(first, spin)
    s = np.asarray(field.dispersion) * rng.normal(size=(len(x), 3))
    s[:, 1] += field.rotation
    return np.asarray(s[:, :1] * first + s[:, 1:2] * spin + s[:, 2:] * third)


def _cap(
    n: int, ra: float, dec: float, radius: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw directions evenly over a cap of the sphere."""
    cosine = 1.0 - rng.uniform(size=n) * (1.0 - np.cos(np.radians(radius)))
    sine, angle = np.sqrt(1.0 - cosine**2), rng.uniform(0.0, 2 * np.pi, n)
    local = np.stack([cosine, sine * np.cos(angle), sine * np.sin(angle)], 1)
    vector = local @ patch_matrix(ra, dec)
    return (
        np.degrees(np.arctan2(vector[:, 1], vector[:, 0])) % 360.0,
        np.degrees(np.arcsin(np.clip(vector[:, 2], -1.0, 1.0))),
    )


def _positions(ra: FloatArray, dec: FloatArray, distance: FloatArray) -> FloatArray:
    zero = np.zeros(len(ra))
    return to_galactocentric(ra, dec, distance, zero, zero, zero)[0]


def _modulus(distance: FloatArray) -> FloatArray:
    """Distance modulus 5 log10(d / 10 pc) of distances in kpc."""
    return np.asarray(5.0 * np.log10(100.0 * np.maximum(distance, 1e-6)))
