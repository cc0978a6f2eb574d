"""Dark matter against radius, and the vertical force: points, bands and the truth of a mock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.views.profiles import BANDS
from engine.cubes.quantities import Array, Unit
from engine.dark_matter.fit import HaloFit
from engine.dark_matter.shells import ShellProfile
from engine.dark_matter.vertical import Column
from engine.draws import Draws

__all__ = ["RadialPlot", "force_plot", "radial_plot", "ranges_hook"]

_ORANGE = "#d9772b"
"""A second colour of lines that is told from the first in the dark, in the light, and by eyes
that see few colours."""


@dataclass(frozen=True)
class RadialPlot:
    """What is drawn against radius.

    Parameters
    ----------
    shells, ellipsoids
        Averages.
    fits
        By name of the model.
    truth
        Average of a mock's halo over the same cells, (B,) Msun/pc3; None for real stars.
    unit
        Of the screen.
    """

    shells: ShellProfile
    ellipsoids: ShellProfile
    fits: Mapping[str, HaloFit]
    truth: Array | None
    unit: Unit

    @property
    def radii(self) -> tuple[float, float]:
        """Range of radii on the screen, kpc."""
        known = self.shells.radius[np.isfinite(self.shells.density.mean)]
        if not known.size:
            return 4.0, 12.0
        return max(0.0, float(known.min()) - 0.4), float(known.max()) + 0.4

    @property
    def densities(self) -> tuple[float, float]:
        """Range of densities on the screen, in its unit: what is measured, from 0 on."""
        mean, sd = self.shells.density.mean, np.nan_to_num(self.shells.density.sd)
        known = np.isfinite(mean)
        if not known.any():
            return 0.0, self.unit.factor * 0.02
        high = float(np.max((mean + sd)[known]))
        low = float(np.min((mean - sd)[known]))
        if self.truth is not None and np.isfinite(self.truth).any():
            high = max(high, float(np.nanmax(self.truth)))
        return min(0.0, 1.1 * low) * self.unit.factor, 1.15 * high * self.unit.factor


def radial_plot(plot: RadialPlot, colours: Mapping[str, str]) -> hv.Overlay:
    """Draw averages with errors, the haloes that were fitted, and the truth."""
    radii = np.linspace(max(plot.radii[0], 0.1), plot.radii[1], 60)
    layers: list[hv.Element] = []
    inks = {"gnfw": (colours["series"], "gNFW"), "nfw": (colours["muted"], "NFW")}
    for model in ("nfw", "gnfw"):
        ink, label = inks[model]
        band = np.full((3, radii.size), np.nan)
        if model in plot.fits:
            band = plot.fits[model].band(radii, (16.0, 50.0, 84.0)) * plot.unit.factor
        outline = (
            [{"r": [*radii, *radii[::-1]], "rho": [*band[2], *band[0][::-1]]}]
            if model in plot.fits
            else []
        )
        layers.append(
            hv.Polygons(outline, ["r", "rho"]).opts(color=ink, fill_alpha=0.28, line_alpha=0)
        )
        dash = "dotted" if model == "nfw" else "solid"
        layers.append(
            hv.Curve((radii, band[1]), "r", "rho", label=f"{label}, 68%").opts(
                color=ink, line_width=1.5, line_dash=dash
            )
        )
    if plot.truth is not None:
        layers.append(
            hv.Curve(
                (plot.shells.radius, plot.truth * plot.unit.factor), "r", "rho",
                label="truth, same cells",
            ).opts(color=colours["truth"], line_dash="dashed", line_width=2)
        )  # fmt: skip
    q = plot.ellipsoids.axis_ratio
    layers += _points(plot.ellipsoids, plot.unit, _ORANGE, "diamond", f"ellipsoids, q = {q:g}")
    layers += _points(plot.shells, plot.unit, colours["text"], "circle", "spheres")
    return hv.Overlay(layers).opts(
        xlabel="r, m [kpc]", ylabel=f"ρ dark [{plot.unit.label}]", legend_position="top_right"
    )


def _points(
    shells: ShellProfile, unit: Unit, ink: str, marker: str, label: str
) -> list[hv.Element]:
    known = np.isfinite(shells.density.mean)
    columns = {
        "r": shells.radius[known],
        "rho": shells.density.mean[known] * unit.factor,
        "sd": np.nan_to_num(shells.density.sd[known]) * unit.factor,
        "cells": shells.cells[known].astype(float),
        "part": 100 * shells.of_shell[known],
    }
    bars = hv.ErrorBars(columns, "r", ["rho", "sd"]).opts(
        color=ink, line_width=1, upper_head=None, lower_head=None
    )
    digits = "0.0000" if unit.key == "Msun/pc3" else "0.000"
    points = hv.Scatter(columns, "r", ["rho", "sd", "cells", "part"], label=label).opts(
        color=ink,
        marker=marker,
        size=12 if marker == "diamond" else 6,
        tools=["hover"],
        hover_tooltips=[
            (label, f"(@rho{{{digits}}} ± @sd{{{digits}}}) {unit.label}"),
            ("r", "@r{0.00} kpc"),
            ("cells used", "@cells{0,0}"),
            ("part of the shell", "@part{0.0}%"),
        ],
    )
    return [bars, points]


def force_plot(
    column: Column | None, truth: tuple[Array, Array] | None, colours: Mapping[str, str]
) -> hv.Overlay:
    """Draw K_z above the Sun's place with its bands, and the truth of a mock.

    Parameters
    ----------
    column
        The measured one; None for none.
    truth
        Heights and K_z.
    colours
        As `dashboard.components.theme.figure_colours` gives them.
    """
    empty = Draws(np.empty(0), np.empty((0, 0)))
    z, force = (np.empty(0), empty) if column is None else (column.z, column.vertical)
    known = np.isfinite(force.mean)
    s, mean = z[known], force.mean[known]
    sd = np.nan_to_num(force.sd[known]) if force.count else np.zeros(s.size)
    layers: list[hv.Element] = []
    for (width, alpha), label in zip(BANDS, ("95%", "68%"), strict=True):
        upper, lower = mean + width * sd, mean - width * sd
        outline = [{"z": [*s, *s[::-1]], "K": [*upper, *lower[::-1]]}] if s.size else []
        layers.append(
            hv.Polygons(outline, ["z", "K"], label=label).opts(
                color=colours["series"], fill_alpha=alpha, line_alpha=0
            )
        )
    layers.append(
        hv.Curve({"z": s, "K": mean, "sd": sd}, "z", ["K", "sd"], label="measured").opts(
            color=colours["series"],
            line_width=2,
            tools=["hover"],
            hover_tooltips=[("z", "@z{0.00} kpc"), ("K_z", "@K{0} ± @sd{0} km² s⁻² kpc⁻¹")],
        )
    )
    if truth is not None:
        layers.append(
            hv.Curve(truth, "z", "K", label="truth").opts(
                color=colours["truth"], line_dash="dashed", line_width=2
            )
        )
    return hv.Overlay(layers).opts(
        xlabel="z [kpc]", ylabel="K_z [km² s⁻² kpc⁻¹]", legend_position="top_right"
    )


def ranges_hook(
    horizontal: tuple[float, float], vertical: tuple[float, float] | None
) -> Callable[[Any, Any], None]:
    """Give a hook that sets a figure's ranges when they have changed."""
    wanted = (horizontal, vertical)

    def hook(plot: Any, _: object) -> None:  # noqa: ANN401  HoloViews' plots are untyped
        if plot.handles.get("wanted_ranges") == wanted:
            return
        plot.handles["wanted_ranges"] = wanted
        pairs = [(plot.state.x_range, horizontal), (plot.state.y_range, vertical)]
        for axis, ends in pairs:
            if ends is not None:
                low, high = ends
                axis.update(start=low, end=high, reset_start=low, reset_end=high)

    return hook
