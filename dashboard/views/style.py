"""One look for every figure: the page's own colours, thin lines, small type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import holoviews as hv
from bokeh.models import Axis, ColorBar, Grid, Plot

__all__ = ["paint_axis", "style_figure", "styled"]

Hook = Callable[[Any, Any], None]


def styled(  # any element or overlay, and the same again
    element: Any,  # noqa: ANN401
    colours: Mapping[str, str],
    *,
    grid: bool = True,
    hooks: Sequence[Hook] = (),
) -> Any:  # noqa: ANN401
    """Give an element the colours of the page that it is drawn on.

    Parameters
    ----------
    element
        A HoloViews element or overlay.
    colours
        ``background``, ``frame``, ``text``, ``muted`` and ``grid``, as
        `dashboard.components.theme.figure_colours` gives them.
    grid
        Whether lines of the grid shine through; not under a map.
    hooks
        Further hooks of HoloViews.
    """
    options = {
        "hooks": [_hook(dict(colours), grid), *hooks],
        "toolbar": "above",
        "active_tools": [],
    }
    if isinstance(element, hv.Overlay):
        return element.opts(hv.opts.Overlay(**options, legend_opts=_legend(colours)))
    return element.opts(**options)


def _legend(colours: Mapping[str, str]) -> dict[str, object]:
    """Give the look of a legend; it is drawn after the hooks, so it needs its own way."""
    return {
        "background_fill_color": colours["background"],
        "background_fill_alpha": 0.7,
        "border_line_color": None,
        "label_text_color": colours["text"],
        "label_text_font_size": "11px",
        "glyph_height": 14,
        "glyph_width": 18,
        "spacing": 0,
        "padding": 4,
    }


def _hook(colours: dict[str, str], grid: bool) -> Hook:
    def style(plot: Any, _: object) -> None:  # noqa: ANN401  HoloViews' plot classes are untyped
        # With every update, for HoloViews sets axes back; what is as it was is not sent again.
        style_figure(plot.state, colours, grid=grid)
        for part in (plot, *(getattr(plot, "subplots", None) or {}).values()):
            _title_colour_bar(part)

    return style


def _title_colour_bar(plot: Any) -> None:  # noqa: ANN401
    """Let the title of a colour bar follow the element, which HoloViews leaves as it was."""
    title = getattr(plot, "clabel", None)
    for name, handle in plot.handles.items():
        if title and name.endswith("colorbar") and isinstance(handle, ColorBar):
            handle.title = title


def style_figure(figure: Plot, colours: Mapping[str, str], *, grid: bool = True) -> None:
    """Colour a Bokeh figure and everything on it."""
    figure.update(
        background_fill_color=colours["background"],
        # What lies under a figure has its colour. A border that is painted keeps, in another
        # theme, its first row of pixels in the old colour: Bokeh does not clear that.
        border_fill_color=colours["background"],
        border_fill_alpha=0.0,
        outline_line_color=colours["frame"],
        min_border_left=62,  # figures that stand over one another line up
    )
    figure.title.update(
        text_color=colours["text"], text_font_size="13px", text_font_style="normal"
    )
    figure.toolbar.logo = None
    figure.toolbar.autohide = True
    # The lists of the figure itself: `figure.select` would walk through every model below it.
    for part in (*figure.above, *figure.below, *figure.left, *figure.right, *figure.center):
        if isinstance(part, Axis):
            _style_axis(part, colours)
        elif isinstance(part, Grid):
            part.update(grid_line_color=colours["grid"], grid_line_alpha=0.35 * grid)
        elif isinstance(part, ColorBar):
            _style_colour_bar(part, colours)


def paint_axis(axis: Axis, colours: Mapping[str, str]) -> None:
    """Give an axis the colours of the page."""
    axis.update(
        axis_label_text_color=colours["text"],
        major_label_text_color=colours["muted"],
        axis_line_color=colours["frame"],
        major_tick_line_color=colours["frame"],
        minor_tick_line_color=None,
    )


def _style_axis(axis: Axis, colours: Mapping[str, str]) -> None:
    paint_axis(axis, colours)
    axis.update(
        axis_label_text_font_size="12px",
        axis_label_text_font_style="normal",
        axis_label_standoff=6,
        major_label_text_font_size="11px",
    )


def _style_colour_bar(bar: ColorBar, colours: Mapping[str, str]) -> None:
    bar.update(
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
