"""Does the density model describe the stars: histograms of both, and their pulls."""

from __future__ import annotations

from collections.abc import Mapping

import colorcet
import holoviews as hv
import numpy as np
import xarray as xr

from dashboard.components.theme import DIVERGING
from engine.cubes.quantities import Array

QUANTITIES_1D = ("x", "y", "z", "vx", "vy", "vz")
PAIRS = ("x-y", "x-z", "vx-vy", "vx-vz", "z-vz", "x-vy")
PULL_REACH = 5.0
"""Pulls are drawn to this many standard deviations in every figure, so that figures compare."""

COUNTS = colorcet.palette["bmy"]


def unit_of(quantity: str) -> str:
    """Give the unit of a phase-space coordinate."""
    return "km/s" if quantity.startswith("v") else "kpc"


def axis_label(quantity: str) -> str:
    """Name a phase-space coordinate with its unit, as axes show it."""
    return f"{quantity} [{unit_of(quantity)}]"


def counts_plot(cube: xr.Dataset, quantity: str, colours: Mapping[str, str]) -> hv.Overlay:
    """Draw stars as filled steps and the model's expectation as a line, counts a bin.

    Parameters
    ----------
    cube
        A model cube.
    quantity
        One of `QUANTITIES_1D`.
    colours
        As `dashboard.components.theme.figure_colours` gives them.
    """
    one = cube.sel(quantity=quantity)
    edges = one["edges_1d"].to_numpy().astype(float)
    data = hv.Histogram(
        (edges, one["data_1d"].to_numpy()), kdims="q", vdims="stars", label="stars"
    )
    model = _steps(edges, one["model_1d"].to_numpy().astype(float), "model")
    return (
        data.opts(color=colours["muted"], fill_alpha=0.35, line_alpha=0, framewise=True)
        * model.opts(color=colours["accent"], line_width=2, framewise=True)
    ).opts(xlabel=axis_label(quantity), ylabel="stars per bin", legend_position="top_right")


def pulls_plot(cube: xr.Dataset, quantity: str, colours: Mapping[str, str]) -> hv.Overlay:
    """Draw the pulls (stars - model) / sigma of one coordinate, with lines at +-2.

    Parameters
    ----------
    cube, quantity, colours
        As for `counts_plot`.
    """
    one = cube.sel(quantity=quantity)
    edges = one["edges_1d"].to_numpy().astype(float)
    pulls = np.clip(one["pull_1d"].to_numpy().astype(float), -PULL_REACH, PULL_REACH)
    bars = hv.Histogram((edges, pulls), kdims="q", vdims="pull")
    guides = hv.Overlay(
        [
            hv.HLine(level).opts(color=colours["muted"], line_width=0.8, line_dash="dotted")
            for level in (-2, 2)
        ]
    )
    return (
        bars.opts(color=colours["series"], fill_alpha=0.8, line_alpha=0, framewise=True) * guides
    ).opts(xlabel=axis_label(quantity), ylabel="pull [σ]", ylim=(-PULL_REACH, PULL_REACH))


def pair_maps(cube: xr.Dataset, pair: str) -> dict[str, hv.QuadMesh]:
    """Draw stars, model and pull in two coordinates; the first two share their colour limits.

    Parameters
    ----------
    cube
        A model cube.
    pair
        One of `PAIRS`.

    Returns
    -------
    dict
        ``stars``, ``model`` and ``pull``.
    """
    one = cube.sel(pair=pair)
    edges = tuple(one[f"edges_{side}"].to_numpy().astype(float) for side in "ab")
    data = one["data_2d"].transpose("bin_a", "bin_b").to_numpy().astype(float)
    model = one["model_2d"].transpose("bin_a", "bin_b").to_numpy().astype(float)
    pull = one["pull_2d"].transpose("bin_a", "bin_b").to_numpy().astype(float)
    limits = count_limits(data, model)
    counts = {"cmap": COUNTS, "clim": limits, "cnorm": "log", "clabel": "stars per bin"}
    pulls = {
        "cmap": list(DIVERGING),
        "clim": (-PULL_REACH, PULL_REACH),
        "clabel": "pull [σ]",
    }
    # A logarithmic scale has no place for an empty bin: it is left out of the picture.
    return {
        "stars": _mesh(edges, np.where(data > 0, data, np.nan), pair).opts(**counts),
        "model": _mesh(edges, np.where(model > 0, model, np.nan), pair).opts(**counts),
        "pull": _mesh(edges, np.where(data + model > 0, pull, np.nan), pair).opts(**pulls),
    }


def count_limits(data: Array, model: Array) -> tuple[float, float]:
    """Give colour limits of counts on a logarithmic scale: one star to the fullest bin."""
    return 1.0, max(2.0, float(np.nanmax(data)), float(np.nanmax(model)))


def _steps(edges: Array, counts: Array, label: str) -> hv.Curve:
    """Draw a histogram's outline as a curve: two points a bin."""
    return hv.Curve((np.repeat(edges, 2)[1:-1], np.repeat(counts, 2)), "q", "stars", label=label)


def _mesh(edges: tuple[Array, ...], values: Array, pair: str) -> hv.Image | hv.QuadMesh:
    """Draw a table of counts: an image where all bins are alike, which has no seams."""
    a, b = pair.split("-")
    alike = all(np.allclose(np.diff(axis), np.diff(axis).mean(), rtol=1e-3) for axis in edges)
    if alike:
        bounds = (edges[0][0], edges[1][0], edges[0][-1], edges[1][-1])
        mesh = hv.Image(values.T[::-1], ["a", "b"], "counts", bounds=bounds)
    else:
        mesh = hv.QuadMesh((*edges, values.T), ["a", "b"], "counts")
    return mesh.opts(
        colorbar=True,
        framewise=True,
        xlabel=axis_label(a),
        ylabel=axis_label(b),
        clipping_colors={"NaN": "transparent"},
        tools=["hover"],
        hover_tooltips=[(f"{a}, {b}", "$x{0.00}, $y{0.00}"), ("", "@image{0.0}")]
        if alike
        else [("", "@counts{0.0}")],
    )
