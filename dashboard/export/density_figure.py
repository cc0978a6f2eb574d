"""Figures of densities and of dark matter through matplotlib, as they are on the screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.components.theme import DIVERGING, figure_colours
from dashboard.export.drawing import finish
from dashboard.export.view import View
from dashboard.views import cube_maps
from dashboard.views.profiles import BANDS, LINES, Profile
from data.constants import GEV_PER_CM3
from data.frames import DEFAULT_SUN
from engine.cubes.quantities import Quantity, Unit
from engine.cubes.slices import PLANES, Field, MapSlice, sun_position
from engine.cubes.trust_words import reasons_of_cells

__all__ = ["DensityView", "dark_matter_figure", "density_figure"]

_GREY = "#c9c9cf"
_UNIT = Unit("Msun/pc3", r"M$_\odot$ pc$^{-3}$", 1.0)


@dataclass(frozen=True)
class DensityView:
    """What is on the screen; without a slice, that of the cube is drawn.

    Parameters
    ----------
    cut, profiles
        What was worked out for the screen.
    caption
        What it says there.
    show_untrusted, relative
        As for other views.
    """

    cut: MapSlice | None = None
    profiles: tuple[Profile, ...] = ()
    caption: str = ""
    show_untrusted: bool = False
    relative: bool = True


def density_figure(
    cube: xr.Dataset, view: View | DensityView, provenance: str, truth: Field | None = None
) -> Figure:
    """Draw a slice of a density with its error, the truth of a mock, and the profiles.

    Parameters
    ----------
    cube
        A density cube.
    view
        What was on the screen, or any other view: then the total in the plane of the Sun.
    provenance
        Sentence on run, catalogue and selection.
    truth
        Not used: the acceleration of a mock tells no component.
    """
    del truth
    shown = view if isinstance(view, DensityView) else DensityView()
    cut = shown.cut or cube_slice(cube)
    rows = 1 + (cut.truth is not None) + bool(shown.profiles)
    figure = Figure(figsize=(7.1, 2.9 * rows), layout="constrained")
    parts = figure.subfigures(rows, 1) if rows > 1 else [figure]
    top = parts[0].subplots(1, 2)
    limits = cube_maps.value_limits(cut, shown.show_untrusted)
    limits = (min(0.0, limits[0]), limits[1])
    name, unit = cut.quantity.label, _printed(cut.unit)
    _map(top[0], cube, cut, cut.value, shown, (cube_maps.SEQUENTIAL, limits, f"{name} [{unit}]"))
    error = cut.relative_sd if shown.relative else cut.sd
    seen = error[np.isfinite(error) & (cut.trusted | shown.show_untrusted)]
    high = float(np.percentile(seen, 95)) if seen.size else 1.0
    label = f"σ({name}) [{'%' if shown.relative else unit}]"
    _map(top[1], cube, cut, error, shown, (cube_maps.ERROR, (0.0, high or 1.0), label))
    if cut.truth is not None:
        below = parts[1].subplots(1, 2)
        style = (cube_maps.SEQUENTIAL, limits, f"true {name} [{unit}]")
        _map(below[0], cube, cut, cut.truth, shown, style)
        style = (DIVERGING, (-3.0, 3.0), f"({name} − truth) / σ")
        _map(below[1], cube, cut, cut.difference("sigma"), shown, style)
    if shown.profiles:
        for ax, profile in zip(
            parts[-1].subplots(1, len(shown.profiles), squeeze=False).flat,
            shown.profiles,
            strict=True,
        ):
            _profile(ax, profile, shown.show_untrusted)
    across = PLANES[cut.plane][2]
    default = (
        f"{name} on the plane {across} = {cut.at:+.2f} kpc, averaged with a Gaussian kernel of "
        f"{cube.attrs.get('kernel_bandwidths_kpc', '')} kpc. Grey: flagged cells."
    )
    finish(
        figure,
        f"{name} at {across} = {cut.at:+.2f} kpc",
        f"{shown.caption or default} {provenance}",
    )
    return figure


def cube_slice(cube: xr.Dataset) -> MapSlice:
    """Cut the total density by the default estimator out of a cube, at the Sun's y."""
    flat = cube.sel(estimator=cube.attrs["default_estimator"])
    sun = sun_position(cube) if "sun" in cube.attrs else DEFAULT_SUN.position
    flat = flat.isel(y=int(np.abs(cube["y"].to_numpy() - sun[1]).argmin()))
    value, sd = (
        flat[name].transpose("x", "z").to_numpy().astype(float)
        for name in ("density_total", "density_total_sd")
    )
    return MapSlice(
        plane="x-z",
        at=float(flat["y"]),
        horizontal=cube["x"].to_numpy().astype(float),
        vertical=cube["z"].to_numpy().astype(float),
        value=value,
        sd=sd,
        trusted=flat["trusted"].transpose("x", "z").to_numpy().astype(bool),
        reasons=reasons_of_cells(flat["trust_flags"].transpose("x", "z")),
        tracers=np.zeros(value.shape),
        vector=np.zeros((2, *value.shape)),
        truth=None,
        quantity=Quantity("total", "ρ total", "all mass", signed=False),
        unit=_UNIT,
    )


