"""The figure of a panel of Explore: stars, outlines, ranges, and what the user draws on it."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any, Protocol

import holoviews as hv
import panel as pn
from bokeh.models import Plot
from holoviews.streams import BoundsXY, Lasso, MouseLeave, PlotSize, PointerXY, RangeXY, Stream

from dashboard.components.theme import figure_colours
from dashboard.pages.explore.panel_canvas import Canvas, dress
from dashboard.views.phase_space import Panel, Ranges, graticule, image, outlines
from dashboard.views.scales import Scale

__all__ = ["Hands", "PanelFigure", "same"]

Version = Stream.define("Version", version=0)

#: Ranges that differ by less than this share of their length are the same.
SAME_RANGE = 1e-4


class Hands(Protocol):
    """Who is told what the user does on a figure; the names are those of HoloViews' streams."""

    def boxed(self, bounds: tuple[float, float, float, float] | None) -> None:
        """Take a box."""

    def lassoed(self, geometry: Any) -> None:  # noqa: ANN401  an array (n, 2), or None
        """Take a closed line."""

    def zoomed(
        self, x_range: tuple[float, float] | None, y_range: tuple[float, float] | None
    ) -> None:
        """Take ranges."""

    def resized(self, width: int | None, height: int | None, scale: float = 1.0) -> None:
        """Take a size in pixels."""

    def pointed(self, x: float | None, y: float | None) -> None:
        """Take the place of the cursor; None and None where it has left."""


@dataclass
class _Shown:
    """What is to be seen now."""

    panel: Panel
    scale: Scale
    dark: bool


class PanelFigure:
    """A figure that is made once for each pair of axes and then given new cells.

    Parameters
    ----------
    hands
        Told what the user does.
    """

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self.pane = pn.pane.HoloViews(None, sizing_mode="stretch_both", margin=0)
        self.clear()

    def clear(self) -> None:
        """Take the figure away: the next one has other axes."""
        self._figure: Plot | None = None
        self.canvas = Canvas()
        self._version = Version()
        self._shown: _Shown | None = None
        self._own: list[Ranges] = []
        self._homes: list[Ranges] = []
        self._users: Ranges | None = None
        self.pane.object = None

    def draw(self, panel: Panel, scale: Scale, *, dark: bool) -> None:
        """Bring cells and outlines into the figure."""
        self._shown = _Shown(panel, scale, dark)
        if self.pane.object is None:
            self.pane.object = self._build()
        # Not through HoloViews, whose way from an event to a changed figure takes 50 ms a panel.
        elif not self.canvas.draw(panel, scale, dark=dark):
            self._version.event(version=self._version.version + 1)

    def set_ranges(self, *, new: bool = False) -> None:
        """Set the ranges of the figure where they are not those of the counts already.

        Its button *Reset* goes home, whatever is on the screen. Where the user has moved on
        since, they stay: with a zoom the labels change, with the labels the size of the figure,
        and of that the browser may tell first.

        Parameters
        ----------
        new
            The figure has just been made.
        """
        if self._shown is None:
            return
        panel = self._shown.panel
        wanted = (panel.frame.x, panel.frame.y)
        if self._figure is None:  # it will be made with them
            self._own = [*self._own[-3:], wanted]
            return
        home = panel.home or wanted
        spans = (self._figure.x_range, self._figure.y_range)
        flipped = (False, panel.down)
        there = [sorted((s.start, s.end)) for s in spans if None not in (s.start, s.end)]
        shown = (
            ((there[0][0], there[0][1]), (there[1][0], there[1][1])) if len(there) > 1 else None
        )
        if shown is not None and not new and self._moved_on(shown, wanted):
            self._hands.zoomed(*shown)
            return
        if shown is None or not same(shown, wanted):
            self._own = [*self._own[-3:], wanted]
            for span, (low, high), down in zip(spans, wanted, flipped, strict=True):
                span.update(start=high if down else low, end=low if down else high)
        if not self.is_home(home):
            self._homes = [*self._homes[-3:], home]
        for span, (low, high), down in zip(spans, home, flipped, strict=True):
            span.update(reset_start=high if down else low, reset_end=low if down else high)

    def _moved_on(self, shown: Ranges, wanted: Ranges) -> bool:
        if same(shown, wanted) or self.echoes(shown):
            return False
        return self._users is None or not same(shown, self._users)

    def take(self, ranges: Ranges) -> None:
        """Note ranges that the user chose."""
        self._users = ranges

    def is_home(self, ranges: Ranges) -> bool:
        """Say whether the button *Reset* went to these ranges, at this size or the last ones."""
        return any(same(ranges, home) for home in self._homes)

    def echoes(self, ranges: Ranges) -> bool:
        """Say whether ranges were set here: the browser tells of them, maybe late."""
        return any(same(ranges, own) for own in self._own)

    def _build(self) -> hv.DynamicMap:
        """Make the figure: stars, for the sky its graticule, and outlines.

        The layers are DynamicMaps of their own, since HoloViews delivers what the user draws
        only to a layer that returns one element.
        """
        self._figure, self.canvas = None, Canvas()
        self._version = Version()
        stars = hv.DynamicMap(self._draw_stars, streams=[self._version])
        lines = hv.DynamicMap(self._draw_lines, streams=[self._version])
        hands = self._hands
        BoundsXY(source=stars).add_subscriber(hands.boxed)
        Lasso(source=stars).add_subscriber(hands.lassoed)
        RangeXY(source=stars).add_subscriber(hands.zoomed)
        PlotSize(source=stars).add_subscriber(hands.resized)
        PointerXY(source=stars).add_subscriber(hands.pointed)
        MouseLeave(source=stars).add_subscriber(lambda **_: hands.pointed(None, None))
        assert self._shown is not None  # noqa: S101  there is something to draw
        panel = self._shown.panel
        behind = [graticule(panel, "#8a93a8")] if panel.is_sky else []
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
        assert self._shown is not None  # noqa: S101  no figure is built before
        return image(self._shown.panel, self._shown.scale, dark=self._shown.dark)

    def _draw_lines(self, version: int) -> hv.Path:
        """Wrap the outlines of the cuts."""
        assert self._shown is not None  # noqa: S101  no figure is built before
        return outlines(self._shown.panel, figure_colours(dark=self._shown.dark)["accent"])

    def _dress(self, plot: object, _: object) -> None:
        """Bring what HoloViews has no option for: ranges, colour bar, the look of the sky."""
        figure: Plot = plot.state  # type: ignore[attr-defined]
        shown = self._shown
        assert shown is not None  # noqa: S101  drawn from it
        if figure is not self._figure:
            self._figure = figure
            self.set_ranges(new=True)
            self.canvas = Canvas(figure)
            dress(figure, axes=not shown.panel.is_sky)
        self.canvas.draw(shown.panel, shown.scale, dark=shown.dark)


def same(one: Ranges, two: Ranges) -> bool:
    """Say whether ranges agree to a small share of a pixel."""
    return all(
        abs(a - b) <= SAME_RANGE * (t[1] - t[0])
        for s, t in zip(one, two, strict=True)
        for a, b in zip(s, t, strict=True)
    )
