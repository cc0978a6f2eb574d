"""One plane of the ``asymmetry`` cube: the numbers that its maps draw.

The cube has numbers where cells are trusted. What a doubtful cell would say is worked out
from the acceleration map on the plane that is looked at, with the errors of its cells taken as
independent, which is all that the map says about them.
"""

from __future__ import annotations

from dataclasses import replace

import holoviews as hv
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.policy.asymmetries import ASYMMETRIES, Asymmetry
from dashboard.views import cube_maps
from data.errors import UserError
from engine.cubes.grid import Grid
from engine.cubes.quantities import Array
from engine.cubes.slices import PLANES, Field, MapSlice
from engine.cubes.trust_words import reasons_of_cells
from engine.draws import Draws
from engine.symmetry.axisymmetry import azimuthal
from engine.symmetry.north_south import mirror_pairs, north_south, size_asymmetry
from engine.symmetry.tilt import direction_tilt, mirror_tilt

__all__ = [
    "asymmetry_map",
    "error_map",
    "estimator_of",
    "offered",
    "planes_with_values",
    "significance_map",
    "take_asymmetry",
    "truth_map",
]

DRAWS = 48
"""Draws behind the errors of doubtful cells: 10% of scatter."""
SIGNIFICANCE_LIMIT = 5.0
"""Colours of significances end here, so that maps compare."""


def offered(cube: xr.Dataset) -> list[str]:
    """Give the keys of the asymmetries that a cube has."""
    return [key for key, item in ASYMMETRIES.items() if item.variable in cube]


def planes_with_values(cube: xr.Dataset, plane: str, key: str) -> NDArray[np.int64]:
    """Give the indices on the third axis at which a quantity may be drawn, (n,).

    What compares north with south is given at z > 0 only.
    """
    values = cube[PLANES[plane][2]].to_numpy()
    if PLANES[plane][2] == "z" and ASYMMETRIES[key].northern and (values > 0).any():
        return np.flatnonzero(values > 0)
    return np.arange(values.size)


def take_asymmetry(
    cube: xr.Dataset,
    acceleration: xr.Dataset,
    plane: str,
    index: int,
    key: str,
    truth: Field | None = None,
) -> MapSlice:
    """Cut one asymmetry out of its cube.

    Parameters
    ----------
    cube
        An ``asymmetry`` cube.
    acceleration
        The ``acceleration`` cube of the same run, on the same grid.
    plane
        A key of `PLANES`.
    index
        Index of the plane on the third axis.
    key
        A key of `ASYMMETRIES`.
    truth
        Acceleration that is known to be true.

    Returns
    -------
    MapSlice
        In the unit of the asymmetry. Cells of the cube are trusted; the others inside the volume
        have what the acceleration map gives. ``vector`` is zero.
    """
    item = ASYMMETRIES[key]
    order, across = PLANES[plane][:2], PLANES[plane][2]
    value, sd = (
        _pick(cube, name, item, plane, index) for name in (item.variable, f"{item.variable}_sd")
    )
    # Values that the cube does not have, from the plane itself and the one that mirrors it.
    slab, layer = _slab(
        acceleration.sel(estimator=estimator_of(cube, acceleration)), across, index
    )
    trusted = np.isfinite(value)
    if item.variable != "north_south_density":
        doubtful = _from_map(slab, item, plane, layer)
        value = np.where(trusted, value, doubtful[0])
        sd = np.where(trusted, sd, doubtful[1])
    flat = acceleration.isel({across: index})
    factor = item.unit.factor
    return MapSlice(
        plane=plane,
        at=float(cube[across][index]),
        horizontal=cube[order[0]].to_numpy().astype(float),
        vertical=cube[order[1]].to_numpy().astype(float),
        value=value * factor,
        sd=sd * factor,
        trusted=trusted,
        reasons=_reasons(acceleration, item, plane, index, trusted),
        tracers=flat["n_tracers"].transpose(*order).to_numpy().astype(float),
        vector=np.zeros((2, *value.shape)),
        truth=None if truth is None else _truth(truth, slab, item, plane, layer, value) * factor,
        quantity=item.quantity,
        unit=item.unit,
    )


