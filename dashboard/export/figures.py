"""Figures of cubes through matplotlib: raster cells inside vector axes, errors beside values."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from dashboard.components.theme import DIVERGING, figure_colours
from dashboard.export.drawing import finish
from dashboard.export.view import View, check_names, slice_of
from dashboard.views import cube_maps
from dashboard.views.histograms import QUANTITIES_1D, axis_label
from dashboard.views.profiles import BANDS, LINES, Profile, take_profile
from engine.cubes.quantities import Array, Quantity
from engine.cubes.slices import PLANES, Field, MapSlice, sun_position

__all__ = [
    "acceleration_figure",
    "draw_cells",
    "frame_map",
    "model_figure",
    "profiles_figure",
    "symbol",
    "trust_sentence",
]

_GREY = "#c9c9cf"
"""Of cells that are inside the volume but not to be believed, on white paper."""


def acceleration_figure(
    cube: xr.Dataset, view: View, provenance: str, truth: Field | None = None
) -> Figure:
    """Draw a slice: the value, its error beside it, and below both the truth of a mock.

    Parameters
    ----------
    cube
        An acceleration cube.
    view
        What to show of it.
    provenance
        Sentence on run, catalogue and selection; text from outside, which is not obeyed.
    truth
        Acceleration that is known to be true.
    """
    cut = slice_of(view, cube, truth)
    rows = 1 if cut.truth is None else 2
    figure = Figure(figsize=(7.1, 3.1 * rows), layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False)
    limits = cube_maps.value_limits(cut, view.show_untrusted)
    colours = DIVERGING if cut.quantity.signed else cube_maps.SEQUENTIAL
    name, unit = symbol(cut.quantity), cut.unit.label
    draw_cells(
        axes[0, 0],
        cut,
        cut.value,
        view.show_untrusted,
        colours,
        limits,
        f"{name} [{unit}]",
        "Measured",
    )
    error = cut.relative_sd if view.relative else cut.sd
    error_label = f"σ({name}) [{'%' if view.relative else unit}]"
    draw_cells(
        axes[0, 1],
        cut,
        error,
        view.show_untrusted,
        cube_maps.ERROR,
        _error_limits(cut, error, view),
        error_label,
        "Error",
    )
    if cut.truth is not None:
        draw_cells(
            axes[1, 0],
            cut,
            cut.truth,
            view.show_untrusted,
            colours,
            limits,
            f"true {name} [{unit}]",
            "Truth",
        )
        mark, reach = ("σ", 3.0) if view.difference == "sigma" else ("%", 10.0)
        off = cut.difference(view.difference)
        draw_cells(axes[1, 1], cut, off, view.show_untrusted, DIVERGING, (-reach, reach),
             f"{name} − truth [{mark}]", "Measured − truth")  # fmt: skip
    for ax in axes.flat:
        frame_map(ax, cube, cut)
    if view.arrows:
        _arrows(axes[0, 0], cut, view)
    across = PLANES[cut.plane][2]
    finish(
        figure,
        f"{name} at {across} = {cut.at:+.2f} kpc",
        f"{cut.quantity.label}: {cut.quantity.description}, on the plane "
        f"{across} = {cut.at:+.2f} kpc, by the estimator "
        f"{view.estimator or cube.attrs['default_estimator']}. "
        f"{trust_sentence(cut, show_untrusted=view.show_untrusted)} {provenance}",
    )
    return figure


def profiles_figure(
    cube: xr.Dataset, view: View, provenance: str, truth: Field | None = None
) -> Figure:
    """Draw the profiles along the named lines with their 68% and 95% bands.

    Parameters
    ----------
    cube
        A profiles cube.
    view
        Its unit, estimator and trust are those of the figure; each line has the quantity
        that says most about it.
    provenance, truth
        As for `acceleration_figure`.
    """
    check_names(view, cube)
    lines = [line for line in LINES if line in cube["line"].to_numpy()]
    figure = Figure(figsize=(7.1, 2.5), layout="constrained")
    for ax, line in zip(figure.subplots(1, len(lines), squeeze=False).flat, lines, strict=True):
        _profile(
            ax,
            take_profile(cube, line, LINES[line][2], view.unit, view.estimator, truth),
            show_untrusted=view.show_untrusted,
        )
    shown = "all of each line" if view.show_untrusted else "only trusted cells"
    known = "; dashed: the truth of the mock" if truth is not None else ""
    finish(
        figure,
        "Profiles of the acceleration",
        f"Bands hold 68% and 95% of the probability{known}. Drawn is {shown}. By the estimator "
        f"{view.estimator or cube.attrs['default_estimator']}. {provenance}",
    )
    return figure


def model_figure(
    cube: xr.Dataset, view: View, provenance: str, truth: Field | None = None
) -> Figure:
    """Draw the stars and the density model in each coordinate, the pulls below.

    Parameters
    ----------
    cube
        A model cube.
    view, truth
        Not used: a density model has neither.
    provenance
        As for `acceleration_figure`.
    """
    del view, truth
    names = [name for name in QUANTITIES_1D if name in cube["quantity"].to_numpy()]
    figure = Figure(figsize=(7.1, 4.6), layout="constrained")
    grid = figure.add_gridspec(4, 3, height_ratios=[3, 1, 3, 1], hspace=0.02)
    for place, name in enumerate(names):
        row, column = divmod(place, 3)
        top = figure.add_subplot(grid[2 * row, column])
        below = figure.add_subplot(grid[2 * row + 1, column], sharex=top)
        _histogram(top, below, cube.sel(quantity=name), name, first=column == 0)
        if place == 0:
            top.legend(fontsize=7)
    finish(
        figure,
        "The density model and the stars",
        "Held-out stars (filled) and the expectation of the density model (line) in bins; below "
        f"them the pulls, (stars − model) / σ. {provenance}",
    )
    return figure


def symbol(quantity: Quantity) -> str:
    """Give a quantity's label with its index set as one."""
    letter, _, index = quantity.label.partition("_")
    return f"${letter}_{{{index}}}$".replace("φ", r"\phi") if index else quantity.label


