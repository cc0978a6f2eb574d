"""A result against the value of a cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import holoviews as hv
import numpy as np
from bokeh.models import AdaptiveTicker

from dashboard.policy.sweeps import SweepPoint

__all__ = ["sweep_plot"]


def sweep_plot(
    points: Sequence[SweepPoint], cut: str, label: str, unit: str, colours: Mapping[str, str]
) -> hv.Overlay:
    """Draw points with their errors; hollow ones are not to be believed.

    Parameters
    ----------
    points
        By rising value; those without a number are left out.
    cut
        The text of the cut.
    label, unit
        Of the result.
    colours
        As `dashboard.components.theme.figure_colours` gives them.
    """
    known = [p for p in points if np.isfinite(p.value)]
    columns = {
        "cut": np.array([p.cut for p in known], dtype=float),
        "value": np.array([p.value for p in known], dtype=float),
        "sd": np.nan_to_num(np.array([p.sd for p in known], dtype=float)),
        "believe": np.array(["yes" if p.trusted else "no" for p in known], dtype=str),
    }
    ink = colours["series"]
    trusted = columns["believe"] == "yes"
    layers: list[hv.Element] = [
        hv.Curve(columns, "cut", "value").opts(
            color=ink, line_alpha=0.35, framewise=True, padding=0.08
        ),
        hv.ErrorBars(columns, "cut", ["value", "sd"]).opts(
            line_color=ink, upper_head=None, lower_head=None, framewise=True, padding=0.08
        ),
    ]
    for chosen, filled in ((trusted, True), (~trusted, False)):
        part = {name: column[chosen] for name, column in columns.items()}
        layers.append(
            hv.Scatter(part, "cut", ["value", "sd", "believe"]).opts(
                size=9,
                padding=0.08,
                line_color=ink,
                fill_color=ink if filled else colours["background"],
                framewise=True,
                tools=["hover"],
                hover_tooltips=[
                    ("cut at", "@cut{0.[000]a}"),
                    (label, f"@value{{0.[000]a}} ± @sd{{0.[000]a}} {unit}"),
                    ("reliable", "@believe"),
                ],
            )
        )
    whole = all(float(value).is_integer() for value in columns["cut"])  # seeds are, and counts
    return hv.Overlay(layers).opts(
        xticks=AdaptiveTicker(min_interval=1.0 if whole else 0.0),
        xlabel=f"value of {cut}",
        ylabel=f"{label} [{unit}]",
    )
