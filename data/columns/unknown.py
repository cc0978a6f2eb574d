"""The answer to a column that a catalogue does not have: what the user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from data.catalogue.schema import ASTROMETRY, CARTESIAN
from data.columns.table import Derived
from data.errors import UserError

__all__ = ["not_from_parallax", "unknown_column"]

_FEW_NAMES = 8
_UNITS = frozenset({"kpc", "pc", "mpc", "km", "deg", "mas", "arcsec", "mag", "yr", "km_s"})
_ALIASES: dict[str, tuple[str, ...]] = {
    "radial_velocity": ("rv", "vr", "hrv", "vlos", "v_los", "vrad", "rvel", "vhelio"),
    "parallax": ("plx", "varpi", "par"),
    "distance": ("dist", "d", "r_sun", "heliocentric_distance", "dist_kpc"),
    "phot_g_mean_mag": ("g", "gmag", "g_mag", "gaia_g", "mag", "magnitude", "gmean"),
    "phot_bp_mean_mag": ("bp", "bpmag", "gbp"),
    "phot_rp_mean_mag": ("rp", "rpmag", "grp"),
    "bp_rp": ("colour", "color", "bprp"),
    "parallax_over_error": ("snr", "parallax_snr", "poe", "s_n"),
    "absolute_g": ("mg", "m_g", "absmag", "abs_mag", "gabs"),
    "L_z": ("lz", "angular_momentum", "jphi"),
    "l": ("glon", "gal_lon", "longitude"),
    "b": ("glat", "gal_lat", "latitude"),
    "ra": ("raj2000", "ra_icrs", "alpha", "right_ascension"),
    "dec": ("dej2000", "de_icrs", "delta", "de", "declination"),
    "pmra": ("pm_ra", "mu_ra", "pmra_cosdec", "mura"),
    "pmdec": ("pm_dec", "mu_dec", "pmde", "mudec"),
    "source_id": ("id", "sourceid", "gaia_id", "name"),
    "speed": ("v", "vtot", "v_tot", "velocity"),
    "v_phi": ("vphi", "vrot", "v_rot", "vt"),
    "ruwe": ("quality", "goodness_of_fit"),
}
"""What columns are called elsewhere, in small letters."""


def unknown_column(name: str, ways: tuple[Derived, ...], present: Iterable[str]) -> UserError:
    """Say that a catalogue has no column of a name, with the nearest names that it has.

    Parameters
    ----------
    name
        What was asked for.
    ways
        How it is derived from other columns where they are there.
    present
        The columns that the catalogue stores or derives.
    """
    if ways:
        needs = " or ".join(" and ".join(way.needs) for way in ways)
        return UserError(
            f"The column {name!r} cannot be derived from this catalogue.", f"It needs {needs}."
        )
    sentence = f"The catalogue has no column {name!r}."
    if name.lower() in _UNITS:
        return UserError(
            sentence,
            "A selection has no units: write the number alone, in the unit of the column.",
        )
    names = sorted(present)
    similar = _similar(name, names)
    if similar:
        return UserError(sentence, f"Did you mean {', '.join(similar)}?")
    if len(names) <= _FEW_NAMES:
        return UserError(sentence, f"It has: {', '.join(names)}.")
    usual = [other for other in (*ASTROMETRY, "phot_g_mean_mag", *CARTESIAN) if other in names]
    shown = (usual or names)[:_FEW_NAMES]
    return UserError(sentence, f"It has {len(names)} columns, among them {', '.join(shown)}.")


def not_from_parallax(name: str, catalogue: object) -> UserError:
    """Say why an error is not derived although all its columns are there: other distances."""
    manifest = getattr(catalogue, "manifest", None)
    origin = "another column" if manifest is None else manifest.origin_of_distance
    return UserError(
        f"{name} is derived from the errors of distances that are 1/parallax; the distances of"
        f" this catalogue are from {origin}.",
        f"Cut on the uncertainty of {origin} itself, or make a version of the catalogue with"
        " distances from 1/parallax.",
    )


def _similar(name: str, names: Iterable[str]) -> list[str]:
    """Give the nearest names that there are: other words for it, then other spellings, then parts.

    Only names of more than two letters are taken as parts of others.
    """
    folded = {other.lower(): other for other in names}
    small = name.lower()
    found = [target for target, words in _ALIASES.items()
             if small in words and target in folded.values()]  # fmt: skip
    close = difflib.get_close_matches(small, folded, n=3, cutoff=0.6)
    found += [folded[match] for match in close]
    if len(small) > 2:
        plain = small.replace("_", "")
        found += [
            other
            for text, other in folded.items()
            if plain in text.replace("_", "") or (len(text) > 2 and text in small)
        ]
    return list(dict.fromkeys(found))[:3]
