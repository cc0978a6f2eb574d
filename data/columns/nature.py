"""What a stored column depends on: its place, its motion, how bright the star looks, or nothing.

Known columns declare it (:class:`data.catalogue.schema.ColumnSpec`). Of any other column the unit
decides where it has one that does, then the name, then the name that it had in its table.
What remains, a pure number or a label of unknown meaning such as [Fe/H], is taken as a property of
the star.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import astropy.units as u

from data.catalogue.schema import CORRECTION, DERIVED, KNOWN, ColumnSpec, Dependence, Role
from data.columns.families import FAMILIES
from data.columns.table import TABLE, ColumnSource, Derived
from data.units import parse_unit

__all__ = ["Nature", "nature_of", "stored_nature"]


@dataclass(frozen=True)
class Nature:
    """What a column depends on.

    Parameters
    ----------
    depends
        Any of position, velocity and brightness.
    role
        How the column changes when the same star is placed elsewhere.
    """

    depends: frozenset[Dependence] = frozenset()
    role: Role = ""


_NONE = Nature()
_POSITION = Nature(frozenset({"position"}))
_DISTANCE = Nature(frozenset({"position"}), "distance")
_PARALLAX = Nature(frozenset({"position"}), "parallax")
_MODULUS = Nature(frozenset({"position"}), "modulus")
_EXTINCTION = Nature(frozenset({"position"}), "extinction")
_VELOCITY = Nature(frozenset({"velocity"}))
_ORBIT = Nature(frozenset({"position", "velocity"}))
_BRIGHTNESS = Nature(frozenset({"brightness"}))
_MAGNITUDE = Nature(frozenset({"brightness"}), "magnitude")
_FLUX = Nature(frozenset({"brightness"}), "flux")
_COLOUR = Nature(role="colour")
_ALL = Nature(frozenset({"position", "velocity", "brightness"}))

_SPECS: Mapping[str, ColumnSpec] = {**DERIVED, **CORRECTION, **KNOWN}


def stored_nature(catalogue: ColumnSource, name: str) -> Nature:
    """Give the nature of a column that a catalogue stores, by its manifest where it has one."""
    manifest = getattr(catalogue, "manifest", None)
    column = None if manifest is None else manifest.columns.get(name)
    if column is None:
        return nature_of(name)
    return nature_of(name, column.unit, column.source)


@lru_cache(maxsize=2048)
def nature_of(name: str, unit: str = "", source: str = "") -> Nature:
    """Give the nature of a stored column.

    Parameters
    ----------
    name
        Its name in the store.
    unit
        As the manifest has it; empty where the table stated none.
    source
        Its name in the table that it came from.
    """
    if name in _SPECS:
        return Nature(frozenset(_SPECS[name].depends), _SPECS[name].role)
    text = name.strip().lower()
    for pattern, nature in _FIRST:
        if pattern.search(text):
            return nature
    if _is_error(text):
        return _error_nature(name, unit)
    by_unit = _by_unit(text, unit)
    if by_unit is not None:
        return by_unit
    by_name = _by_name(name)
    if by_name is None and source and source != name:
        return nature_of(source)
    return by_name or _NONE


# --- errors and signal-to-noise ratios ----------------------------------------------------------

_ERRORS = re.compile(
    r"^e_.|^sig(ma)?_?.|(^|_)(err(or)?s?|e|sigma\w*|std|sd|rms|stderr|unc|uncertainty|uncert)$"
    r"|(^|_)(err|error|sigma\w*|unc|std)_|(err|error|uncertainty)$"
)
_NOISE = re.compile(r"over_err|(^|_)s_?n_?r?($|_)|snr|sig(nal)?_to_noise|excess_noise|^sn\d?$")


def _is_error(text: str) -> bool:
    return len(text) > 1 and bool(_ERRORS.search(text) or _NOISE.search(text))


def _error_nature(name: str, unit: str) -> Nature:
    """Judge an error: one that was propagated to the Galaxy's axes depends on the place too."""
    base = re.sub(r"_(err|error)$", "", name)
    if name in TABLE:
        return Nature(frozenset(_of_ways(TABLE[name])))
    if "over" in name.lower() and re.search(r"parallax|plx", name.lower()):
        return Nature(frozenset({"position", "brightness"}))
    inner = _NONE if base == name else nature_of(base, unit)
    powers = _powers(unit)
    if "position" in inner.depends and base in TABLE and "velocity" in inner.depends:
        return _ALL
    if powers is not None and powers.get("length") == 1 and "time" not in powers:
        return Nature(frozenset({"position", "brightness"}))
    return _BRIGHTNESS


