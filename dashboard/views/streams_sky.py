"""The sky with the patches of a search, its candidates and the streams that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import holoviews as hv
import numpy as np
import numpy.typing as npt

from dashboard.components.theme import density_map
from dashboard.views.sky import graticule, labels, to_plane

__all__ = ["PatchMark", "TrackMark", "circle", "sky_of_patches"]

Floats = npt.NDArray[np.float64]
_TOP = 12.0
"""σ_L at the end of the colours."""


@dataclass(frozen=True)
class PatchMark:
    """A patch on the map.

    Parameters
    ----------
    name
        What it is called.
    lon, lat
        Galactic longitude and latitude of its centre, degrees.
    radius
        Of the circle that is drawn, degrees.
    share
        Part of its windows that are scored, 0 to 1.
    sigma
        Of its best candidate; NaN before there is one.
    """

    name: str
    lon: float
    lat: float
    radius: float
    share: float
    sigma: float


@dataclass(frozen=True)
class TrackMark:
    """A line on the map: a candidate, or a known stream.

    Parameters
    ----------
    name
        What it is called.
    lon, lat
        Galactic longitude and latitude along it, degrees, (n,).
    known
        A known stream.
    chosen
        The candidate that is shown.
    """

    name: str
    lon: Floats
    lat: Floats
    known: bool = False
    chosen: bool = False


def circle(lon: float, lat: float, radius: float, points: int = 73) -> tuple[Floats, Floats]:
    """Give longitudes and latitudes (deg) of a circle on the sphere."""
    turn, reach = np.linspace(0.0, 2 * np.pi, points), np.radians(radius)
    b0 = np.radians(lat)
    b = np.arcsin(np.sin(b0) * np.cos(reach) + np.cos(b0) * np.sin(reach) * np.cos(turn))
    across = np.sin(turn) * np.sin(reach) * np.cos(b0)
    along = np.cos(reach) - np.sin(b0) * np.sin(b)
    return (lon + np.degrees(np.arctan2(across, along))) % 360.0, np.degrees(b)


def sky_of_patches(
    patches: Sequence[PatchMark],
    tracks: Sequence[TrackMark],
    colours: Mapping[str, str],
    *,
    dark: bool,
) -> hv.Overlay:
    """Draw the whole sky in Galactic coordinates.

    Parameters
    ----------
    patches, tracks
        What is on it.
    colours
        As `dashboard.components.theme.figure_colours` gives them.
    dark
        Whether the page is dark.
    """
    style = {"line_width": 0.6, "color": colours["grid"]}
    words = hv.Labels(labels(), ["x", "y"], "text").opts(
        text_color=colours["muted"], text_font_size="10px"
    )
    layers: list[hv.Element] = [hv.Path(graticule(), ["x", "y"]).opts(**style), words]
    layers.append(_discs(patches, colours, dark=dark))
    # As many layers whatever there is: a figure on the screen cannot gain one.
    for chosen, colour, width, alpha in (
        ([t for t in tracks if t.known], colours["truth"], 1.2, 0.5),
        ([t for t in tracks if not t.known and not t.chosen], colours["accent"], 1.2, 0.95),
        ([t for t in tracks if t.chosen], colours["accent"], 3.0, 0.95),
    ):
        pieces = [piece for track in chosen for piece in _pieces(track.lon, track.lat)]
        layers.append(
            hv.Path(pieces, ["x", "y"]).opts(
                color=colour, line_width=width, alpha=alpha, framewise=True
            )
        )
    return hv.Overlay(layers).opts(
        xaxis=None, yaxis=None, data_aspect=1, show_legend=False, xlim=(-2.95, 2.95),
        ylim=(-1.48, 1.48),
    )  # fmt: skip


def _discs(patches: Sequence[PatchMark], colours: Mapping[str, str], *, dark: bool) -> hv.Polygons:
    shapes = [
        {
            "x": piece[:, 0],
            "y": piece[:, 1],
            "name": patch.name,
            "sigma": np.clip(np.nan_to_num(patch.sigma), 0.0, _TOP),
            "told": "—" if np.isnan(patch.sigma) else f"{patch.sigma:.1f}",
            "share": f"{patch.share:.0%}",
        }
        for patch in patches
        for piece in _pieces(*circle(patch.lon, patch.lat, patch.radius))
    ]
    return hv.Polygons(shapes, ["x", "y"], ["sigma", "name", "told", "share"]).opts(
        cmap=density_map(dark=dark), clim=(0.0, _TOP), color="sigma", fill_alpha=0.55,
        line_color=colours["muted"], line_width=0.8, colorbar=True, clabel="σ_L of the best line",
        tools=["hover", "tap"],
        hover_tooltips=[("patch", "@name"), ("scored", "@share"), ("best σ_L", "@told")],
    )  # fmt: skip


def _pieces(lon: Floats, lat: Floats) -> list[Floats]:
    """Project a line, broken where it leaves one side of the map for the other."""
    x, y = to_plane(lon, lat)
    broken = np.flatnonzero(np.abs(np.diff(x)) > 1.5) + 1
    pieces = np.split(np.column_stack([x, y]).astype(np.float64), broken)
    return [piece for piece in pieces if len(piece) > 1]
