"""Gaia-like observation of mock stars: magnitudes of giants and DR3 measurement errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.frames import SolarParameters, from_galactocentric

__all__ = [
    "draw_giants",
    "observe",
    "parallax_error",
    "position_error",
    "proper_motion_error",
    "radial_velocity_error",
]

FloatArray = npt.NDArray[np.float64]

RED_CLUMP_SHARE = 0.45
RED_CLUMP_M_G, RED_CLUMP_SCATTER = 0.5, 0.15
"""Share, absolute magnitude in G and its scatter of red-clump stars among the tracers."""

GIANT_BRANCH_M_G = (-3.0, 1.0)
GIANT_BRANCH_SLOPE = 0.25
"""Range of M_G of the giant branch, dN/dM ~ 10^(slope M)."""

G_MINUS_GRVS = 0.85
"""Colour G - G_RVS of a K giant, mag, taken as the same for all."""


def parallax_error(g: npt.ArrayLike) -> FloatArray:
    """Sky-averaged parallax error of Gaia DR3, mas, at magnitude `g`.

    sqrt(40 + 800 z + 30 z^2) uas with z = max(10^(0.4 (13 - 15)), 10^(0.4 (G - 15))):
    the formula of PyGaia 3 and of Gaia's science performance pages.
    """
    z = 10.0 ** (0.4 * (np.maximum(np.asarray(g, dtype=np.float64), 13.0) - 15.0))
    return np.asarray(1e-3 * np.sqrt(40.0 + 800.0 * z + 30.0 * z**2), dtype=np.float64)


def position_error(g: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Errors of ra cos(dec) and dec in mas: 0.80 and 0.70 of the parallax error (PyGaia)."""
    return 0.80 * parallax_error(g), 0.70 * parallax_error(g)


def proper_motion_error(g: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Errors of pmra and pmdec in mas/yr: 1.03 and 0.89 of the parallax error in mas (PyGaia)."""
    return 1.03 * parallax_error(g), 0.89 * parallax_error(g)


def radial_velocity_error(grvs: npt.ArrayLike) -> FloatArray:
    """Error of the radial velocity of a cool giant, km/s, at magnitude `grvs`.

    floor + b exp(a (G_RVS - 14)), PyGaia's form; a and b go through the median formal precisions
    of Gaia DR3, 1.3 km/s at 12 and 6.4 km/s at 14 (Katz et al. 2023, arXiv 2206.05902), over a
    floor of 0.12 km/s that stands for the brightest stars.
    """
    floor, at_12, at_14 = 0.12, 1.3, 6.4
    a = np.log((at_14 - floor) / (at_12 - floor)) / 2.0
    error = floor + (at_14 - floor) * np.exp(a * (np.asarray(grvs, dtype=np.float64) - 14.0))
    return np.asarray(error, dtype=np.float64)


def draw_giants(n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw absolute magnitudes M_G and colours BP - RP (n,) of red-clump and branch giants.

    A deliberately simple luminosity function, the same everywhere: all of them are bright
    enough to be seen by the RVS anywhere in a ball of 5 kpc without dust.
    """
    low, high = (10.0 ** (GIANT_BRANCH_SLOPE * m) for m in GIANT_BRANCH_M_G)
    branch = np.log10(low + rng.uniform(size=n) * (high - low)) / GIANT_BRANCH_SLOPE
    clump = rng.normal(RED_CLUMP_M_G, RED_CLUMP_SCATTER, n)
    is_clump = rng.uniform(size=n) < RED_CLUMP_SHARE
    magnitude = np.where(is_clump, clump, branch)
    colour = 1.20 - 0.12 * (magnitude - RED_CLUMP_M_G) + rng.normal(0.0, 0.05, n)
    return magnitude, colour


def observe(
    x: FloatArray, v: FloatArray, sun: SolarParameters, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Observe stars as Gaia DR3 would: astrometry with independent Gaussian errors.

    Parameters
    ----------
    x, v
        True positions (n, 3) kpc and velocities (n, 3) km/s.
    sun
        Where the observer is and how he moves.
    rng
        Source of magnitudes and errors.

    Returns
    -------
    Columns (n,) by their Gaia DR3 names: ra, dec, parallax, pmra, pmdec, radial_velocity with
    ``_error``, phot_g_mean_mag, bp_rp, grvs_mag. Errors are uncorrelated, there is no dust.
    """
    n = len(x)
    sky = from_galactocentric(x, v, sun)
    absolute, colour = draw_giants(n, rng)
    g = absolute + 5.0 * np.log10(sky["distance"] * 100.0)
    grvs = g - G_MINUS_GRVS
    errors = {
        "parallax": parallax_error(g),
        "radial_velocity": radial_velocity_error(grvs),
    }
    errors["ra"], errors["dec"] = position_error(g)
    errors["pmra"], errors["pmdec"] = proper_motion_error(g)
    columns: dict[str, FloatArray] = {}
    for name in ("ra", "dec", "parallax", "pmra", "pmdec", "radial_velocity"):
        shift = errors[name] * rng.normal(size=n)
        if name == "ra":
            # The error is one of ra cos(dec), in mas, and the column is in degrees.
            shift = shift / 3.6e6 / np.cos(np.radians(sky["dec"]))
        elif name == "dec":
            shift = shift / 3.6e6
        columns[name] = sky[name] + shift
        columns[f"{name}_error"] = errors[name]
    columns["ra"] %= 360.0
    columns["dec"] = np.clip(columns["dec"], -90.0, 90.0)
    columns["phot_g_mean_mag"] = g
    columns["bp_rp"] = colour
    columns["grvs_mag"] = grvs
    return columns
