"""One quantity on one plane of an acceleration cube: the numbers that a map draws."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from engine.cubes.quantities import QUANTITIES, UNITS, Array, Quantity, Unit, evaluate
from engine.cubes.trust_words import reasons_of_cells

Field = Callable[[Array], Array]
"""Positions in kpc, shape (n, 3), to accelerations in km2 s-2 kpc-1, shape (n, 3)."""

PLANES: dict[str, tuple[str, str, str]] = {
    "x-y": ("x", "y", "z"),
    "x-z": ("x", "z", "y"),
    "y-z": ("y", "z", "x"),
}
"""Horizontal axis, vertical axis and the axis that a plane is cut across."""


@dataclass(frozen=True)
class MapSlice:
    """One quantity on one plane of a cube, in the unit of the screen.

    Parameters
    ----------
    plane
        A key of `PLANES`.
    at
        Coordinate of the plane on the third axis, kpc.
    horizontal, vertical
        Cell centres in kpc, shapes (h,) and (v,).
    value, sd
        Shape (h, v); NaN outside the volume.
    trusted
        Shape (h, v), bool.
    reasons
        Why a cell is not trusted, in words, shape (h, v); empty where it is.
    tracers
        Stars near the cell, shape (h, v).
    vector
        In-plane components of the acceleration, shape (2, h, v), same unit.
    truth
        Shape (h, v), or None where the truth is not known.
    quantity, unit
        What is drawn, and in what.
    """

    plane: str
    at: float
    horizontal: Array
    vertical: Array
    value: Array
    sd: Array
    trusted: NDArray[np.bool_]
    reasons: NDArray[np.str_]
    tracers: Array
    vector: Array
    truth: Array | None
    quantity: Quantity
    unit: Unit

    @property
    def relative_sd(self) -> Array:
        """Error over the absolute value, in per cent."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 100.0 * self.sd / np.abs(self.value)

    def difference(self, how: str) -> Array:
        """Value minus truth: ``"sigma"`` in standard deviations, ``"percent"`` of the truth."""
        if self.truth is None:
            raise ValueError("this slice has no truth to compare with")
        with np.errstate(divide="ignore", invalid="ignore"):
            if how == "sigma":
                return (self.value - self.truth) / self.sd
            return 100.0 * (self.value - self.truth) / np.abs(self.truth)


def grid_values(cube: xr.Dataset, plane: str) -> Array:
    """Coordinates in kpc at which a plane can be cut, shape (n,)."""
    return np.asarray(cube[PLANES[plane][2]].values, dtype=float)


def nearest(values: Array, target: float) -> int:
    """Index of the grid value nearest to a coordinate."""
    return int(np.argmin(np.abs(values - target)))


def sun_position(cube: xr.Dataset) -> tuple[float, float, float]:
    """Position of the Sun that the cube was made with, kpc."""
    x, y, z = json.loads(cube.attrs["sun"])["position"]
    return float(x), float(y), float(z)


def start_position(cube: xr.Dataset) -> tuple[float, float, float]:
    """Where one begins to look, kpc: at the Sun, or in the middle of cells that leave it out."""
    sun, ends = sun_position(cube), [cube[axis].to_numpy()[[0, -1]] for axis in "xyz"]
    if all(low <= place <= high for place, (low, high) in zip(sun, ends, strict=True)):
        return sun
    x, y, z = (float(low + high) / 2 for low, high in ends)
    return x, y, z


def take_slice(
    cube: xr.Dataset,
    plane: str,
    index: int,
    quantity: str,
    unit: str = "km2/s2/kpc",
    estimator: str | None = None,
    truth: Field | None = None,
) -> MapSlice:
    """Cut one quantity out of an acceleration cube.

    Parameters
    ----------
    cube
        An acceleration cube, as `engine.cubes.store.read_cube` gives it.
    plane
        A key of `PLANES`.
    index
        Index of the plane on the third axis.
    quantity
        A key of `engine.cubes.quantities.QUANTITIES`.
    unit
        A key of `engine.cubes.quantities.UNITS`.
    estimator
        Name of the estimator; the cube's default where None.
    truth
        Acceleration that is known to be true, evaluated on the cells inside the volume.
    """
    across = PLANES[plane][2]
    chosen = cube.sel(estimator=estimator or cube.attrs["default_estimator"])
    flat = chosen.isel({across: index})
    order = ("component", *PLANES[plane][:2])
    acceleration = flat["acceleration"].transpose(*order).to_numpy().astype(float)
    sd = flat["acceleration_sd"].transpose(*order).to_numpy().astype(float)
    position = _positions(flat, plane, across)
    value, value_sd = evaluate(quantity, acceleration, sd, position[0], position[1])
    factor = UNITS[unit].factor
    axes = ["xyz".index(axis) for axis in PLANES[plane][:2]]
    # an estimator has reasons of its own; older cubes know those of the default alone
    flags = "trust_flags_by" if "trust_flags_by" in flat else "trust_flags"
    words = flat[flags].transpose(*order[1:])
    return MapSlice(
        plane=plane,
        at=float(flat[across]),
        horizontal=flat[order[1]].to_numpy().astype(float),
        vertical=flat[order[2]].to_numpy().astype(float),
        value=value * factor,
        sd=value_sd * factor,
        trusted=(words == 0).to_numpy(),
        reasons=reasons_of_cells(words),
        tracers=flat["n_tracers"].transpose(*order[1:]).to_numpy().astype(float),
        vector=acceleration[axes] * factor,
        truth=None if truth is None else _truth(truth, quantity, position, value) * factor,
        quantity=QUANTITIES[quantity],
        unit=UNITS[unit],
    )


def _positions(flat: xr.Dataset, plane: str, across: str) -> Array:
    """Positions of a plane's cells, shape (3, h, v), kpc."""
    axes = {axis: flat[axis].to_numpy().astype(float) for axis in PLANES[plane][:2]}
    axes[across] = np.atleast_1d(float(flat[across]))
    grid = np.stack(np.meshgrid(axes["x"], axes["y"], axes["z"], indexing="ij"))
    return grid.squeeze(axis=1 + "xyz".index(across))


def _truth(truth: Field, quantity: str, position: Array, value: Array) -> Array:
    """Give the true value of a quantity where the cube has one, NaN elsewhere: shape (h, v)."""
    inside = np.isfinite(value)
    acceleration = np.full(position.shape, np.nan)
    if inside.any():
        acceleration[:, inside] = truth(position[:, inside].T).T
    return evaluate(quantity, acceleration, np.zeros_like(acceleration), *position[:2])[0]
