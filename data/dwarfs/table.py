"""From a table file to the stars of a dwarf galaxy, checked and on its tangent plane."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.dwarfs.local_group import Dwarf
from data.dwarfs.names import COLUMNS, factor, match_names
from data.dwarfs.projection import circular_radius, perspective, tangent_plane
from data.dwarfs.repeats import combine, same_stars
from data.errors import UserError
from data.readers import open_table
from data.readers.base import Field

__all__ = ["DwarfTable", "make_table", "read_dwarf"]

Floats = npt.NDArray[np.float64]

_FASTEST = 3000.0  # km/s: beyond, the column is in m/s or not a velocity
_ARCMIN = np.radians(1 / 60)
_ARCSEC = np.radians(1 / 3600)
_MEMBER_WORDS = {"m": 1.0, "y": 1.0, "yes": 1.0, "true": 1.0, "member": 1.0, "1": 1.0}


@dataclass(frozen=True)
class DwarfTable:
    """Stars of a dwarf, m of them; what a table does not have is None.

    Parameters
    ----------
    columns
        By the name in the store: ``x_sky``, ``y_sky``, ``radius`` (kpc), ``v_los``,
        ``v_los_error`` (km/s, perspective removed), ``measurements``, ``v_los_chi_square``,
        ``velocity_variable`` and, if the table has them, ``ra``, ``dec``, ``p_member``,
        ``metallicity``, ``metallicity_error``, ``source_id``.
    dwarf
        The galaxy; None for a table in kpc.
    dropped
        Rows that were left out, by reason; with the measurements of all stars the rows read.
    sources
        Name in the table of each column that comes from it.
    """

    columns: dict[str, npt.NDArray[Any]]
    dwarf: Dwarf | None
    dropped: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


def read_dwarf(
    file: Path, dwarf: Dwarf | None = None, column_map: Mapping[str, str] | None = None
) -> DwarfTable:
    """Read the stars of a dwarf from a table file.

    Parameters
    ----------
    file
        Any table that `data.readers` opens.
    dwarf
        Centre, distance and motion; needed where places are in degrees or arcminutes.
    column_map
        Name in the store to name in the table, where it is not known.

    Raises
    ------
    UserError
        If the table cannot be read or cannot be of a dwarf galaxy.
    """
    with closing(open_table(file)) as reader:
        matched = match_names(reader.fields, column_map)
        names = list(dict.fromkeys(f.name for f in matched.values()))
        chunks = list(reader.chunks(names, 1 << 18))
    columns: dict[str, Floats] = {}
    for name, column in matched.items():
        cells = [chunk.columns[column.name] for chunk in chunks]
        values = np.concatenate([_numbers(c.values, c.missing, c.wrong) for c in cells])
        if name == "source_id":
            if all(c.values.dtype.kind == "i" for c in cells):
                columns[name] = np.concatenate([c.values for c in cells])
            continue
        if name == "p_member" and not np.isfinite(values).any():
            values = _member_words(file, column)
        columns[name] = values * factor(column, COLUMNS[name][0])
    if {"metallicity", "metallicity_error"} <= columns.keys():  # 0 without an error means none
        none = (columns["metallicity"] == 0) & ~np.isfinite(columns["metallicity_error"])
        columns["metallicity"][none] = np.nan
    sources = {name: column.name for name, column in matched.items() if name in columns}
    return make_table(columns, dwarf, sources)


def make_table(
    columns: Mapping[str, npt.NDArray[Any]],
    dwarf: Dwarf | None,
    sources: Mapping[str, str] | None = None,
) -> DwarfTable:
    """Check columns, project them, and combine repeated measurements.

    Parameters
    ----------
    columns
        By the names of `data.dwarfs.names.COLUMNS`, (n,) each.
    dwarf
        The galaxy; needed unless places are in kpc.
    sources
        Where the columns came from.

    Raises
    ------
    UserError
        If they cannot be of a dwarf galaxy.
    """
    found = {name: np.asarray(values) for name, values in columns.items()}
    keep, dropped = _usable(found)
    _check_numbers(found, keep)
    stars = {name: values[keep] for name, values in found.items()}
    x, y, scale = _places(stars, dwarf)
    velocity = stars["v_los"].astype(np.float64)
    if dwarf is not None and "x" not in stars:
        velocity = perspective(velocity, x / dwarf.distance, y / dwarf.distance, dwarf)
    star = same_stars(x, y, scale, stars.get("source_id"))
    one = combine(velocity, _errors(stars), star)
    radius = (
        np.hypot(x, y)
        if dwarf is None
        else circular_radius(x, y, dwarf.ellipticity, dwarf.position_angle)
    )
    first = one.first
    made: dict[str, npt.NDArray[Any]] = {
        "x_sky": x[first],
        "y_sky": y[first],
        "radius": radius[first],
        "v_los": one.velocity,
        "v_los_error": one.error,
        "measurements": one.count.astype(np.int64),
        "v_los_chi_square": one.chi_square,
        "velocity_variable": one.variable,
    }
    if "measurements" in stars:
        made["measurements"] = np.nan_to_num(stars["measurements"][first], nan=1).astype(np.int64)
    for name in ("source_id", "ra", "dec", "p_member", "metallicity", "metallicity_error"):
        if name in stars and np.isfinite(stars[name].astype(float)).any():
            made[name] = stars[name][first]
    return DwarfTable(made, dwarf, dropped, dict(sources or {}))


def _errors(stars: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """Give the errors, inflated where a table's own repeats scatter by more than they say."""
    error = stars["v_los_error"].astype(np.float64)
    if "v_los_scatter" not in stars or "measurements" not in stars:
        return error
    count = np.nan_to_num(stars["measurements"].astype(np.float64), nan=1.0)
    scatter = np.nan_to_num(stars["v_los_scatter"].astype(np.float64))
    of_mean = scatter / np.sqrt(np.maximum(count, 1))
    return np.where((count > 1) & (of_mean > 3 * error), of_mean, error)


