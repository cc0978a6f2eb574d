"""One panel of Explore: a figure, its head, and what is drawn on it by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from dashboard.components.escape import plain
from dashboard.pages.explore.panel_canvas import Canvas
from dashboard.pages.explore.panel_figure import PanelFigure, same
from dashboard.pages.explore.panel_header import PanelHeader
from dashboard.policy.panels import Preset
from dashboard.policy.readout import readout
from dashboard.services.pictures import Look, resized
from dashboard.views.phase_space import Panel, Ranges
from dashboard.views.scales import Scale

__all__ = ["LinkedPanel"]

#: Pixels by which a figure may grow or shrink before its stars are counted anew.
SIZE_STEP = 6


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
        self._asked = look.ranges
        self._figure = PanelFigure(_Hands(self))
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
                self._figure.pane,
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
        if self._asked is not None:
            said["ranges"] = [list(span) for span in self._asked]
        return said

    @property
    def _canvas(self) -> Canvas:
        return self._figure.canvas

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
        self._redraw()
        if self.look.ranges == look.ranges:
            self._figure.set_ranges()

    def _redraw(self) -> None:
        """Bring the present cells and outlines into the figure."""
        self._say()
        assert self._panel is not None  # noqa: S101  there is something to draw
        assert self._scale is not None  # noqa: S101  set with the panel
        self._figure.draw(self._panel, self._scale, dark=self.dark)

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
            self.look, self._asked = replace(self.look, ranges=None), None
            self._panel = None
            self._figure.clear()
        self._on_look(self)

    def _keep(self, kept: bool) -> None:
        if kept == (self._kept is not None):
            return
        self._kept = self._scale if kept else None
        if self._panel is not None:
            self._rescale()
            self._redraw()
        self._on_look(self)

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
        ranges: Ranges | None = (_ordered(x_range), _ordered(y_range))
        home = self._panel.home
        if self._figure.is_home(ranges) or (home is not None and same(ranges, home)):
            ranges = None  # as after *Reset*
        elif self._figure.echoes(ranges):
            return
        if ranges is not None:
            self._figure.take(ranges)
        if ranges != self.look.ranges:
            self.look, self._asked = replace(self.look, ranges=ranges), ranges
            self._on_look(self)

    def _resized(self, width: int | None, height: int | None, scale: float = 1.0) -> None:
        if not width or not height:
            return
        look = self.look
        if max(abs(width - look.width), abs(height - look.height)) < SIZE_STEP:
            return
        self.look = resized(look, int(width), int(height), self._asked)
        self._on_look(self)

    def _pointed(self, x: float | None, y: float | None) -> None:
        numbers = isinstance(x, float | int) and isinstance(y, float | int)
        self._say(readout(self._panel, x, y) if numbers and self._panel is not None else "")


def _drawn(look: Look) -> tuple[object, ...]:
    """Give what a picture must be of to be shown; ranges and size may lag behind."""
    return look.axes, look.on_sky, look.statistic, look.shown


def _ordered(span: tuple[float, float]) -> tuple[float, float]:
    return (float(min(span)), float(max(span)))


class _Hands:
    """Hands what the user does on the figure to its panel."""

    def __init__(self, panel: LinkedPanel) -> None:
        self.boxed, self.lassoed = panel._boxed, panel._lassoed
        self.zoomed, self.resized, self.pointed = panel._zoomed, panel._resized, panel._pointed
