"""What of a cube a figure shows: the settings of the screen, or of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from data.errors import UserError
from engine.cubes.quantities import QUANTITIES, UNITS
from engine.cubes.slices import PLANES, Field, MapSlice, grid_values, sun_position, take_slice

__all__ = ["View", "check_names", "check_view", "plane_index", "slice_of"]


@dataclass(frozen=True)
class View:
    """How an acceleration cube is looked at.

    Parameters
    ----------
    plane
        A key of `engine.cubes.slices.PLANES`.
    at
        Where the plane cuts its third axis, kpc; the cell of the Sun where None. The nearest
        plane of the grid is taken.
    quantity, unit
        Keys of `engine.cubes.quantities.QUANTITIES` and ``UNITS``.
    estimator
        Name of the estimator; the cube's default where None.
    show_untrusted
        Whether cells that are not to be believed are drawn in colour.
    relative
        Whether errors are drawn in per cent.
    difference
        ``sigma`` or ``percent``: how the difference to the truth is drawn.
    arrows
        Whether the direction in the plane is drawn.
    """

    plane: str = "x-y"
    at: float | None = None
    quantity: str = "abs"
    unit: str = "km2/s2/kpc"
    estimator: str | None = None
    show_untrusted: bool = False
    relative: bool = True
    difference: str = "percent"
    arrows: bool = False


def check_view(view: View, cube: xr.Dataset) -> None:
    """Refuse a view that a cube cannot give.

    Raises
    ------
    UserError
        If the plane, the quantity, the unit or the estimator is unknown, or the plane lies
        outside the grid.
    """
    check_names(view, cube)
    values = grid_values(cube, view.plane)
    if view.at is not None and not values.min() <= view.at <= values.max():
        axis = PLANES[view.plane][2]
        raise UserError(
            f"The plane {axis} = {view.at:g} kpc lies outside the map.",
            f"It reaches from {values.min():.2f} to {values.max():.2f} kpc.",
        )


def check_names(view: View, cube: xr.Dataset) -> None:
    """Refuse a plane, a quantity, a unit or an estimator that is unknown, as `check_view` does."""
    _one_of("plane", view.plane, PLANES)
    _one_of("quantity", view.quantity, QUANTITIES)
    _one_of("unit", view.unit, UNITS)
    if view.estimator is not None:
        names = [str(name) for name in cube["estimator"].to_numpy()]
        _one_of("estimator", view.estimator, names)


def _one_of(what: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise UserError(f"There is no {what} {value!r}.", f"Known are: {', '.join(known)}.")


def plane_index(view: View, cube: xr.Dataset) -> int:
    """Give the index of the plane of the grid that is nearest to where the view cuts."""
    axis = PLANES[view.plane][2]
    at = sun_position(cube)["xyz".index(axis)] if view.at is None else view.at
    return int(np.argmin(np.abs(grid_values(cube, view.plane) - at)))


def slice_of(view: View, cube: xr.Dataset, truth: Field | None = None) -> MapSlice:
    """Cut what a view shows out of an acceleration cube, with the truth where it is known."""
    check_view(view, cube)
    return take_slice(
        cube,
        view.plane,
        plane_index(view, cube),
        view.quantity,
        view.unit,
        view.estimator,
        truth,
    )
