"""The stars of one region of a search in four panels: sky, proper motions, colours and Hough.

Figures of Bokeh, built once, whose sources are given new numbers: a slider redraws all four. With
HoloViews the same panels took 1.2 s an update on one core, the sources take some milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    CustomJS,
    Glyph,
    HoverTool,
    LinearColorMapper,
    Range1d,
)
from bokeh.plotting import figure as make_figure

from dashboard.components.theme import density_map
from dashboard.views.streams_panels import PANELS, RegionPicture, empty, panel_data
from dashboard.views.style import style_figure

__all__ = ["RegionFigures"]

Floats = npt.NDArray[np.float64]

_TITLES = {
    "sky": "Sky", "motion": "Proper motion", "colour": "Colour and magnitude", "hough": "Lines",
}  # fmt: skip
_LABELS = {
    "sky": ("longitude offset [deg]", "latitude offset [deg]"),
    "motion": ("motion in longitude [mas/yr]", "motion in latitude [mas/yr]"),
    "colour": ("BP − RP [mag]", "G [mag]"),
    "hough": ("angle θ [deg]", "distance r from the centre [deg]"),
}
_HEIGHT = 330

#: A degree is as long in both directions: the frame, which the figure keeps in `tags`, is widened
#: in one of them, whatever room the figure has. Reset leads there, too.
_EQUAL = """
const [frame, width, height] = [fig.tags[0], fig.inner_width, fig.inner_height];
if (frame == null || !(width > 0 && height > 0)) return;
const [left, right, bottom, top] = frame;
const scale = Math.max(Math.abs(right - left) / width, Math.abs(top - bottom) / height);
for (const [range, a, b, n] of [[fig.x_range, left, right, width],
                                [fig.y_range, bottom, top, height]]) {
    const middle = (a + b) / 2, half = Math.sign(b - a) * scale * n / 2;
    range.setv({start: middle - half, end: middle + half,
                reset_start: middle - half, reset_end: middle + half});
}
"""


class RegionFigures:
    """The four figures, and the numbers in them.

    Parameters
    ----------
    colours
        As `dashboard.components.theme.figure_colours` gives them.
    dark
        Whether the page is dark.
    """

    def __init__(self, colours: Mapping[str, str], *, dark: bool) -> None:
        self._mappers = {
            name: LinearColorMapper(low=0.0, nan_color="#00000000") for name in PANELS
        }
        self._sources = {
            name: {part: ColumnDataSource(data=data) for part, data in empty(name).items()}
            for name in PANELS
        }
        # Which colour of the page each property of a glyph has.
        self._inks: list[tuple[Glyph, dict[str, str]]] = []
        self.figures = {name: self._build(name) for name in PANELS}
        self.recolour(colours, dark=dark)

    def recolour(self, colours: Mapping[str, str], *, dark: bool) -> None:
        """Draw for another background.

        The figures stay: new ones in place of those on the screen are not always laid out
        (Bokeh 3.9 measures them before they are rendered), and the page would have holes.
        """
        palette = density_map(dark=dark)
        # Behind stars only the quieter part of the palette: the points have to stand out.
        quiet = palette[: int(0.6 * len(palette))]
        for name in PANELS:
            self._mappers[name].palette = palette if name == "hough" else quiet
            style_figure(self.figures[name], colours)
        for glyph, inks in self._inks:
            glyph.update(**{part: colours[ink] for part, ink in inks.items()})

    def update(self, picture: RegionPicture) -> None:
        """Show another picture."""
        for name in PANELS:
            frame, parts, top = panel_data(name, picture)
            for part, data in parts.items():
                self._sources[name][part].data = data
            self._mappers[name].high = top
            (left, right), (bottom, high) = frame
            shown = self.figures[name]
            if name == "sky":  # longitude grows to the left, as seen from inside
                left, right = right, left
            if name == "colour":  # bright stars are above
                bottom, high = high, bottom
            wanted = [left, right, bottom, high]
            if shown.tags == [wanted]:
                continue
            # Reset would lead to where the ranges were when the page was made.
            shown.x_range.update(start=left, end=right, reset_start=left, reset_end=right)
            shown.y_range.update(start=bottom, end=high, reset_start=bottom, reset_end=high)
            shown.tags = [wanted]  # after the ranges, which the browser then makes equal

    def _build(self, name: str) -> Any:  # noqa: ANN401  bokeh.plotting.figure is a function's type
        sources = self._sources[name]
        x_label, y_label = _LABELS[name]
        made = make_figure(
            title=_TITLES[name],
            x_axis_label=x_label,
            y_axis_label=y_label,
            x_range=Range1d(0.0, 1.0),
            y_range=Range1d(0.0, 1.0),
            height=_HEIGHT,
            sizing_mode="stretch_width",
            tools="pan,wheel_zoom,box_zoom,reset,save",
            toolbar_location="above",
            match_aspect=False,
        )
        made.image(
            "image", x="x", y="y", dw="dw", dh="dh", source=sources["image"],
            color_mapper=self._mappers[name],
        )  # fmt: skip
        paths = (
            ("quiet", "muted", "dashed" if name == "colour" else "dotted", 1.2),
            ("known", "truth", "solid", 0.9),
            ("line", "accent", "dashed", 1.2),
        )
        for part, ink, dash, width in paths:
            lines = made.multi_line(
                "xs", "ys", source=sources[part], line_dash=dash, line_width=width
            )
            self._inks.append((lines.glyph, {"line_color": ink}))
        words = made.text(
            "x", "y", "text", source=sources["words"], text_font_size="9px",
            text_baseline="bottom", text_align="center", text_alpha=0.8,
        )  # fmt: skip
        self._inks.append((words.glyph, {"text_color": "truth"}))
        if name == "hough":
            best = made.scatter(
                "x", "y", source=sources["members"], size=16, fill_alpha=0.0, line_width=2
            )
            self._inks.append((best.glyph, {"line_color": "truth"}))
            bar = ColorBar(color_mapper=self._mappers[name], title="σ_L")
            made.add_layout(bar, "right")
            tips = [("θ, r", "$x{0.0}°, $y{0.0}°"), ("σ_L", "@image{0.0}")]
            made.add_tools(HoverTool(tooltips=tips))
        else:
            rings = made.scatter(
                "x", "y", source=sources["others"], size=5, fill_alpha=0.0, line_width=1.2
            )
            discs = made.scatter("x", "y", source=sources["members"], size=8, line_width=0.5)
            self._inks.append((rings.glyph, {"line_color": "series"}))
            self._inks.append((discs.glyph, {"fill_color": "accent", "line_color": "background"}))
            tips = [("x, y", "@x{0.00}, @y{0.00}"), ("ln R", "@log_r{0.00}")]
            made.add_tools(HoverTool(tooltips=tips, renderers=[rings, discs]))
        if name == "sky":
            equal = CustomJS(args={"fig": made}, code=_EQUAL)
            for change in ("change:tags", "change:inner_width", "change:inner_height"):
                made.js_on_change(change, equal)
        made.toolbar.active_drag = None
        return made
