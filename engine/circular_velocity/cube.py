"""The ``circular_velocity`` cube."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.errors import UserError
from engine.circular_velocity.curve import Curve

__all__ = ["circular_velocity_cube"]

Floats = NDArray[np.float64]


def circular_velocity_cube(
    curves: Mapping[str, Curve], attributes: Mapping[str, Any]
) -> xr.Dataset:
    """Lay curves out as the ``circular_velocity`` cube.

    Variables: ``v_circ(method, R)`` with ``v_circ_sd``, and ``n_used(method, R)``.

    Parameters
    ----------
    curves
        By method, such as ``map`` (sqrt(R |a_R|)), ``jeans`` (the axisymmetric Jeans curve). Radii
        need not agree: ``R`` has those of all, and what a method does not have is NaN.
    attributes
        Provenance.

    Raises
    ------
    UserError
        If there is no curve.
    """
    if not curves:
        raise UserError("No circular-velocity curve is available.")
    # one radius for what differs only by rounding
    radii = np.unique(np.round(np.concatenate([curve.R for curve in curves.values()]), 6))
    shape = (len(curves), len(radii))
    value, error = np.full(shape, np.nan), np.full(shape, np.nan)
    used = np.zeros(shape, np.int32)
    for row, curve in enumerate(curves.values()):
        columns = np.searchsorted(radii, np.round(curve.R, 6))
        value[row, columns] = curve.v_circ.mean
        error[row, columns] = curve.v_circ.sd
        used[row, columns] = curve.used
    along = ("method", "R")
    variables = {
        "v_circ": (
            along,
            value,
            {
                "units": "km s-1",
                "long_name": "circular velocity",
                "ancillary_variables": "v_circ_sd n_used",
            },
        ),
        "v_circ_sd": (
            along,
            error,
            {"units": "km s-1", "long_name": "standard error of the circular velocity"},
        ),
        "n_used": (
            along,
            used,
            {"units": "1", "long_name": "stars, or columns of the map, behind each value"},
        ),
    }
    coordinates = {
        "method": list(curves),
        "R": ("R", radii, {"units": "kpc", "long_name": "distance from the Galactic axis"}),
    }
    return xr.Dataset(variables, coordinates, {"title": "circular velocity", **attributes})
