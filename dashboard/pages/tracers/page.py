"""Tracers: the cuts that make a tracer population, before and after, and the start of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.cut_fields import CutFields, VolumeFields
from dashboard.components.density_pair import DensityGrid
from dashboard.components.escape import plain
from dashboard.components.parts import rows_table, section, table
from dashboard.components.placeholder import empty_state
from dashboard.components.run_starter import RunStarter
from dashboard.components.selection.editor import SelectionEditor
from dashboard.pages.base import Page
from dashboard.policy.funnel import funnel
from dashboard.services.latest_only import LatestWork
from dashboard.services.pictures import units_of
from dashboard.services.populations import Tracers, tracers
from data.catalogue.remarks import Remark
from data.errors import UserError
from data.population.measurement_noise import has_errors
from data.population.warnings import UNCURED
from data.reason import Reason

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["TracersPage"]


class TracersPage(Page):
    """Cuts on the left, what they keep in the middle, the run on the right."""

    title = "Tracers"
    icon = "filter_alt"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._catalogue: Catalogue | None = None
        self._shown: Tracers | None = None
        self._latest = LatestWork(session, self._wish, self._take, self._refused)
        self._seen: object = None
        self._editor = SelectionEditor(session, lambda: units_of(self._catalogue))
        self._cuts = CutFields(session)
        self._volume = VolumeFields(session)
        self._starter = RunStarter(services, session)
        self._grid = DensityGrid(("All stars", "Tracers"))
        self._funnel = table(css_class="vo-funnel")
        self._refusal = pmui.Alert(
            severity="warning",
            visible=False,
            margin=6,
            sizing_mode="stretch_width",
            css_classes=["vo-tracers-error"],
        )
        self._warnings = pmui.Column(
            margin=0, sizing_mode="stretch_width", css_classes=["vo-warnings"]
        )
        self._busy = pmui.LinearProgress(
            visible=False, sizing_mode="stretch_width", margin=0, height=3
        )

    def view(self) -> Viewable:
        """Build the page: the empty state and the workbench, one of them visible."""
        self._empty = empty_state(
            "filter_alt",
            "No catalogue is open",
            "Tracers are chosen from a catalogue of stars. Open one on Explore, which makes and "
            "reads them, too.",
            pmui.Button(
                label="Go to Explore",
                variant="contained",
                align="center",
                margin=(18, 0),
                on_click=lambda _: self.session.go("explore"),
            ),
            css_class="vo-tracers-empty",
        )
        left = pmui.Column(
            section("Cuts", self._cuts.view(), css_class="vo-usual-cuts"),
            section("Volume", self._volume.view(), css_class="vo-volume"),
            section("", self._editor.view()),
            width=310,
            margin=0,
        )
        middle = pmui.Column(
            self._busy,
            self._refusal,
            section("Stars surviving each cut", self._funnel),
            section("Before and after", self._grid.view),
            sizing_mode="stretch_width",
            min_width=420,
            margin=0,
        )
        right = pmui.Column(
            section("Run", self._starter.view(), css_class="vo-start-run"),
            self._warnings,
            width=300,
            margin=0,
        )
        self._workbench = pmui.Row(left, middle, right, sizing_mode="stretch_width", margin=0)
        self.session.param.watch(
            self.session.guarded(lambda *_: self._follow()),
            ["catalogue", "selection", "volume", "dark", "colour"],
        )
        return pmui.Column(
            self._empty,
            self._workbench,
            sizing_mode="stretch_width",
            margin=(8, 12),
            css_classes=["vo-tracers"],
        )

    def on_show(self) -> None:
        """Follow what has been changed on other pages."""
        self._follow()

    def refresh(self) -> None:
        """Follow the runs that were started from here."""
        self._starter.refresh()
        self._busy.visible = self._latest.working

    def _follow(self) -> None:
        """Make the population anew where anything that it depends on has changed."""
        session = self.session
        if session.page != "tracers":
            return
        self._empty.visible = session.catalogue is None
        self._workbench.visible = session.catalogue is not None
        state = (session.catalogue, session.selection, session.volume)
        if session.catalogue is None or state == self._seen:
            self._draw()
            return
        self._seen = state
        if self._catalogue is None or self._catalogue.id != session.catalogue:
            self._catalogue = self.services.catalogues.open(session.catalogue)
            self._cuts.open(self._catalogue)
            self._volume.open(self._catalogue)
            self._editor.update()
            self._editor.wait()
        self._latest()

    def _wish(self) -> Callable[[], Tracers] | None:
        catalogue = self._catalogue
        if catalogue is None:
            return None
        selection, volume = self.session.selection, self.session.volume
        cache = self.services.rasters
        return lambda: tracers(cache, catalogue, selection, volume)

    def _take(self, result: Tracers) -> None:
        self._busy.visible = False
        self._shown = result
        self._refusal.visible = False
        counts = result.population.counts
        self._funnel.object = rows_table(
            ("", "Stars", "of all"), funnel(counts), ours=len(funnel(counts)) - 1
        )
        with_6d = counts["selected"] - sum(counts["not_6d"].values())
        self._editor.count(counts["selected"], counts["catalogue"], with_6d)
        reasons = result.population.warnings
        sentences = [_verdict(reasons), *(plain(reason.sentence) for reason in reasons)]
        codes = ["population", *(plain(reason.code) for reason in reasons)]
        warnings = [
            _alert(sentence, "info" if code == "population" else "warning", f"vo-warning-{code}")
            for code, sentence in zip(codes, sentences, strict=True)
            if reasons
        ]
        self._warnings.objects = [*warnings, *map(_caution, result.population.remarks)]
        found = result.population
        errors = found.catalogue is not None and has_errors(found.catalogue)
        self._starter.offer(counts["tracers"], found.volume.radius, errors=errors)
        self._draw()

    def _refused(self, error: BaseException) -> None:
        """Show in place why there is no population; a run cannot be started then."""
        self._busy.visible = False
        self._shown = None
        self._starter.offer(None, 0.0)
        self._editor.give_up()
        self._warnings.objects = []
        if not isinstance(error, UserError):
            self.session.report(error)
            return
        self._refusal.object = f"**{plain(error.sentence)}** {plain(error.hint)}"
        self._refusal.visible = True
        self._funnel.object = ""

    def _draw(self) -> None:
        if self._shown is not None and self.session.page == "tracers":
            self._grid.show(
                [self._shown.before, self._shown.after],
                how=self.session.colour,
                dark=self.session.dark,
            )


def _alert(sentence: str, severity: str, css_class: str) -> pmui.Alert:
    return pmui.Alert(
        object=sentence,
        severity=severity,
        margin=6,
        sizing_mode="stretch_width",
        css_classes=[css_class],
    )


def _caution(remark: Remark) -> pmui.Alert:
    """Show a remark on a column, which takes no trust from a map."""
    return _alert(plain(remark.sentence), "info", f"vo-remark-{plain(remark.code)}")


def _verdict(reasons: list[Reason]) -> str:
    """Say what the reasons for distrust mean for a map of these tracers."""
    because = "for this reason" if len(reasons) == 1 else f"for these {len(reasons)} reasons"
    if any(reason.code in UNCURED for reason in reasons):
        return f"No cell of a map of these tracers will be trusted, {because}:"
    return f"Of a map of these tracers only the estimator conditional will be trusted, {because}:"
