"""A density on one plane and along lines: what the page Density draws."""

from __future__ import annotations

from dataclasses import dataclass

import holoviews as hv
import numpy as np

from dashboard.policy.baryon_choice import BaryonChoice, baryons_of
from dashboard.services.density_map import DensityMap
from dashboard.views import cube_maps
from dashboard.views.profiles import Profile
from data.constants import GEV_PER_CM3
from engine.cubes.quantities import Array, Quantity, Unit
from engine.cubes.slices import PLANES, MapSlice
from engine.cubes.trust_words import reasons_of_cells
from engine.dark_matter.smoothed import smoothed_baryons
from engine.draws import Draws
from engine.smoothing import Kernel

__all__ = [
    "DENSITIES",
    "DENSITY_UNITS",
    "DensityAsked",
    "density_map",
    "density_overlay",
    "take_density",
    "take_density_profile",
]  # fmt: skip

DENSITY_UNITS: dict[str, Unit] = {
    "Msun/pc3": Unit("Msun/pc3", "M☉ pc⁻³", 1.0),
    "GeV/cm3": Unit("GeV/cm3", "GeV cm⁻³", GEV_PER_CM3),
}

DENSITIES: dict[str, Quantity] = {
    q.key: q
    for q in (
        Quantity("total", "ρ total", "all mass, whatever it is made of", signed=False),
        Quantity("baryon", "ρ baryons", "the baryon model", signed=False),
        Quantity("dark", "ρ dark", "what the baryons leave of the total", signed=False),
    )
}

_PROFILE_POINTS = 41


@dataclass(frozen=True)
class DensityAsked:
    """What is to be seen.

    Parameters
    ----------
    quantity, unit
        Keys of `DENSITIES` and `DENSITY_UNITS`.
    estimator
        Whose total.
    kernel
        What it is averaged with.
    baryons
        What is subtracted.
    """

    quantity: str
    unit: str
    estimator: str
    kernel: Kernel
    baryons: BaryonChoice


def take_density(densities: DensityMap, asked: DensityAsked, plane: str, index: int) -> MapSlice:
    """Cut a density, with its error and for mocks the truth, on a plane of the grid."""
    grid, across = densities.grid, PLANES[plane][2]
    order = PLANES[plane][:2]
    place: list[object] = [slice(None)] * 3
    place["xyz".index(across)] = index
    inside = grid.inside[tuple(place)]

    def spread(values: Array) -> Array:
        return np.asarray(grid.fill(values))[tuple(place)]

    value, sd = np.zeros(inside.shape), np.zeros(inside.shape)
    if asked.quantity != "baryon":
        value, sd = densities.total(asked.estimator, asked.kernel, plane, index)
    if asked.quantity != "total":
        baryons = densities.baryons(asked.baryons, asked.kernel)
        sign = 1.0 if asked.quantity == "baryon" else -1.0
        value = value + sign * spread(baryons.mean)
        sd = np.hypot(sd, spread(baryons.sd)) if baryons.count else sd
    words = np.asarray(grid.fill(densities.words(asked.estimator, asked.kernel), -1))[tuple(place)]
    flat = densities.acceleration.isel({across: index})
    flags = flat["trust_flags"].transpose(*order).copy(data=words)
    unit = DENSITY_UNITS[asked.unit]
    return MapSlice(
        plane=plane,
        at=float(flat[across]),
        horizontal=flat[order[0]].to_numpy().astype(float),
        vertical=flat[order[1]].to_numpy().astype(float),
        value=np.where(inside, value, np.nan) * unit.factor,
        sd=np.where(inside, sd, np.nan) * unit.factor,
        trusted=words == 0,
        reasons=reasons_of_cells(flags),
        tracers=flat["n_tracers"].transpose(*order).to_numpy().astype(float),
        vector=np.zeros((2, *inside.shape)),
        truth=_true_slice(densities, asked, place, inside, unit.factor),
        quantity=DENSITIES[asked.quantity],
        unit=unit,
    )


def _true_slice(
    densities: DensityMap,
    asked: DensityAsked,
    place: list[object],
    inside: Array,
    factor: float,
) -> Array | None:
    mesh = np.stack(
        np.meshgrid(densities.grid.x, densities.grid.y, densities.grid.z, indexing="ij"), -1
    )
    points = mesh[tuple(place)][inside]
    if densities.truth is None:
        return None
    truth = np.full(inside.shape, np.nan)
    if len(points):
        truth[inside] = densities.true_density(asked.quantity, points, asked.kernel)
    return truth * factor


def density_overlay(element: hv.Rectangles, cut: MapSlice, label: str, unit: str) -> hv.Overlay:
    """Let pointing at a cell tell the density with digits that fit it.

    An overlay, for the title of its colour bar follows what is drawn.
    """
    horizontal, vertical, _ = PLANES[cut.plane]
    digits = "0.0000" if cut.unit.key == "Msun/pc3" else "0.000"
    shown = "0.0" if unit in ("%", "σ") else digits
    own = [] if label == cut.quantity.label else [(label, f"@number{{{shown}}} {unit}")]
    tooltips = [
        (f"{horizontal}, {vertical}", "$x{0.00}, $y{0.00} kpc"),
        *own,
        (cut.quantity.label, f"(@value{{{digits}}} ± @sd{{{digits}}}) {cut.unit.label}"),
        ("stars nearby", "@tracers{0,0}"),
        ("reliable", "@believe"),
    ]
    return hv.Overlay([element.opts(hover_tooltips=tooltips)])


