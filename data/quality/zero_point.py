"""The zero point of Gaia's parallaxes (Lindegren et al. 2021, A&A 649, A4).

Parallaxes of Gaia (E)DR3 are too small by some hundredths of a milliarcsecond, by an amount that
depends on magnitude, colour and ecliptic latitude. The coefficients are those of the package
`gaiadr3-zeropoint`, which is imported only here and only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.manifest import Column
from data.errors import UserError
from data.frames import Floats

__all__ = [
    "COLUMN",
    "CORRECTED",
    "NEEDS",
    "SOURCE",
    "ZeroPoint",
    "ZeroPointCounts",
    "check_columns",
    "corrected_parallax",
    "described",
    "ecliptic_latitude",
    "parallax_zero_point",
    "provenance",
    "undescribed",
]

COLUMN = "parallax_zero_point"
"""The column that says what was subtracted from the parallax, in mas; missing: nothing was."""

SOURCE = "Lindegren et al. 2021, A&A 649, A4"

NEEDS = ("phot_g_mean_mag", "nu_eff_used_in_astrometry", "pseudocolour",
         "astrometric_params_solved")  # fmt: skip
"""Columns of Gaia without which the zero point is not known; ra and dec give the latitude."""

CORRECTED = ("parallax", "parallax_over_error")
"""The columns that change with it."""

_CORRECTED_WORDS = f", zero point subtracted ({SOURCE})"
_FIVE, _SIX = 31, 95
_G = (6.0, 21.0)
_COLOUR = {_FIVE: (1.1, 1.9), _SIX: (1.24, 1.72)}
_INWARDS = 1e-9  # the package takes the ends themselves for outside
_OBLIQUITY = np.radians(84381.411 / 3600.0)  # of the ecliptic of Gaia's catalogues, J2000


@dataclass(frozen=True)
class ZeroPointCounts:
    """How many stars got a correction.

    Parameters
    ----------
    corrected
        Inside the range of the recipe.
    at_the_edge
        Brighter, fainter, bluer or redder than the recipe goes: that of its edge was taken.
    without
        Without a magnitude or a colour, or with a position only: the parallax stays as it is.
    """

    corrected: int = 0
    at_the_edge: int = 0
    without: int = 0

    def __add__(self, other: ZeroPointCounts) -> ZeroPointCounts:
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return ZeroPointCounts(*(a + b for a, b in pairs))

    def to_dict(self) -> dict[str, int]:
        """Give them in words."""
        return {name.replace("_", " "): n for name, n in asdict(self).items()}


@dataclass(frozen=True)
class ZeroPoint:
    """Zero points of some stars.

    Parameters
    ----------
    values
        mas, to be subtracted from the parallax; NaN where it is not known. Shape (n,).
    counts
        What they are made of.
    """

    values: Floats
    counts: ZeroPointCounts


def parallax_zero_point(n: Mapping[str, npt.NDArray[Any]]) -> ZeroPoint:
    """Give the zero point of parallaxes.

    Stars outside the range of the recipe (6 < G < 21; effective wavenumbers from 1.1 to 1.9 per
    micrometre, pseudocolours from 1.24 to 1.72) get the value at its edge and are counted.

    Parameters
    ----------
    n
        `NEEDS` and ``ra``, ``dec`` (deg), shape (n,) each, NaN where there is no number.

    Raises
    ------
    UserError
        If the package with the coefficients is not installed.
    """
    calculate = _package()
    g = np.asarray(n["phot_g_mean_mag"], dtype=np.float64)
    solved = np.asarray(n["astrometric_params_solved"], dtype=np.float64)
    latitude = ecliptic_latitude(n["ra"], n["dec"])
    values = np.full(g.shape, np.nan)
    counts = ZeroPointCounts(without=g.size)
    for kind, name in ((_FIVE, "nu_eff_used_in_astrometry"), (_SIX, "pseudocolour")):
        colour = np.asarray(n[name], dtype=np.float64)
        known = (solved == kind) & np.isfinite(g) & np.isfinite(colour) & np.isfinite(latitude)
        if not known.any():
            continue
        inside_g, inside_colour = _inside(g[known], _G), _inside(colour[known], _COLOUR[kind])
        values[known] = calculate(
            inside_g, inside_colour, inside_colour, latitude[known],
            np.full(inside_g.shape, float(kind)), _warnings=False,
        )  # fmt: skip
        edge = int(np.sum((inside_g != g[known]) | (inside_colour != colour[known])))
        number = int(known.sum())
        counts += ZeroPointCounts(number - edge, edge, -number)
    return ZeroPoint(values, counts)


def _inside(values: Floats, span: tuple[float, float]) -> Floats:
    clipped: Floats = np.clip(values, span[0] + _INWARDS, span[1] - _INWARDS)
    return clipped


def ecliptic_latitude(ra: npt.NDArray[Any], dec: npt.NDArray[Any]) -> Floats:
    """Give the ecliptic latitude in degrees of ICRS coordinates in degrees, as Gaia defines it.

    sin(beta) = cos(eps) sin(dec) - sin(eps) cos(dec) sin(ra), with eps = 84381.411 arcsec.
    """
    alpha, delta = (np.radians(np.asarray(angle, dtype=np.float64)) for angle in (ra, dec))
    sine = np.cos(_OBLIQUITY) * np.sin(delta)
    sine -= np.sin(_OBLIQUITY) * np.cos(delta) * np.sin(alpha)
    latitude: Floats = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return latitude


def corrected_parallax(
    n: Mapping[str, Floats], zero_point: npt.NDArray[Any], sign: int = 1
) -> dict[str, Floats]:
    """Subtract the zero point (or add it again, with ``sign`` -1).

    Parameters
    ----------
    n
        ``parallax`` in mas, and ``parallax_over_error`` and ``parallax_error`` where they are
        there; shape (n,).
    zero_point
        mas, shape (n,); NaN leaves a star as it is.

    Returns
    -------
    dict
        The columns of `CORRECTED` that are there.
    """
    measured = n["parallax"]
    parallax = measured - sign * np.nan_to_num(np.asarray(zero_point, dtype=np.float64))
    changed = {"parallax": parallax}
    if "parallax_over_error" in n:
        with np.errstate(all="ignore"):
            ratio = n["parallax_over_error"] * (parallax / measured)
            if "parallax_error" in n:
                ratio = np.where(n["parallax_error"] > 0, parallax / n["parallax_error"], ratio)
        changed["parallax_over_error"] = ratio
    return changed


def provenance(counts: ZeroPointCounts) -> dict[str, Any]:
    """Give what a manifest says about a correction."""
    return {"source": SOURCE, "package": f"gaiadr3-zeropoint {version('gaiadr3-zeropoint')}",
            "stars": counts.to_dict()}  # fmt: skip


def described(parallax: Column) -> Column:
    """Describe a corrected parallax."""
    words = parallax.description.removesuffix(_CORRECTED_WORDS)
    return replace(parallax, description=words + _CORRECTED_WORDS)


def undescribed(parallax: Column) -> Column:
    """Describe a parallax to which the zero point was added again."""
    return replace(parallax, description=parallax.description.removesuffix(_CORRECTED_WORDS))


def check_columns(there: Iterable[str]) -> None:
    """Refuse a table whose zero point cannot be calculated, or is taken off already.

    Raises
    ------
    UserError
        If columns are missing, if the parallaxes are corrected already, or if the package with
        the coefficients is not installed.
    """
    names = set(there)
    if COLUMN in names:
        raise UserError(
            "The zero point is already subtracted from these parallaxes: the table has a column "
            f"{COLUMN}.",
            "Leave the correction out, or rename the column if it means something else.",
        )
    lacks = [name for name in ("parallax", *NEEDS) if name not in names]
    if lacks:
        noun = "column" if len(lacks) == 1 else "columns"
        raise UserError(
            f"The zero point of the parallax cannot be computed: missing {noun} "
            f"{', '.join(lacks)}.",
            "Download them with the stars (they are in gaia_source), or join them by source_id.",
        )
    _package()


@cache
def _package() -> Callable[..., Floats]:
    """Import the package and load its coefficients."""
    try:
        from zero_point import zpt  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise UserError(
            "The zero point of the parallax needs the package gaiadr3-zeropoint, which is not "
            "installed.",
            "Install it: pip install gaiadr3-zeropoint.",
        ) from None
    zpt.load_tables()
    calculate: Callable[..., Floats] = zpt.get_zpt
    return calculate
