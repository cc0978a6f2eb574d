"""Cubes of a solved map: labelled arrays with units, errors, masks and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.constants import ACCELERATION_UNIT
from engine.cubes.grid import Grid, Line
from engine.cubes.trust import FLAGS, NEIGHBOURHOOD
from engine.estimators.solve import BoltzmannMap

__all__ = ["acceleration_cube", "profiles_cube", "provenance"]

Floats = NDArray[np.floating]

_COMPONENTS = ["x", "y", "z"]
_ESTIMATORS = ["boltzmann"]


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
    solution: BoltzmannMap,
    *,
    tracers: NDArray[np.int32],
    edge_distance: Floats,
    flags: NDArray[np.int32],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Lay the solution at the grid's points out as the ``acceleration`` cube.

    Parameters
    ----------
    grid
        The grid; the other arrays follow ``grid.points``, P of them.
    solution
        The ``boltzmann`` solution.
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
        "acceleration": (vector, field(solution.mean.T)[None], _quantity("acceleration")),
        "acceleration_sd": (
            vector,
            field(solution.spread.T)[None],
            _error("acceleration", "standard deviation over the members of the ensemble"),
        ),
        "residual": (
            ("estimator", *space),
            field(solution.residual)[None],
            _note("residual of the Boltzmann equation relative to its size at a = 0"),
        ),
        "condition": (
            space,
            field(solution.condition),
            _note("condition number of the scaled information matrix"),
        ),
        "n_tracers": (
            space,
            grid.fill(tracers, 0),
            _note(f"tracers within {NEIGHBOURHOOD} kpc"),
        ),
        "edge_distance": (
            space,
            field(edge_distance),
            {"units": "kpc", "long_name": "distance to the edge of the volume"},
        ),
        "trust_flags": (space, grid.fill(flags, -1), _flag_attributes()),
        "trusted": (
            space,
            grid.fill(flags == 0, outside=False),
            _note("true where no reason against the cell is known"),
        ),
    }
    coordinates = {
        "estimator": _ESTIMATORS,
        "component": _COMPONENTS,
        **{name: _axis(name, values) for name, values in _axes(grid).items()},
    }
    return xr.Dataset(
        variables,
        coordinates,
        {"title": "acceleration", "default_estimator": _ESTIMATORS[0], **attributes},
    )


def profiles_cube(
    lines: list[Line],
    solutions: list[BoltzmannMap],
    flags: list[NDArray[np.int32]],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Lay the solutions along lines out as the ``profiles`` cube.

    Parameters
    ----------
    lines
        Lines of one length; rows that are NaN were not solved.
    solutions, flags
        For each line, at the rows that are not NaN.
    attributes
        Provenance.
    """
    count = len(lines[0].s)
    shape = (1, len(lines), 3, count)
    value, error = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    words = np.full((len(lines), count), -1, np.int32)
    for index, (line, solution, word) in enumerate(zip(lines, solutions, flags, strict=True)):
        rows = np.isfinite(line.points).all(1)
        value[0, index][:, rows] = solution.mean.T
        error[0, index][:, rows] = solution.spread.T
        words[index, rows] = word
    along = ("estimator", "line", "component", "s")
    variables = {
        "acceleration": (along, value, _quantity("acceleration")),
        "acceleration_sd": (along, error, _error("acceleration", "spread over the members")),
        "position": (
            ("line", "component", "s"),
            np.stack([line.points.T for line in lines]).astype(np.float32),
            {"units": "kpc", "long_name": "Galactocentric position"},
        ),
        "trust_flags": (("line", "s"), words, _flag_attributes()),
        "trusted": (("line", "s"), words == 0, _note("true where nothing speaks against")),
    }
    coordinates = {
        "estimator": _ESTIMATORS,
        "line": [line.name for line in lines],
        "component": _COMPONENTS,
        "along": (
            ("line", "s"),
            np.stack([line.s for line in lines]).astype(np.float32),
            {"long_name": "x and z: kpc; arc: azimuth in degrees, positive along rotation"},
        ),
    }
    return xr.Dataset(
        variables,
        coordinates,
        {"title": "profiles", "default_estimator": _ESTIMATORS[0], **attributes},
    )


def _axes(grid: Grid) -> dict[str, Floats]:
    return {"x": grid.x, "y": grid.y, "z": grid.z}


def _axis(name: str, values: Floats) -> tuple[str, Floats, dict[str, str]]:
    return (
        name,
        values,
        {"units": "kpc", "long_name": f"Galactocentric {name}", "axis": name.upper()},
    )


def _quantity(name: str) -> dict[str, str]:
    return {
        "units": ACCELERATION_UNIT,
        "long_name": f"gravitational {name}",
        "ancillary_variables": f"{name}_sd trust_flags",
        "cell_methods": "member: mean",
    }


def _error(name: str, meaning: str) -> dict[str, str]:
    return {
        "units": ACCELERATION_UNIT,
        "long_name": f"standard error of the {name}: {meaning}",
        "cell_methods": "member: standard_deviation",
    }


def _note(meaning: str) -> dict[str, str]:
    return {"units": "1", "long_name": meaning}


def _flag_attributes() -> dict[str, Any]:
    return {
        "long_name": "reasons against trusting a cell; 0: none, -1: outside the volume",
        "flag_masks": [bit for bit, _ in FLAGS.values()],
        "flag_meanings": " ".join(FLAGS),
        "flag_descriptions": json.dumps({name: text for name, (_, text) in FLAGS.items()}),
    }
