"""Slices of a map: value, error, truth and difference side by side, and what steers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import holoviews as hv
import panel_material_ui as pmui
import xarray as xr

from dashboard.components.coalesced import Soon
from dashboard.components.live_figure import LiveFigure
from dashboard.components.map_controls import MapControls
from dashboard.components.parts import section
from dashboard.components.profile_line import DrawnLine
from dashboard.components.theme import figure_colours
from dashboard.session.session import Session
from dashboard.views import cube_maps
from dashboard.views.style import styled
from engine.cubes.slices import PLANES, Field, MapSlice, sun_position, take_slice
from engine.cubes.trust_words import doubt_sentence

__all__ = ["MapPanel"]


class MapPanel:
    """The maps of one acceleration cube on one plane.

    Whatever changes, the figures stay and are sent new numbers.

    Parameters
    ----------
    session
        The browser session.
    draw
        Draws figures, as `ResultPage.draw` does.
    line
        A line whose ends can be drawn on the first map, or None.
    """

    def __init__(
        self,
        session: Session,
        draw: Callable[[Sequence[Callable[[], None]]], None],
        line: DrawnLine | None = None,
    ) -> None:
        self._session = session
        self._line = line
        self._draw = draw
        self._cube: xr.Dataset | None = None
        self._truth: Field | None = None
        self._cut: MapSlice | None = None
        self._soon = Soon(session, lambda: self._cube is not None, self._update)
        self.controls = MapControls()
        self._figures = {
            "value": LiveFigure(lambda: self._styled("Measured", self._value), linked_axes=True),
            "error": LiveFigure(lambda: self._styled("Error", self._error), linked_axes=True),
            "truth": LiveFigure(lambda: self._styled("Truth", self._true), linked_axes=True),
            "difference": LiveFigure(
                lambda: self._styled("Measured − truth", self._difference), linked_axes=True
            ),
        }
        self._caption = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-map-caption"]
        )
        for name in ("plane", "index", "quantity", "unit", "estimator", "relative", "difference",
                     "arrows", "show_untrusted"):  # fmt: skip
            self.controls.watch(name, session.guarded(self._soon))
        self.view = pmui.Row(
            self.controls.view,
            section(
                "Slice",
                self._caption,
                pmui.FlexBox(
                    *(figure.pane for figure in self._figures.values()),
                    sizing_mode="stretch_width",
                ),
                css_class="vo-maps",
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def show(self, cube: xr.Dataset, truth: Field | None) -> None:
        """Show another cube, with the truth where it is known."""
        self._cube = None  # the widgets now change for a cube that is not here yet
        self.controls.offer(cube, with_truth=truth is not None)
        self._cube, self._truth = cube, truth
        for name in ("truth", "difference"):
            self._figures[name].pane.visible = truth is not None
        self._update()

    def recolour(self) -> None:
        """Draw the frames of the maps in the colours of the session."""
        if self._cube is not None:
            self._update()

    def _update(self) -> None:
        self._take()
        # One map at a time: the first is on the screen before the last is drawn.
        self._draw([f.update for f in self._figures.values() if f.pane.visible])

    def _take(self) -> None:
        at = self.controls
        self._cut = take_slice(
            self._cube,
            at.plane.value,
            at.index_in(self._cube),
            at.quantity.value,
            at.unit.value,
            at.estimator.value,
            self._truth,
        )
        across = PLANES[self._cut.plane][2]
        self._caption.object = (
            f"{self._cut.quantity.label}: {self._cut.quantity.description}, on the plane "
            f"{across} = {self._cut.at:+.2f} kpc, by the estimator {at.estimator.value}. "
            + doubt_sentence(show_untrusted=at.show_untrusted.value)
        )

    def _styled(self, title: str, draw: Callable[[MapSlice], hv.Element]) -> hv.Element:
        plane = self._cut.plane
        frame = cube_maps.frame_hook(
            plane, sun_position(self._cube), cube_maps.square_ranges(self._cube, plane)
        )
        hooks = [frame]
        if self._line is not None and draw == self._value:
            hooks.append(self._line.hook(plane, self._cut.at))
        colours = figure_colours(dark=self._session.dark)
        return styled(draw(self._cut), colours, grid=False, hooks=hooks).opts(
            frame_width=cube_maps.FRAME,
            frame_height=cube_maps.FRAME,
            title=title,
            default_tools=["pan", "wheel_zoom", "reset", "save"],
        )

    def _value(self, cut: MapSlice) -> hv.Overlay:
        shown = self.controls.show_untrusted.value
        many = 12 if self.controls.arrows.value else 0
        arrows = cube_maps.arrows(cut, show_untrusted=shown, at_most=many)
        return cube_maps.value_map(cut, show_untrusted=shown) * arrows

    def _error(self, cut: MapSlice) -> hv.Element:
        return cube_maps.error_map(
            cut,
            relative=self.controls.relative.value == "percent",
            show_untrusted=self.controls.show_untrusted.value,
        )

    def _true(self, cut: MapSlice) -> hv.Element:
        return cube_maps.truth_map(cut, show_untrusted=self.controls.show_untrusted.value)

    def _difference(self, cut: MapSlice) -> hv.Element:
        return cube_maps.difference_map(
            cut,
            how=self.controls.difference.value,
            show_untrusted=self.controls.show_untrusted.value,
        )
