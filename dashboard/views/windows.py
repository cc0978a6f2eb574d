"""The best line of each window that a search has been through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import holoviews as hv
import numpy as np

from dashboard.policy.window_history import SearchedWindow

__all__ = ["NAMES", "window_plot"]

NAMES = {"mu_lat": "μ lat", "mu_lon": "μ lon"}


def window_plot(windows: Sequence[SearchedWindow], colours: Mapping[str, str]) -> hv.Overlay:
    """Draw sigma_L of each window's best line against the middle of the window.

    There is one set of glyphs for each of the two proper motions, with or without windows, so that
    a live figure can be given new data without being built again; coordinates of a strip go with
    the first.

    Parameters
    ----------
    windows
        What has been reported.
    colours
        As `dashboard.components.theme.figure_colours` gives them.
    """
    middles = [(one.low + one.high) / 2 for one in windows]
    sigmas = [one.sigma for one in windows if np.isfinite(one.sigma)]
    across = hv.Dimension("middle", range=_around(middles, 1.0))
    upward = hv.Dimension("sigma", range=(0.0, 1.12 * max([5.0, *sigmas])))
    told = ["window", "patch", "stars"]
    groups = {
        "mu_lat": ([one for one in windows if one.coordinate != "mu_lon"], colours["accent"]),
        "mu_lon": ([one for one in windows if one.coordinate == "mu_lon"], colours["series"]),
    }
    parts = [
        hv.Points(
            [
                (
                    (one.low + one.high) / 2,
                    one.sigma,
                    f"{NAMES.get(one.coordinate, one.coordinate)} {one.low:g} to {one.high:g}",
                    one.patch,
                    f"{one.stars:,}",
                )
                for one in group
                if np.isfinite(one.sigma)
            ],
            [across, upward],
            told,
            label=NAMES[name],
        ).opts(
            color=colour,
            size=7,
            alpha=0.85,
            framewise=True,
            tools=["hover"],
            hover_tooltips=[
                ("window, mas/yr", "@window"), ("patch", "@patch"), ("stars", "@stars"),
                ("best line", "@sigma{0.0} σ"),
            ],
        )
        for name, (group, colour) in groups.items()
    ]  # fmt: skip
    return hv.Overlay(parts).opts(
        xlabel="middle of the window, mas/yr", ylabel="best line, σ", legend_position="top_right"
    )


def _around(values: Sequence[float], margin: float) -> tuple[float, float]:
    return (min(values) - margin, max(values) + margin) if values else (-10.0, 10.0)
