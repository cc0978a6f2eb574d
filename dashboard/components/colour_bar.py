"""The colour bar of a panel, which says what its colours stand for on any scale."""

from __future__ import annotations

from bokeh.models import ColorBar, FixedTicker, LinearColorMapper

from dashboard.components.theme import FONT, figure_colours
from dashboard.views.scales import Scale, ticks
from dashboard.views.shading import selection_palette

__all__ = ["colour_bar", "mark"]


def colour_bar() -> ColorBar:
    """Make an empty bar; `mark` says what its colours stand for."""
    return ColorBar(
        color_mapper=LinearColorMapper(palette=selection_palette(dark=True), low=0, high=1),
        ticker=FixedTicker(ticks=[0, 1]),
        width=8,
        padding=2,
        label_standoff=5,
        major_label_text_font_size="10px",
        major_label_text_font=FONT.split(",")[0].strip('"'),
        major_tick_line_color=None,
        bar_line_color=None,
        background_fill_alpha=0,
    )


def mark(bar: ColorBar | None, scale: Scale, *, quantity: bool, dark: bool) -> None:
    """Write the numbers that the colours stand for.

    Parameters
    ----------
    bar
        From `colour_bar`; None where no figure is there yet.
    scale
        That of the image.
    quantity
        The colours stand for a mean or a spread and not for counts.
    dark
        For which background.
    """
    if bar is None:
        return
    found = ticks(scale, whole=not quantity)
    bar.update(
        major_label_overrides=dict(found),
        major_label_text_color=figure_colours(dark=dark)["muted"],
    )
    bar.color_mapper.palette = selection_palette(dark=dark, quantity=quantity)
    bar.ticker.ticks = list(found)
