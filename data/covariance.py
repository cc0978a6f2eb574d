"""From the errors of the astrometry to the 6x6 covariance in the Galactocentric frame."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from data.frames import (
    KM_S_PER_MAS_YR_KPC,
    Floats,
    SolarParameters,
    galactocentric_rotation,
    sky_triad,
)
from data.manifest import Manifest
from data.schema import ASTROMETRY, CORRELATIONS

__all__ = ["astrometric_covariance", "cartesian_covariance", "cartesian_jacobian"]

_RAD_PER_MAS = np.pi / (180.0 * 3600e3)
_NEEDED = ("parallax_error", "pmra_error", "pmdec_error", "radial_velocity_error")
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
        one whose distance does not come from the parallax.
    """
    manifest = catalogue.manifest
    if manifest.kind != "astrometry" or manifest.origin_of_distance != "1/parallax":
        return None
    if not all(catalogue.has(name) for name in (*ASTROMETRY, *_NEEDED)):
        return None
    picked = np.arange(manifest.rows) if rows is None else np.asarray(rows)
    result = np.empty((len(picked), 6, 6))
    for start in range(0, len(picked), _BLOCK):
        block = slice(start, start + _BLOCK)
        result[block] = _propagated(catalogue, picked[block])
    return result


def _propagated(catalogue: _Columns, rows: npt.NDArray[np.integer[Any]]) -> Floats:
    """Propagate the errors of some stars: shape (n, 6, 6)."""

    def column(name: str) -> Floats:
        return np.asarray(catalogue.column(name)[rows], dtype=np.float64)

    errors = np.zeros((len(rows), 6))
    for i, name in enumerate(ASTROMETRY):
        if catalogue.has(f"{name}_error"):
            errors[:, i] = column(f"{name}_error")
    correlations = {
        (a, b): column(f"{a}_{b}_corr") for a, b in CORRELATIONS if catalogue.has(f"{a}_{b}_corr")
    }
    values = {name: column(name) for name in ASTROMETRY}
    jacobian = cartesian_jacobian(sun=catalogue.manifest.sun, **values)
    covariance = astrometric_covariance(errors, correlations)
    propagated: Floats = jacobian @ covariance @ np.swapaxes(jacobian, 1, 2)
    return propagated


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
