"""Density panels of a catalogue: stars counted in cells, drawn as one image.

The counting is a pure function of columns, a mask and ranges; the drawing is a pure function
of counts. Neither keeps anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import holoviews as hv
import numpy as np

from dashboard.views import sky
from dashboard.views.binning import Plane, fill
from dashboard.views.scales import Scale
from dashboard.views.shading import LEVELS, palette, scale_of, shade

__all__ = ["Frame", "Panel", "Ranges", "counts", "graticule", "image", "outlines"]

Range = tuple[float, float]
Ranges = tuple[Range, Range]
"""Of x and of y."""


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
        Stars of the selection in each cell, the lowest y first; where a quantity is shown,
        only those that have it.
    everything : (h, w), optional
        All stars, for the grey context; None where the selection is everything.
    outlines
        Lines of the cuts in the panel's own columns, each (n, 2).
    labels
        Of the axes, with units.
    is_sky
        Draw the graticule of the sky map.
    value : (h, w), optional
        A quantity of the selected stars in each cell, NaN where there is none, which gives the
        colour instead of the count.
    words
        What the colours stand for, with its unit.
    down
        Let y grow downwards, as magnitudes do.
    home
        The ranges with which the panel opens, where they are known.
    """

    frame: Frame
    selected: np.ndarray
    everything: np.ndarray | None = None
    outlines: list[np.ndarray] = field(default_factory=list)
    labels: tuple[str, str] = ("x", "y")
    is_sky: bool = False
    value: np.ndarray | None = None
    words: str = "stars in each cell"
    down: bool = False
    home: Ranges | None = None

    def scale(self, how: str) -> Scale:
        """Give the colour scale of this picture: ``linear``, ``log`` or ``equalised``."""
        return scale_of(self.selected, self.value, how)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Give row and column of the cell at a point; None outside the frame."""
        place = []
        for value, span, cells in (
            (y, self.frame.y, self.frame.height), (x, self.frame.x, self.frame.width),
        ):  # fmt: skip
            low, high = sorted(span)
            if not low <= value <= high:
                return None
            place.append(min(int((value - low) * cells / (high - low)), cells - 1))
        return place[0], place[1]


def counts(
    x: np.ndarray, y: np.ndarray, frame: Frame, mask: np.ndarray | None = None
) -> np.ndarray:
    """Count stars in the cells of a frame.

    Parameters
    ----------
    x, y : (n,)
        Plane coordinates; stars with a missing coordinate are in no cell.
    frame
        Ranges (both ends belong to the frame) and size.
    mask : (n,) bool, optional
        The stars that count; without it every star does.

    Returns
    -------
    (height, width) uint32
        The lowest y first.
    """
    bits = None if mask is None else np.packbits(mask, bitorder="little")
    plane = Plane(x, y, frame.x, frame.y, (frame.height, frame.width))
    return fill([plane], len(x), bits)[0].count


def image(panel: Panel, how: str | Scale, *, dark: bool) -> hv.Image:
    """Draw the stars of a panel.

    Parameters
    ----------
    panel
        Counts and what belongs to them.
    how
        Colour scale: ``linear``, ``log`` or ``equalised``, or one to keep.
    dark
        For which background.

    Returns
    -------
    holoviews.Image
        Of palette indices; empty cells are transparent.
    """
    frame = panel.frame
    index = shade(panel.selected, panel.everything, how, panel.value)
    return hv.Image(
        (_centres(frame.x, frame.width), _centres(frame.y, frame.height), index),
        kdims=_dimensions(panel),
        vdims=["level"],
    ).opts(
        cmap=palette(dark=dark, quantity=panel.value is not None),
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
        color=colour, line_width=0.6, alpha=0.4
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