def _usable(
    columns: Mapping[str, npt.NDArray[Any]],
) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """Say which rows have a place, a velocity and an error, and count the others by reason."""
    places = next(p for p in (("x", "y"), ("ra", "dec"), ("x_arcmin", "y_arcmin"))
                  if columns.keys() >= set(p))  # fmt: skip
    left = np.ones(len(columns[places[0]]), dtype=bool)
    dropped: dict[str, int] = {}
    tests = (
        ("no place on the sky", [np.isfinite(columns[p].astype(float)) for p in places]),
        ("no velocity", [np.isfinite(columns["v_los"].astype(float))]),
        ("no error of the velocity", [np.isfinite(columns["v_los_error"].astype(float))]),
        ("error of the velocity not above 0", [columns["v_los_error"].astype(float) > 0]),
    )
    for reason, parts in tests:
        good = np.logical_and.reduce(parts)
        lost = int((left & ~good).sum())
        if lost:
            dropped[reason] = lost
        left &= good
    if not left.any():
        worst = max(dropped, key=lambda reason: dropped[reason]) if dropped else "no rows"
        raise UserError(
            f"No star of the table can be used: {worst}.",
            "Each needs a place, a velocity and an error above 0 km/s.",
        )
    return left, dropped


def _check_numbers(columns: Mapping[str, npt.NDArray[Any]], keep: npt.NDArray[np.bool_]) -> None:
    """Refuse numbers that no dwarf has."""
    velocity = columns["v_los"][keep].astype(float)
    if np.median(np.abs(velocity)) > _FASTEST or np.std(velocity) > _FASTEST:
        typical = np.median(np.abs(velocity))
        raise UserError(
            f"The velocities are far too large (typically {typical:.3g} km/s).",
            "They are perhaps in m/s: give them in km/s, or state the unit in the table.",
        )
    if "p_member" in columns:
        p = columns["p_member"][keep].astype(float)
        p = p[np.isfinite(p)]
        if p.size and (p.max() > 1 or p.min() < 0):
            raise UserError(
                f"Membership probabilities run from {p.min():g} to {p.max():g}.",
                "They are 0 to 1; divide percentages by 100, or name another column.",
            )
    if "dec" in columns and np.abs(columns["dec"][keep].astype(float)).max() > 90:
        raise UserError("Declinations exceed 90 degrees.", "Give ra and dec in degrees.")


def _places(
    stars: Mapping[str, npt.NDArray[Any]], dwarf: Dwarf | None
) -> tuple[Floats, Floats, float]:
    """Give x and y in kpc and one arcsecond in kpc (0 without a distance)."""
    if "x" in stars and "y" in stars:
        x, y = stars["x"].astype(np.float64), stars["y"].astype(np.float64)
        return x, y, 0.0
    if dwarf is None:
        raise UserError(
            "Places in degrees need the dwarf's centre and distance.",
            "Name it with --dwarf, or give --centre RA DEC and --distance KPC.",
        )
    if "ra" in stars and "dec" in stars:
        x, y = tangent_plane(stars["ra"].astype(float), stars["dec"].astype(float), dwarf)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise UserError(
                f"Some stars lie on the other side of the sky from {dwarf.name}.",
                "Name the dwarf that the table is of.",
            )
    else:
        x = stars["x_arcmin"].astype(np.float64) * _ARCMIN
        y = stars["y_arcmin"].astype(np.float64) * _ARCMIN
    return x * dwarf.distance, y * dwarf.distance, _ARCSEC * dwarf.distance


def _numbers(
    values: npt.NDArray[Any],
    missing: npt.NDArray[np.bool_] | None,
    wrong: npt.NDArray[np.bool_] | None,
) -> Floats:
    numbers = values.astype(np.float64)
    for mask in (missing, wrong):
        if mask is not None:
            numbers[mask] = np.nan
    return numbers


def _member_words(file: Path, column: Field) -> Floats:
    """Read a membership that is written as words, of a table in text form: m, y, yes, 1."""
    import pandas as pd

    try:
        words = pd.read_csv(file, usecols=[column.name], dtype=str, comment="#")[column.name]
    except (ValueError, OSError, KeyError) as error:
        raise UserError(
            f"The column {column.name} has no numbers.",
            "Membership is a probability from 0 to 1, or m for members in a CSV table.",
        ) from error
    plain = words.fillna("").str.strip().str.lower()
    return np.asarray(plain.map(lambda w: _MEMBER_WORDS.get(w, 0.0)), dtype=np.float64)