def draw_cells(
    ax: Axes,
    cut: MapSlice,
    field: Array,
    show_untrusted: bool,
    colours: list[str],
    limits: tuple[float, float],
    label: str,
    title: str,
) -> None:
    """Draw a field as cells of a raster; grey where it is not to be believed."""
    edges = cube_maps.edges(cut.horizontal), cube_maps.edges(cut.vertical)
    inside = np.isfinite(cut.value)
    shown = inside & (cut.trusted | show_untrusted)
    grey = np.where(inside & ~shown, 0.0, np.nan)
    cells: dict[str, Any] = {"rasterized": True, "edgecolors": "none", "antialiased": False}
    ax.pcolormesh(*edges, grey.T, cmap=ListedColormap([_GREY]), **cells)
    mesh = ax.pcolormesh(
        *edges, np.where(shown, field, np.nan).T, cmap=ListedColormap(colours),
        vmin=limits[0], vmax=limits[1], **cells,
    )  # fmt: skip
    beyond = "max" if limits[0] == 0 else "both"
    bar = ax.figure.colorbar(mesh, ax=ax, label=label, extend=beyond, extendfrac=0.03, shrink=0.9)
    bar.solids.set_rasterized(True)
    bar.outline.set_linewidth(0.5)
    ax.set_title(title)


def _error_limits(cut: MapSlice, error: Array, view: View) -> tuple[float, float]:
    shown = error[np.isfinite(error) & (cut.trusted | view.show_untrusted)]
    return 0.0, (float(np.percentile(shown, 95)) if shown.size else 1.0) or 1.0


def frame_map(ax: Axes, cube: xr.Dataset, cut: MapSlice) -> None:
    """Set equal scales, name the axes and mark the Sun."""
    horizontal, vertical, _ = PLANES[cut.plane]
    (left, right), (low, high) = cube_maps.square_ranges(cube, cut.plane)
    ax.set(
        aspect="equal",
        xlim=(left, right),
        ylim=(low, high),
        xlabel=f"{horizontal} [kpc]",
        ylabel=f"{vertical} [kpc]",
    )
    sun = sun_position(cube)
    place = [sun["xyz".index(axis)] for axis in (horizontal, vertical)]
    ax.plot(*place, marker="*", ms=9, mfc="#ffd54a", mec="#1c1c22", mew=0.6, ls="none")


def _arrows(ax: Axes, cut: MapSlice, view: View) -> None:
    table = cube_maps.arrows(cut, show_untrusted=view.show_untrusted).dframe()
    along, up = (table["length"] * f(table["angle"]) for f in (np.cos, np.sin))
    ax.quiver(
        table["h"], table["v"], along, up, angles="xy", scale_units="xy", scale=1,
        width=0.005, color="#17171c",
    )  # fmt: skip


def trust_sentence(cut: MapSlice, *, show_untrusted: bool) -> str:
    """Say how many cells are grey, or should be."""
    inside = np.isfinite(cut.value)
    doubtful, total = int((inside & ~cut.trusted).sum()), int(inside.sum())
    if show_untrusted:
        return f"Also drawn: {doubtful} of {total} flagged cells."
    return f"Grey: {doubtful} of {total} cells, flagged as unreliable."


def _profile(ax: Axes, profile: Profile, *, show_untrusted: bool) -> None:
    colours = figure_colours(dark=False)
    shown = np.isfinite(profile.value) & (profile.trusted | show_untrusted)
    value = np.where(shown, profile.value, np.nan)
    for (width, alpha), name in zip(BANDS, ("95%", "68%"), strict=True):
        reach = width * profile.sd
        ax.fill_between(
            profile.s, value - reach, value + reach, color=colours["series"], alpha=alpha,
            lw=0, label=name,
        )  # fmt: skip
    ax.plot(profile.s, value, color=colours["series"], lw=1.2, label="measured")
    if profile.truth is not None:
        ax.plot(profile.s, profile.truth, "--", color=colours["truth"], lw=1.2, label="truth")
    title, abscissa, _ = LINES[profile.line]
    ax.set(xlabel=abscissa, ylabel=f"{symbol(profile.quantity)} [{profile.unit.label}]")
    ax.set_title(title, fontsize=7.5)
    if profile.line == "x":
        ax.legend(fontsize=6.5, loc="lower right")


def _histogram(top: Axes, below: Axes, one: xr.Dataset, name: str, *, first: bool) -> None:
    colours = figure_colours(dark=False)
    edges = one["edges_1d"].to_numpy().astype(float)
    counts, model, pulls = (
        one[variable].to_numpy().astype(float) for variable in ("data_1d", "model_1d", "pull_1d")
    )
    top.stairs(counts, edges, fill=True, color=colours["muted"], alpha=0.35, label="stars")
    top.stairs(model, edges, color=colours["accent"], lw=1.2, label="model")
    top.tick_params(labelbottom=False)
    top.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    below.stairs(np.clip(pulls, -5, 5), edges, fill=True, color=colours["series"], alpha=0.8)
    for level in (-2, 2):
        below.axhline(level, color=colours["muted"], lw=0.5, ls=":")
    below.set(ylim=(-5, 5), xlabel=axis_label(name))
    if first:
        top.set_ylabel("stars per bin")
        below.set_ylabel("pull [σ]")
