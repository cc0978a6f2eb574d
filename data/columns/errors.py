"""Standard errors of derived columns, from those of the astrometry and their correlations.

To first order the variance of a quantity f is sum_ij h_i s_i rho_ij s_j h_j, with h_i the
derivative of f by what Gaia measures. The same derivatives as in `data.columns.covariance`,
contracted with the gradient of f before they are multiplied out: for one quantity of 34 million
stars the 6x6 matrices would be 100 times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from data.frames import (
    KM_S_PER_MAS_YR_KPC,
    Floats,
    SolarParameters,
    galactocentric_rotation,
    sky_triad,
)

__all__ = [
    "CORRELATED",
    "PLACE",
    "PLACE_ERRORS",
    "QUANTITIES",
    "SPACE",
    "SPACE_ERRORS",
    "distance_error",
    "propagated",
    "proper_motion_error",
]

_RAD_PER_MAS = np.pi / (180.0 * 3600e3)
_SMALLEST_COSINE = 1e-6

_ASTROMETRY = ("ra", "dec", "parallax", "pmra", "pmdec")
CORRELATED = tuple(f"{a}_{b}_corr" for a, b in combinations(_ASTROMETRY, 2))
"""The columns of correlations, in the order in which the functions here take them."""

PLACE = ("ra", "dec", "distance", "x", "y", "z")
SPACE = (*PLACE, "vx", "vy", "vz", "pmra", "pmdec", "radial_velocity")
PLACE_ERRORS = ("parallax_error",)
SPACE_ERRORS = (*PLACE_ERRORS, "pmra_error", "pmdec_error", "radial_velocity_error")

Gradient = tuple[Floats | None, Floats | None]
"""By position (per kpc) and by velocity (per km/s), each (n, 3); None where it is zero."""


def _unit(axis: int, *, velocity: bool) -> Callable[..., Gradient]:
    def gradient(x: Floats, *_: Floats) -> Gradient:
        one = np.zeros((len(x), 3))
        one[:, axis] = 1.0
        return (None, one) if velocity else (one, None)

    return gradient


def _of_radius(x: Floats, y: Floats, z: Floats) -> Gradient:
    radius = np.hypot(x, y)
    return _stacked(x / radius, y / radius), None


def _of_v_radial(x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats) -> Gradient:
    """v_R = (x vx + y vy)/R."""
    radius = np.hypot(x, y)
    cosine, sine = x / radius, y / radius
    value = cosine * vx + sine * vy
    by_place = _stacked((vx - value * cosine) / radius, (vy - value * sine) / radius)
    return by_place, _stacked(cosine, sine)


def _of_v_phi(x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats) -> Gradient:
    """v_phi = (y vx - x vy)/R."""
    radius = np.hypot(x, y)
    cosine, sine = x / radius, y / radius
    value = sine * vx - cosine * vy
    by_place = _stacked((-vy - value * cosine) / radius, (vx - value * sine) / radius)
    return by_place, _stacked(sine, -cosine)


def _of_l_z(x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats) -> Gradient:
    """L_z = y vx - x vy."""
    return _stacked(-vy, vx), _stacked(y, -x)


def _of_speed(x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats) -> Gradient:
    velocity = np.stack([vx, vy, vz], axis=1)
    return None, velocity / np.linalg.norm(velocity, axis=1)[:, None]


def _stacked(x: Floats, y: Floats) -> Floats:
    return np.stack([x, y, np.zeros_like(x)], axis=1)


QUANTITIES: dict[str, tuple[str, Callable[..., Gradient]]] = {
    **{name: ("kpc", _unit(axis, velocity=False)) for axis, name in enumerate(("x", "y", "z"))},
    "R": ("kpc", _of_radius),
    **{
        name: ("km / s", _unit(axis, velocity=True))
        for axis, name in enumerate(("vx", "vy", "vz"))
    },
    "v_R": ("km / s", _of_v_radial),
    "v_phi": ("km / s", _of_v_phi),
    "v_z": ("km / s", _unit(2, velocity=True)),
    "speed": ("km / s", _of_speed),
    "L_z": ("kpc km / s", _of_l_z),
}
"""Quantities whose error is derived: unit and gradient. The first four need no velocity."""


def propagated(gradient: Callable[..., Gradient], *, place_only: bool) -> Callable[..., Floats]:
    """Give the standard error of a quantity as a function of columns.

    Parameters
    ----------
    gradient
        From `QUANTITIES`.
    place_only
        The function takes the columns of `PLACE` and `PLACE_ERRORS`, else those of `SPACE` and
        `SPACE_ERRORS`; in both cases the errors of ra and dec and the columns of `CORRELATED`
        follow, None (zero) where the catalogue has none.
    """
    n_values, n_errors = (6, 1) if place_only else (12, 4)

    def error(*columns: Floats | None, sun: SolarParameters) -> Floats:
        values = [column for column in columns[:n_values] if column is not None]
        rest = columns[n_values:]
        by_place, by_velocity = gradient(*values[3:6] if place_only else values[3:9])
        motion = None if place_only else values[9:12]
        slopes = _slopes(values[0], values[1], values[2], motion, by_place, by_velocity, sun)
        known, (ra_error, dec_error, *correlations) = rest[:n_errors], rest[n_errors:]
        errors = [ra_error, dec_error, *known]
        scaled = [
            None if slope is None or sd is None else slope * sd
            for slope, sd in zip(slopes, errors, strict=False)
        ]
        return _combined(scaled, correlations)

    return error


def _slopes(
    ra: Floats,
    dec: Floats,
    distance: Floats,
    motion: list[Floats] | None,
    by_place: Floats | None,
    by_velocity: Floats | None,
    sun: SolarParameters,
) -> list[Floats | None]:
    """Give the derivatives by ra*, dec (per mas), parallax, pmra, pmdec, radial velocity."""
    p, q, r = sky_triad(ra, dec)
    rotation, _ = galactocentric_rotation(sun)
    d = distance
    by_ra, by_dec, by_distance = (np.zeros_like(d) for _ in range(3))
    by_pmra = by_pmdec = by_rv = None
    if by_place is not None:
        turned = by_place @ rotation
        by_ra += d * _dot(turned, p)
        by_dec += d * _dot(turned, q)
        by_distance += _dot(turned, r)
    if by_velocity is not None and motion is not None:
        turned = by_velocity @ rotation
        east, north, along = _dot(turned, p), _dot(turned, q), _dot(turned, r)
        mu_a, mu_d, v_r = motion
        k = KM_S_PER_MAS_YR_KPC
        tangent = np.sin(np.radians(dec)) / np.maximum(np.cos(np.radians(dec)), _SMALLEST_COSINE)
        by_ra += v_r * east + k * d * (mu_a * (tangent * north - along) - mu_d * tangent * east)
        by_dec += v_r * north - k * d * mu_d * along
        by_distance += k * (mu_a * east + mu_d * north)
        by_pmra, by_pmdec, by_rv = k * d * east, k * d * north, along
    # d = 1/parallax
    return [
        _RAD_PER_MAS * by_ra, _RAD_PER_MAS * by_dec, -(d**2) * by_distance, by_pmra, by_pmdec,
        by_rv,
    ]  # fmt: skip


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("ni,ni->n", a, b))


def _combined(scaled: list[Floats | None], correlations: list[Floats | None]) -> Floats:
    """Add contributions that are correlated: sqrt(sum_ij rho_ij t_i t_j)."""
    there = [part for part in scaled if part is not None]
    variance = np.zeros_like(there[0])
    for part in there:
        variance += part**2
    for (i, j), correlation in zip(combinations(range(5), 2), correlations, strict=True):
        a, b = (scaled[k] if k < len(scaled) else None for k in (i, j))
        if a is not None and b is not None and correlation is not None:
            variance += 2.0 * np.nan_to_num(correlation) * a * b
    return np.sqrt(np.maximum(variance, 0.0))


def distance_error(distance: Floats, parallax_error: Floats, *, sun: Floats) -> Floats:
    """Give the error of 1/parallax, d^2 times that of the parallax, in kpc."""
    return distance**2 * parallax_error


def proper_motion_error(
    pmra: Floats,
    pmdec: Floats,
    pmra_error: Floats,
    pmdec_error: Floats,
    correlation: Floats | None,
    *,
    sun: Floats,
) -> Floats:
    """Give the error of the total proper motion, in mas/yr."""
    total = np.hypot(pmra, pmdec)
    a, b = pmra / total * pmra_error, pmdec / total * pmdec_error
    rho = np.zeros_like(a) if correlation is None else np.nan_to_num(correlation)
    return np.sqrt(np.maximum(a**2 + b**2 + 2.0 * rho * a * b, 0.0))
