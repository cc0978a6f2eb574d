"""Further figures through matplotlib: asymmetries, rotation curves, comparisons, pairs, stars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure

from dashboard.components.theme import DIVERGING, figure_colours
from dashboard.export.drawing import finish
from dashboard.export.figures import draw_cells, frame_map, symbol, trust_sentence
from dashboard.views import compare_maps, cube_maps
from dashboard.views.asymmetry_maps import SIGNIFICANCE_LIMIT
from dashboard.views.histograms import COUNTS, PULL_REACH, axis_label, count_limits
from dashboard.views.profiles import BANDS
from dashboard.views.rotation_curves import RadiusCurve, true_curve, view_ranges
from dashboard.views.scales import ticks
from dashboard.views.shading import selection_palette
from data.literature.rotation_curves import RotationCurve
from engine.cubes import compare
from engine.cubes.slices import PLANES, Field, MapSlice

if TYPE_CHECKING:
    from dashboard.views.phase_space import Panel

__all__ = ["asymmetry_figure", "compare_figure", "curves_figure", "pairs_figure", "stars_figure"]

_ORANGE = "#b8560f"


def asymmetry_figure(
    cut: MapSlice, acceleration: xr.Dataset, beside: str, provenance: str, *, show_untrusted: bool
) -> Figure:
    """Draw an asymmetry and, beside it, its ``error``, ``significance`` or ``truth``."""
    figure = Figure(figsize=(7.1, 3.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    limits = cube_maps.value_limits(cut, show_untrusted)
    unit, name = cut.unit.label, cut.quantity.label
    label = f"[{unit}]"
    draw_cells(left, cut, cut.value, show_untrusted, DIVERGING, limits, label, "Measured")
    if beside == "truth" and cut.truth is not None:
        draw_cells(right, cut, cut.truth, show_untrusted, DIVERGING, limits, label, "Truth")
    elif beside == "significance":
        reach = SIGNIFICANCE_LIMIT
        with np.errstate(invalid="ignore", divide="ignore"):
            pull = cut.value / cut.sd
        draw_cells(right, cut, pull, show_untrusted, DIVERGING, (-reach, reach), "[σ]",
                   "Value over its error")  # fmt: skip
    else:
        shown = cut.sd[np.isfinite(cut.sd) & (cut.trusted | show_untrusted)]
        top = (float(np.percentile(shown, 95)) if shown.size else 1.0) or 1.0
        draw_cells(right, cut, cut.sd, show_untrusted, cube_maps.ERROR, (0, top), label, "Error")
    for ax in (left, right):
        frame_map(ax, acceleration, cut)
    across = PLANES[cut.plane][2]
    finish(
        figure,
        f"{name} at {across} = {cut.at:+.2f} kpc",
        f"{name}: {cut.quantity.description}, on the plane {across} = {cut.at:+.2f} kpc. "
        f"{trust_sentence(cut, show_untrusted=show_untrusted)} {provenance}",
    )
    return figure


def curves_figure(
    curves: Sequence[RadiusCurve],
    published: Sequence[RotationCurve],
    provenance: str,
    truth: Field | None = None,
    *,
    everything: bool = False,
) -> Figure:
    """Draw the circular velocity of a run with its bands, beside published points."""
    colours = figure_colours(dark=False)
    figure = Figure(figsize=(7.1, 3.8), layout="constrained")
    ax = figure.subplots()
    for curve, ink in zip(curves, (colours["series"], _ORANGE, colours["muted"]), strict=False):
        for width, alpha in BANDS:
            low, high = curve.v - width * curve.sd, curve.v + width * curve.sd
            ax.fill_between(curve.R, low, high, color=ink, alpha=alpha, lw=0)
        ax.plot(curve.R, curve.v, color=ink, lw=1.3, label=curve.label)
    (left, right), (low, high) = view_ranges(curves, published, everything=everything)
    if truth is not None:
        radii = np.linspace(max(left, 0.2), right, 120)
        ax.plot(radii, true_curve(truth, radii), "--", color=colours["truth"], label="truth")
    for theirs, marker in zip(published, "oDs^", strict=False):
        error = np.stack([theirs.minus, theirs.plus])
        ax.errorbar(theirs.R, theirs.v_circ, error, fmt=marker, ms=3, lw=0.7, ls="none",
                    color=colours["text"], label=theirs.label)  # fmt: skip
    ax.set(xlim=(left, right), ylim=(low, high), xlabel="R [kpc]",
           ylabel="circular velocity [km/s]")  # fmt: skip
    ax.legend(fontsize=7, loc="lower left")
    finish(
        figure,
        "Circular velocity",
        "Bands hold 68% and 95% of the probability by the errors of the run. Published errors "
        f"are formal. {provenance}",
    )
    return figure


def compare_figure(
    first: MapSlice, second: MapSlice, cube: xr.Dataset, provenance: str, *, show_untrusted: bool
) -> Figure:
    """Draw two runs on one plane, their difference and their pull."""
    figure = Figure(figsize=(7.1, 6.0), layout="constrained")
    axes = figure.subplots(2, 2)
    colours = DIVERGING if first.quantity.signed else cube_maps.SEQUENTIAL
    name, unit = symbol(first.quantity), first.unit.label
    limits = compare_maps.shared_limits(first, second, show_untrusted)
    for ax, cut, title in zip(axes[0], (first, second), "AB", strict=True):
        draw_cells(ax, cut, cut.value, show_untrusted, colours, limits, f"{name} [{unit}]", title)
    sides = (first.value, first.sd, second.value, second.sd)
    apart, _ = compare.difference(*sides)
    pull = compare.pull(*sides)
    both = np.where(first.trusted & second.trusted | show_untrusted, apart, np.nan)
    seen = np.abs(both[np.isfinite(both)])
    reach = (float(np.percentile(seen, 98)) if seen.size else 1.0) or 1.0
    for ax, field, end, label, title in (
        (axes[1, 0], apart, reach, f"{name} [{unit}]", "B − A"),
        (axes[1, 1], pull, compare_maps.PULL_REACH, "[σ]", "(B − A) / error"),
    ):
        doubt = np.where(second.trusted | show_untrusted, field, np.nan)
        draw_cells(ax, first, doubt, show_untrusted, DIVERGING, (-end, end), label, title)
    for ax in axes.flat:
        frame_map(ax, cube, first)
    across = PLANES[first.plane][2]
    finish(
        figure,
        f"Two runs at {across} = {first.at:+.2f} kpc",
        f"{first.quantity.label}: {first.quantity.description}, on the plane {across} = "
        f"{first.at:+.2f} kpc. The error of the difference takes the runs as independent. "
        f"{provenance}",
    )
    return figure


def pairs_figure(cube: xr.Dataset, pair: str, provenance: str) -> Figure:
    """Draw stars, model and pull in two coordinates."""
    one = cube.sel(pair=pair)
    edges = [one[f"edges_{side}"].to_numpy().astype(float) for side in "ab"]
    data, model, pull = (
        one[name].transpose("bin_a", "bin_b").to_numpy().astype(float)
        for name in ("data_2d", "model_2d", "pull_2d")
    )
    figure = Figure(figsize=(7.1, 2.7), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    counts: dict[str, Any] = {
        "cmap": ListedColormap(list(COUNTS)),
        "norm": LogNorm(*count_limits(data, model)),
    }
    pulls: dict[str, Any] = {
        "cmap": ListedColormap(DIVERGING), "vmin": -PULL_REACH, "vmax": PULL_REACH,
    }  # fmt: skip
    for ax, field, title, look in (
        (axes[0], np.where(data > 0, data, np.nan), "Stars", counts),
        (axes[1], np.where(model > 0, model, np.nan), "Model", counts),
        (axes[2], np.where(data + model > 0, pull, np.nan), "Pull", pulls),
    ):
        mesh = ax.pcolormesh(*edges, field.T, rasterized=True, edgecolors="none", **look)
        label = "[σ]" if title == "Pull" else "stars per bin"
        figure.colorbar(mesh, ax=ax, label=label).solids.set_rasterized(True)
        ax.set_title(title)
        ax.set_xlabel(axis_label(pair.split("-", maxsplit=1)[0]))
    axes[0].set_ylabel(axis_label(pair.split("-")[1]))
    finish(
        figure,
        "The density model and the stars",
        "Held-out stars and the expectation of the density model in bins, on one colour scale; "
        f"pull: (stars − model) / σ. {provenance}",
    )
    return figure


def stars_figure(panels: Sequence[Panel], how: str, provenance: str) -> Figure:
    """Draw density panels of a catalogue, with the stars that are not selected in grey."""
    columns = min(2, max(len(panels), 1))
    rows = max(-(-len(panels) // columns), 1)
    figure = Figure(figsize=(7.1, 2.6 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, panel in zip(axes.flat, panels, strict=False):
        _stars(ax, panel, how)
    shown = "; ".join(dict.fromkeys(panel.words for panel in panels))
    finish(figure, "Stars", f"Colours: {shown}; scale {how}. {provenance}")
    return figure


def _stars(ax: Axes, panel: Panel, how: str) -> None:
    extent = (*panel.frame.x, *panel.frame.y)
    look: dict[str, Any] = {"extent": extent, "origin": "lower", "aspect": "auto",
                            "interpolation": "nearest"}  # fmt: skip
    if panel.everything is not None:
        grey = np.where(panel.everything > 0, 1.0, np.nan)
        ax.imshow(grey, cmap=ListedColormap(["#dfe3ea"]), **look)
    to_unit = panel.scale(how)
    numbers = np.asarray(panel.selected if panel.value is None else panel.value, dtype=float)
    filled = (panel.selected > 0) & np.isfinite(numbers)
    shade = np.where(filled, to_unit(np.where(filled, numbers, to_unit.low)), np.nan)
    colours = ListedColormap(selection_palette(dark=False, quantity=panel.value is not None))
    drawn = ax.imshow(shade, cmap=colours, vmin=0, vmax=1, **look)
    found = ticks(to_unit, whole=panel.value is None)
    bar = ax.figure.colorbar(drawn, ax=ax, ticks=list(found), pad=0.02, aspect=30)
    bar.ax.set_yticklabels(list(found.values()), fontsize=6)
    bar.set_label(panel.words, fontsize=6)
    for line in panel.outlines:
        ax.plot(*line.T, color=_ORANGE, lw=0.9)
    ax.set(xlim=panel.frame.x, ylim=panel.frame.y[::-1] if panel.down else panel.frame.y)
    if panel.is_sky:
        ax.set(xticks=[], yticks=[], title=f"Sky: {panel.labels[0]}, {panel.labels[1]}")
    else:
        ax.set(xlabel=panel.labels[0], ylabel=panel.labels[1])
