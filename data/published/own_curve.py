"""A user's own circular-velocity curve, from a table in any format."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.published.rotation_curves import RotationCurve
from data.readers import SUFFIXES, open_table
from data.units import conversion_factor

__all__ = ["read_rotation_curve"]

Floats = npt.NDArray[np.float64]

_PLAIN = (".txt", ".dat")
"""Endings of tables with blanks between the cells; their first line may begin with #."""

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
        A table in any format of `data.readers`, or text with blanks between the cells (.txt,
        .dat). Columns are known by name, in any case: a radius (``R``), a velocity (``v_circ``,
        ``vc``, ...) and, if there are any, errors: one column (``error``, ``sigma``, ...), or
        ``minus`` and ``plus``. Without a unit they are in kpc and km/s.

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
    cells, units = _plain_table(path) if path.suffix.lower() in _PLAIN else _table(path)
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
    reader = open_table(path)
    try:
        known = {word for words in _SPELLINGS.values() for word in words}
        fields = [item for item in reader.fields if item.name.strip().lower() in known]
        names = [item.name for item in fields]
        _refuse_twins(path, names)
        parts: dict[str, list[Floats]] = {name: [] for name in names}
        rows = 0
        for chunk in reader.chunks(names, _LARGEST):
            rows += chunk.rows
            if rows > _LARGEST:
                raise UserError(f"{path.name} has more than {_LARGEST:,} rows.", "Choose a curve.")
            for name, cells in chunk.columns.items():
                values = np.asarray(cells.values, np.float64)
                for mask in (cells.missing, cells.wrong):
                    if mask is not None:
                        values = np.where(mask, np.nan, values)
                parts[name].append(values)
    finally:
        reader.close()
    columns = {name: np.concatenate([*values, np.empty(0)]) for name, values in parts.items()}
    return columns, {item.name: item.unit for item in fields if item.unit}


def _plain_table(path: Path) -> tuple[dict[str, Floats], dict[str, str]]:
    """Read text with blanks between the cells."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = [line.strip() for line, _ in zip(file, range(_LARGEST + 2), strict=False)]
    except FileNotFoundError:
        raise UserError(f"File {path} not found.", "Check the path.") from None
    except (OSError, UnicodeDecodeError):
        raise UserError(f"{path.name} cannot be read as text.", f"Known: {_endings()}.") from None
    comments = [line.lstrip("# ").split() for line in lines if line.startswith("#")]
    body = [line.split() for line in lines if line and not line.startswith("#")]
    width = len(body[-1]) if body else 0
    # the names are the last comment that is as wide as the table, or the first line
    header = [words for words in comments if len(words) == width]
    names = header[-1] if header else body.pop(0) if body else []
    _refuse_twins(path, names)
    try:
        numbers = np.array([[float(cell) for cell in row] for row in body])
        if numbers.shape != (len(body), len(names)) or not body:
            raise ValueError
    except ValueError:
        raise UserError(
            f"{path.name} is not a table of numbers below a header line of {len(names)} names.",
            "Save it as CSV, or put one header line of column names above the columns of numbers.",
        ) from None
    return {name: numbers[:, i] for i, name in enumerate(names)}, {}


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


def _refuse_twins(path: Path, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise UserError(f"{path.name} has two columns with the same name.", "Rename one of them.")


def _endings() -> str:
    return ", ".join([*SUFFIXES, *_PLAIN])