# --- units --------------------------------------------------------------------------------------

_BASES = {u.m: "length", u.s: "time", u.rad: "angle", u.kg: "mass"}


@lru_cache(maxsize=512)
def _powers(unit: str) -> dict[str, float] | None:
    """Give the powers of length, time, angle and mass in a unit; None for any other unit."""
    if not unit.strip():
        return None
    parsed = parse_unit(unit)
    if parsed is None:
        return None
    parts = parsed.decompose()
    pairs = list(zip(parts.bases, parts.powers, strict=True))
    if any(base not in _BASES for base, _ in pairs):
        return None
    return {_BASES[base]: float(power) for base, power in pairs}


def _by_unit(text: str, unit: str) -> Nature | None:
    """Judge by the unit; None where it says nothing."""
    plain = unit.strip().lower()
    if plain in ("mag", "mag(ab)", "mag(st)", "mag(vega)", "abmag", "dmag", "mmag"):
        return _by_magnitude(text)
    if re.search(r"electron|\bct\b|count|photon", plain):
        return _FLUX
    if re.search(r"solrad|r_sun|rsun|sollum|l_sun|solmass|m_sun", plain):
        return _NONE  # of the star itself
    powers = _powers(unit)
    if not powers:
        return None
    length, time, angle = (powers.get(key, 0.0) for key in ("length", "time", "angle"))
    if powers.get("mass"):
        return _FLUX if time <= -2 and length <= 0 else None
    if angle and not time:
        return _PARALLAX if _PARALLAXES.search(text) else _POSITION
    if (angle or length == 1) and time == -1:
        return _VELOCITY
    if length == 1 and not time:
        return _DISTANCE if _DISTANCES.search(text) and "log" not in text else _POSITION
    if (length, time) in ((2.0, -1.0), (2.0, -2.0)):
        return _ORBIT
    if (length, time) == (-1.0, 0.0):
        return _NONE  # a wavenumber: Gaia's colours
    return None


_ABSOLUTE = re.compile(r"^abs|absmag|absolute|(^|_)abs_|^m_?[a-z]{1,3}_?0?$|mag_abs|^mbol$|^m$")
_MODULI = re.compile(r"(^|_)(dm|dmod|distmod|modulus|mu_?0)($|_)|dist\w*_?mod")
_REDDENING = re.compile(
    r"^a_?(v|g|k|ks|0|bp|rp|h|j)(_|$)|^(azero|ag|av|abp|arp|ak)(_|$)|e_?\(?b_?-?v|(^|_)ebv"
    r"|^e_?\(?bp?_?-?(min)?_?rp?|ebpminrp|extinct|redden|(^|_)e\("
)
_BAND = r"(gaia)?(u|b|v|r|i|j|h|k|ks|g|z|y|bp|rp|gbp|grp|w\d|fuv|nuv)(mag)?_?0?"
_COLOURS = re.compile(rf"^\(?{_BAND}\s*[-_]\s*{_BAND}\)?(_|$)|colou?r")


def _by_magnitude(text: str) -> Nature:
    """Tell magnitudes apart: absolute, of a colour, of dust, a modulus, else apparent."""
    if text == "e" or _REDDENING.search(text):
        return _EXTINCTION
    if _MODULI.search(text):
        return _MODULUS
    if _ABSOLUTE.search(text):
        return _NONE
    return _COLOUR if _COLOURS.search(text) else _MAGNITUDE


# --- names --------------------------------------------------------------------------------------

_FIRST: tuple[tuple[re.Pattern[str], Nature], ...] = (
    (re.compile(r"_corr$"), _NONE),
    # How often and in which direction a star was observed follows from its place on the sky.
    (re.compile(r"n_(\w+_)?obs|_nb_|transits|visibility_periods|scan_direction|in_\w+_survey"
                r"|rv_time_duration|healpix|hpix|(^|_)hpx"), _POSITION),
    (re.compile(r"^ipd_|^(astrometric|rv)_(gof|chi|params|primary|renorm|method|atm|template)"
                r"|chisq|pvalue"), _NONE),
    # Of the star itself, although the unit is one of motion.
    (re.compile(r"vbroad(?!_err)|vsini(?!_err)|v_?m(ic|ac)|vturb|amplitude(?!_err)|_?flags?$"),
     _NONE),
    (re.compile(r"(^|_)(id|ids|flag|quality|qual|class\w*|prob\w*|type|name|index|method|origin"
                r"|teff|logg|feh|fe_h|mh|alphafe|age|mass|\w+_fe|fe_\w+|\w+_h)(_|$)"), _NONE),
    (re.compile(r"(^|_)(bp_g|g_rp|bp_rp|pseudocolour|nu_eff_\w+)$"), _COLOUR),
    (_REDDENING, _EXTINCTION),
)  # fmt: skip

