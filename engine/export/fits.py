"""Cubes as FITS files: one extension a variable, one table an axis, and all that was noted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
import xarray as xr
from astropy.io import fits

from data.errors import UserError
from engine.export.attributes import as_json

__all__ = ["write_fits"]

_CARDS = {
    "run_id": ("RUN_ID", "run that made this cube"),
    "catalogue_id": ("CATALOG", "catalogue of the tracers"),
    "selection_caption": ("SELECT", "which stars"),
    "created": ("DATE", "when the cube was made"),
    "default_estimator": ("ESTIMATR", "default estimator"),
    "preset": ("PRESET", ""),
    "seed": ("SEED", ""),
    "tracers": ("TRACERS", "number of stars"),
}
"""Attributes that get a card of their own, for whoever only lists the header."""


def write_fits(cube: xr.Dataset, path: Path) -> None:
    """Write a cube as FITS.

    The primary header has cards for the run, the catalogue and the selection, and a HISTORY
    line for every attribute of the cube. Each numeric variable is an image extension of its
    own name with ``BUNIT``; its axes are named by ``CTYPEn`` (FITS counts them backwards:
    axis 1 is the last dimension of the cube). Each coordinate is a binary table of its own
    name with the column ``value``; evenly spaced ones stand also in ``CRVALn``. Truth values
    are 0 and 1. The table ``ATTRIBUTES`` has every attribute of every variable as JSON, so
    that nothing is lost.

    Parameters
    ----------
    cube
        Any cube; its variables are numbers, truth values or text.
    path
        The file, which must not exist.

    Raises
    ------
    UserError
        If a variable is neither.
    """
    primary = fits.PrimaryHDU()
    for name, (card, comment) in _CARDS.items():
        if name in cube.attrs:
            primary.header[card] = (_card_value(cube.attrs[name]), comment)
    for name, value in cube.attrs.items():
        primary.header.add_history(f"{_ascii(str(name))} = {as_json(value)}")
    parts = [_hdu(str(name), array, cube) for name, array in cube.data_vars.items()]
    parts += [_table(str(name), array) for name, array in cube.coords.items()]
    fits.HDUList([primary, *parts, _attributes(cube)]).writeto(path)


def _hdu(name: str, array: xr.DataArray, cube: xr.Dataset) -> Any:  # noqa: ANN401  astropy
    if array.dtype.kind not in "biuf":
        return _table(name, array)
    values = array.to_numpy()
    if array.dtype.kind == "b":
        values = values.astype(np.uint8)
    hdu = fits.ImageHDU(values, name=_extension(name))
    hdu.header["VARNAME"] = (_ascii(name), "name of the variable in the cube")
    for number, dimension in enumerate(reversed(array.dims), start=1):
        hdu.header[f"CTYPE{number}"] = (_ascii(str(dimension)), "values: table of this name")
        if dimension in cube.coords:
            _linear_axis(hdu.header, number, cube[dimension])
    _describe(hdu.header, array.attrs)
    if unit := _unit(array.attrs):
        hdu.header["BUNIT"] = unit
    return hdu


def _linear_axis(header: Any, number: int, axis: xr.DataArray) -> None:  # noqa: ANN401
    """Say where an axis lies, where it is evenly spaced; else the table alone can say it."""
    if axis.dtype.kind not in "iuf" or axis.size < 2:
        return
    steps = np.diff(axis.to_numpy().astype(float))
    if not np.allclose(steps, steps.mean(), rtol=1e-4, atol=0.0):
        return
    header[f"CRPIX{number}"] = 1.0
    header[f"CRVAL{number}"] = float(axis[0])
    header[f"CDELT{number}"] = float(steps.mean())
    if unit := _unit(axis.attrs):
        header[f"CUNIT{number}"] = unit


def _table(name: str, array: xr.DataArray) -> Any:  # noqa: ANN401
    """Make a table with one column, the values in the order of the cube (last index fastest)."""
    values = array.to_numpy().ravel()
    if values.dtype.kind in "OUST":
        column = np.asarray([_ascii(str(value)) for value in values], dtype=np.bytes_)
    elif values.dtype.kind in "biuf":
        column = values
    else:
        raise UserError(
            f"The variable {name!r} cannot be stored in FITS (type {array.dtype}).",
            "Export the cube as zarr.",
        )
    if column.dtype.kind == "S" and column.itemsize == 0:
        column = column.astype("S1")
    table = fits.BinTableHDU.from_columns(
        [fits.Column("value", _format(column), unit=_unit(array.attrs) or None, array=column)],
        name=_extension(name),
    )
    table.header["VARNAME"] = (_ascii(name), "name in the cube")
    table.header["DIMS"] = (_ascii(",".join(map(str, array.dims))), "dimensions, first to last")
    table.header["SHAPE"] = (",".join(map(str, array.shape)), "lengths of the dimensions")
    _describe(table.header, array.attrs)
    return table


def _attributes(cube: xr.Dataset) -> Any:  # noqa: ANN401
    owners: list[tuple[str, Mapping[Any, Any]]] = [("", cube.attrs)]
    owners += [(str(name), variable.attrs) for name, variable in cube.variables.items()]
    rows = [
        (_ascii(owner), _ascii(str(name)), as_json(value))
        for owner, attributes in owners
        for name, value in attributes.items()
    ]
    columns = []
    for index, name in enumerate(("variable", "name", "json")):
        text = np.asarray([row[index] for row in rows] or [""], dtype=np.bytes_)
        columns.append(fits.Column(name, f"{max(text.itemsize, 1)}A", array=text[: len(rows)]))
    return fits.BinTableHDU.from_columns(columns, name="ATTRIBUTES")


def _format(column: np.ndarray[Any, Any]) -> str:
    if column.dtype.kind == "S":
        return f"{column.itemsize}A"
    kinds = {"b1": "L", "u1": "B", "i2": "I", "i4": "J", "i8": "K", "f4": "E", "f8": "D"}
    code = column.dtype.str[1:]
    return kinds.get(code, "K" if column.dtype.kind in "iu" else "D")


def _describe(header: Any, attributes: Mapping[Any, Any]) -> None:  # noqa: ANN401
    if attributes.get("long_name"):
        header.add_comment(_ascii(str(attributes["long_name"])))


def _unit(attributes: Mapping[Any, Any]) -> str:
    """Give a unit in the spelling of FITS (``solMass`` for ``Msun``); as it is if unknown."""
    text = str(attributes.get("units", ""))
    if text in ("", "1"):
        return ""
    try:
        return str(u.Unit(text).to_string("fits"))
    except ValueError:
        return _ascii(text)


def _extension(name: str) -> str:
    return _ascii(name).upper()[:60]


def _card_value(value: Any) -> Any:  # noqa: ANN401
    return value if isinstance(value, int | float) else _ascii(str(value))


def _ascii(text: str) -> str:
    """Give text as a header can hold it: printable ASCII, other letters as escapes."""
    escaped = text.encode("ascii", "backslashreplace").decode()
    return "".join(letter if " " <= letter <= "~" else " " for letter in escaped)
