"""Stars before and after: small density figures, side by side, that only show."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from typing import Any

import holoviews as hv
import panel as pn
import panel_material_ui as pmui
from holoviews.streams import Stream
from panel.viewable import Viewable

from dashboard.components.theme import figure_colours
from dashboard.views.phase_space import Panel, image, outlines
from dashboard.views.style import paint_axis

__all__ = ["DensityGrid"]

Version = Stream.define("Version", version=0)


class DensityGrid:
    """Rows of figures with one heading for each column.

    Parameters
    ----------
    headings
        One for each column.
    frame
        Width and height of the cells in pixels, in the ratio of their numbers, so that equal axes
        are equal; None lets figures fill their place.
    """

    def __init__(self, headings: tuple[str, ...], frame: tuple[int, int] | None = None) -> None:
        self._headings, self._frame = headings, frame
        self._panels: list[list[Panel]] = []
        self._version = Version()
        self._how, self._dark = "equalised", True
        self._colours = figure_colours(dark=True)
        self.view: Viewable = pmui.Column(
            sizing_mode="stretch_width", margin=0, css_classes=["vo-before-after"]
        )

    def show(self, columns: list[list[Panel]], *, how: str, dark: bool) -> None:
        """Draw one list of panels for each column; figures stay while their ranges do."""
        self._how, self._dark = how, dark
        self._colours.update(figure_colours(dark=dark))
        before, after = ([[p.frame for p in c] for c in cs] for cs in (self._panels, columns))
        self._panels = columns
        if before != after:
            self._build()
        else:
            self._version.event(version=self._version.version + 1)

    def _build(self) -> None:
        self._version = Version()
        columns = [
            pmui.Column(
                pmui.Typography(
                    heading,
                    variant="overline",
                    margin=(4, 10, 0, 10),
                    sx={"color": "text.secondary"},
                ),
                *(self._figure(c, r) for r in range(len(self._panels[c]))),
                sizing_mode="stretch_width",
                margin=0,
            )
            for c, heading in enumerate(self._headings)
        ]
        self.view.objects = [pmui.Row(*columns, sizing_mode="stretch_width", margin=0)]

    def _figure(self, column: int, row: int) -> Viewable:
        stars = hv.DynamicMap(
            lambda version: image(self._panels[column][row], self._how, dark=self._dark),
            streams=[self._version],
        )
        lines = hv.DynamicMap(
            lambda version: outlines(
                self._panels[column][row], figure_colours(dark=self._dark)["accent"]
            ),
            streams=[self._version],
        )
        size: dict[str, object] = {"responsive": True}
        if self._frame is not None:
            size = {"frame_width": self._frame[0], "frame_height": self._frame[1]}
        figure = functools.reduce(operator.mul, [stars, lines]).opts(
            hv.opts.Image(tools=[], default_tools=[], toolbar=None, **size),
            hv.opts.Path(apply_ranges=False),
            hv.opts.Overlay(
                **size,
                hooks=[functools.partial(_dress, self._colours)],
                show_legend=False,
                invert_yaxis=self._panels[column][row].down,
            ),
        )
        if self._frame is not None:
            return pn.pane.HoloViews(figure, margin=(0, 4), linked_axes=False)
        pane = pn.pane.HoloViews(figure, sizing_mode="stretch_both", margin=0, linked_axes=False)
        return pmui.Column(
            pane, sizing_mode="stretch_width", height=250, margin=(0, 4), sx={"minHeight": "0"}
        )


def _dress(colours: Mapping[str, str], plot: Any, _: object) -> None:  # noqa: ANN401
    figure = plot.state
    figure.grid.visible = False
    figure.min_border = 4
    figure.outline_line_color = colours["frame"]
    for axis in figure.axis:
        # The browser colours figures that come with the page, and not always later ones.
        paint_axis(axis, colours)
        axis.update(
            axis_label_text_font_size="11px",
            major_label_text_font_size="10px",
            axis_label_standoff=4,
            minor_tick_line_color=None,
        )
