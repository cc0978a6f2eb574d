"""Density panels of a catalogue: stars counted in cells, drawn as one image.

The counting is a pure function of columns, a mask and ranges; the drawing is a pure function
of counts. Neither keeps anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import datashader as ds
import holoviews as hv
import numpy as np
import pandas as pd

from dashboard.views import sky
from dashboard.views.shading import LEVELS, palette, shade

__all__ = ["Frame", "Panel", "counts", "graticule", "image", "outlines", "panel_columns",
           "warm", "weights"]  # fmt: skip

Range = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """What a panel looks at: ranges in data units and the size in pixels."""

    x: Range
    y: Range
    width: int = 420
    height: int = 320


@dataclass
class Panel:
    """Everything that one density panel draws.

    Parameters
    ----------
    frame
        Ranges and size.
    selected : (h, w)
        Stars of the selection in each cell, the lowest y first.
    everything : (h, w), optional
        All stars, for the grey context; None where the selection is everything.
    outlines
        Lines of the cuts in the panel's own columns, each (n, 2).
    labels
        Of the axes, with units.
    is_sky
        Draw the graticule of the sky map.
    """

    frame: Frame
    selected: np.ndarray
    everything: np.ndarray | None = None
    outlines: list[np.ndarray] = field(default_factory=list)
    labels: tuple[str, str] = ("x", "y")
    is_sky: bool = False


def weights(mask: np.ndarray) -> np.ndarray:
    """Give 1 for selected stars and NaN for others: what datashader counts and skips.

    Shape (n,) to (n,) float32. One such array serves every panel, so that no panel has to
    copy its columns for a new selection.
    """
    return np.where(mask, np.float32(1), np.float32(np.nan))


def panel_columns(x: np.ndarray, y: np.ndarray, *, is_sky: bool) -> tuple[np.ndarray, np.ndarray]:
    """Give the plane coordinates of a panel: its columns, or their projection for the sky."""
    return sky.to_plane(x, y) if is_sky else (x, y)


def counts(
    x: np.ndarray, y: np.ndarray, frame: Frame, weight: np.ndarray | None = None
) -> np.ndarray:
    """Count stars in the cells of a frame.

    Parameters
    ----------
    x, y : (n,)
        Plane coordinates; stars with a missing coordinate are in no cell.
    frame
        Ranges (both ends belong to the frame) and size.
    weight : (n,), optional
        From ``weights``; without it every star counts.

    Returns
    -------
    (height, width) uint32
        The lowest y first.
    """
    if not len(x):
        return np.zeros((frame.height, frame.width), dtype=np.uint32)
    columns = {"x": x, "y": y}
    if weight is not None:
        columns["w"] = weight
    table = pd.DataFrame(columns, copy=False)
    canvas = ds.Canvas(
        plot_width=frame.width,
        plot_height=frame.height,
        x_range=tuple(sorted(frame.x)),
        y_range=tuple(sorted(frame.y)),
    )
    how = ds.count() if weight is None else ds.count("w")
    return canvas.points(table, "x", "y", agg=how).values


def image(panel: Panel, how: str, *, dark: bool) -> hv.Image:
    """Draw the stars of a panel.

    Parameters
    ----------
    panel
        Counts and what belongs to them.
    how
        Colour scale: ``linear``, ``log`` or ``equalised``.
    dark
        For which background.

    Returns
    -------
    holoviews.Image
        Of palette indices; empty cells are transparent.
    """
    frame = panel.frame
    index = shade(panel.selected, panel.everything, how)
    return hv.Image(
        (_centres(frame.x, frame.width), _centres(frame.y, frame.height), index),
        kdims=_dimensions(panel),
        vdims=["level"],
    ).opts(
        cmap=palette(dark=dark),
        clim=(1, LEVELS - 1),
        clipping_colors={"min": (0, 0, 0, 0), "NaN": (0, 0, 0, 0)},
    )


def outlines(panel: Panel, colour: str) -> hv.Path:
    """Draw the outlines of the cuts in the panel's own columns."""
    return hv.Path(list(panel.outlines), kdims=_dimensions(panel)).opts(
        color=colour, line_width=1.6
    )


def graticule(panel: Panel, colour: str) -> hv.Overlay:
    """Draw the lines of the sky map and what stands beside them."""
    dimensions = _dimensions(panel)
    lines = hv.Path(sky.graticule(), kdims=dimensions).opts(
        color=colour, line_width=0.6, alpha=0.22
    )
    words = hv.Labels(sky.labels(), kdims=dimensions, vdims=["text"]).opts(
        text_color=colour, text_alpha=0.6, text_font_size="9px"
    )
    return lines * words


def _dimensions(panel: Panel) -> list[hv.Dimension]:
    return [
        hv.Dimension(name, label=label)
        for name, label in zip(("px", "py"), panel.labels, strict=True)
    ]


def _centres(span: Range, cells: int) -> np.ndarray:
    low, high = sorted(span)
    step = (high - low) / cells
    return low + step * (np.arange(cells) + 0.5)


def warm() -> None:
    """Compile what the first picture needs; takes about a second, once in a process."""
    frame = Frame((0.0, 1.0), (0.0, 1.0), 4, 4)
    for dtype in (np.float32, np.float64):
        values = np.linspace(0, 1, 8, dtype=dtype)
        counts(values, values, frame)
        counts(values, values, frame, weights(values > 0.5))
