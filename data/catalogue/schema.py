"""The columns that Via Obscura knows: names, units and storage types.

Names are those of Gaia DR3 (most are those of DR2 too). Everything else that is a number is
kept under its own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "CARTESIAN",
    "CORRECTION",
    "CORRELATIONS",
    "DERIVED",
    "GAIA_NAMES",
    "KINDS",
    "KNOWN",
    "MISSING_IDENTIFIER",
    "MISSING_INTEGER",
    "NOT_6D_REASONS",
    "REQUIRED",
    "SKY",
    "ColumnSpec",
    "Dependence",
    "Kind",
    "Role",
]

Kind = Literal["astrometry", "simulation", "dwarf"]
KINDS: tuple[Kind, ...] = ("astrometry", "simulation")
"""Kinds of tables whose stars have a place in space; `data.dwarfs` takes in the third."""

Dependence = Literal["position", "velocity", "brightness"]
"""What a cut in a column can depend on that the choice of tracers must not depend on."""
Role = Literal["", "distance", "parallax", "modulus", "magnitude", "flux", "colour", "extinction"]
"""How a column changes when the same star is placed elsewhere: what makes a luminosity of an
apparent magnitude and a distance (:mod:`data.columns.dependence`)."""


@dataclass(frozen=True)
class ColumnSpec:
    """A column that is known by name.

    Parameters
    ----------
    unit
        The unit in which it is stored, as ``astropy.units.Unit`` parses it; empty for pure
        numbers.
    dtype
        The storage type, as a numpy name.
    description
        One line for people.
    depends
        What a cut in it depends on; empty for a property of the star alone, and for labels.
    role
        How it changes with the place of the star.
    """

    unit: str
    dtype: str
    description: str
    depends: tuple[Dependence, ...] = ()
    role: Role = ""


_AT: tuple[Dependence, ...] = ("position",)
_MOVES: tuple[Dependence, ...] = ("velocity",)
_LOOKS: tuple[Dependence, ...] = ("brightness",)


ASTROMETRY = {
    "ra": ColumnSpec("deg", "float64", "right ascension (ICRS)", _AT),
    "dec": ColumnSpec("deg", "float64", "declination (ICRS)", _AT),
    "parallax": ColumnSpec("mas", "float64", "parallax", _AT, "parallax"),
    "pmra": ColumnSpec(
        "mas / yr", "float64", "proper motion in right ascension times cos(dec)", _MOVES
    ),
    "pmdec": ColumnSpec("mas / yr", "float64", "proper motion in declination", _MOVES),
    "radial_velocity": ColumnSpec(
        "km / s", "float32", "line-of-sight velocity, barycentric", _MOVES
    ),
}

ERRORS = {
    "ra_error": ColumnSpec("mas", "float32", "standard error of ra times cos(dec)", _LOOKS),
    "dec_error": ColumnSpec("mas", "float32", "standard error of dec", _LOOKS),
    "parallax_error": ColumnSpec("mas", "float32", "standard error of parallax", _LOOKS),
    "pmra_error": ColumnSpec("mas / yr", "float32", "standard error of pmra", _LOOKS),
    "pmdec_error": ColumnSpec("mas / yr", "float32", "standard error of pmdec", _LOOKS),
    "radial_velocity_error": ColumnSpec("km / s", "float32", "error of radial_velocity", _LOOKS),
}

_FIVE = ("ra", "dec", "parallax", "pmra", "pmdec")
CORRELATIONS: tuple[tuple[str, str], ...] = tuple(
    (a, b) for i, a in enumerate(_FIVE) for b in _FIVE[i + 1 :]
)
"""The pairs of astrometric parameters whose correlation Gaia publishes, as ``<a>_<b>_corr``."""

CARTESIAN = {
    "x": ColumnSpec("kpc", "float32", "Galactocentric x, the Sun at positive x", _AT),
    "y": ColumnSpec("kpc", "float32", "Galactocentric y, the disc turns towards negative y", _AT),
    "z": ColumnSpec("kpc", "float32", "Galactocentric z, towards the north Galactic pole", _AT),
    "vx": ColumnSpec("km / s", "float32", "velocity along x", _MOVES),
    "vy": ColumnSpec("km / s", "float32", "velocity along y", _MOVES),
    "vz": ColumnSpec("km / s", "float32", "velocity along z", _MOVES),
}

DERIVED = {
    "distance": ColumnSpec("kpc", "float32", "distance from the Sun", _AT, "distance"),
    **CARTESIAN,
    "has_6d": ColumnSpec("", "bool", "position and velocity are both known"),
    "not_6d_reason": ColumnSpec("", "uint8", "0 for 6D, else the reason's place in the manifest"),
}
"""What ingest adds to every catalogue (a simulation brings its Cartesian columns itself)."""

CORRECTION = {
    "parallax_zero_point": ColumnSpec(
        "mas",
        "float32",
        "zero point that was subtracted from the parallax; missing: none was",
        ("position", "brightness"),
    ),
}
"""What ingest adds where the parallaxes are corrected."""

_PHOTOMETRY = {
    "phot_g_mean_mag": ColumnSpec("mag", "float32", "mean magnitude in G", _LOOKS, "magnitude"),
    "phot_bp_mean_mag": ColumnSpec("mag", "float32", "mean magnitude in BP", _LOOKS, "magnitude"),
    "phot_rp_mean_mag": ColumnSpec("mag", "float32", "mean magnitude in RP", _LOOKS, "magnitude"),
    "bp_rp": ColumnSpec("mag", "float32", "colour BP - RP", role="colour"),
    "grvs_mag": ColumnSpec(
        "mag", "float32", "magnitude in the band of the RVS", _LOOKS, "magnitude"
    ),
    "ruwe": ColumnSpec("", "float32", "renormalised unit weight error"),
    "parallax_over_error": ColumnSpec(
        "", "float32", "parallax divided by its error", ("position", "brightness")
    ),
}

KNOWN: dict[str, ColumnSpec] = {
    "source_id": ColumnSpec("", "int64", "identifier"),
    **ASTROMETRY,
    **ERRORS,
    **{
        f"{a}_{b}_corr": ColumnSpec("", "float32", f"correlation of {a} with {b}")
        for a, b in CORRELATIONS
    },
    **_PHOTOMETRY,
}
"""The columns of an astrometric table that are known by name."""

GAIA_NAMES = frozenset(KNOWN) | {
    "l",
    "b",
    "ecl_lon",
    "ecl_lat",
    "ref_epoch",
    "nu_eff_used_in_astrometry",
    "pseudocolour",
    "astrometric_params_solved",
    "astrometric_excess_noise",
    "phot_bp_rp_excess_factor",
    "bp_g",
    "g_rp",
    "rv_template_teff",
    "rv_expected_sig_to_noise",
    "teff_gspphot",
    "logg_gspphot",
    "mh_gspphot",
    "distance_gspphot",
    "ag_gspphot",
    "ebpminrp_gspphot",
    "random_index",
    "solution_id",
}
"""Names that are recognised in any mixture of capitals and stored in small letters."""

REQUIRED: dict[Kind, tuple[str, ...]] = {
    "astrometry": ("ra", "dec", "parallax", "pmra", "pmdec"),
    "simulation": tuple(CARTESIAN),
    "dwarf": (),
}
"""What a table for maps has. A star without a radial velocity is of use; one without a place or
a proper motion column points to a column map that has been forgotten."""

SKY = ("ra", "dec", "pmra", "pmdec")
"""What a table of astrometry cannot lack: the search for streams needs no parallaxes."""

MISSING_IDENTIFIER = -1
"""Stands for a missing ``source_id``."""
MISSING_INTEGER = -(2**63)
"""Stands for a missing value in any other column of long integers."""

NOT_6D_REASONS: tuple[str, ...] = (
    "no parallax",
    "parallax not positive",
    "no distance",
    "distance not positive",
    "no proper motion",
    "no radial velocity",
    "no velocity",
    "out of range",
)
"""Why a star has no place in a 6D population: code ``i + 1`` in ``not_6d_reason``."""
