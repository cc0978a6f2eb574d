"""Published distance columns: their units and the bounds of one standard deviation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["distance_bounds", "distance_unit"]


@dataclass(frozen=True)
class _Published:
    """A distance as catalogues publish it: its unit, and its 16th and 84th percentiles."""

    unit: str
    lower: str
    upper: str


_PUBLISHED = {
    # Bailer-Jones et al. 2021 and 2018, in the archive and in VizieR (I/352, I/347)
    "r_med_geo": _Published("pc", "r_lo_geo", "r_hi_geo"),
    "r_med_photogeo": _Published("pc", "r_lo_photogeo", "r_hi_photogeo"),
    "r_est": _Published("pc", "r_lo", "r_hi"),
    "rgeo": _Published("pc", "b_rgeo", "B_rgeo"),
    "rpgeo": _Published("pc", "b_rpgeo", "B_rpgeo"),
    "rest": _Published("pc", "b_rest", "B_rest"),
    # Gaia's GSP-Phot
    "distance_gspphot": _Published("pc", "distance_gspphot_lower", "distance_gspphot_upper"),
    # StarHorse (Anders et al. 2019, 2022)
    "dist50": _Published("kpc", "dist16", "dist84"),
}


def distance_unit(column: str) -> str:
    """Give the unit in which a distance column without a stated unit is taken.

    Those of Bailer-Jones et al. (2018, 2021) and of Gaia's GSP-Phot are published in parsec;
    any other is taken in kpc, the unit of the store.
    """
    published = _PUBLISHED.get(column.lower())
    return "kpc" if published is None else published.unit


def distance_bounds(column: str, names: Iterable[str]) -> tuple[str, ...]:
    """Find the columns that hold the error of a distance column.

    Parameters
    ----------
    column
        The distance, in any mixture of capitals.
    names
        The columns of the catalogue.

    Returns
    -------
    tuple
        The error, or the lower and the upper bound; empty where the catalogue has neither.
    """
    available = tuple(names)
    published = _PUBLISHED.get(column.lower())
    bounds = (published.lower, published.upper) if published else ()
    for wanted in ((f"{column}_error",), bounds):
        found = tuple(_spelled(name, available) for name in wanted)
        if found and all(found) and len(set(found)) == len(found):
            return found
    return ()


def _spelled(name: str, available: tuple[str, ...]) -> str:
    """Find a column: by its exact name, else in other capitals where only one is called so."""
    if name in available:
        return name
    alike = [other for other in available if other.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else ""
