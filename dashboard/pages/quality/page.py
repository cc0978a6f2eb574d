"""Quality: what is wrong with the stars, where they are missing, and what can be mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.cut_fields import CutFields
from dashboard.components.escape import plain
from dashboard.components.parts import headline, section
from dashboard.components.placeholder import empty_state
from dashboard.components.selection.editor import SelectionEditor
from dashboard.pages.base import Page
from dashboard.pages.quality.artefacts import Artefacts, failing
from dashboard.pages.quality.completeness import CompletenessTool
from dashboard.pages.quality.versions import Versions
from dashboard.services.completeness import Assessment, Question, assess
from dashboard.services.latest_only import LatestWork
from dashboard.services.pictures import units_of
from dashboard.services.rasters import RasterCache
from data.errors import UserError
from data.selection.masks import count_bits, to_bits

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["QualityPage"]

Found = tuple[
    "Catalogue", tuple[int, int], tuple[int, dict[str, int]], "Assessment | UserError | None"
]


class QualityPage(Page):
    """Bounds on the left, completeness in the middle, distances and joins on the right."""

    title = "Quality"
    icon = "fact_check"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._catalogue: Catalogue | None = None
        self._latest = LatestWork(session, self._wish, self._take, self._failed)
        self._seen: object = None
        self._editor = SelectionEditor(session, lambda: units_of(self._catalogue))
        self._cuts = CutFields(session)
        self._artefacts = Artefacts(session)
        self._completeness = CompletenessTool(session, self._follow)
        self._versions = Versions(services, session)
        self._title = headline("Quality")
        self._busy = pmui.LinearProgress(
            visible=False, sizing_mode="stretch_width", margin=0, height=3
        )

    def view(self) -> Viewable:
        """Build the page: the empty state and the workbench, one of them visible."""
        self._empty = empty_state(
            "fact_check",
            "No catalogue yet",
            "Quality looks at a catalogue of stars. Explore makes one or reads one.",
            pmui.Button(
                label="Go to Explore",
                variant="contained",
                align="center",
                margin=(18, 0),
                on_click=lambda _: self.session.go("explore"),
            ),
            css_class="vo-quality-empty",
        )
        left = pmui.Column(
            section("", self._editor.view()),
            section("Bounds", self._cuts.view(), css_class="vo-quality-bounds"),
            width=310,
            margin=0,
        )
        middle = pmui.Column(
            self._busy,
            section(
                "Completeness",
                *self._completeness.view(),
                note="A magnitude-limited sample misses faint stars at large distance. Stars"
                " brighter than this absolute magnitude are visible out to the maximum distance.",
                css_class="vo-completeness",
            ),
            sizing_mode="stretch_width",
            min_width=600,  # both columns of pictures
            margin=0,
        )
        right = pmui.Column(
            section(
                "Distances and zero point",
                *self._versions.distance_view(),
                note="Makes a new catalogue beside this one.",
                css_class="vo-distances",
            ),
            section(
                "Join a table",
                *self._versions.join_view(),
                note="Metallicities, labels or other distances, by source_id.",
                css_class="vo-joins",
            ),
            section("Known artefacts", self._artefacts.view(), css_class="vo-artefacts"),
            width=310,
            margin=0,
        )
        self._workbench = pmui.Row(
            left,
            middle,
            right,
            sizing_mode="stretch_width",
            margin=0,
            sx={"flexWrap": {"xs": "wrap", "lg": "nowrap"}},
        )
        self.session.param.watch(
            self.session.guarded(lambda *_: self._follow()),
            ["catalogue", "selection", "dark", "colour"],
        )
        return pmui.Column(
            self._title,
            self._empty,
            self._workbench,
            sizing_mode="stretch_width",
            margin=(8, 12),
            css_classes=["vo-quality"],
        )

    def on_show(self) -> None:
        """Follow what has been changed on other pages."""
        self._follow()

    def refresh(self) -> None:
        """Follow what was started from here."""
        self._versions.refresh()
        self._busy.visible = self._latest.working

    def _follow(self) -> None:
        """Ask again where anything that the answer depends on has changed."""
        session = self.session
        if session.page != "quality":
            return
        self._empty.visible = session.catalogue is None
        self._workbench.visible = session.catalogue is not None
        if session.catalogue is None:
            return
        if self._catalogue is None or self._catalogue.id != session.catalogue:
            catalogue = self._catalogue = self.services.catalogues.open(session.catalogue)
            for part in (self._cuts, self._artefacts, self._versions):
                part.open(catalogue)
            radius = (session.volume or {}).get("radius", 4.0)
            self._completeness.open(catalogue, float(radius))
            self._editor.update()
            self._editor.wait()
            self._title.object = f"Quality of {plain(catalogue.name)}"
            self._busy.visible = True
        state = (session.catalogue, session.selection, self._completeness.question)
        if state == self._seen:
            self._completeness.draw()
            return
        self._seen = state
        self._latest()

    def _wish(self) -> Callable[[], Found] | None:
        catalogue = self._catalogue
        if catalogue is None:
            return None
        tree, question = self.session.selection, self._completeness.question
        cache = self.services.rasters
        return lambda: _look(cache, catalogue, tree, question)

    def _take(self, found: Found) -> None:
        self._busy.visible = False
        catalogue, (selected, with_6d), (number, out), answer = found
        self._editor.count(selected, catalogue.n_rows, with_6d)
        self._artefacts.count(number, out)
        if isinstance(answer, UserError):
            self._completeness.refuse(answer)
        elif answer is not None:
            self._completeness.show(answer)

    def _failed(self, error: BaseException) -> None:
        self._busy.visible = False
        self.session.report(error)


def _look(
    cache: RasterCache, catalogue: Catalogue, tree: dict | None, question: Question | None
) -> Found:
    """Count, and answer the question where one can be asked."""
    bits = cache.masks.bits(tree, catalogue)
    six = to_bits(catalogue.column("has_6d").astype(bool, copy=False))
    counted = count_bits(bits), count_bits(bits & six)
    answer: Assessment | UserError | None = None
    if question is not None:
        try:
            answer = assess(cache, catalogue, tree, question)
        except UserError as error:
            answer = error
    return catalogue, counted, failing(cache, catalogue, tree), answer
