"""Everything that a map says of dark matter, piece by piece.

A piece that a map cannot give is left out with a sentence that says why; a map of another
volume, or with few cells to trust, is no failed map. Pages call the same functions with other
baryons.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.baryons import Baryons
from data.errors import UserError
from data.frames import DEFAULT_SUN
from engine.cubes.grid import Grid
from engine.cubes.lengths import shrunk
from engine.dark_matter.density import dark_density
from engine.dark_matter.fit import MODELS, HaloFit, fit_halo
from engine.dark_matter.gauss import GaussCheck, gauss_check
from engine.dark_matter.local import LocalValue, local_value
from engine.dark_matter.oort import OortConstants, oort_constants
from engine.dark_matter.shells import ShellProfile, default_edges, shell_average
from engine.dark_matter.vertical import Column, SurfaceDensity, surface_density, vertical_column
from engine.draws import Draws

__all__ = ["AXIS_RATIO", "Z_MAX", "DarkMatter", "MapFields", "dark_matter"]

Bools = NDArray[np.bool_]

AXIS_RATIO = 0.8
"""Axis ratio q of the ellipsoidal shells that stand beside the spheres."""

Z_MAX = 1.1
"""kpc; within it the surface density is given, as in the literature."""

_WIDTH = 0.5
"""kpc, of a shell in large volumes."""

_FEWEST_CELLS = 8
"""In a shell; with fewer its average is one place."""


@dataclass(frozen=True)
class MapFields:
    """What a map knows, at the P cells of its grid.

    Parameters
    ----------
    grid
        The grid.
    acceleration
        (P, 3) km2 s-2 kpc-1.
    total
        Total density, averaged with the kernel, (P,) Msun pc-3.
    trusted, trusted_density
        (P,), the cells of each that may be used.
    sun
        Position of the Sun, kpc.
    pointwise, mass
        For Gauss's law: an acceleration (P, 3) that owes nothing to the density, and the density
        itself, not averaged, (P,); None where the map has none.
    """

    grid: Grid
    acceleration: Draws
    total: Draws
    trusted: Bools
    trusted_density: Bools
    sun: tuple[float, float, float] = DEFAULT_SUN.position
    pointwise: Draws | None = None
    mass: Draws | None = None

    @property
    def sun_radius(self) -> float:
        """Distance of the Sun from the Galactic centre, kpc."""
        return float(np.linalg.norm(self.sun))


@dataclass(frozen=True)
class DarkMatter:
    """What a map says of dark matter; what it cannot say is None.

    Parameters
    ----------
    shells, ellipsoids
        Averages over spherical and ellipsoidal shells; shells of few cells are NaN.
    fits
        By the name of the model.
    local, local_total, local_baryons
        At the Sun's distance from the centre, averaged over the same cells.
    column, surface
        Vertical force above the Sun's place, and the surface density.
    baryon_surface
        Of the baryon model, value and error, Msun/pc^2.
    oort, gauss
        See the modules.
    missing
        Why a piece is not there: name to sentence.
    """

    shells: ShellProfile
    ellipsoids: ShellProfile
    fits: dict[str, HaloFit]
    local: LocalValue | None
    local_total: LocalValue | None
    local_baryons: LocalValue | None
    column: Column | None
    surface: SurfaceDensity | None
    baryon_surface: tuple[float, float]
    oort: OortConstants | None
    gauss: GaussCheck | None
    missing: dict[str, str] = field(default_factory=dict)


def dark_matter(
    fields: MapFields,
    averaged: Draws,
    baryons: Baryons,
    *,
    axis_ratio: float = AXIS_RATIO,
    z_min: float = 0.0,
    seed: int = 0,
) -> DarkMatter:
    """Find everything that a map says of dark matter.

    Parameters
    ----------
    fields
        The map.
    averaged
        Density of the baryons, averaged with the kernel of ``fields.total``, (P,).
    baryons
        Their model, for the surface density.
    axis_ratio, z_min
        Of the ellipsoids; cells nearer to the plane are left out of all averages.
    seed
        Of the posterior samples.
    """
    grid, trusted = fields.grid, fields.trusted_density
    dark = dark_density(fields.total, averaged)
    missing: dict[str, str] = {}
    shells = _shells(dark, fields, 1.0, z_min)
    ellipsoids = _shells(dark, fields, axis_ratio, z_min)
    fits: dict[str, HaloFit] = {}
    for model in MODELS:
        try:
            fits[model] = fit_halo(
                shells.radius, shells.density, model=model, reference=fields.sun_radius, seed=seed
            )
        except UserError as error:
            missing["fit"] = error.sentence

    def at_sun(density: Draws) -> LocalValue:
        return local_value(density, grid, radius=fields.sun_radius, trusted=trusted, z_min=z_min)

    local = at_sun(dark)
    if not np.isfinite(local.density.mean):
        few = f"Only {local.cells} cells are" if local.cells else "No cell is"
        missing["local"] = f"{few} trusted at the Sun's distance from the Galactic centre."
    column, surface = _vertical(fields, missing)
    return DarkMatter(
        shells=shells,
        ellipsoids=ellipsoids,
        fits=fits,
        local=None if "local" in missing else local,
        local_total=None if "local" in missing else at_sun(fields.total),
        local_baryons=None if "local" in missing else at_sun(averaged),
        column=column,
        surface=surface,
        baryon_surface=baryons.surface_density(Z_MAX),
        oort=_oort(fields, missing),
        gauss=_gauss(fields, missing),
        missing=missing,
    )


def _shells(dark: Draws, fields: MapFields, axis_ratio: float, z_min: float) -> ShellProfile:
    """Average over shells of half a kiloparsec; those of few cells become NaN.

    On a coarser grid the shells are one step thick, or every other one would be empty.
    """
    x = fields.grid.x
    width = max(shrunk(_WIDTH, float(x[-1] - x[0]) / 2), float(x[1] - x[0]))
    edges = default_edges(fields.grid, width, axis_ratio)
    profile = shell_average(
        dark,
        fields.grid,
        edges,
        trusted=fields.trusted_density,
        axis_ratio=axis_ratio,
        z_min=z_min,
    )
    gap = np.where(profile.cells < _FEWEST_CELLS, np.nan, 0.0)
    density = Draws(profile.density.mean + gap, profile.density.deviations + gap)
    return ShellProfile(
        edges=profile.edges,
        radius=profile.radius + gap,
        density=density,
        cells=profile.cells,
        covered=profile.covered,
        of_shell=profile.of_shell,
        axis_ratio=axis_ratio,
    )


def _reaches_sun(fields: MapFields) -> bool:
    """Whether the grid holds the vertical through the Sun's place in the plane."""
    grid, sun = fields.grid, fields.sun
    across = grid.x[0] < sun[0] < grid.x[-1] and grid.y[0] < sun[1] < grid.y[-1]
    return bool(across and grid.z[0] < 0 < grid.z[-1])