def dark_matter_figure(
    cube: xr.Dataset, view: View | DensityView, provenance: str, truth: Field | None = None
) -> Figure:
    """Draw the averages of dark matter over shells, with the haloes that were fitted.

    Parameters
    ----------
    cube
        A dark_matter cube.
    view, truth
        Not used.
    provenance
        Sentence on run, catalogue and selection.
    """
    del view, truth
    colours = figure_colours(dark=False)
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    ax = figure.subplots()
    if "band" in cube:
        for model, ink in (("nfw", colours["muted"]), ("gnfw", colours["series"])):
            band = cube["band"].sel(model=model).to_numpy() * GEV_PER_CM3
            radii = cube["r_band"].to_numpy()
            ax.fill_between(radii, band[1], band[3], color=ink, alpha=0.25, lw=0, label=model)
            ax.plot(radii, band[2], color=ink, lw=1)
    value, sd = (
        cube[name].to_numpy() * GEV_PER_CM3 for name in ("density_dark", "density_dark_sd")
    )
    known = np.isfinite(value)
    ax.errorbar(
        cube["radius"].to_numpy()[known], value[known], np.nan_to_num(sd[known]), fmt="o", ms=4,
        color=colours["text"], lw=1, label="spherical average",
    )  # fmt: skip
    if known.any():
        ax.set_xlim(cube["radius"].to_numpy()[known][[0, -1]] + [-0.5, 0.5])
        low, high = np.nanmin((value - sd)[known]), np.nanmax((value + sd)[known])
        ax.set_ylim(min(0.0, low), 1.2 * high if np.isfinite(high) else None)
    ax.set(xlabel="r [kpc]", ylabel=r"$\rho_{dark}$ [GeV cm$^{-3}$]")
    ax.legend(fontsize=7)
    finish(
        figure,
        "Dark matter against radius",
        "Averages of the trusted cells of spherical shells with their errors; bands hold 68% of "
        f"the haloes. Baryons: {cube.attrs.get('baryon_model', 'unknown')}. {provenance}",
    )
    return figure


def _printed(unit: Unit) -> str:
    """Give a unit in letters that matplotlib's type has."""
    return unit.label.replace("M☉", r"M$_\odot$").replace("⁻³", "$^{-3}$")


def _map(
    ax: Axes,
    cube: xr.Dataset,
    cut: MapSlice,
    field: np.ndarray,
    view: DensityView,
    style: tuple[list[str], tuple[float, float], str],
) -> None:
    """Draw a field as cells of a raster; grey where it is not to be believed."""
    from matplotlib.colors import ListedColormap

    colours, (low, high), label = style
    edges = cube_maps.edges(cut.horizontal), cube_maps.edges(cut.vertical)
    inside = np.isfinite(cut.value)
    shown = inside & (cut.trusted | view.show_untrusted)
    grey = np.where(inside & ~shown, 0.0, np.nan)
    cells = {"rasterized": True, "edgecolors": "none", "antialiased": False}
    ax.pcolormesh(*edges, grey.T, cmap=ListedColormap([_GREY]), **cells)
    mesh = ax.pcolormesh(
        *edges, np.where(shown, field, np.nan).T, cmap=ListedColormap(colours), vmin=low,
        vmax=high, **cells,
    )  # fmt: skip
    bar = ax.figure.colorbar(mesh, ax=ax, label=label, extend="both", extendfrac=0.03, shrink=0.9)
    bar.solids.set_rasterized(True)
    horizontal, vertical, _ = PLANES[cut.plane]
    ranges = cube_maps.square_ranges(cube, cut.plane)
    ax.set(
        aspect="equal", xlim=ranges[0], ylim=ranges[1], xlabel=f"{horizontal} [kpc]",
        ylabel=f"{vertical} [kpc]",
    )  # fmt: skip


def _profile(ax: Axes, profile: Profile, show_untrusted: bool) -> None:
    colours = figure_colours(dark=False)
    shown = np.isfinite(profile.value) & (profile.trusted | show_untrusted)
    value = np.where(shown, profile.value, np.nan)
    for width, alpha in BANDS:
        reach = width * profile.sd
        ax.fill_between(
            profile.s, value - reach, value + reach, color=colours["series"], alpha=alpha, lw=0
        )
    ax.plot(profile.s, value, color=colours["series"], lw=1.2)
    if profile.truth is not None:
        ax.plot(profile.s, profile.truth, "--", color=colours["truth"], lw=1.2)
    ax.set(
        xlabel=LINES[profile.line][1],
        ylabel=f"{profile.quantity.label} [{_printed(profile.unit)}]",
    )
