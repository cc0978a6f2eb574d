"""The maps of the page Asymmetry: an asymmetry, and beside it its error, pull or truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import holoviews as hv
import numpy as np
import panel_material_ui as pmui
import xarray as xr

from dashboard.components.coalesced import Soon
from dashboard.components.live_figure import LiveFigure
from dashboard.components.parts import section
from dashboard.components.theme import figure_colours
from dashboard.pages.asymmetry.controls import AsymmetryControls
from dashboard.policy.asymmetries import ASYMMETRIES
from dashboard.session.session import Session
from dashboard.views import cube_maps
from dashboard.views.asymmetry_maps import (
    asymmetry_map,
    error_map,
    significance_map,
    take_asymmetry,
    truth_map,
)
from dashboard.views.style import styled
from engine.cubes.slices import PLANES, Field, MapSlice, sun_position

__all__ = ["AsymmetryMaps"]

_TITLES = {"error": "Error", "significance": "Significance", "truth": "Truth"}


class AsymmetryMaps:
    """Two maps of one asymmetry on one plane.

    Whatever changes, the figures stay and are sent new numbers.

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
        self._acceleration: xr.Dataset | None = None
        self._truth: Field | None = None
        self._cut: MapSlice | None = None
        self._soon = Soon(session, lambda: self._cube is not None, self._update)
        self.controls = AsymmetryControls()
        self._figures = {
            "value": LiveFigure(lambda: self._styled("Asymmetry", self._value), linked_axes=True),
            "beside": LiveFigure(
                lambda: self._styled(_TITLES[self.controls.beside.value], self._beside),
                linked_axes=True,
            ),
        }
        self._caption = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-map-caption"]
        )
        for name in ("plane", "index", "quantity", "beside", "show_untrusted"):
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

    def show(self, cube: xr.Dataset, acceleration: xr.Dataset, truth: Field | None) -> None:
        """Show another cube with the map that it was made from, and the truth where known."""
        self._cube = None  # the widgets now change for a cube that is not here yet
        self.controls.offer(cube, acceleration, with_truth=truth is not None)
        self._cube, self._acceleration, self._truth = cube, acceleration, truth
        self._update()

    def recolour(self) -> None:
        """Draw the frames of the maps in the colours of the session."""
        if self._cube is not None:
            self._update()

    def _update(self) -> None:
        at = self.controls
        self._cut = take_asymmetry(
            self._cube,
            self._acceleration,
            at.plane.value,
            at.index_in(self._cube),
            at.quantity.value,
            self._truth if at.beside.value == "truth" else None,
        )
        self._caption.object = self._sentence(self._cut)
        self._draw([figure.update for figure in self._figures.values()])

    def _sentence(self, cut: MapSlice) -> str:
        """Say what is drawn."""
        across = PLANES[cut.plane][2]
        what = f"{cut.quantity.label}: {cut.quantity.description}"
        where = f"on the plane {across} = {cut.at:+.2f} kpc"
        if not np.isfinite(cut.value).any():
            return f"{what}. There is nothing to compare {where}."
        if ASYMMETRIES[cut.quantity.key].northern:
            where += ", each cell for itself and its mirror cell in the south"
        if self.controls.show_untrusted.value:
            doubt = "The errors of doubtful cells take all cells as independent."
        else:
            doubt = "Grey: flagged cells (hover for the reason)."
        return f"{what}, {where}. {doubt}"

    def _styled(self, title: str, draw: Callable[[MapSlice], hv.Element]) -> hv.Element:
        plane = self._cut.plane
        frame = cube_maps.frame_hook(
            plane,
            sun_position(self._acceleration),
            cube_maps.square_ranges(self._acceleration, plane),
        )
        colours = figure_colours(dark=self._session.dark)
        return styled(draw(self._cut), colours, grid=False, hooks=[frame]).opts(
            frame_width=cube_maps.FRAME,
            frame_height=cube_maps.FRAME,
            title=title,
            default_tools=["pan", "wheel_zoom", "reset", "save"],
        )

    def _value(self, cut: MapSlice) -> hv.Element:
        return asymmetry_map(cut, show_untrusted=self.controls.show_untrusted.value)

    def _beside(self, cut: MapSlice) -> hv.Element:
        shown = self.controls.show_untrusted.value
        if self.controls.beside.value == "truth" and cut.truth is not None:
            return truth_map(cut, show_untrusted=shown)
        if self.controls.beside.value == "significance":
            return significance_map(cut, show_untrusted=shown)
        return error_map(cut, show_untrusted=shown)
