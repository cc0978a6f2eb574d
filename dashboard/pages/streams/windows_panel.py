"""The windows of a search for streams as they are done: what stands out so far."""

from __future__ import annotations

import holoviews as hv
import panel_material_ui as pmui

from dashboard.components.event_panel import EventPanel
from dashboard.components.live_figure import LiveFigure
from dashboard.components.theme import figure_colours
from dashboard.policy.window_history import WindowHistory
from dashboard.views.style import styled
from dashboard.views.windows import NAMES, window_plot

__all__ = ["WindowsPanel"]

NOT_YET = "No window is done yet: what the patch shares is learnt first, for a minute or two."


class WindowsPanel(EventPanel[WindowHistory]):
    """The best line of each window that is done.

    Parameters
    ----------
    dark
        Whether the page is drawn dark.
    """

    def __init__(self, *, dark: bool) -> None:
        super().__init__(WindowHistory, dark=dark)
        self._words = pmui.Typography(
            NOT_YET, variant="body2", margin=(8, 10), sx={"color": "text.secondary"},
            css_classes=["vo-windows-words"],
        )  # fmt: skip
        self._figure = LiveFigure(self._plot)
        self._figure.update()  # before it is on the screen
        self._figure.pane.param.update(sizing_mode="stretch_width", height=240)
        # A figure that is on the screen cannot be hidden itself: Panel would tell the plot things
        # that only its pane knows.
        self._frame = pmui.Column(
            self._figure.pane, sizing_mode="stretch_width", margin=0, visible=False
        )
        self.view = pmui.Column(
            self._words, self._frame, sizing_mode="stretch_width", margin=0,
            css_classes=["vo-windows"],
        )  # fmt: skip

    def _draw(self) -> None:
        done, best = len(self._history.windows), self._history.best
        if not done:
            self._words.object = NOT_YET if self._live else "The search has finished no window."
        else:
            many = "one window" if done == 1 else f"{done} windows"
            said = f"{many} done"
            if best is None:
                said += "; none holds enough stars for a line"
            else:
                name = NAMES.get(best.coordinate, best.coordinate)
                said += f"; the best line, {best.sigma:.1f} σ, in {name} "
                said += f"{best.low:g} to {best.high:g} mas/yr"
            self._words.object = said[0].upper() + said[1:] + "."
            self._figure.update()
        self._frame.visible = best is not None

    def _plot(self) -> hv.Overlay:
        colours = figure_colours(dark=self._dark)
        plot = styled(window_plot(self._history.windows, colours), colours)
        return plot.opts(responsive=True, height=240)
