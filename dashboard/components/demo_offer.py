"""The offer of the first start: one click measures the gravity of the demonstration galaxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.policy.funnel import seconds_in_words
from dashboard.session.guests import for_editors
from data.population.measurement_noise import has_errors
from engine.mapping.cost import estimate_cost
from engine.mapping.presets import PRESETS
from engine.runs.folder.record import RunRecord

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["DemoOffer"]


class DemoOffer:
    """A banner while there is a galaxy with known truth and nobody has made a map yet.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self._declined = False
        self._seen: object = None
        self._galaxy: Catalogue | None = None
        self._words = pmui.Typography(
            "", variant="body2", margin=(10, 14), sizing_mode="stretch_width"
        )
        self._run = pmui.Button(
            label="Run the demonstration",
            icon="play_arrow",
            variant="contained",
            margin=(8, 5),
            css_classes=["vo-demo-run"],
            on_click=session.guarded(lambda _: self._submit()),
        )
        for_editors(session.access, self._run)
        self._later = pmui.Button(
            label="Not now", variant="text", margin=(8, 10), on_click=lambda _: self._decline()
        )
        self._banner = pmui.Paper(
            pmui.Row(self._words, self._run, self._later, sizing_mode="stretch_width", margin=0),
            variant="outlined",
            elevation=0,
            visible=False,
            sizing_mode="stretch_width",
            margin=(2, 5, 8, 5),
            css_classes=["vo-demo-offer"],
            sx={"borderColor": "primary.main"},
        )

    def view(self) -> Viewable:
        """Give the banner."""
        return self._banner

    def refresh(self) -> None:
        """Follow store and runs; the offer stands until the first map is asked for."""
        versions = (self.services.catalogues.version, self.services.runs.version)
        if versions == self._seen or self._declined:
            return
        self._seen = versions
        maps = any(run.kind == "map" for run in self.services.runs.list())
        self._galaxy = None if maps else self._find()
        self._banner.visible = self._galaxy is not None
        if self._galaxy is not None:
            cost = estimate_cost(
                PRESETS["quick"], self._galaxy.n_rows, errors=has_errors(self._galaxy)
            )
            self._words.object = (
                f"**{plain(self._galaxy.name)}** is a galaxy whose gravity is known exactly. "
                "One click measures it from the stars alone and draws the truth beside it: "
                f"about {seconds_in_words(cost.seconds)} on two idle cores."
            )

    def _find(self) -> Catalogue | None:
        """Give the newest catalogue that has a truth and can be mapped."""
        catalogues = (
            self.services.catalogues.open(m.id)
            for m in self.services.catalogues.list()
            if m.with_6d
        )
        return next((c for c in catalogues if c.truth_path is not None), None)

    def _submit(self) -> None:
        if self._galaxy is None:
            return
        galaxy = self._galaxy.id
        spec = {"kind": "map", "catalogue": galaxy, "preset": "quick", "seed": 0}
        self._run.loading = True
        self.session.open_catalogue(galaxy)
        self.session.background(
            lambda: self.session.acts.submit(spec), self._started, self._not_started
        )

    def _started(self, record: RunRecord) -> None:
        self._run.loading = False
        self.services.runs.look()
        self._banner.visible = False
        self.session.go("runs", run=record.id)

    def _not_started(self, error: BaseException) -> None:
        self._run.loading = False
        self.session.report(error)

    def _decline(self) -> None:
        self._declined = True
        self._banner.visible = False
