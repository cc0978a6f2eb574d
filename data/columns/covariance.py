"""From the errors of the astrometry to the 6x6 covariance in the Galactocentric frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from data.catalogue.distances import distance_bounds, distance_unit
from data.catalogue.manifest import Manifest
from data.catalogue.schema import ASTROMETRY, CORRELATIONS
from data.frames import (
    KM_S_PER_MAS_YR_KPC,
    Floats,
    SolarParameters,
    galactocentric_rotation,
    sky_triad,
)
from data.units import conversion_factor

__all__ = [
    "astrometric_covariance",
    "cartesian_covariance",
    "cartesian_jacobian",
    "distance_errors",
]

_RAD_PER_MAS = np.pi / (180.0 * 3600e3)
_MOTION_ERRORS = ("pmra_error", "pmdec_error", "radial_velocity_error")
_BLOCK = 1 << 16
_SMALLEST_COSINE = 1e-6
"""Where ra itself stops meaning anything; closer to a pole its error is not magnified further."""


class _Columns(Protocol):
    """What is needed of a catalogue."""

    @property
    def manifest(self) -> Manifest: ...
    def has(self, name: str) -> bool: ...
    def column(self, name: str) -> npt.NDArray[Any]: ...


def cartesian_covariance(
    catalogue: _Columns, rows: npt.NDArray[np.integer[Any]] | None = None
) -> Floats | None:
    """Give the covariance of (x, y, z, vx, vy, vz) of stars of a catalogue.

    Parameters
    ----------
    catalogue
        With the Gaia columns and their errors. Errors of ra and dec, and correlations, count as
        zero where the catalogue has none.
    rows
        Which stars, shape (n,); all by default.

    Returns
    -------
    numpy.ndarray or None
        Shape (n, 6, 6) in kpc and km/s, NaN for a star without one of its errors. None where
        there are no errors to propagate: a simulation, a catalogue without error columns, or
        one whose distance comes from a column without an error (`distance_errors`).

    Notes
    -----
    The error of a distance that is not 1/parallax is correlated with nothing.
    """
    manifest = catalogue.manifest
    if manifest.kind != "astrometry" or not distance_errors(catalogue):
        return None
    measured = [name for name in ASTROMETRY if name != "parallax"]
    if not all(catalogue.has(name) for name in (*measured, *_MOTION_ERRORS)):
        return None
    picked = np.arange(manifest.rows) if rows is None else np.asarray(rows)
    result = np.empty((len(picked), 6, 6))
    for start in range(0, len(picked), _BLOCK):
        block = slice(start, start + _BLOCK)
        result[block] = _propagated(catalogue, picked[block])
    return result


def distance_errors(catalogue: _Columns) -> tuple[str, ...]:
    """Name the columns that tell the error of the distance.

    Returns
    -------
    tuple
        The error, or the lower and the upper bound of one standard deviation; empty where the
        catalogue tells nothing. Of 1/parallax it is the error of the parallax; of a column its
        own, called ``<name>_error``, or the bounds that are published with it.
    """
    origin = catalogue.manifest.origin_of_distance
    if origin == "1/parallax":
        found: tuple[str, ...] = ("parallax", "parallax_error")
        return found[1:] if all(map(catalogue.has, found)) else ()
    return distance_bounds(origin, catalogue.manifest.columns)


def _propagated(catalogue: _Columns, rows: npt.NDArray[np.integer[Any]]) -> Floats:
    """Propagate the errors of some stars: shape (n, 6, 6)."""
    from_parallax = catalogue.manifest.origin_of_distance == "1/parallax"

    def column(name: str) -> Floats:
        return np.asarray(catalogue.column(name)[rows], dtype=np.float64)

    errors = np.zeros((len(rows), 6))
    values = {n: column(n) for n in ASTROMETRY if n != "parallax" or from_parallax}
    for i, name in enumerate(ASTROMETRY):
        if name in values and catalogue.has(f"{name}_error"):
            errors[:, i] = column(f"{name}_error")
    correlations = {
        (a, b): column(f"{a}_{b}_corr")
        for a, b in CORRELATIONS
        if {a, b} <= set(values) and catalogue.has(f"{a}_{b}_corr")
    }
    if not from_parallax:
        # the jacobian knows parallaxes: of 1/d, whose error is sigma_d / d^2
        distance = column("distance")
        values["parallax"] = np.divide(1.0, distance)
        errors[:, list(ASTROMETRY).index("parallax")] = (
            _error_in_kpc(catalogue, column) / distance**2
        )
    jacobian = cartesian_jacobian(sun=catalogue.manifest.sun, **values)
    covariance = astrometric_covariance(errors, correlations)
    propagated: Floats = jacobian @ covariance @ np.swapaxes(jacobian, 1, 2)
    return propagated


def _error_in_kpc(catalogue: _Columns, column: Callable[[str], Floats]) -> Floats:
    """Give the error of distances from a column, half the width where bounds are told."""
    names = distance_errors(catalogue)
    columns = catalogue.manifest.columns
    factors = [
        conversion_factor(columns[n].unit or _unit_beside(catalogue), "kpc", n) for n in names
    ]
    values = [column(name) * factor for name, factor in zip(names, factors, strict=True)]
    return values[0] if len(values) == 1 else 0.5 * (values[1] - values[0])


def _unit_beside(catalogue: _Columns) -> str:
    """Give the unit of an error that states none: that of its distance."""
    origin = catalogue.manifest.origin_of_distance
    about = catalogue.manifest.columns.get(origin)
    return (about.unit if about else "") or distance_unit(origin)


def astrometric_covariance(
    errors: Floats, correlations: dict[tuple[str, str], Floats] | None = None
) -> Floats:
    """Give the covariance of what Gaia measures.

    The line-of-sight velocity comes from another instrument and is correlated with nothing.

    Parameters
    ----------
    errors
        Of ra*, dec, parallax (mas), pmra, pmdec (mas/yr), radial velocity (km/s); shape (n, 6).
    correlations
        By pair of names, shape (n,) each; a missing number counts as zero.

    Returns
    -------
    numpy.ndarray
        Shape (n, 6, 6), in the units of ``errors``.
    """
    names = list(ASTROMETRY)
    correlation = np.broadcast_to(np.eye(6), (len(errors), 6, 6)).copy()
    for (a, b), values in (correlations or {}).items():
        i, j = names.index(a), names.index(b)
        correlation[:, i, j] = correlation[:, j, i] = np.nan_to_num(values)
    scaled: Floats = correlation * errors[:, :, None] * errors[:, None, :]
    return scaled


def cartesian_jacobian(
    *,
    ra: Floats,
    dec: Floats,
    parallax: Floats,
    pmra: Floats,
    pmdec: Floats,
    radial_velocity: Floats,
    sun: SolarParameters | None = None,
) -> Floats:
    """Give the derivatives of (x, v) with respect to what Gaia measures.

    With d = 1/parallax, x = d r and v = v_r r + k d (mu_a p + mu_d q) in ICRS axes, and
    ``dr/da* = p``, ``dr/dd = q``, ``dp/da* = -r + tan(dec) q``, ``dq/da* = -tan(dec) p``,
    ``dq/dd = -r`` (a* is ra times cos(dec), d is dec).

    Parameters
    ----------
    ra, dec, parallax, pmra, pmdec, radial_velocity
        In the units of the store, shape (n,).
    sun
        Only the orientation of the frame depends on it.

    Returns
    -------
    numpy.ndarray
        Shape (n, 6, 6): rows x, y, z (kpc), vx, vy, vz (km/s); columns ra*, dec, parallax
        (per mas), pmra, pmdec (per mas/yr), radial velocity (per km/s).
    """
    p, q, r = sky_triad(ra, dec)
    cosine = np.maximum(np.cos(np.radians(dec)), _SMALLEST_COSINE)
    tangent = (np.sin(np.radians(dec)) / cosine)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        d = (1.0 / np.asarray(parallax, dtype=np.float64))[:, None]
    k_d = KM_S_PER_MAS_YR_KPC * d
    mu_a, mu_d, v_r = (np.asarray(a)[:, None] for a in (pmra, pmdec, radial_velocity))
    jacobian = np.zeros((len(p), 6, 6))
    jacobian[:, :3, 0] = _RAD_PER_MAS * d * p
    jacobian[:, :3, 1] = _RAD_PER_MAS * d * q
    jacobian[:, :3, 2] = -(d**2) * r
    jacobian[:, 3:, 0] = _RAD_PER_MAS * (
        v_r * p + k_d * (mu_a * (tangent * q - r) - mu_d * tangent * p)
    )
    jacobian[:, 3:, 1] = _RAD_PER_MAS * (v_r * q - k_d * mu_d * r)
    jacobian[:, 3:, 2] = -d * k_d * (mu_a * p + mu_d * q)
    jacobian[:, 3:, 3] = k_d * p
    jacobian[:, 3:, 4] = k_d * q
    jacobian[:, 3:, 5] = r
    rotation, _ = galactocentric_rotation(sun or SolarParameters())
    jacobian[:, :3] = rotation @ jacobian[:, :3]
    jacobian[:, 3:] = rotation @ jacobian[:, 3:]
    return jacobian
