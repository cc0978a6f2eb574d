"""Profiles along the named lines, with their bands and the truth where it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import holoviews as hv
import panel_material_ui as pmui
import xarray as xr

from dashboard.components.live_figure import LiveFigure
from dashboard.components.map_controls import MapControls
from dashboard.components.parts import section
from dashboard.components.profile_line import DrawnLine
from dashboard.components.theme import figure_colours
from dashboard.session.session import Session
from dashboard.views.profiles import (
    DRAWN,
    LINES,
    profile_plot,
    take_drawn_profile,
    take_profile,
)
from dashboard.views.style import styled
from engine.cubes.quantities import QUANTITIES
from engine.cubes.slices import Field, start_position

__all__ = ["ProfilePanel"]

FRAME = (290, 200)
"""Width and height of a profile in pixels."""
FITTING = "fits"
"""The choice that draws along each line the quantity that says most about it."""
_DEFAULT = ((5.0, 0.0, 0.0), (11.0, 0.0, 0.0))
"""Stands in for the user's line where what is typed is none."""


class ProfilePanel:
    """Three profiles that follow the unit, the estimator and the doubts of the maps.

    Parameters
    ----------
    session
        The browser session.
    controls
        The widgets of the maps.
    draw
        Draws figures, as `ResultPage.draw` does.
    own
        The line that the user may draw on the maps.
    """

    def __init__(
        self,
        session: Session,
        controls: MapControls,
        draw: Callable[[Sequence[Callable[[], None]]], None],
        own: DrawnLine,
    ) -> None:
        self._session = session
        self._own = own
        self._maps: xr.Dataset | None = None
        self._draw = draw
        self._controls = controls
        self._cube: xr.Dataset | None = None
        self._truth: Field | None = None
        self._quantity = pmui.Select(
            label="Quantity",
            options={
                "automatic (best component per line)": FITTING,
                **{q.label: q.key for q in QUANTITIES.values()},
            },
            value=FITTING,
            width=210,
            size="small",
            css_classes=["vo-profile-quantity"],
        )
        self._figures = {line: LiveFigure(partial(self._plot, line)) for line in LINES}
        self._figures[DRAWN] = LiveFigure(self._plot_own)
        self._figures[DRAWN].pane.visible = False
        own.watch(session.guarded(self._update_own))
        self._quantity.param.watch(session.guarded(self._update), "value")
        for name in ("unit", "estimator", "show_untrusted"):
            controls.watch(name, session.guarded(self._update))
        self.view = section(
            "Profiles",
            pmui.FlexBox(self._quantity, own.on, own.start, own.end, align_items="center"),
            pmui.FlexBox(*(figure.pane for figure in self._figures.values())),
            note="Bands hold 68% and 95% of the probability by the errors of the run; the dashed "
            "line is the truth, where the catalogue is a mock. A line of your own: drag its ends "
            "on the map “Measured”, or click where it shall go. Between cells its errors are "
            "taken as shared, which makes them rather too large than too small.",
            css_class="vo-profiles",
        )

    def show(self, cube: xr.Dataset, maps: xr.Dataset, truth: Field | None) -> None:
        """Show another cube of profiles and its maps, with the truth where it is known."""
        self._own.offer(start_position(maps))
        self._cube, self._maps, self._truth = cube, maps, truth
        self._update()

    def clear(self) -> None:
        """Draw nothing more of the present cube; another one is about to come."""
        self._cube = self._maps = None

    def recolour(self) -> None:
        """Draw the lines in the colours of the session."""
        self._update()

    def _update(self, _: object = None) -> None:
        if self._cube is not None:
            # A figure that is drawn but not shown would be measured before it is there.
            wanted = [line for line in self._figures if line != DRAWN or self._own.on.value]
            self._draw([self._figures[line].update for line in wanted])

    def _update_own(self) -> None:
        if self._cube is not None:
            self._figures[DRAWN].pane.visible = self._own.on.value
            self._update()

    def _plot_own(self) -> hv.Overlay:
        """Draw along the user's line."""
        colours = figure_colours(dark=self._session.dark)
        wanted = self._quantity.value
        profile = take_drawn_profile(
            self._maps,
            self._own.ends or _DEFAULT,
            "abs" if wanted == FITTING else wanted,
            self._controls.unit.value,
            self._controls.estimator.value,
            self._truth,
        )
        plot = profile_plot(profile, colours, show_untrusted=self._controls.show_untrusted.value)
        return styled(plot, colours).opts(
            frame_width=FRAME[0], frame_height=FRAME[1], title="Along your line"
        )

    def _plot(self, line: str) -> hv.Overlay:
        colours = figure_colours(dark=self._session.dark)
        wanted = self._quantity.value
        profile = take_profile(
            self._cube,
            line,
            LINES[line][2] if wanted == FITTING else wanted,
            self._controls.unit.value,
            self._controls.estimator.value,
            self._truth,
        )
        plot = profile_plot(profile, colours, show_untrusted=self._controls.show_untrusted.value)
        return styled(plot, colours).opts(
            frame_width=FRAME[0], frame_height=FRAME[1], title=LINES[line][0]
        )
