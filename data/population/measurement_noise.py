"""A catalogue observed once more: measurement errors added to measured stars.

Errors move stars across the edge of the volume and heat their velocities, and a map made from
them is biased by it. The bias is seen by adding more of the same error and looking at what
changes (simulation and extrapolation, Cook & Stefanski 1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.catalogue.schema import ASTROMETRY, CORRELATIONS
from data.catalogue.store import Catalogue
from data.columns.covariance import astrometric_covariance
from data.frames import Floats, to_galactocentric
from data.population.population import Population, Volume
from data.selection import mask

__all__ = ["NoisyStars", "has_errors", "renoised"]

_NEEDED = ("parallax_error", "pmra_error", "pmdec_error", "radial_velocity_error")
_MARGIN = 1.5
"""Stars farther from the centre than so many radii are not expected inside."""


@dataclass(frozen=True)
class NoisyStars:
    """Stars that lie in the volume after noise was added.

    Parameters
    ----------
    rows
        Row numbers in the catalogue, ascending, (n,).
    x, v
        Galactocentric positions (kpc) and velocities (km/s), float32, (n, 3).
    """

    rows: npt.NDArray[np.int64]
    x: npt.NDArray[np.float32]
    v: npt.NDArray[np.float32]


def has_errors(catalogue: Catalogue) -> bool:
    """Say whether a catalogue tells the errors from which those of (x, v) follow."""
    manifest = catalogue.manifest
    return (
        manifest.kind == "astrometry"
        and manifest.origin_of_distance == "1/parallax"
        and all(catalogue.has(name) for name in (*ASTROMETRY, *_NEEDED))
    )


def renoised(population: Population, level: float, seed: int) -> NoisyStars:
    """Observe the stars of a population's selection once more.

    Noise with ``level`` times the variance of each star's own errors, correlations included, is
    added to what Gaia measures; positions follow from the new parallax, and who lies inside the
    volume is asked again. The selection is that of the measured columns: it is not applied to
    the noisy ones. A star without an error gets none.

    Parameters
    ----------
    population
        The stars; its catalogue must have errors (``has_errors``).
    level
        Variance added in units of each star's own, positive.
    seed
        Of the noise.

    Raises
    ------
    ValueError
        If the catalogue has no errors or the level is not positive.
    """
    catalogue = population.catalogue
    if catalogue is None or not has_errors(catalogue):
        raise ValueError("a catalogue without errors cannot be observed once more")
    if level <= 0:
        raise ValueError(f"a noise level of {level} adds nothing")
    ball = population.volume
    wide = Volume(ball.centre, _MARGIN * ball.radius).mask(catalogue)
    chosen = mask(population.selection, catalogue) & catalogue.column("has_6d") & wide
    rows = np.flatnonzero(chosen)
    values = {n: np.asarray(catalogue.column(n)[rows], dtype=np.float64) for n in ASTROMETRY}
    noise = np.sqrt(level) * _noise(catalogue, rows, np.random.default_rng([seed, 31]))
    cosine = np.maximum(np.cos(np.radians(values["dec"])), 1e-6)
    noise[:, 0] /= 3.6e6 * cosine  # mas along the parallel to degrees of ra
    noise[:, 1] /= 3.6e6
    moved = {name: values[name] + noise[:, i] for i, name in enumerate(ASTROMETRY)}
    moved["dec"] = np.clip(moved["dec"], -90.0, 90.0)
    parallax = moved.pop("parallax")
    positive = parallax > 0
    with np.errstate(divide="ignore"):
        distance = np.where(positive, 1.0 / parallax, np.nan)
    x, v = to_galactocentric(distance=distance, sun=population.sun, **moved)
    inside = positive & (np.linalg.norm(x - np.asarray(ball.centre), axis=1) < ball.radius)
    inside &= np.isfinite(v).all(1)
    near = x[inside].astype(np.float32)
    # single precision may round a star at the edge to the outside
    safe = np.linalg.norm(near - np.asarray(ball.centre), axis=1) < ball.radius
    return NoisyStars(rows[inside][safe], near[safe], v[inside][safe].astype(np.float32))


def _noise(
    catalogue: Catalogue, rows: npt.NDArray[np.int64], random: np.random.Generator
) -> Floats:
    """Draw errors (n, 6) of ra*, dec, parallax (mas), pmra, pmdec (mas/yr), velocity (km/s)."""

    def column(name: str) -> Floats:
        values = np.asarray(catalogue.column(name)[rows], dtype=np.float64)
        filled: Floats = np.nan_to_num(values)
        return filled

    names = [f"{name}_error" for name in ASTROMETRY]
    errors = np.stack(
        [column(n) if catalogue.has(n) else np.zeros(len(rows)) for n in names], axis=1
    )
    known = {
        (a, b): column(f"{a}_{b}_corr") for a, b in CORRELATIONS if catalogue.has(f"{a}_{b}_corr")
    }
    white: Floats = random.standard_normal((len(rows), 6))
    if not known:
        return white * errors
    correlation = astrometric_covariance(np.ones_like(errors), known)
    size, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(size, 0.0))[:, None, :]
    drawn: Floats = np.einsum("nij,nj->ni", root, white) * errors
    return drawn
