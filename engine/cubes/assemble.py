"""Cubes of a solved map: labelled arrays with units, errors, masks and provenance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.constants import ACCELERATION_UNIT
from engine.cubes.grid import Grid, Line
from engine.cubes.parts import COMPONENTS, axes, flag_attributes, note
from engine.cubes.trust import NEIGHBOURHOOD
from engine.draws import Draws
from engine.estimators.solve import BoltzmannMap

__all__ = ["acceleration_cube", "profiles_cube", "provenance"]

Floats = NDArray[np.floating]

_ERRORS = {
    "boltzmann": "standard deviation over the members of the ensemble",
    "potential": "standard deviation over simulated fits, with the common error of the flows",
}


def provenance(**entries: object) -> dict[str, Any]:
    """Give the attributes that every cube carries; whatever is not plain becomes JSON."""
    plain = {
        key: value if isinstance(value, str | int | float) else json.dumps(value)
        for key, value in entries.items()
    }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {"Conventions": "CF-1.11", "created": created, **plain}


def acceleration_cube(
    grid: Grid,
    fields: Mapping[str, Draws],
    solution: BoltzmannMap,
    *,
    tracers: NDArray[np.int32],
    edge_distance: Floats,
    flags: NDArray[np.int32],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Lay the accelerations at the grid's points out as the ``acceleration`` cube.

    Parameters
    ----------
    grid
        The grid; the other arrays follow ``grid.points``, P of them.
    fields
        Acceleration (P, 3) by each estimator; the first is the default.
    solution
        The ``boltzmann`` solution, for what it says about the model.
    tracers, edge_distance, flags
        (P,), see ``engine.cubes.trust``.
    attributes
        Provenance.
    """
    space = ("x", "y", "z")
    vector = ("estimator", "component", *space)

    def field(values: Floats, outside: float = np.nan) -> NDArray[np.generic]:
        return grid.fill(values.astype(np.float32), outside)

    variables = {
        "acceleration": (
            vector,
            np.stack([field(draws.mean.T) for draws in fields.values()]),
            _quantity("acceleration"),
        ),
        "acceleration_sd": (
            vector,
            np.stack([field(draws.sd.T) for draws in fields.values()]),
            _error("acceleration", fields),
        ),
        "residual": (
            ("estimator", *space),
            np.stack([field(solution.residual)] * len(fields)),
            note(
                "residual of the Boltzmann equation with the pointwise acceleration,"
                " relative to its size at a = 0"
            ),
        ),
        "condition": (
            space,
            field(solution.condition),
            note("condition number of the scaled information matrix"),
        ),
        "n_tracers": (
            space,
            grid.fill(tracers, 0),
            note(f"tracers within {NEIGHBOURHOOD} kpc"),
        ),
        "edge_distance": (
            space,
            field(edge_distance),
            {"units": "kpc", "long_name": "distance to the edge of the volume"},
        ),
        "trust_flags": (space, grid.fill(flags, -1), flag_attributes()),
        "trusted": (
            space,
            grid.fill(flags == 0, outside=False),
            note("true where no reason against the cell is known"),
        ),
    }
    coordinates = {
        "estimator": list(fields),
        "component": COMPONENTS,
        **axes(grid),
    }
    return xr.Dataset(
        variables,
        coordinates,
        {"title": "acceleration", "default_estimator": next(iter(fields)), **attributes},
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
        "acceleration": (along, value, _quantity("acceleration")),
        "acceleration_sd": (along, error, _error("acceleration", estimators)),
        "position": (
            ("line", "component", "s"),
            np.stack([line.points.T for line in lines]).astype(np.float32),
            {"units": "kpc", "long_name": "Galactocentric position"},
        ),
        "trust_flags": (("line", "s"), words, flag_attributes()),
        "trusted": (("line", "s"), words == 0, note("true where nothing speaks against")),
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


def _quantity(name: str) -> dict[str, str]:
    return {
        "units": ACCELERATION_UNIT,
        "long_name": f"gravitational {name}",
        "ancillary_variables": f"{name}_sd trust_flags",
    }


def _error(name: str, estimators: Iterable[str]) -> dict[str, str]:
    meaning = "; ".join(f"{known}: {_ERRORS[known]}" for known in estimators)
    return {"units": ACCELERATION_UNIT, "long_name": f"standard error of the {name} ({meaning})"}
