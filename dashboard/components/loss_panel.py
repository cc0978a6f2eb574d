"""Live loss curves of one run: figures that are given new data, never built again."""

from __future__ import annotations

import holoviews as hv
import panel as pn
import panel_material_ui as pmui

from dashboard.components.event_panel import EventPanel
from dashboard.components.theme import figure_colours
from dashboard.policy.loss_history import LossHistory
from dashboard.views.losses import loss_plot
from dashboard.views.style import styled

__all__ = ["LossPanel"]

TITLES = {"position": "Where the stars are: p(x)", "velocity": "How they move: p(v | x)"}

NOT_YET = "No losses yet: the curves appear with the first epoch."

_Version = hv.streams.Stream.define("Version", version=0)


class LossPanel(EventPanel[LossHistory]):
    """The loss curves of both flows.

    Parameters
    ----------
    dark
        Whether the page is drawn dark.
    """

    def __init__(self, *, dark: bool) -> None:
        super().__init__(LossHistory, dark=dark)
        self._streams = {flow: _Version() for flow in TITLES}
        self._captions = {
            flow: pmui.Typography(
                title, variant="caption", margin=(4, 10, 0, 10), sx={"color": "text.secondary"}
            )
            for flow, title in TITLES.items()
        }
        self._panes = {flow: self._pane(flow) for flow in TITLES}
        self._columns = {
            flow: pmui.Column(
                self._captions[flow], self._panes[flow], sizing_mode="stretch_width", margin=0
            )
            for flow in TITLES
        }
        self._nothing = pmui.Typography(
            NOT_YET,
            variant="body2",
            margin=(8, 10),
            sx={"color": "text.secondary"},
        )
        self.view = pmui.Column(
            self._nothing,
            pmui.Row(*self._columns.values(), sizing_mode="stretch_width", margin=0),
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["vo-losses"],
        )
        self._show_columns()

    def _draw(self) -> None:
        self._show_columns()
        for flow, stream in self._streams.items():
            stream.event(version=stream.version + 1)
            rate = self._history.losses(flow).rate
            speed = f" · {rate:,.0f} stars a second" if rate else ""
            self._captions[flow].object = TITLES[flow] + speed

    def _show_columns(self) -> None:
        flows = set(self._history.flows)
        self._nothing.object = NOT_YET if self._live else "The run has recorded no losses."
        for flow, column in self._columns.items():
            column.visible = flow in flows
        self._nothing.visible = not flows

    def _pane(self, flow: str) -> pn.pane.HoloViews:
        def draw(version: int) -> hv.Overlay:
            colours = figure_colours(dark=self._dark)
            return styled(loss_plot(self._history.losses(flow), colours), colours).opts(
                responsive=True, height=230
            )

        figure = hv.DynamicMap(draw, streams=[self._streams[flow]])
        return pn.pane.HoloViews(
            figure, sizing_mode="stretch_width", height=230, linked_axes=False, margin=(0, 6)
        )
