"""The ``draws`` cube: errors of the accelerations with their covariance from cell to cell.

A standard error at each cell cannot tell the error of an average, of a slope or of a density.
With some equally likely deviations of the whole field kept, anything that is derived later, with
another kernel or another model of the baryons, knows its errors as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from data.constants import ACCELERATION_UNIT
from data.errors import UserError
from engine.cubes.grid import Grid
from engine.cubes.parts import COMPONENTS, axes
from engine.draws import Draws

__all__ = ["KEPT_DRAWS", "draws_cube", "read_draws"]

KEPT_DRAWS = 32
"""Deviations kept of each estimator: a standard error derived from them is good to 13%."""


def draws_cube(
    grid: Grid, fields: Mapping[str, Draws], attributes: Mapping[str, Any]
) -> xr.Dataset:
    """Lay deviations of the accelerations out as the ``draws`` cube.

    Parameters
    ----------
    grid
        The grid; the fields follow ``grid.points``, P of them.
    fields
        Acceleration (P, 3) by estimator, the first the default.
    attributes
        Provenance.
    """
    space = (KEPT_DRAWS, 3, *grid.inside.shape)
    deviation = np.full((len(fields), *space), np.nan, np.float32)
    for row, field in enumerate(fields.values()):
        kept = field.resized(KEPT_DRAWS)
        if kept.count:
            flat = np.moveaxis(kept.deviations, 1, -1).astype(np.float32)
            deviation[row] = grid.fill(flat)
    named = {
        "units": ACCELERATION_UNIT,
        "long_name": "equally likely deviations of the acceleration from its mean",
    }
    dims = ("estimator", "draw", "component", "x", "y", "z")
    coordinates = {
        "estimator": list(fields),
        "draw": np.arange(KEPT_DRAWS),
        "component": COMPONENTS,
        **axes(grid),
    }
    return xr.Dataset(
        {"deviation": (dims, deviation, named)},
        coordinates,
        {"title": "draws", "default_estimator": next(iter(fields)), **attributes},
    )


def read_draws(acceleration: xr.Dataset, draws: xr.Dataset, estimator: str) -> Draws:
    """Give the acceleration by one estimator with its errors, at the cells inside the volume.

    Parameters
    ----------
    acceleration, draws
        The cubes of one run.
    estimator
        Which one.

    Returns
    -------
    Draws
        (P, 3) km2 s-2 kpc-1, in the order of ``Grid.points``; without draws where the estimator
        knows no errors.

    Raises
    ------
    UserError
        If the run has no such estimator.
    """
    if estimator not in acceleration["estimator"].values:
        raise UserError(
            f"This map has no estimator {estimator!r}.",
            f"It has {', '.join(map(str, acceleration['estimator'].values))}.",
        )
    inside = acceleration["trust_flags"].transpose("x", "y", "z").values >= 0
    order = ("component", "x", "y", "z")
    mean = acceleration["acceleration"].sel(estimator=estimator).transpose(*order).values
    kept = draws["deviation"].sel(estimator=estimator).transpose("draw", *order).values
    deviations = np.moveaxis(kept[..., inside], 1, -1).astype(np.float64)
    if not np.isfinite(deviations).any():
        deviations = deviations[:0]
    return Draws(mean[:, inside].T.astype(np.float64), deviations)
