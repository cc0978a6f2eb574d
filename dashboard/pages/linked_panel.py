"""One panel of Explore: a figure, its head, and what is drawn on it by hand."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import Plot
from holoviews.streams import BoundsXY, Lasso, MouseLeave, PlotSize, PointerXY, RangeXY, Stream

from dashboard.pages.panel_canvas import Canvas, dress
from dashboard.pages.panel_header import PanelHeader
from dashboard.pictures import Look
from dashboard.plain import plain
from dashboard.policy.panels import Preset
from dashboard.policy.readout import readout
from dashboard.theme import figure_colours
from dashboard.views.phase_space import Panel, graticule, image, outlines
from dashboard.views.scales import Scale

__all__ = ["LinkedPanel"]

Version = Stream.define("Version", version=0)

#: Ranges that differ by less than this share of their length are the same.
SAME_RANGE = 1e-4
#: Pixels by which a figure may grow or shrink before its stars are counted anew.
SIZE_STEP = 6

Ranges = tuple[tuple[float, float], tuple[float, float]]


class LinkedPanel:
    """A figure that shows cells and reports what the user draws on it.

    It computes nothing: the page hands it a ``Panel`` and the DynamicMap only wraps it.

    Parameters
    ----------
    number
        Its place on the page, for tests.
    look
        What to begin with.
    columns, presets
        What the axis choosers offer.
    rows
        Rows of panels that the window is to hold.
    kept
        A colour scale to keep, from a session document.
    on_look
        Called when axes, statistic, ranges or size have changed.
    on_box, on_lasso
        Called with the panel and what was drawn.
    """

    def __init__(
        self,
        number: int,
        look: Look,
        columns: list[str],
        presets: list[Preset],
        *,
        rows: int = 2,
        kept: Scale | None = None,
        on_look: Callable[[LinkedPanel], None],
        on_box: Callable[[LinkedPanel, tuple[float, float, float, float]], None],
        on_lasso: Callable[[LinkedPanel, np.ndarray], None],
    ) -> None:
        self.look = look
        self.colour = "equalised"
        self.dark = True
        self._on_look, self._on_box, self._on_lasso = on_look, on_box, on_lasso
        self._panel: Panel | None = None
        self._scale = self._kept = kept
        self._figure: Plot | None = None
        self._canvas = Canvas()
        self._version = Version()
        self._own: list[Ranges] = []
        self._figure_pane = pn.pane.HoloViews(None, sizing_mode="stretch_both", margin=0)
        self._header = PanelHeader(
            columns,
            presets,
            look,
            kept=kept is not None,
            on_look=self._changed,
            on_keep=self._keep,
        )
        self._foot = pmui.Typography(
            "",
            variant="caption",
            margin=(0, 10, 4, 10),
            height=18,
            sizing_mode="stretch_width",
            css_classes=["vo-readout"],
            sx={
                "color": "text.secondary",
                "whiteSpace": "nowrap",
                "overflow": "hidden",
                "textOverflow": "ellipsis",
                "fontVariantNumeric": "tabular-nums",
            },
        )
        self.view = pmui.Paper(
            self._header.view,
            # A Bokeh column: Material's do not hand a height in CSS units on to a figure.
            pn.Column(
                self._figure_pane,
                sizing_mode="stretch_width",
                styles={"height": f"calc((100vh - 134px) / {rows} - 70px)", "min-height": "250px"},
                margin=(0, 4, 0, 4),
            ),
            self._foot,
            variant="outlined",
            elevation=0,
            sizing_mode="stretch_width",
            margin=5,
            css_classes=["vo-panel", f"vo-panel-{number}"],
        )

    @property
    def axes(self) -> tuple[str, str]:
        """Columns of x and y."""
        return self.look.axes

    def document(self) -> dict[str, Any]:
        """Write what makes the panel, for the session document."""
        look = self.look
        said: dict[str, Any] = {"x": look.axes[0], "y": look.axes[1]}
        if look.sky is not None and look.on_sky != Look(look.axes).on_sky:
            said["sky"] = look.sky
        if look.shown is not None:
            said |= {"statistic": look.statistic, "value": look.value}
        if self._kept is not None:
            said["scale"] = self._kept.to_dict()
        return said

    # --- what the page calls --------------------------------------------------------------

    def show(self, panel: Panel, look: Look) -> None:
        """Draw the counts of a look; the figure is made anew only where the axes are new.

        Counts come late: those of axes that were left since are dropped, and ranges are set
        only where the user has not moved on to ranges of their own.
        """
        if _drawn(look) != _drawn(self.look):
            return
        self._panel = panel
        self._rescale()
        self._own = [*self._own[-3:], (panel.frame.x, panel.frame.y)]
        if self._figure_pane.object is None:
            self._figure_pane.object = self._build_figure()
            return
        if self.look.ranges is None:
            self._set_ranges()
        self._redraw()

    def _redraw(self) -> None:
        """Bring the present cells and outlines into the figure."""
        self._say()
        assert self._panel is not None  # noqa: S101  there is something to draw
        assert self._scale is not None  # noqa: S101  set with the panel
        # Not through HoloViews, whose way from an event to a changed figure takes 50 ms a panel.
        if not self._canvas.draw(self._panel, self._scale, dark=self.dark):
            self._version.event(version=self._version.version + 1)

    def _rescale(self) -> None:
        """Take the scale of the present picture, unless one is kept."""
        assert self._panel is not None  # noqa: S101  there is a picture to scale
        self._scale = self._kept or self._panel.scale(self.colour)

    def _say(self, where: str = "") -> None:
        """Write the foot: the point under the cursor, or what the colours stand for."""
        words = self._panel.words if self._panel is not None else ""
        self._foot.object = plain(where or f"Colour: {words}")

    def restyle(self, *, colour: str, dark: bool) -> None:
        """Draw with another colour scale or for another background."""
        if (colour, dark) == (self.colour, self.dark):
            return
        renewed = colour != self.colour and self._panel is not None
        self.colour, self.dark = colour, dark
        if self._panel is None:
            return
        if renewed and self._kept is not None and self._kept.how != colour:
            self._kept = self._panel.scale(colour)
        self._rescale()
        self._redraw()

    @property
    def frame(self) -> Ranges | None:
        """The ranges that are on screen."""
        return None if self._panel is None else (self._panel.frame.x, self._panel.frame.y)

    # --- head -----------------------------------------------------------------------------

    def _changed(self, look: Look) -> None:
        """Take the axes or the statistic that the head says."""
        old = self.look
        self.look = replace(look, width=old.width, height=old.height, ranges=old.ranges)
        if self._kept is not None:
            self._kept = None  # its numbers are those of another quantity or other cells
            self._header.forget_colours()
        if (look.axes, look.on_sky) != (old.axes, old.on_sky):
            self.look = replace(self.look, ranges=None)
            self._panel = self._figure = None
            self._canvas = Canvas()
            self._figure_pane.object = None
        self._on_look(self)

    def _keep(self, kept: bool) -> None:
        if kept == (self._kept is not None):
            return
        self._kept = self._scale if kept else None
        if self._panel is not None:
            self._rescale()
            self._redraw()
        self._on_look(self)

    # --- figure ---------------------------------------------------------------------------

    def _build_figure(self) -> hv.DynamicMap:
        """Make the figure: stars, for the sky its graticule, and outlines.

        The layers are DynamicMaps of their own, since HoloViews delivers what the user draws
        only to a layer that returns one element.
        """
        self._figure, self._canvas = None, Canvas()
        self._version = Version()
        stars = hv.DynamicMap(self._draw_stars, streams=[self._version])
        lines = hv.DynamicMap(self._draw_lines, streams=[self._version])
        BoundsXY(source=stars).add_subscriber(self._boxed)
        Lasso(source=stars).add_subscriber(self._lassoed)
        RangeXY(source=stars).add_subscriber(self._zoomed)
        PlotSize(source=stars).add_subscriber(self._resized)
        PointerXY(source=stars).add_subscriber(self._pointed)
        MouseLeave(source=stars).add_subscriber(lambda **_: self._say())
        behind = [graticule(self._panel, "#8a93a8")] if self.look.on_sky else []
        self._say()
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
        return image(self._panel, self._scale or self.colour, dark=self.dark)

    def _draw_lines(self, version: int) -> hv.Path:
        """Wrap the outlines of the cuts."""
        assert self._panel is not None  # noqa: S101  no figure is built before
        return outlines(self._panel, figure_colours(dark=self.dark)["accent"])

    def _dress(self, plot: object, _: object) -> None:
        """Bring what HoloViews has no option for: ranges, colour bar, the look of the sky."""
        figure: Plot = plot.state  # type: ignore[attr-defined]
        assert self._panel is not None  # noqa: S101  drawn from it
        assert self._scale is not None  # noqa: S101  set with the panel
        if figure is not self._figure:
            self._figure = figure
            self._set_ranges()
            self._canvas = Canvas(figure)
            dress(figure, axes=not self.look.on_sky)
        self._canvas.draw(self._panel, self._scale, dark=self.dark)

    def _set_ranges(self) -> None:
        """Set the ranges of the figure where they are not those of the counts already."""
        if self._figure is None or self._panel is None:
            return
        for span, wanted, flipped in (
            (self._figure.x_range, self._panel.frame.x, False),
            (self._figure.y_range, self._panel.frame.y, self._panel.down),
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
            self.look = replace(self.look, ranges=ranges)
            self._on_look(self)

    def _resized(self, width: int | None, height: int | None, scale: float = 1.0) -> None:
        if not width or not height:
            return
        if max(abs(width - self.look.width), abs(height - self.look.height)) >= SIZE_STEP:
            self.look = replace(self.look, width=int(width), height=int(height))
            self._on_look(self)

    def _pointed(self, x: float | None, y: float | None) -> None:
        numbers = isinstance(x, float | int) and isinstance(y, float | int)
        self._say(readout(self._panel, x, y) if numbers and self._panel is not None else "")


def _drawn(look: Look) -> tuple[object, ...]:
    """Give what a picture must be of to be shown; ranges and size may lag behind."""
    return look.axes, look.on_sky, look.statistic, look.shown


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
