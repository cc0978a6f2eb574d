"""Explore: linked density panels over one catalogue, and the selection that they edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.demo_offer import DemoOffer
from dashboard.components.selection.editor import SelectionEditor
from dashboard.components.welcome import Welcome
from dashboard.pages.base import Page
from dashboard.pages.explore.catalogue_bar import CatalogueBar
from dashboard.pages.explore.linked_panel import LinkedPanel
from dashboard.pages.explore.side import ExploreSide
from dashboard.policy.brushes import box, combine, lasso
from dashboard.policy.panels import NUMBERS, presets_for, some_axes
from dashboard.services.pictures import (
    Look,
    Picture,
    all_columns,
    draw,
    has_column,
    has_velocities,
    look_of,
    opening_axes,
    units_of,
)
from dashboard.views.scales import Scale

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["ExplorePage"]

#: From this many stars on the panels say at once that they are busy.
MANY = 3_000_000


class ExplorePage(Page):
    """Two to six linked panels; what is drawn on one edits the selection, and all follow."""

    title = "Explore"
    icon = "blur_on"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._catalogue: Catalogue | None = None
        self._panels: list[LinkedPanel] = []
        self._working = self._wanted = False
        self._seen_store = -1
        self._bar = CatalogueBar(services, session)
        self._welcome = Welcome(services, session, self._bar.ingest)
        self._offer = DemoOffer(services, session)
        self._editor = SelectionEditor(session, lambda: units_of(self._catalogue))
        self._side = ExploreSide(session, self._editor, session.guarded(self._renumber))
        self._grid = pmui.Column(sizing_mode="stretch_width", margin=0, css_classes=["vo-panels"])
        self._busy = pmui.LinearProgress(
            visible=False, sizing_mode="stretch_width", margin=0, height=3
        )

    # --- layout ---------------------------------------------------------------------------

    def view(self) -> Viewable:
        """Build the page: the empty state and the workbench, one of them visible."""
        self._workbench = pmui.Row(
            pmui.Column(
                self._busy,
                self._grid,
                sizing_mode="stretch_width",
                margin=0,
                styles={"flex": "1 1 640px"},
            ),
            self._side.view(),
            sizing_mode="stretch_width",
            margin=0,
            # In a narrow window the selection stands below the panels.
            sx={"flexWrap": {"xs": "wrap", "lg": "nowrap"}},
        )
        watch = self.session.param.watch
        watch(self.session.guarded(lambda _: self._open()), "catalogue")
        watch(lambda _: self._request(), "selection")
        watch(lambda *_: self._restyle(), ["colour", "dark"])
        return pmui.Column(
            self._bar.view(),
            self._offer.view(),
            self._welcome.view(),
            self._workbench,
            sizing_mode="stretch_width",
            margin=(8, 12),
            css_classes=["vo-explore"],
        )

    # --- life -----------------------------------------------------------------------------

    def on_show(self) -> None:
        """Pick a catalogue where none is chosen yet, and draw what was changed elsewhere."""
        self.refresh()
        self._restyle()
        if self._wanted and not self._working:
            self._start()

    def refresh(self) -> None:
        """Follow the store and the errands that fill it."""
        self._bar.refresh()
        self._welcome.refresh()
        self._offer.refresh()
        if self.services.catalogues.version != self._seen_store:
            self._seen_store = self.services.catalogues.version
            there = self.services.catalogues.list()
            if self.session.catalogue is None and there:
                self.session.open_catalogue(there[0].id)
            elif self._catalogue is None:
                self._open()
        empty = self.session.catalogue is None
        self._welcome.visible = empty
        self._workbench.visible = not empty
        self._busy.visible = self._working

    def _open(self) -> None:
        """Make the panels of the session's catalogue."""
        self._catalogue = None
        self._panels = []
        self._grid.objects = []
        if self.session.catalogue is None:
            return
        catalogue = self.services.catalogues.open(self.session.catalogue)
        self._catalogue = catalogue
        self._editor.wait()
        self._side.lead_to("tracers" if has_velocities(catalogue) else "streams")
        columns = all_columns(catalogue)
        axes = [a for a in self.session.axes if _there(catalogue, a)] or opening_axes(catalogue)
        presets = presets_for(columns)
        self._panels = [
            LinkedPanel(
                number,
                look_of(pair),
                columns,
                presets,
                rows=1 if len(axes) <= 2 else 2,
                kept=Scale.from_dict(pair.get("scale")),
                on_look=self._looked,
                on_box=self._boxed,
                on_lasso=self._lassoed,
            )
            for number, pair in enumerate(axes)
        ]
        self.session.axes = axes
        if len(axes) in NUMBERS:
            self._side.number.value = len(axes)
        self._restyle()
        views = [panel.view for panel in self._panels]
        self._grid.objects = [
            pmui.Row(*views[i : i + 2], sizing_mode="stretch_width", margin=0)
            for i in range(0, len(views), 2)
        ]
        self._request()

    def _renumber(self, _: object) -> None:
        """Show more or fewer panels; those that stay keep what they show."""
        if self._catalogue is None or len(self._panels) == self._side.number.value:
            return
        columns = all_columns(self._catalogue)
        self.session.axes = some_axes(columns, self.session.axes, self._side.number.value)
        self._open()

    # --- pictures -------------------------------------------------------------------------

    @property
    def _on_screen(self) -> bool:
        return self.session.page == "explore"

    def _request(self) -> None:
        """Ask for new counts; while some are being made, only the newest wish is kept.

        A figure that is not on screen is not drawn: it would cost time that nobody sees.
        """
        self._wanted = True
        if not self._working and self._on_screen:
            self._start()

    def _start(self) -> None:
        catalogue = self._catalogue
        if catalogue is None or not self._panels:
            return
        self._wanted, self._working = False, True
        self._busy.visible = catalogue.n_rows > MANY
        tree, panels = self.session.selection, self._panels
        looks = [panel.look for panel in panels]
        cache = self.services.rasters
        self.session.background(
            lambda: draw(cache, catalogue, tree, looks),
            lambda picture: self._take(picture, panels, looks),
            self._failed,
        )

    def _take(self, picture: Picture, panels: list[LinkedPanel], looks: list[Look]) -> None:
        self._working = False
        self._busy.visible = False
        self._wanted |= not self._on_screen
        if panels is self._panels and self._catalogue is not None and self._on_screen:
            for panel, content, look in zip(panels, picture.panels, looks, strict=True):
                panel.show(content, look)
            self._editor.count(picture.selected, self._catalogue.n_rows, picture.selected_6d)
        if self._wanted and self._on_screen:
            self._start()

    def _failed(self, error: BaseException) -> None:
        """Say what is wrong; a selection that cannot be evaluated is taken back."""
        self._working = False
        self._busy.visible = False
        self.session.report(error)
        if self.session.history.can_go_back:
            self.session.undo()

    def _restyle(self) -> None:
        if not self._on_screen:
            return
        for panel in self._panels:
            panel.restyle(colour=self.session.colour, dark=self.session.dark)

    # --- what the user draws --------------------------------------------------------------

    def _looked(self, _: LinkedPanel) -> None:
        self.session.axes = [panel.document() for panel in self._panels]
        self._request()

    def _boxed(self, panel: LinkedPanel, bounds: tuple[float, float, float, float]) -> None:
        node = box(panel.axes, bounds, panel.frame, on_sky=panel.look.on_sky)
        self.session.select(combine(self.session.selection, node, self._side.mode.value))

    def _lassoed(self, panel: LinkedPanel, points: np.ndarray) -> None:
        node = lasso(panel.axes, points, on_sky=panel.look.on_sky)
        if node is not None:
            self.session.select(combine(self.session.selection, node, self._side.mode.value))


def _there(catalogue: Catalogue, panel: dict[str, Any]) -> bool:
    """Say whether a panel of a document can be drawn for a catalogue."""
    names = [panel.get("x"), panel.get("y"), panel.get("value")]
    return all(has_column(catalogue, name) for name in names if name is not None) and bool(
        names[0] and names[1]
    )