def asymmetry_map(cut: MapSlice, *, show_untrusted: bool = False) -> hv.Overlay:
    """Draw the asymmetry itself, its colours centred on zero."""
    return _overlay(cube_maps.value_map(cut, show_untrusted=show_untrusted), cut)


def error_map(cut: MapSlice, *, show_untrusted: bool = False) -> hv.Overlay:
    """Draw the standard error of the asymmetry."""
    return _overlay(cube_maps.error_map(cut, show_untrusted=show_untrusted), cut)


def truth_map(cut: MapSlice, *, show_untrusted: bool = False) -> hv.Overlay:
    """Draw the true asymmetry of a mock, with the colours and limits of the measured one."""
    label = (f"true {cut.quantity.label}", f"@number{{0.[000]a}} {cut.unit.label}")
    return _overlay(cube_maps.truth_map(cut, show_untrusted=show_untrusted), cut, label)


def significance_map(cut: MapSlice, *, show_untrusted: bool = False) -> hv.Overlay:
    """Draw value over error: how far off the zero of a symmetric galaxy each cell is."""
    symmetric = replace(cut, truth=np.zeros_like(cut.value))
    element = cube_maps.difference_map(symmetric, how="sigma", show_untrusted=show_untrusted)
    label = f"{cut.quantity.label} over its error"
    element = element.opts(clim=(-SIGNIFICANCE_LIMIT, SIGNIFICANCE_LIMIT), clabel=f"{label} [σ]")
    return _overlay(element, cut, (label, "@number{0.0} σ"))


def _overlay(
    element: hv.Rectangles, cut: MapSlice, first: tuple[str, str] | None = None
) -> hv.Overlay:
    """Let pointing at a cell tell the asymmetry with its error, after what the map shows.

    An overlay, for the title of its colour bar follows what is drawn (see
    `dashboard.views.style`).
    """
    horizontal, vertical, _ = PLANES[cut.plane]
    unit = cut.unit.label
    measured = (cut.quantity.label, f"(@value{{0.[000]a}} ± @sd{{0.[000]a}}) {unit}")
    tooltips = [
        (f"{horizontal}, {vertical}", "$x{0.00}, $y{0.00} kpc"),
        *([first] if first else []),
        measured,
        ("stars nearby", "@tracers{0,0}"),
        ("reliable", "@believe"),
    ]
    return hv.Overlay([element.opts(hover_tooltips=tooltips)])


def _pick(cube: xr.Dataset, name: str, item: Asymmetry, plane: str, index: int) -> Array:
    """Give a variable on a plane, (h, v)."""
    field = cube[name].sel(component=item.component) if item.component else cube[name]
    flat = field.isel({PLANES[plane][2]: index}).transpose(*PLANES[plane][:2])
    return np.asarray(flat.to_numpy(), dtype=float)


def estimator_of(cube: xr.Dataset, acceleration: xr.Dataset) -> str:
    """Give the estimator of an acceleration cube that an asymmetry cube was made with."""
    named = str(cube.attrs.get("estimator", ""))
    there = named in acceleration["estimator"].to_numpy()
    return named if there else str(acceleration.attrs["default_estimator"])


def _slab(acceleration: xr.Dataset, across: str, index: int) -> tuple[xr.Dataset, int]:
    """Give the part of a map that one plane's asymmetries depend on, and the plane's index in it.

    Mirroring in z = 0 stays on a vertical plane; a horizontal one needs its mirror image.
    """
    indices = [index]
    if across == "z":
        mirror = acceleration.sizes["z"] - 1 - index
        indices = sorted({index, mirror})
    return acceleration.isel({across: indices}), indices.index(index)


