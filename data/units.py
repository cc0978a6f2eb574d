"""Units as tables state them, and the way to those of the store."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

import astropy.units as u

from data.errors import UserError

__all__ = ["conversion_factor", "parse_unit", "tidy_unit"]

_FORMATS = (None, "fits", "vounit", "cds", "ogip")
_SPELLINGS = {
    "degree": "deg",
    "degrees": "deg",
    "radian": "rad",
    "radians": "rad",
    "milliarcsecond": "mas",
    "milliarcseconds": "mas",
    "year": "yr",
    "h:m:s": "hourangle",
    "hms": "hourangle",
    "hh:mm:ss": "hourangle",
    "hh mm ss": "hourangle",
    "d:m:s": "deg",
    "dms": "deg",
    "dd:mm:ss": "deg",
    "dd mm ss": "deg",
}
_KIND_OF_QUANTITY = re.compile(r"[A-Za-z][A-Za-z ]*\[(.*)\]")
"""Gaia DR1 and its simulations write what is measured before the unit: ``Angle[mas]``."""


@lru_cache(maxsize=512)
def parse_unit(text: str) -> u.UnitBase | None:
    """Read a unit in any of the spellings that table formats use; None if it is none.

    ``mas.yr**-1`` (Gaia archive), ``mas yr-1`` (FITS, VOTable), ``mas/yr`` and
    ``Angular Velocity[mas/year]`` (Gaia DR1) all work.
    """
    plain = text.strip()
    if len(plain) > 2 and plain[0] == plain[-1] and plain[0] in "\"'":
        plain = plain[1:-1].strip()
    quantity = _KIND_OF_QUANTITY.fullmatch(plain)
    plain = quantity[1].strip() if quantity else plain
    cleaned = _SPELLINGS.get(plain.lower(), plain).replace("'", "")
    for form in _FORMATS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # deprecated spellings are still read
                unit = u.Unit(cleaned, format=form)
        except (ValueError, TypeError, KeyError):
            continue
        if isinstance(unit, u.UnitBase):
            return unit
    return None


def tidy_unit(text: str) -> str:
    """Give a unit in astropy's own spelling; what is no unit is given back as it came."""
    unit = parse_unit(text) if text.strip() else None
    return text.strip() if unit is None else unit.to_string()


def conversion_factor(stated: str, wanted: str, column: str) -> float:
    """Give the factor from the unit of a table to that of the store.

    Parameters
    ----------
    stated
        The unit in which the table (or the user) says that the column is.
    wanted
        The unit of the store.
    column
        Name for the error's sentence.

    Raises
    ------
    UserError
        If the unit is unknown, or measures something else.
    """
    unit, target = parse_unit(stated), u.Unit(wanted)
    shown = wanted or "a pure number"
    hint = f"State the right unit if the table is mistaken, for example {column}={wanted or '1'}."
    if unit is None:
        raise UserError(f"The column {column} has the unit '{stated}', which is not known.", hint)
    try:
        return float(unit.to(target))
    except u.UnitConversionError:
        raise UserError(
            f"The column {column} is in {stated}, which cannot be converted to {shown}.", hint
        ) from None
