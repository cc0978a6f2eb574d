"""Slices of a map: value, error, truth and difference side by side, and what steers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import holoviews as hv
import panel as pn
import panel_material_ui as pmui
import xarray as xr

from dashboard.pages.map_controls import MapControls
from dashboard.pages.parts import section
from dashboard.session import Session
from dashboard.theme import figure_colours
from dashboard.views import cube_maps
from dashboard.views.slices import PLANES, Field, MapSlice, sun_position, take_slice
from dashboard.views.style import styled

__all__ = ["MapPanel"]

FRAME = 300
"""Width and height of a map in pixels; the ranges are equally long, so scales are too."""

_Version = hv.streams.Stream.define("Version", version=0)


class MapPanel:
    """The maps of one acceleration cube on one plane.

    A change of slice, quantity or unit sends new numbers to figures that stay; only another
    plane or another cube builds figures anew.

    Parameters
    ----------
    session
        The browser session.
    draw
        Draws figures, as `ResultPage.draw` does.
    """

    def __init__(
        self, session: Session, draw: Callable[[Sequence[Callable[[], None]]], None]
    ) -> None:
        self._session = session
        self._draw = draw
        self._cube: xr.Dataset | None = None
        self._truth: Field | None = None
        self._cut: MapSlice | None = None
        self._pending = False
        self.controls = MapControls()
        self._panes = {
            name: pn.pane.HoloViews(None, margin=(0, 2))
            for name in ("value", "error", "truth", "difference")
        }
        self._streams = {name: _Version() for name in self._panes}
        self._caption = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-map-caption"]
        )
        for name in ("index", "quantity", "unit", "estimator", "relative", "difference",
                     "show_untrusted"):  # fmt: skip
            self.controls.watch(name, session.guarded(self._schedule))
        for name in ("plane", "arrows"):
            self.controls.watch(name, session.guarded(self._rebuild))
        self.view = pmui.Row(
            self.controls.view,
            section(
                "Slice",
                self._caption,
                pmui.FlexBox(*self._panes.values(), sizing_mode="stretch_width"),
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
            self._panes[name].visible = truth is not None
        self._rebuild()

    def _rebuild(self, _: object = None) -> None:
        """Build the figures of a plane; what is shown in them follows the stream."""
        if self._cube is None:
            return
        self._pending = False  # what was to be drawn soon is drawn now
        self._take()
        maps = [("value", "Measured", self._value), ("error", "Error", self._error)]
        if self._truth is not None:
            maps.append(("truth", "Truth", self._true))
            maps.append(("difference", "Measured − truth", self._difference))
        jobs = [partial(self._place, *one) for one in maps]
        self._draw(jobs)

    def _schedule(self, _: object = None) -> None:
        """Draw soon, once for all changes that arrive meanwhile.

        A dragged slider sends faster than figures can be drawn; drawing each of its values in
        turn would fall behind the hand.
        """
        if not self._pending and self._cube is not None:
            self._pending = True
            self._session.background.on_loop(self._update)

    def _update(self) -> None:
        if self._pending and self._cube is not None:
            self._pending = False
            self._take()
            shown = [s for name, s in self._streams.items() if self._panes[name].visible]
            # One map at a time: the first one is on the screen before the last one is drawn.
            self._draw([partial(s.event, version=s.version + 1) for s in shown])

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
            f"{across} = {self._cut.at:+.2f} kpc. Grey cells are not to be believed: point at "
            "one to see why."
        )

    def _place(self, name: str, title: str, draw: Callable[[MapSlice], hv.Element]) -> None:
        colours = figure_colours(dark=self._session.dark)
        plane = self.controls.plane.value
        sun = cube_maps.sun_hook(plane, sun_position(self._cube))
        h_range, v_range = cube_maps.square_ranges(self._cube, plane)

        def element(version: int) -> hv.Element:  # the version only says "again"
            return styled(draw(self._cut), colours, grid=False, hooks=[sun]).opts(
                frame_width=FRAME,
                frame_height=FRAME,
                xlim=h_range,
                ylim=v_range,
                title=title,
                default_tools=["pan", "wheel_zoom", "reset", "save"],
            )

        self._panes[name].object = hv.DynamicMap(element, streams=[self._streams[name]])

    def _value(self, cut: MapSlice) -> hv.Element:
        shown = self.controls.show_untrusted.value
        value = cube_maps.value_map(cut, show_untrusted=shown)
        if not self.controls.arrows.value:
            return value
        return value * cube_maps.arrows(cut, show_untrusted=shown)

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
