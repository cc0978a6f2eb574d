"""Physical constants and conversions in the units of the project (kpc, km/s, Msun).

The values come from astropy (CODATA 2018, IAU 2015); ``tests/truth`` holds them against the
figures that the papers quote.
"""

from __future__ import annotations

import astropy.constants as const
import astropy.units as u

__all__ = [
    "ACCELERATION_UNIT",
    "DENSITY_UNIT",
    "GEV_PER_CM3",
    "MSUN_PC3_PER_LAPLACIAN",
    "SI_1E10",
    "G",
]

ACCELERATION_UNIT = "km2 s-2 kpc-1"
DENSITY_UNIT = "Msun pc-3"

G: float = float(const.G.to_value(u.kpc * u.km**2 / u.s**2 / u.Msun))
"""Newton's constant in kpc (km/s)^2 / Msun."""

SI_1E10: float = float((1e-10 * u.m / u.s**2).to_value(u.km**2 / u.s**2 / u.kpc))
"""1e-10 m/s^2 in km^2 s^-2 kpc^-1 (3085.68)."""

MSUN_PC3_PER_LAPLACIAN: float = 1e-9 / (4 * 3.141592653589793 * G)
"""Density in Msun/pc^3 where the Laplacian of the potential is 1 (km/s)^2/kpc^2 (1.85025e-5)."""

GEV_PER_CM3: float = float((1 * u.Msun / u.pc**3 * const.c**2).to_value(u.GeV / u.cm**3))
"""Energy density of 1 Msun/pc^3 in GeV/cm^3 (37.965)."""