def density_map(
    cut: MapSlice, *, true: bool = False, logarithmic: bool = False, show_untrusted: bool = False
) -> hv.Overlay:
    """Draw a density, or the truth of a mock with the same colours.

    Densities span two decades from the plane to the halo: with ``logarithmic`` the colours
    tell the logarithm, and what is below them is drawn in the lowest one.
    """
    draw = cube_maps.truth_map if true else cube_maps.value_map
    element = draw(cut, show_untrusted=show_untrusted)
    label = f"true {cut.quantity.label}" if true else cut.quantity.label
    low, high = value_limits(cut, show_untrusted)
    title = f"{label} [{cut.unit.label}]"
    if logarithmic:
        low, high = _decades(cut, show_untrusted)
        table = element.dframe()
        known = table["drawn"].notna()
        drawn = np.log10(np.maximum(table["drawn"].where(known, 1.0), 10.0**low))
        table["drawn"] = np.where(known, drawn, np.nan)
        names = list(table.columns)
        options = element.opts.get().kwargs
        element = hv.Rectangles(table, names[:4], names[4:]).opts(**options)
        title = f"log₁₀ {title}"
    element = element.opts(clim=(low, high), clabel=title)
    return density_overlay(element, cut, label, cut.unit.label)


def value_limits(cut: MapSlice, show_untrusted: bool) -> tuple[float, float]:
    """Colour limits of value and truth: from 0 on, for a density."""
    low, high = cube_maps.value_limits(cut, show_untrusted)
    return min(0.0, low), high


def _decades(cut: MapSlice, show_untrusted: bool) -> tuple[float, float]:
    """Colour limits of the logarithm, at most three decades."""
    fields = [cut.value] if cut.truth is None else [cut.value, cut.truth]
    shown = np.concatenate([field[cut.trusted | show_untrusted] for field in fields])
    positive = shown[np.isfinite(shown) & (shown > 0)]
    if not positive.size:
        return -1.0, 0.0
    low, high = (float(edge) for edge in np.log10(np.percentile(positive, [1, 99])))
    low = max(low, high - 3)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def take_density_profile(
    densities: DensityMap, asked: DensityAsked, line: str, through: tuple[float, float, float]
) -> Profile:
    """Follow a density along x, z or the arc through a place.

    Parameters
    ----------
    densities
        The run's densities.
    asked
        What is to be seen.
    line
        ``x``, ``z`` or ``arc`` (at the place's distance from the axis and height).
    through
        The place, kpc.
    """
    s, points = _line(densities, line, through)
    value, sd = np.zeros(len(points)), np.zeros(len(points))
    if asked.quantity != "baryon":
        total = densities.lattice(asked.estimator).density_at(points, asked.kernel)
        value, sd = total.mean, total.sd
    if asked.quantity != "total":
        model = baryons_of(asked.baryons, densities.truth)
        count = total.count if asked.quantity == "dark" else 32
        baryons: Draws = smoothed_baryons(model, points, asked.kernel, count)
        sign = 1.0 if asked.quantity == "baryon" else -1.0
        value = value + sign * baryons.mean
        sd = np.hypot(sd, baryons.sd) if baryons.count else sd
    factor = DENSITY_UNITS[asked.unit].factor
    truth = densities.true_density(asked.quantity, points, asked.kernel)
    return Profile(
        line=line,
        s=s,
        value=value * factor,
        sd=sd * factor,
        trusted=_trusted_at(densities, asked, points),
        truth=None if truth is None else truth * factor,
        quantity=DENSITIES[asked.quantity],
        unit=DENSITY_UNITS[asked.unit],
    )


def _line(
    densities: DensityMap, line: str, through: tuple[float, float, float]
) -> tuple[Array, Array]:
    """Give abscissae and positions of a line inside the grid's cells."""
    grid = densities.grid
    x, y, z = through
    if line == "arc":
        ring, middle = float(np.hypot(x, y)), float(np.arctan2(-y, x))
        half = (grid.y[-1] - grid.y[0]) / 2 / max(ring, 1e-6)
        phi = middle + np.linspace(-min(half, np.pi), min(half, np.pi), _PROFILE_POINTS)
        points = np.stack([ring * np.cos(phi), -ring * np.sin(phi), np.full(phi.size, z)], 1)
        s = np.degrees(phi)
    else:
        axis = "xyz".index(line)
        ends = (grid.x, grid.y, grid.z)[axis]
        s = np.linspace(ends[0], ends[-1], _PROFILE_POINTS)
        if line == "z":  # dense where the disc is
            t = np.linspace(-1, 1, _PROFILE_POINTS + 20)
            s = 0.5 * (ends[0] + ends[-1]) + 0.5 * (ends[-1] - ends[0]) * np.sinh(
                2.5 * t
            ) / np.sinh(2.5)
        points = np.tile(np.array([x, y, z], float), (s.size, 1))
        points[:, axis] = s
    cells = _nearest(densities, points)
    inside = grid.inside[tuple(cells.T)]
    return s[inside], points[inside]


def _nearest(densities: DensityMap, points: Array) -> Array:
    """Give the indices (n, 3) of the cells nearest to points."""
    axes = (densities.grid.x, densities.grid.y, densities.grid.z)
    found = [np.abs(axis[:, None] - points[:, n]).argmin(0) for n, axis in enumerate(axes)]
    return np.stack(found, 1)


def _trusted_at(densities: DensityMap, asked: DensityAsked, points: Array) -> Array:
    words = densities.grid.fill(densities.words(asked.estimator, asked.kernel), -1)
    return np.asarray(words)[tuple(_nearest(densities, points).T)] == 0
