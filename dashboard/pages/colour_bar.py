"""The colour bar of a density panel, which says what its colours stand for on any scale."""

from __future__ import annotations

import numpy as np
from bokeh.models import ColorBar, FixedTicker, LinearColorMapper

from dashboard.theme import FONT
from dashboard.views.shading import colour_ticks, selection_palette

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


def mark(bar: ColorBar | None, counts: np.ndarray, how: str, *, dark: bool) -> None:
    """Write the counts that the colours stand for, and the name of the scale."""
    if bar is None:
        return
    ticks = colour_ticks(counts, how)
    bar.color_mapper.palette = selection_palette(dark=dark)
    bar.ticker.ticks = list(ticks)
    bar.major_label_overrides = dict(ticks)
