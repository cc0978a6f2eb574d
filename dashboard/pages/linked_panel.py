"""One density panel of Explore: a figure, its axes and what is drawn on it by hand."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable

import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColorBar, Plot
from holoviews.streams import BoundsXY, Lasso, PlotSize, RangeXY, Stream

from dashboard.pages.colour_bar import colour_bar, mark
from dashboard.pictures import Look
from dashboard.policy.brushes import SKY
from dashboard.policy.panels import Preset, points_down
from dashboard.theme import figure_colours
from dashboard.views.phase_space import Panel, graticule, image, outlines

__all__ = ["LinkedPanel"]

Version = Stream.define("Version", version=0)

OTHER = "Other axes…"
#: Ranges that differ by less than this share of their length are the same.
SAME_RANGE = 1e-4
#: Pixels by which a figure may grow or shrink before its stars are counted anew.
SIZE_STEP = 6

Ranges = tuple[tuple[float, float], tuple[float, float]]


class LinkedPanel:
    """A figure that shows counts and reports what the user draws on it.

    It computes nothing: the page hands it a ``Panel`` and the DynamicMap only wraps it.

    Parameters
    ----------
    number
        Its place on the page, for tests.
    axes
        Columns to begin with.
    columns, presets
        What the axis choosers offer.
    on_look
        Called when axes, ranges or size have changed.
    on_box, on_lasso
        Called with the panel and what was drawn.
    """

    def __init__(
        self,
        number: int,
        axes: tuple[str, str],
        columns: list[str],
        presets: list[Preset],
        *,
        on_look: Callable[[LinkedPanel], None],
        on_box: Callable[[LinkedPanel, tuple[float, float, float, float]], None],
        on_lasso: Callable[[LinkedPanel, np.ndarray], None],
    ) -> None:
        self.axes = axes
        self.look = Look(axes)
        self.colour = "equalised"
        self.dark = True
        self._presets = {preset.label: preset for preset in presets}
        self._on_look, self._on_box, self._on_lasso = on_look, on_box, on_lasso
        self._panel: Panel | None = None
        self._figure: Plot | None = None
        self._bar: ColorBar | None = None
        self._version = Version()
        self._own: list[Ranges] = []
        self._figure_pane = pn.pane.HoloViews(None, sizing_mode="stretch_both", margin=0)
        self._build_header(columns)
        self.view = pmui.Paper(
            self._header,
            # A Bokeh column: Material's do not hand a height in CSS units on to a figure.
            pn.Column(
                self._figure_pane,
                sizing_mode="stretch_width",
                height=330,
                styles={"height": "calc((100vh - 240px) / 2)", "min-height": "250px"},
                margin=(0, 4, 4, 4),
            ),
            variant="outlined",
            elevation=0,
            sizing_mode="stretch_width",
            margin=5,
            css_classes=["vo-panel", f"vo-panel-{number}"],
        )

    # --- what the page calls --------------------------------------------------------------

    def show(self, panel: Panel, look: Look) -> None:
        """Draw the counts of a look; the figure is made anew only where the axes are new.

        Counts come late: those of axes that were left since are dropped, and ranges are set
        only where the user has not moved on to ranges of their own.
        """
        if look.axes != self.axes:
            return
        self._panel = panel
        self._own = [*self._own[-3:], (panel.frame.x, panel.frame.y)]
        if self._figure_pane.object is None:
            self._figure_pane.object = self._build_figure()
            return
        if self.look.ranges is None:
            self._set_ranges()
        self._version.event(version=self._version.version + 1)

    def restyle(self, *, colour: str, dark: bool) -> None:
        """Draw with another colour scale or for another background."""
        if (colour, dark) != (self.colour, self.dark):
            self.colour, self.dark = colour, dark
            if self._panel is not None:
                self._version.event(version=self._version.version + 1)

    @property
    def frame(self) -> Ranges | None:
        """The ranges that are on screen."""
        return None if self._panel is None else (self._panel.frame.x, self._panel.frame.y)

    # --- header ---------------------------------------------------------------------------

    def _build_header(self, columns: list[str]) -> None:
        preset = next((p for p in self._presets.values() if p.axes == self.axes), None)
        style = {"size": "small", "variant": "standard", "margin": (4, 10)}
        self._chooser = pmui.Select(
            options=[*self._presets, OTHER],
            value=preset.label if preset else OTHER,
            width=190,
            css_classes=["vo-panel-preset"],
            sx={"& .MuiInput-underline:before": {"borderBottom": "none"}},
            **style,
        )
        self._x, self._y = (
            pmui.AutocompleteInput(
                options=columns,
                value=name,
                placeholder=side,
                width=110,
                visible=preset is None,
                css_classes=[f"vo-axis-{side}"],
                **style,
            )
            for side, name in zip("xy", self.axes, strict=True)
        )
        self._header = pmui.Row(
            self._chooser, self._x, self._y, height=40, sizing_mode="stretch_width", margin=0
        )
        self._chooser.param.watch(self._preset_chosen, "value")
        self._x.param.watch(self._axis_chosen, "value")
        self._y.param.watch(self._axis_chosen, "value")

    def _preset_chosen(self, _: object) -> None:
        preset = self._presets.get(self._chooser.value)
        self._x.visible = self._y.visible = preset is None
        if preset is not None:
            self._x.param.update(value=preset.x)
            self._y.param.update(value=preset.y)
            self._change_axes(preset.axes)

    def _axis_chosen(self, _: object) -> None:
        if self._chooser.value == OTHER and self._x.value and self._y.value:
            self._change_axes((self._x.value, self._y.value))

    def _change_axes(self, axes: tuple[str, str]) -> None:
        if axes == self.axes:
            return
        self.axes = axes
        self.look = Look(axes, self.look.width, self.look.height)
        self._panel = self._figure = None
        self._figure_pane.object = None
        self._on_look(self)

    # --- figure ---------------------------------------------------------------------------

    def _build_figure(self) -> hv.DynamicMap:
        """Make the figure: stars, for the sky its graticule, and outlines.

        The layers are DynamicMaps of their own, since HoloViews delivers what the user draws
        only to a layer that returns one element.
        """
        self._figure = self._bar = None
        self._version = Version()
        stars = hv.DynamicMap(self._draw_stars, streams=[self._version])
        lines = hv.DynamicMap(self._draw_lines, streams=[self._version])
        BoundsXY(source=stars).add_subscriber(self._boxed)
        Lasso(source=stars).add_subscriber(self._lassoed)
        RangeXY(source=stars).add_subscriber(self._zoomed)
        PlotSize(source=stars).add_subscriber(self._resized)
        behind = [graticule(self._panel, "#8a93a8")] if self.axes == SKY else []
        return functools.reduce(operator.mul, [stars, *behind, lines]).opts(
            hv.opts.Image(
                responsive=True,
                apply_ranges=False,
                tools=["box_select", "lasso_select", "xbox_select", "ybox_select"],
                active_tools=["box_select", "wheel_zoom"],
                toolbar="right",
            ),
            hv.opts.Path(apply_ranges=False),
            hv.opts.Labels(apply_ranges=False),
            hv.opts.Overlay(responsive=True, hooks=[self._dress], show_legend=False),
        )

    def _draw_stars(self, version: int) -> hv.Image:
        """Wrap the present counts; the version is the only thing that the stream carries."""
        assert self._panel is not None  # noqa: S101  no figure is built before
        return image(self._panel, self.colour, dark=self.dark)

    def _draw_lines(self, version: int) -> hv.Path:
        """Wrap the outlines of the cuts."""
        assert self._panel is not None  # noqa: S101  no figure is built before
        return outlines(self._panel, figure_colours(dark=self.dark)["accent"])

    def _dress(self, plot: object, _: object) -> None:
        """Bring what HoloViews has no option for: ranges, colour bar, the look of the sky."""
        figure: Plot = plot.state  # type: ignore[attr-defined]
        if figure is not self._figure:
            self._figure = figure
            self._set_ranges()
            self._bar = colour_bar()
            figure.add_layout(self._bar, "right")
            figure.toolbar.logo = None
            figure.toolbar.autohide = True
            figure.min_border = 4
            for axis in figure.axis:
                axis.update(
                    axis_label_text_font_size="12px",
                    major_label_text_font_size="11px",
                    axis_label_standoff=4,
                    minor_tick_line_color=None,
                    visible=self.axes != SKY,
                )
            figure.grid.visible = False
        assert self._panel is not None  # noqa: S101  drawn from it
        mark(self._bar, self._panel.selected, self.colour, dark=self.dark)

    def _set_ranges(self) -> None:
        """Set the ranges of the figure where they are not those of the counts already."""
        if self._figure is None or self._panel is None:
            return
        down = points_down(self.axes[1]) and not self.look.on_sky
        for span, wanted, flipped in (
            (self._figure.x_range, self._panel.frame.x, False),
            (self._figure.y_range, self._panel.frame.y, down),
        ):
            start, end = wanted[::-1] if flipped else wanted
            span.update(start=start, end=end, reset_start=start, reset_end=end)

    # --- what the user does ---------------------------------------------------------------

    def _boxed(self, bounds: tuple[float, float, float, float] | None) -> None:
        if bounds is not None:
            self._on_box(self, bounds)

    def _lassoed(self, geometry: np.ndarray | None) -> None:
        if geometry is not None:
            self._on_lasso(self, geometry)

    def _zoomed(
        self, x_range: tuple[float, float] | None, y_range: tuple[float, float] | None
    ) -> None:
        if self._panel is None or x_range is None or y_range is None:
            return
        ranges = (_ordered(x_range), _ordered(y_range))
        # The browser echoes ranges that were set here; its echoes may come late, and are no zoom.
        if not any(_same(ranges, own) for own in self._own):
            self.look = Look(self.axes, self.look.width, self.look.height, ranges)
            self._on_look(self)

    def _resized(self, width: int | None, height: int | None, scale: float = 1.0) -> None:
        if not width or not height:
            return
        if max(abs(width - self.look.width), abs(height - self.look.height)) >= SIZE_STEP:
            self.look = Look(self.axes, int(width), int(height), self.look.ranges)
            self._on_look(self)


def _ordered(span: tuple[float, float]) -> tuple[float, float]:
    return (float(min(span)), float(max(span)))


def _same(
    one: Ranges,
    two: Ranges,
) -> bool:
    """Say whether ranges agree to a small share of a pixel."""
    return all(
        abs(a - b) <= SAME_RANGE * (t[1] - t[0])
        for s, t in zip(one, two, strict=True)
        for a, b in zip(s, t, strict=True)
    )
