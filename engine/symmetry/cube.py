"""The ``asymmetry`` cube: a map against its own mirror image and against a round one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.errors import UserError
from engine.cubes.grid import Grid
from engine.draws import Draws
from engine.symmetry.axisymmetry import azimuthal
from engine.symmetry.cylindrical import cylindrical
from engine.symmetry.north_south import (
    MirrorPairs,
    component_difference,
    density_asymmetry,
    mirror_pairs,
    north_south,
    size_asymmetry,
)
from engine.symmetry.significance import joint_significance, significance, weighted_mean
from engine.symmetry.tilt import direction_tilt, mirror_tilt

__all__ = ["asymmetry_cube"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SPACE = ("x", "y", "z")

_MEANINGS = {
    "north_south": "(a_i(z) - s_i a_i(-z)) / (|a(z)| + |a(-z)|), s = (1, 1, -1), given at z > 0",
    "north_south_size": "(|a(z)| - |a(-z)|) / (|a(z)| + |a(-z)|), given at z > 0",
    "north_south_density": "(rho(z) - rho(-z)) / (rho(z) + rho(-z)), given at z > 0",
    "azimuthal": "a_phi / |a_R|, phi growing along Galactic rotation",
    "tilt": "meridional tilt: how far south of the Galactic centre the pull points",
    "mirror_tilt": "half the sum of the meridional tilts at z and -z, given at z > 0",
}


def asymmetry_cube(
    grid: Grid,
    acceleration: Draws,
    trusted: Mask,
    *,
    density: Draws | None = None,
    independent: int | None = None,
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Lay the asymmetries of a map out as the ``asymmetry`` cube.

    Variables, each with ``_sd``: ``north_south(component, x, y, z)``, ``north_south_size`` and,
    with a density, ``north_south_density``, at z > 0 where both cells of a pair are trusted (NaN
    elsewhere); ``azimuthal``, ``tilt`` at trusted cells; ``mirror_tilt`` at z > 0. The
    attribute ``significance`` holds, as JSON and by name, the joint tests of the differences
    against zero and, of each single component, the weighted mean with its error, in km2/s2/kpc,
    Msun/pc^3 or degrees.

    Parameters
    ----------
    grid
        The grid; the other arrays follow ``grid.points``, P of them.
    acceleration
        (P, 3) km2/s2/kpc.
    trusted
        (P,).
    density
        (P,) Msun/pc^3.
    independent
        See ``joint_significance``.
    attributes
        Provenance, and which estimator the acceleration is by.

    Returns
    -------
    Dataset
        Where the grid has no mirror cells, the variables at z > 0 are NaN throughout and the
        attribute ``north_south_missing`` says why.
    """
    points = grid.points
    usable = np.asarray(trusted, bool)
    along = acceleration.map(lambda a: cylindrical(points, a)[usable, 1])
    tests = {"azimuthal": _test(along, independent)}
    fields: dict[str, Draws | None] = {
        "azimuthal": _only(azimuthal(points, acceleration), usable),
        "tilt": _only(direction_tilt(points, acceleration).map(lambda t: t[:, 1]), usable),
    }
    notes: dict[str, str] = {}
    try:
        pairs = mirror_pairs(grid, usable)
    except UserError as error:
        notes["north_south_missing"] = str(error)
        fields |= {"north_south": None, "north_south_size": None, "mirror_tilt": None}
    else:
        count = len(points)
        mirrored = _mirrored(points, acceleration, density, pairs)
        fields |= {name: _spread(values, pairs, count) for name, values in mirrored.items()}
        tests |= _tests(acceleration, density, mirrored["mirror_tilt"], pairs, independent)
    variables: dict[str, Any] = {}
    for name, values in fields.items():
        variables |= _variables(grid, name, values)
    coordinates = {
        "component": ["x", "y", "z"],
        **{
            name: (name, getattr(grid, name), {"units": "kpc", "axis": name.upper()})
            for name in _SPACE
        },
    }
    extra = {"title": "asymmetry", "significance": json.dumps(tests), **notes}
    return xr.Dataset(variables, coordinates, {**extra, **attributes})


def _mirrored(
    points: Floats, acceleration: Draws, density: Draws | None, pairs: MirrorPairs
) -> dict[str, Draws]:
    fields = {
        "north_south": north_south(acceleration, pairs),
        "north_south_size": size_asymmetry(acceleration, pairs),
        "mirror_tilt": mirror_tilt(points, acceleration, pairs),
    }
    if density is not None:
        fields["north_south_density"] = density_asymmetry(density, pairs)
    return fields


def _tests(
    acceleration: Draws,
    density: Draws | None,
    tilt: Draws,
    pairs: MirrorPairs,
    independent: int | None,
) -> dict[str, dict[str, float | int | None]]:
    """Test the differences themselves, which are linear in the map, and not their ratios."""
    difference = component_difference(acceleration, pairs)
    fields = {"north_south": difference, "mirror_tilt": tilt}
    for index, name in enumerate("xyz"):
        fields[f"north_south_{name}"] = Draws(
            difference.mean[:, index], difference.deviations[:, :, index]
        )
    if density is not None:
        fields["north_south_density"] = density.map(lambda d: d[pairs.north] - d[pairs.south])
    return {name: _test(field, independent) for name, field in fields.items()}


def _test(field: Draws, independent: int | None) -> dict[str, float | int | None]:
    """Give the joint test of a field and, of one with a single component, its mean."""
    result = joint_significance(field, independent).to_dict()
    if field.mean.ndim == 1:
        mean = weighted_mean(field)
        numbers = {"mean": mean.mean, "mean_sd": mean.sd, "mean_significance": significance(mean)}
        result |= {k: float(v) if np.isfinite(v) else None for k, v in numbers.items()}
    return result


def _only(values: Draws, usable: Mask) -> Draws:
    return values.map(lambda v: np.where(usable, v, np.nan))


def _spread(values: Draws, pairs: MirrorPairs, count: int) -> Draws:
    """Put values (n, ...) of the pairs at the northern cells of all ``count``."""

    def spread(v: Floats) -> Floats:
        full = np.full((count, *v.shape[1:]), np.nan)
        full[pairs.north] = v
        return full

    return values.map(spread)


def _variables(grid: Grid, name: str, values: Draws | None) -> dict[str, Any]:
    """Give a field and its error as variables; None makes them empty."""
    vector = name == "north_south"
    units = "deg" if name.endswith("tilt") else "1"
    if values is None:
        empty = np.full((3, len(grid.points)) if vector else len(grid.points), np.nan)
        values = Draws(empty.T, np.empty((0, *empty.T.shape)))
    dimensions = ("component", *_SPACE) if vector else _SPACE
    meaning = _MEANINGS[name]
    notes = {"units": units, "long_name": meaning, "ancillary_variables": f"{name}_sd"}
    error = {"units": units, "long_name": f"standard error of {meaning}"}
    return {
        name: (dimensions, grid.fill(values.mean.T.astype(np.float32)), notes),
        f"{name}_sd": (dimensions, grid.fill(values.sd.T.astype(np.float32)), error),
    }
