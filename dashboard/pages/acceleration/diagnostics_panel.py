"""The fields that help to judge a map, on the plane that the page shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import holoviews as hv
import panel_material_ui as pmui
import xarray as xr

from dashboard.components.coalesced import Soon
from dashboard.components.live_figure import LiveFigure
from dashboard.components.map_controls import MapControls
from dashboard.components.parts import section
from dashboard.components.theme import figure_colours
from dashboard.session.session import Session
from dashboard.views.cube_maps import FRAME, frame_hook, square_ranges
from dashboard.views.diagnostics import (
    available,
    diagnostic_map,
    take_diagnostic,
)
from dashboard.views.style import styled
from engine.cubes.fields import SHOWN
from engine.cubes.slices import sun_position

__all__ = ["DiagnosticsPanel"]


class DiagnosticsPanel:
    """Two diagnostics side by side; plane, position and estimator are those of the maps.

    Parameters
    ----------
    session
        The browser session.
    draw
        Draws figures, as `ResultPage.draw` does.
    controls
        The controls of the page's maps.
    """

    def __init__(
        self,
        session: Session,
        draw: Callable[[Sequence[Callable[[], None]]], None],
        controls: MapControls,
    ) -> None:
        self._session, self._draw, self._controls = session, draw, controls
        self._cube: xr.Dataset | None = None
        self._soon = Soon(session, lambda: self._cube is not None, self._update)
        self._chosen = [self._select("disagreement", 0), self._select("residual", 1)]
        self._words = [
            pmui.Typography(
                "", variant="body2", width=FRAME + 90, margin=(0, 10),
                sx={"color": "text.secondary"},
            )
            for _ in self._chosen
        ]  # fmt: skip
        self._figures = [LiveFigure(lambda which=which: self._plot(which)) for which in (0, 1)]
        for name in ("plane", "index", "estimator"):
            controls.watch(name, session.guarded(self._soon))
        self.view = section(
            "Diagnostics",
            pmui.FlexBox(
                *(
                    pmui.Column(select, words, figure.pane, margin=0)
                    for select, words, figure in zip(
                        self._chosen, self._words, self._figures, strict=True
                    )
                ),
                sizing_mode="stretch_width",
            ),
            note="On the plane and for the estimator of the maps above.",
            css_class="vo-diagnostics",
        )

    def _select(self, value: str, place: int) -> pmui.Select:
        select = pmui.Select(
            label="Show",
            options={shown.label: key for key, (_, shown) in SHOWN.items()},
            value=value,
            size="small",
            width=FRAME + 60,
            css_classes=[f"vo-diagnostic-{place}"],
        )
        select.param.watch(self._session.guarded(self._soon), "value")
        return select

    def show(self, cube: xr.Dataset) -> None:
        """Show another cube: the diagnostics that it has."""
        self._cube = None  # the widgets now change for a cube that is not here yet
        keys = available(cube)
        for select, first in zip(self._chosen, (0, 1), strict=True):
            keep = select.value if select.value in keys else keys[min(first, len(keys) - 1)]
            select.param.update(options={SHOWN[key][1].label: key for key in keys}, value=keep)
        self._cube = cube
        self._update()

    def recolour(self) -> None:
        """Draw in the colours of the session."""
        if self._cube is not None:
            self._update()

    def _update(self) -> None:
        for select, words in zip(self._chosen, self._words, strict=True):
            words.object = SHOWN[select.value][1].meaning
        self._draw([figure.update for figure in self._figures])

    def _plot(self, which: int) -> hv.Element:
        at, cube, key = self._controls, self._cube, self._chosen[which].value
        plane = at.plane.value
        values = take_diagnostic(cube, key, plane, at.index_in(cube), at.estimator.value)
        hook = frame_hook(plane, sun_position(cube), square_ranges(cube, plane))
        element = diagnostic_map(cube, key, plane, values)
        colours = figure_colours(dark=self._session.dark)
        return styled(element, colours, grid=False, hooks=[hook]).opts(
            frame_width=FRAME,
            frame_height=FRAME,
            default_tools=["pan", "wheel_zoom", "reset", "save"],
        )
