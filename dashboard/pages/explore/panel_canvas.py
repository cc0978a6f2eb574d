"""The Bokeh side of a panel: new cells go straight into the figure that HoloViews has made."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColorBar, GlyphRenderer, Image, MultiLine, Plot, Text

from dashboard.components.colour_bar import colour_bar, mark
from dashboard.components.theme import figure_colours
from dashboard.views.phase_space import Panel
from dashboard.views.scales import Scale
from dashboard.views.shading import palette, shade
from dashboard.views.style import paint_axis

__all__ = ["Canvas", "dress"]


#: Pixels for an axis with its label and numbers such as -0.25, and for the colour bar.
LEFT_BORDER, RIGHT_BORDER = 62, 56


def dress(figure: Plot, *, axes: bool) -> None:
    """Give a figure what HoloViews has no option for."""
    figure.toolbar.logo = None
    figure.toolbar.autohide = True
    figure.min_border = 4
    if axes:  # room for the longest labels: a zoom does not change the size of the figure
        figure.update(min_border_left=LEFT_BORDER, min_border_right=RIGHT_BORDER)
    for axis in figure.axis:
        axis.update(
            axis_label_text_font_size="12px",
            major_label_text_font_size="11px",
            axis_label_standoff=4,
            minor_tick_line_color=None,
            visible=axes,
        )
    figure.grid.visible = False


class Canvas:
    """The image, the outlines and the colour bar of one figure.

    Parameters
    ----------
    figure
        With an image and, last of its lines, the outlines; None where there is none yet.
    """

    def __init__(self, figure: Plot | None = None) -> None:
        self._image = self._lines = None
        self._words: list[Text] = []
        self._bar: ColorBar | None = None
        self._figure = figure
        if figure is None:
            return
        drawn = [r for r in figure.renderers if isinstance(r, GlyphRenderer)]
        self._image = next((r for r in drawn if isinstance(r.glyph, Image)), None)
        lines = [r for r in drawn if isinstance(r.glyph, MultiLine)]
        self._lines = lines[-1] if lines else None
        self._words = [r.glyph for r in drawn if isinstance(r.glyph, Text)]
        self._bar = colour_bar()
        figure.add_layout(self._bar, "right")

    @property
    def source(self) -> Any:  # noqa: ANN401  a Bokeh source, or None
        """The data of the image."""
        return None if self._image is None else self._image.data_source

    def draw(self, panel: Panel, scale: Scale, *, dark: bool) -> bool:
        """Show the cells of a panel; False where there is no figure to show them on."""
        if self._figure is None or self._image is None or self._lines is None:
            return False
        (x0, x1), (y0, y1) = (sorted(span) for span in (panel.frame.x, panel.frame.y))
        index = shade(panel.selected, panel.everything, scale, panel.value)
        self.source.data = {
            **{name: values for name, values in self.source.data.items() if name not in _PLACES},
            "image": [index],
            "x": [x0],
            "y": [y0],
            "dw": [x1 - x0],
            "dh": [y1 - y0],
        }
        quantity = panel.value is not None
        mapper = self._image.glyph.color_mapper
        steps = palette(dark=dark, quantity=quantity)
        if mapper.palette != steps:
            mapper.palette = steps
        self._draw_lines(panel, dark=dark)
        colours = figure_colours(dark=dark)
        self._figure.outline_line_color = colours["frame"]
        # The browser colours figures that come with the page, and not always later ones.
        for axis in self._figure.axis:
            paint_axis(axis, colours)
        for glyph in self._words:
            # The labels of the sky lie on bright cells and on dark ones.
            glyph.update(text_color=colours["text"], text_alpha=1.0, padding=2, border_radius=3,
                         background_fill_color=colours["background"],
                         background_fill_alpha=0.6)  # fmt: skip
        mark(self._bar, scale, quantity=quantity, dark=dark)
        return True

    def _draw_lines(self, panel: Panel, *, dark: bool) -> None:
        source = self._lines.data_source  # type: ignore[union-attr]  asked before
        lines = {"xs": [], "ys": []}
        for outline in panel.outlines:
            for name, values in zip(("xs", "ys"), np.asarray(outline, dtype=float).T, strict=True):
                lines[name].append(values)
        if lines["xs"] or len(source.data.get("xs", ())):
            source.data = lines
        self._lines.glyph.line_color = figure_colours(dark=dark)["accent"]  # type: ignore[union-attr]


_PLACES = {"image", "x", "y", "dw", "dh"}
