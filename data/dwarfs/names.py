"""Columns of published tables of dwarf galaxies, known by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import astropy.units as u

from data.errors import UserError
from data.readers.base import Field

__all__ = ["COLUMNS", "match_names"]

COLUMNS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "source_id": ("", ("source_id", "gaiadr3id", "gaia_source_id", "gaia_id", "id", "star")),
    "ra": ("deg", ("ra", "raj2000", "ra_icrs", "gaiara", "radeg", "ra_deg", "rightascension")),
    "dec": ("deg", ("dec", "dej2000", "de_icrs", "gaiadec", "dedeg", "decdeg", "declination")),
    "x": ("kpc", ("x", "xkpc", "xsky")),
    "y": ("kpc", ("y", "ykpc", "ysky")),
    "x_arcmin": ("arcmin", ("xarcmin", "xi", "xiarcmin")),
    "y_arcmin": ("arcmin", ("yarcmin", "eta", "etaarcmin")),
    "v_los": ("km / s", (
        "vlos", "avevel", "vhelio", "vhel", "hrv", "rv", "radialvelocity", "vr", "v", "velocity",
        "vel", "vmean", "meanv", "vlosmean", "vz",
    )),
    "v_los_error": ("km / s", (
        "vloserror", "vloserr", "velerr", "avevelerr", "evlos", "ehrv", "evhel", "erv", "vhelerr",
        "vhelioerr", "everr", "verr", "vlossigma", "radialvelocityerror", "sigv", "sigmav", "ev",
        "velocityerror", "vzerror", "hrverr", "rverr", "rverror", "evel",
    )),
    "p_member": ("", (
        "pmember", "pmem", "pm", "pmemb", "membership", "membershipprobability", "memberprob",
        "prob", "probability", "mem", "member", "pmembership",
    )),
    "metallicity": ("", ("metallicity", "feh", "avefeh", "fehmean", "index", "mgindex")),
    "metallicity_error": ("", (
        "metallicityerror", "feherr", "fehe", "efeh", "indexerr", "metallicityerr", "ew",
    )),
    "measurements": ("", ("measurements", "nspec", "nmeasurements", "nobs", "nepochs", "nvel")),
    "v_los_scatter": ("km / s", ("vlosscatter", "velvar", "vscatter", "vlosstd")),
}  # fmt: skip
"""Unit of the store, and names (small letters and digits alone), the best first."""


def match_names(
    fields: Sequence[Field], column_map: Mapping[str, str] | None = None
) -> dict[str, Field]:
    """Find the columns of a dwarf's table.

    Parameters
    ----------
    fields
        The columns of the table.
    column_map
        Name in the store to name in the table, over what is known by name.

    Returns
    -------
    dict
        Name in the store to the table's column.

    Raises
    ------
    UserError
        If a mapped column is not there, or the table has no places or no velocities.
    """
    by_name = {field.name: field for field in fields}
    plain: dict[str, Field] = {}
    for field in fields:
        plain.setdefault(re.sub(r"[^a-z0-9]", "", field.name.lower()), field)
    found: dict[str, Field] = {}
    for name, column in (column_map or {}).items():
        if name not in COLUMNS:
            raise UserError(
                f"A dwarf's table has no column called {name}.", f"Known: {', '.join(COLUMNS)}."
            )
        if column not in by_name:
            raise UserError(f"The table has no column {column}.", f"It has {', '.join(by_name)}.")
        found[name] = by_name[column]
    for name, (_, aliases) in COLUMNS.items():
        names = (re.sub(r"[^a-z0-9]", "", alias) for alias in aliases)
        taken = {field.name for field in found.values()}
        match = next((plain[n] for n in names if n in plain and plain[n].name not in taken), None)
        if name not in found and match is not None:
            found[name] = match
    _check(found, by_name)
    return found


def factor(field: Field, unit: str) -> float:
    """Give what values of a column are multiplied with to have a unit.

    Raises
    ------
    UserError
        If the table states a unit of another kind.
    """
    if not unit or not field.unit:
        return 1.0
    try:
        return float(u.Unit(field.unit).to(u.Unit(unit)))
    except (ValueError, TypeError):
        raise UserError(
            f"The column {field.name} is in {field.unit}, not in {unit}.",
            "Mend the table's units.",
        ) from None


def _check(found: Mapping[str, Field], there: Mapping[str, Field]) -> None:
    places = [pair for pair in (("x", "y"), ("ra", "dec"), ("x_arcmin", "y_arcmin"))
              if found.keys() >= set(pair)]  # fmt: skip
    if not places:
        raise UserError(
            f"The table has no places on the sky; it has {', '.join(there)}.",
            "It needs ra and dec (deg), or x and y (kpc); name them with --column.",
        )
    if "v_los" not in found:
        raise UserError(
            f"The table has no line-of-sight velocities; it has {', '.join(there)}.",
            "Name their column with --column v_los=COLUMN.",
        )
    if "v_los_error" not in found:
        raise UserError(
            "The table has no errors of the velocities.",
            "Name their column with --column v_los_error=COLUMN.",
        )
