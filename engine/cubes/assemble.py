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
from engine.cubes.curl import relative_curl
from engine.cubes.grid import Grid, Line
from engine.cubes.lengths import neighbourhood
from engine.cubes.parts import COMPONENTS, axes, flag_attributes, note
from engine.draws import Draws
from engine.estimators.budget import SOURCES, Budget
from engine.estimators.solve import PointwiseMap

__all__ = ["acceleration_cube", "profiles_cube", "provenance"]

Floats = NDArray[np.floating]

_ERRORS = {
    "boltzmann": "from the members of the ensemble, by source",
    "jeans": "from the members of the ensemble, by source",
    "conditional": "from the members of the ensemble, by source",
    "potential": "from simulated fits and fits to each member",
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
    budgets: Mapping[str, Budget],
    pointwise: PointwiseMap,
    *,
    tracers: NDArray[np.int32],
    edge_distance: Floats,
    radius: float,
    flags: Mapping[str, NDArray[np.int32]],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Lay the accelerations at the grid's points out as the ``acceleration`` cube.

    Parameters
    ----------
    grid
        The grid; the other arrays follow ``grid.points``, P of them.
    budgets
        Acceleration (P, 3) and its errors by each estimator; the first is the default.
    pointwise
        The pointwise solutions of every member, for what they say about the model.
    tracers, edge_distance
        (P,), see ``engine.cubes.trust``.
    radius
        Of the volume, kpc.
    flags
        (P,) by estimator; those of the first are the cube's.
    attributes
        Provenance.
    """
    space = ("x", "y", "z")
    vector = ("estimator", "component", *space)
    each = ("estimator", *space)
    default = next(iter(budgets))
    fields = {name: budget.field for name, budget in budgets.items()}

    def field(values: Floats, outside: float = np.nan) -> NDArray[np.generic]:
        return grid.fill(values.astype(np.float32), outside)

    def by_estimator(values: Iterable[Floats]) -> NDArray[np.generic]:
        return np.stack([field(value) for value in values])

    residual = {name: np.median(pointwise.residual, 0) for name in budgets}
    residual["conditional"] = np.median(pointwise.conditional_residual, 0)
    if attributes.get("potential_from") == "conditional" and "potential" in residual:
        residual["potential"] = residual["conditional"]
    selection = pointwise.density_gradient - pointwise.true_gradient
    variables = {
        "acceleration": (
            vector,
            by_estimator(draws.mean.T for draws in fields.values()),
            _quantity("acceleration"),
        ),
        "acceleration_sd": (
            vector,
            by_estimator(draws.sd.T for draws in fields.values()),
            _error("acceleration", fields),
        ),
        "acceleration_sd_by": (
            ("source", *vector),
            np.stack(
                [
                    by_estimator(budget.by_source[row].T for budget in budgets.values())
                    for row in range(len(SOURCES))
                ]
            ),
            {
                "units": ACCELERATION_UNIT,
                "long_name": "standard error of the acceleration from each source alone",
            },
        ),
        "acceleration_bias": (
            vector,
            by_estimator(budget.bias.T for budget in budgets.values()),
            {
                "units": ACCELERATION_UNIT,
                "long_name": "what measurement errors had added to the acceleration;"
                " it is taken away already",
            },
        ),
        "disagreement": (
            each,
            by_estimator(_disagreement(fields[default], other) for other in fields.values()),
            note("difference from the default estimator, relative to the acceleration"),
        ),
        "residual": (
            each,
            by_estimator(residual[name] for name in budgets),
            note(
                "residual of the Boltzmann equation with the pointwise acceleration,"
                " relative to its size at a = 0"
            ),
        ),
        "curl": (
            each,
            by_estimator(relative_curl(grid, draws.mean) for draws in fields.values()),
            note("size of the curl relative to that of the gradient of the acceleration"),
        ),
        "condition": (
            space,
            field(np.median(pointwise.condition, 0)),
            note("condition number of the scaled information matrix"),
        ),
        "inflation": (
            ("component", *space),
            field(np.median(pointwise.inflation, 0).T),
            note("errors of the conditional estimator in units of those of boltzmann"),
        ),
        "selection_gradient": (
            ("component", *space),
            field(selection.mean(0).T),
            {
                "units": "kpc-1",
                "long_name": "gradient of the logarithm of the chance that a star is seen,"
                " from the conditional estimator",
                "ancillary_variables": "selection_gradient_sd",
            },
        ),
        "selection_gradient_sd": (
            ("component", *space),
            field(_scatter(selection).T),
            {"units": "kpc-1", "long_name": "scatter of the selection gradient over the members"},
        ),
        "n_tracers": (
            space,
            grid.fill(tracers, 0),
            note(f"tracers within {neighbourhood(radius):g} kpc"),
        ),
        "edge_distance": (
            space,
            field(edge_distance),
            {"units": "kpc", "long_name": "distance to the edge of the volume"},
        ),
        "trust_flags": (space, grid.fill(flags[default], -1), flag_attributes()),
        "trust_flags_by": (
            each,
            np.stack([grid.fill(flags[name], -1) for name in budgets]),
            flag_attributes(),
        ),
        "trusted": (
            space,
            grid.fill(flags[default] == 0, outside=False),
            note("true where no reason against the cell is known"),
        ),
    }
    coordinates = {
        "source": list(SOURCES),
        "estimator": list(fields),
        "component": COMPONENTS,
        **axes(grid),
    }
    return xr.Dataset(
        variables,
        coordinates,
        {"title": "acceleration", "default_estimator": default, **attributes},
    )


def _disagreement(default: Draws, other: Draws) -> Floats:
    """Give |a - a_default| / |a_default|, (P,)."""
    size = np.linalg.norm(default.mean, axis=1)
    apart: Floats = np.linalg.norm(other.mean - default.mean, axis=1) / np.maximum(size, 1e-12)
    return apart


def _scatter(values: Floats) -> Floats:
    """Give the standard deviation over the members (M, ...), NaN for a single one."""
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    scatter: Floats = values.std(0, ddof=1)
    return scatter


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


def _quantity(name: str) -> dict[str, str]:
    return {
        "units": ACCELERATION_UNIT,
        "long_name": f"gravitational {name}",
        "ancillary_variables": f"{name}_sd trust_flags",
    }


def _error(name: str, estimators: Iterable[str]) -> dict[str, str]:
    meaning = "; ".join(f"{known}: {_ERRORS[known]}" for known in estimators)
    return {"units": ACCELERATION_UNIT, "long_name": f"standard error of the {name} ({meaning})"}