_DISTANCES = re.compile(
    r"^(d|r)?_?dist|distance|^r_(med|lo|hi|est|len)|^r(p)?geo|^b_r(p)?geo|^r?est$|^d(_|$)|^d_?\d"
    r"|^dhel"
)
_PARALLAXES = re.compile(r"^(varpi|par)(_|$|\d)|plx|parallax")
_PLACES = re.compile(
    r"^(ra|dec|de|decl|raj?2000|dej?2000|radeg|dedeg|alpha|delta|lon|lat|longitude|latitude|l|b"
    r"|gl|gb|glon|glat|elon|elat|ecl|lambda|beta|theta|phi|phi[12]|az|azimuth|x|y|z|r|rho"
    r"|height|radius|place|position|pos|galactocentric|rgal|rgc|x[yz]?gal|[xyz](gal|gc|hc|hel))"
    r"(_|$|\d)|^ra\w?icrs|^de\w?icrs|^(ra|de)_"
)
_MOTIONS = re.compile(
    r"^(v|u|w|rv|hrv|vr|vel|velocity|radial_velocity|rvel|vlos|vrad|vhelio\w*|pm\w*|mu|mura"
    r"|mudec?|mualpha|mudelta|speed|motion)(_|$|\d)|^pm|^v_?(x|y|z|r|t|phi|theta|los|rad|rot|tan"
    r"|tot|hel|helio|gsr|lsr|gal|bar)(_|$|\d)|^(u|v|w)_?lsr|^mu_"
)
_ORBITS = re.compile(
    r"^(e|ecc\w*|energy|e_?tot|etot|en|l[xyz]|l_[xyz]|l|l_?perp|l_?tot|angmom\w*|angular_mom\w*"
    r"|j_?(r|z|phi|tot)|action\w*|r?_?(peri(?!od)|apo)\w*|r_?ap|rguid\w*|r_?guid\w*|z_?max|guiding\w*"
    r"|circ|circularity|eta|orbit\w*|toomre\w*)(_|$|\d)"
)
_MAGNITUDES = re.compile(r"mag(_|$|\d)|^mag|magnitude|^w[1-4](_|$)|^(ks|gbp|grp)(_|$)")
_FLUXES = re.compile(r"flux")
# One letter alone may be more than one thing: then each of them counts.
_LETTERS: dict[str, Nature] = {
    **dict.fromkeys("ghijkGHIJKB", _MAGNITUDE),
    **dict.fromkeys("uvUV", Nature(frozenset({"velocity", "brightness"}))),
    **dict.fromkeys("XYZRr", _POSITION),
    **dict.fromkeys("LEe", _ORBIT),
    "M": _NONE,
    "mu": _ORBIT,
}


def _by_name(name: str) -> Nature | None:
    """Judge by the name alone; None where it means nothing here."""
    if name in _LETTERS:
        return _LETTERS[name]
    if name in TABLE:
        return Nature(frozenset(_of_ways(TABLE[name])))
    if name in FAMILIES:
        return _VELOCITY if name.startswith("pm") else _POSITION
    text = re.sub(r"_table(_\d+)?$", "", name.strip().lower())
    if _FLUXES.search(text):
        return _FLUX
    if _MAGNITUDES.search(text):
        return _NONE if _ABSOLUTE.search(text) else _by_magnitude(text)
    for pattern, nature in (
        (_MODULI, _MODULUS),
        (_DISTANCES, _DISTANCE),
        (_PARALLAXES, _PARALLAX),
        (_ORBITS, _ORBIT),
        (_PLACES, _POSITION),
        (_MOTIONS, _VELOCITY),
        (_COLOURS, _COLOUR),
    ):
        if pattern.search(text):
            return Nature(nature.depends) if "log" in text else nature
    return None


def _of_ways(ways: tuple[Derived, ...]) -> set[Dependence]:
    """Give what the first way to derive a column depends on."""
    first = ways[0]
    return {what for name in (*first.needs, *first.optional) for what in _SPECS[name].depends}
