"""One look for every figure: the page's own colours, thin lines, small type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import holoviews as hv
from bokeh.models import Axis, ColorBar, Grid, Legend, Plot

__all__ = ["styled"]

_DRAWN = "via-obscura-styled"


def styled(element: Any, colours: Mapping[str, str]) -> Any:  # noqa: ANN401  any element or overlay
    """Give an element the colours of the page that it is drawn on.

    Parameters
    ----------
    element
        A HoloViews element or overlay.
    colours
        ``background``, ``frame``, ``text``, ``muted`` and ``grid``, as
        `dashboard.theme.figure_colours` gives them.
    """
    options = {"hooks": [_hook(dict(colours))], "toolbar": "above", "active_tools": []}
    if isinstance(element, hv.Overlay):
        return element.opts(hv.opts.Overlay(**options))
    return element.opts(**options)


def _hook(colours: dict[str, str]) -> Callable[[Any, Any], None]:
    def style(plot: Any, _: object) -> None:  # noqa: ANN401  HoloViews' plot classes are untyped
        figure = plot.state
        if isinstance(figure, Plot) and _DRAWN not in figure.tags:
            figure.tags = [*figure.tags, _DRAWN]
            _style_figure(figure, colours)

    return style


def _style_figure(figure: Plot, colours: dict[str, str]) -> None:
    """Colour a Bokeh figure and everything on it."""
    figure.update(
        background_fill_color=colours["background"],
        border_fill_color=colours["background"],
        outline_line_color=colours["frame"],
    )
    figure.toolbar.logo = None
    figure.toolbar.autohide = True
    for axis in figure.select(Axis):
        axis.update(
            axis_label_text_color=colours["text"],
            axis_label_text_font_size="12px",
            axis_label_text_font_style="normal",
            axis_label_standoff=6,
            major_label_text_color=colours["muted"],
            major_label_text_font_size="11px",
            axis_line_color=colours["frame"],
            major_tick_line_color=colours["frame"],
            minor_tick_line_color=None,
        )
    for grid in figure.select(Grid):
        grid.update(grid_line_color=colours["grid"], grid_line_alpha=0.35)
    for bar in figure.select(ColorBar):
        bar.update(
            background_fill_color=colours["background"],
            background_fill_alpha=0,
            bar_line_color=None,
            title_text_color=colours["text"],
            title_text_font_size="12px",
            title_text_font_style="normal",
            major_label_text_color=colours["muted"],
            major_label_text_font_size="11px",
            major_tick_line_color=colours["muted"],
            width=12,
            label_standoff=6,
            padding=4,
        )
    for legend in figure.select(Legend):
        legend.update(
            background_fill_color=colours["background"],
            background_fill_alpha=0.7,
            border_line_color=None,
            label_text_color=colours["text"],
            label_text_font_size="11px",
            glyph_height=14,
            glyph_width=18,
            spacing=0,
            padding=4,
        )
