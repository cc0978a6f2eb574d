"""Streams made of particles that leave a cluster on its orbit (particle spray, by gala)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.frames import SolarParameters, from_galactocentric, to_galactocentric
from data.mocks.potentials import DEFAULT, named
from data.mocks.streams.injection import Injection, Track

__all__ = ["sprayed"]

FloatArray = npt.NDArray[np.float64]

_MASS = 2e4
"""Of the cluster, Msun: a stream about as cold as GD-1."""

_AGE, _STEP = 2400.0, 1.5
"""How long it has lost stars, and the time step, Myr."""

_PARTICLES = 4
"""Particles that leave at each step, on both sides together."""


def sprayed(
    injection: Injection,
    start: Track,
    count: int,
    patch: tuple[float, float, float],
    rng: np.random.Generator,
) -> tuple[Track, Track]:
    """Draw stars of a stream that was sprayed (Fardal et al. 2015, MNRAS 452, 301).

    Parameters
    ----------
    injection
        Its `speed` along the great circle is that of the cluster now, which has no velocity along
        the line of sight.
    start
        The great circle; the cluster is at its middle.
    count
        Number of stars wanted in the patch.
    patch
        Centre (ra, dec) and radius, degrees.
    rng
        Which of the particles are kept, and their order.

    Returns
    -------
    stars, middle
        Places of the stars, and running medians along the stream as its track.

    Raises
    ------
    UserError
        If too few particles lie in the patch.
    """
    sky = _particles(injection, start)
    cosine = np.cos(np.radians(sky["dec"])) * np.cos(np.radians(patch[1])) * np.cos(
        np.radians(sky["ra"] - patch[0])
    ) + np.sin(np.radians(sky["dec"])) * np.sin(np.radians(patch[1]))
    inside = np.flatnonzero(cosine > np.cos(np.radians(patch[2])))
    if len(inside) < count:
        raise UserError(
            f"Only {len(inside):,} particles of the sprayed stream lie in the patch, but "
            f"{count:,} are required.",
            "Request fewer members, or change the speed or the distance.",
        )
    names = ("ra", "dec", "distance", "pmra", "pmdec")
    rows = np.sort(rng.choice(inside, count, replace=False))
    stars = Track(*(sky[name][rows] for name in names))
    return stars, _running_median(Track(*(sky[name][inside] for name in names)))


def _particles(injection: Injection, start: Track) -> dict[str, FloatArray]:
    """Spray particles and observe them: ra, dec, distance, pmra, pmdec, (n,) each."""
    import astropy.units as u
    import gala.dynamics as gd
    import gala.potential as gp
    from gala.dynamics import mockstream as ms

    sun = SolarParameters()
    middle = len(start.ra) // 2
    one = slice(middle, middle + 1)
    x, v = to_galactocentric(
        start.ra[one], start.dec[one], start.distance[one], start.pmra[one], start.pmdec[one],
        np.zeros(1), sun,
    )  # fmt: skip
    potential = named(DEFAULT).gala
    cluster = gd.PhaseSpacePosition(x[0] * u.kpc, v[0] * u.km / u.s)
    generator = ms.MockStreamGenerator(
        ms.FardalStreamDF(gala_modified=True, random_state=np.random.RandomState(injection.seed)),
        gp.Hamiltonian(potential),
    )
    steps = int(_AGE / _STEP)
    stream, _ = generator.run(
        cluster,
        _MASS * u.Msun,
        dt=-_STEP * u.Myr,
        n_steps=steps,
        n_particles=_PARTICLES // 2,
        Integrator="leapfrog",
    )
    return from_galactocentric(
        stream.xyz.to_value(u.kpc).T, stream.v_xyz.to_value(u.km / u.s).T, sun
    )


def _running_median(stars: Track) -> Track:
    """Give the track: medians in steps along the longest direction of the stars on the sky."""
    from data.frames import sky_triad

    vector = sky_triad(stars.ra, stars.dec)[2]
    mean = vector.mean(axis=0)
    axis = np.linalg.svd(vector - mean, full_matrices=False)[2][0]
    order = np.argsort((vector - mean) @ axis)
    groups = np.array_split(order, max(2, min(60, len(order) // 20)))
    centre = np.stack([vector[g].mean(axis=0) for g in groups])
    columns = [
        np.array([np.median(getattr(stars, name)[g]) for g in groups])
        for name in ("distance", "pmra", "pmdec")
    ]
    return Track(
        np.degrees(np.arctan2(centre[:, 1], centre[:, 0])) % 360.0,
        np.degrees(np.arctan2(centre[:, 2], np.hypot(centre[:, 0], centre[:, 1]))),
        *columns,
    )