def _vertical(
    fields: MapFields, missing: dict[str, str]
) -> tuple[Column | None, SurfaceDensity | None]:
    if not _reaches_sun(fields):
        missing["vertical"] = missing["surface"] = (
            "The volume does not hold the vertical through the Sun."
        )
        return None, None
    column = vertical_column(
        fields.acceleration, fields.grid, place=fields.sun[:2], trusted=fields.trusted
    )
    if not np.isfinite(column.vertical.mean).any():
        missing["vertical"] = missing["surface"] = (
            "No cell on the vertical through the Sun is trusted."
        )
        return None, None
    surface = surface_density(column, Z_MAX)
    if not np.isfinite(surface.total.mean):
        missing["surface"] = (
            f"The trusted cells on the vertical through the Sun do not reach {Z_MAX:g} kpc"
            " on both sides."
        )
        return column, None
    return column, surface


def _oort(fields: MapFields, missing: dict[str, str]) -> OortConstants | None:
    found = None
    if _reaches_sun(fields):
        found = oort_constants(
            fields.acceleration, fields.grid, sun=fields.sun[:2], trusted=fields.trusted
        )
    if found is None or not np.isfinite(found.A.mean):
        missing["oort"] = "Too few positions in the plane around the Sun are trusted."
        return None
    return found


def _gauss(fields: MapFields, missing: dict[str, str]) -> GaussCheck | None:
    if fields.pointwise is None or fields.mass is None:
        missing["gauss"] = (
            "It needs a pointwise acceleration and the density of a potential; this map has one"
            " of them at most."
        )
        return None
    check = gauss_check(fields.pointwise, fields.mass, fields.grid, trusted=fields.trusted)
    if not check.blocks:
        missing["gauss"] = "No eight neighbouring cells are trusted."
        return None
    return check
