"""A user's own circular-velocity curve, from a table in any format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.literature.rotation_curves import RotationCurve
from data.readers import open_table
from data.readers.base import Cells
from data.units import conversion_factor

__all__ = ["read_rotation_curve"]

Floats = npt.NDArray[np.float64]

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "R": ("r", "radius", "r_kpc", "rgal", "r_gal", "r_gc", "rgc"),
    "v_circ": ("v_circ", "vc", "v_c", "vcirc", "v", "v_rot", "vrot", "circular_velocity"),
    "minus": ("minus", "sigma_minus", "v_circ_minus", "err_minus", "e_minus", "err_low"),
    "plus": ("plus", "sigma_plus", "v_circ_plus", "err_plus", "e_plus", "err_high"),
    "error": ("error", "err", "sigma", "e_vc", "v_circ_sd", "vc_err", "v_circ_err", "e_v_c"),
}
_UNITS = {"R": "kpc"}

_LARGEST = 100_000
"""Rows; a longer table is no curve."""


def read_rotation_curve(path: Path) -> RotationCurve:
    """Read a user's own curve.

    Parameters
    ----------
    path
        A table in any format of `data.readers`. Columns are known by name, in any case: a
        radius (``R``), a velocity (``v_circ``, ``vc``, ...) and, if there are any, errors: one
        column (``error``, ``sigma``, ...), or ``minus`` and ``plus``. Without a unit they are
        in kpc and km/s.

    Returns
    -------
    RotationCurve
        Sorted by radius; rows without a radius or a velocity are left out.

    Raises
    ------
    UserError
        If the file cannot be read, has no such columns, says them twice, states a unit that does
        not fit, has an error below zero, or fewer than two rows.
    """
    path = Path(path)
    cells, units = _table(path)
    columns = _recognised(path, cells)
    numbers = {
        what: cells[name] * conversion_factor(units[name], _UNITS.get(what, "km/s"), name)
        if units.get(name)
        else cells[name]
        for what, name in columns.items()
    }
    R, v_circ = numbers["R"], numbers["v_circ"]  # noqa: N806
    whole = np.isfinite(R) & np.isfinite(v_circ)
    if np.count_nonzero(whole) < 2:
        raise UserError(
            f"{path.name} has fewer than two rows with a radius and a velocity.",
            "Choose a table that contains a curve.",
        )
    if (R[whole] < 0).any() or (v_circ[whole] < 0).any():
        raise UserError(
            f"{path.name} has a negative radius or velocity.",
            "Give distances from the axis in kpc and speeds in km/s.",
        )
    none = np.full(len(R), np.nan)
    lower = numbers.get("minus", numbers.get("error", none))
    upper = numbers.get("plus", numbers.get("error", none))
    if "minus" in columns and np.nanmax(lower, initial=-1.0) < 0:
        lower = -lower  # some tables write the lower error with its sign
    for errors, name in ((lower, columns.get("minus")), (upper, columns.get("plus"))):
        if (errors[whole] < 0).any():
            shown = name or columns["error"]
            raise UserError(
                f"The column {shown} of {path.name} has a negative error.",
                "Errors must be positive.",
            )
    order = np.flatnonzero(whole)[np.argsort(R[whole], kind="stable")]
    return RotationCurve(
        name=path.name.split(".")[0],
        label=path.name.split(".")[0],
        citation=path.name,
        R=R[order],
        v_circ=v_circ[order],
        minus=lower[order],
        plus=upper[order],
    )


def _table(path: Path) -> tuple[dict[str, Floats], dict[str, str]]:
    """Read the columns of a table that may matter, and their units."""
    known = {word for words in _SPELLINGS.values() for word in words}
    reader = open_table(path, suits=_suits)
    try:
        fields = [item for item in reader.fields if _plain(item.written, item.name) in known]
        if any(item.repeated for item in fields):
            raise UserError(
                f"{path.name} has two columns with the same name.", "Rename one of them."
            )
        names = [item.name for item in fields]
        parts: dict[str, list[Floats]] = {name: [] for name in names}
        rows = 0
        for chunk in reader.chunks(names, _LARGEST):
            rows += chunk.rows
            if rows > _LARGEST:
                raise UserError(f"{path.name} has more than {_LARGEST:,} rows.", "Choose a curve.")
            if chunk.broken:
                raise UserError(
                    f"{path.name} has {chunk.broken} lines with more or fewer cells than columns.",
                    "Write one number below each name.",
                )
            for name, cells in chunk.columns.items():
                parts[name].append(_numbers(path, name, cells))
    finally:
        reader.close()
    columns = {name: np.concatenate([*values, np.empty(0)]) for name, values in parts.items()}
    return columns, {item.name: item.unit for item in fields if item.unit}


def _suits(names: Sequence[str]) -> bool:
    """Say whether a table of these columns may be a curve."""
    lower = {name.strip().lower() for name in names}
    return all(lower & set(_SPELLINGS[what]) for what in ("R", "v_circ"))


def _plain(written: str | None, name: str) -> str:
    """Give a name in small letters; of a repeated one, what it was."""
    repeated = written is not None and name.removeprefix(written).lstrip("_").isdigit()
    return ((written if repeated else name) or "").strip().lower()


def _numbers(path: Path, name: str, cells: Cells) -> Floats:
    """Give cells as doubles, NaN where empty."""
    if cells.wrong is not None and cells.wrong.any():
        raise UserError(
            f"The column {name} of {path.name} holds text where numbers belong.",
            "Correct the cells, or leave them empty.",
        )
    values = np.asarray(cells.values, np.float64)
    return values if cells.missing is None else np.where(cells.missing, np.nan, values)


def _recognised(path: Path, names: Iterable[str]) -> dict[str, str]:
    """Give the column of each quantity that the table has."""
    columns: dict[str, str] = {}
    for name in names:
        for what, spellings in _SPELLINGS.items():
            if name.strip().lower() in spellings:
                if what in columns:
                    raise UserError(
                        f"{path.name} has two columns for one quantity: {columns[what]}, {name}.",
                        "Rename one of them.",
                    )
                columns[what] = name
    for what, text in (("R", "radius"), ("v_circ", "circular velocity")):
        if what not in columns:
            raise UserError(
                f"{path.name} has no column for the {text}.",
                f"Call it {what}; {', '.join(_SPELLINGS[what])} are known too.",
            )
    if ("minus" in columns) != ("plus" in columns):
        there = "minus" if "minus" in columns else "plus"
        raise UserError(
            f"{path.name} has the {there} of two errors only.",
            "Give both, or one column named error.",
        )
    return columns
