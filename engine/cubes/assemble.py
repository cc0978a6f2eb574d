"""Cubes of a solved map: labelled arrays with units, errors, masks and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from engine.cubes.field import SolvedGrid
from engine.cubes.fields import FIELDS, error_attributes, quantity_attributes
from engine.cubes.grid import Line
from engine.cubes.parts import COMPONENTS, axes, flag_attributes, note
from engine.draws import Draws
from engine.estimators.budget import SOURCES

__all__ = ["acceleration_cube", "profiles_cube", "provenance"]


def provenance(**entries: object) -> dict[str, Any]:
    """Give the attributes that every cube carries; whatever is not plain becomes JSON."""
    plain = {
        key: value if isinstance(value, str | int | float) else json.dumps(value)
        for key, value in entries.items()
    }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {"Conventions": "CF-1.11", "created": created, **plain}


def acceleration_cube(solved: SolvedGrid, attributes: Mapping[str, Any]) -> xr.Dataset:
    """Lay the accelerations at the grid's points out as the ``acceleration`` cube.

    Parameters
    ----------
    solved
        What was solved at the cells; its fields are those of `engine.cubes.fields`.
    attributes
        Provenance.
    """
    coordinates = {
        "source": list(SOURCES),
        "estimator": list(solved.budgets),
        "component": COMPONENTS,
        **axes(solved.grid),
    }
    default = next(iter(solved.budgets))
    return xr.Dataset(
        {field.name: field.variable(solved) for field in FIELDS},
        coordinates,
        {"title": "acceleration", "default_estimator": default, **attributes},
    )


def profiles_cube(
    lines: list[Line],
    fields: Sequence[Mapping[str, Draws]],
    flags: list[NDArray[np.int32]],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Lay the accelerations along lines out as the ``profiles`` cube.

    Parameters
    ----------
    lines
        Lines of one length; rows that are NaN were not solved.
    fields, flags
        For each line, at the rows that are not NaN: accelerations by estimator, the first the
        default, and flags.
    attributes
        Provenance.
    """
    count = len(lines[0].s)
    estimators = list(fields[0])
    shape = (len(estimators), len(lines), 3, count)
    value, error = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    words = np.full((len(lines), count), -1, np.int32)
    for index, (line, by_estimator, word) in enumerate(zip(lines, fields, flags, strict=True)):
        rows = np.isfinite(line.points).all(1)
        for row, draws in enumerate(by_estimator.values()):
            value[row, index][:, rows] = draws.mean.T
            error[row, index][:, rows] = draws.sd.T
        words[index, rows] = word
    along = ("estimator", "line", "component", "s")
    variables = {
        "acceleration": (along, value, quantity_attributes("acceleration")),
        "acceleration_sd": (along, error, error_attributes("acceleration", estimators)),
        "position": (
            ("line", "component", "s"),
            np.stack([line.points.T for line in lines]).astype(np.float32),
            {"units": "kpc", "long_name": "Galactocentric position"},
        ),
        "trust_flags": (("line", "s"), words, flag_attributes()),
        "trusted": (("line", "s"), words == 0, note("true for cells without flags")),
    }
    coordinates = {
        "estimator": estimators,
        "line": [line.name for line in lines],
        "component": COMPONENTS,
        "along": (
            ("line", "s"),
            np.stack([line.s for line in lines]).astype(np.float32),
            {"long_name": "x and z: kpc; arc: azimuth in degrees, positive along rotation"},
        ),
    }
    return xr.Dataset(
        variables,
        coordinates,
        {"title": "profiles", "default_estimator": estimators[0], **attributes},
    )