def _from_map(slab: xr.Dataset, item: Asymmetry, plane: str, layer: int) -> tuple[Array, Array]:
    """Work an asymmetry and its error out on a plane, every cell trusted: (h, v) each."""
    mean = slab["acceleration"].transpose("x", "y", "z", "component").to_numpy().astype(float)
    sd = slab["acceleration_sd"].transpose("x", "y", "z", "component").to_numpy().astype(float)
    grid = _grid(slab, np.isfinite(mean).all(axis=-1))
    noise = np.random.default_rng(0).standard_normal((DRAWS, np.count_nonzero(grid.inside), 3))
    noise *= np.sqrt(DRAWS / np.sum(noise**2, axis=0))  # just the error of each cell
    deviations = noise * np.nan_to_num(sd[grid.inside])
    return _evaluated(grid, Draws(mean[grid.inside], deviations), item, plane, layer)


def _truth(
    truth: Field, slab: xr.Dataset, item: Asymmetry, plane: str, layer: int, value: Array
) -> Array:
    """Give the true asymmetry where the cube has one, NaN elsewhere: (h, v)."""
    if item.variable == "north_south_density":
        return np.full(value.shape, np.nan)
    mean = slab["acceleration"].transpose("x", "y", "z", "component").to_numpy()
    grid = _grid(slab, np.isfinite(mean).all(axis=-1))
    exact = truth(grid.points) if grid.inside.any() else np.empty((0, 3))
    field = Draws(exact, np.empty((0, *exact.shape)))
    true = _evaluated(grid, field, item, plane, layer)[0]
    return np.where(np.isfinite(value), true, np.nan)


def _grid(slab: xr.Dataset, inside: NDArray[np.bool_]) -> Grid:
    x, y, z = (slab[axis].to_numpy().astype(float) for axis in "xyz")
    return Grid(x, y, z, inside)


def _evaluated(
    grid: Grid, field: Draws, item: Asymmetry, plane: str, layer: int
) -> tuple[Array, Array]:
    """Give an asymmetry and its error on one layer of a grid, (h, v) each."""
    try:
        values = _values(grid, field, item)
    except UserError:  # the grid has no mirror cells; the page says why
        values = Draws(np.full(len(field.mean), np.nan), np.empty((0, len(field.mean))))
    axes = [grid_axis for grid_axis in "xyz" if grid_axis != PLANES[plane][2]]
    order = [axes.index(axis) for axis in PLANES[plane][:2]]
    full = grid.fill(np.stack([values.mean, values.sd]))
    flat = np.take(full, layer, axis=1 + "xyz".index(PLANES[plane][2]))
    value, sd = flat.transpose(0, *(1 + place for place in order))
    return value, sd


def _values(grid: Grid, field: Draws, item: Asymmetry) -> Draws:
    """Give an asymmetry at every cell of a grid, (P,); NaN where it is not defined."""
    points = grid.points
    if item.variable == "azimuthal":
        return azimuthal(points, field)
    if item.variable == "tilt":
        return direction_tilt(points, field).map(lambda t: t[:, 1])
    pairs = mirror_pairs(grid)
    if item.variable == "mirror_tilt":
        compared = mirror_tilt(points, field, pairs)
    elif item.component:
        component = "xyz".index(item.component)
        compared = north_south(field, pairs).map(lambda v: v[:, component])
    else:
        compared = size_asymmetry(field, pairs)

    def spread(v: Array) -> Array:
        full = np.full(len(points), np.nan)
        full[pairs.north] = v
        return full

    return compared.map(spread)


def _reasons(
    acceleration: xr.Dataset, item: Asymmetry, plane: str, index: int, trusted: NDArray[np.bool_]
) -> NDArray[np.str_]:
    """Say why cells are doubted, (h, v): for a pair, its cells one after the other."""
    across = PLANES[plane][2]
    flags = acceleration["trust_flags"]
    own = reasons_of_cells(flags.isel({across: index}).transpose(*PLANES[plane][:2]))
    if not item.northern:
        return np.where(trusted, "yes", np.where(own == "yes", "no: not compared", own))
    mirrored = flags.isel(z=slice(None, None, -1)).isel({across: index})
    other = reasons_of_cells(mirrored.transpose(*PLANES[plane][:2]))
    other = np.char.replace(other, "no: ", "no, its mirror cell: ", 1)
    said = np.where(own != "yes", own, other)
    return np.where(trusted, "yes", np.where(said == "yes", "no: not compared", said))
