"""Runs: what works in the background, how far it is, and what became of it."""

from __future__ import annotations

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.pages.base import Page
from dashboard.pages.parts import headline
from dashboard.pages.placeholder import empty_state
from dashboard.pages.run_details import RunDetails
from dashboard.pages.run_list import RunList
from dashboard.policy.downloads import source_line
from dashboard.policy.run_states import ACTIVE
from dashboard.services import Services
from dashboard.session import Session
from data.selection import caption
from engine.runs import launch
from engine.runs.directory import run_directory
from engine.runs.record import RunRecord

__all__ = ["RunsPage"]


class RunsPage(Page):
    """The list of runs beside the chosen one."""

    title = "Runs"
    icon = "timeline"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._drawn: tuple[object, ...] = ()
        self._names: tuple[int, dict[str, str]] = (-1, {})
        self._details = RunDetails(self._act, dark=session.dark)
        self._list = RunList(self._choose)
        session.param.watch(lambda event: self._details.losses.set_dark(event.new), "dark")
        session.param.watch(session.guarded(lambda _: self.refresh()), "run")

    def view(self) -> Viewable:
        """Build the screen."""
        self._empty = empty_state(
            "timeline",
            "No runs yet",
            "A run learns how the stars are spread and how they move, and solves for the "
            "gravity that keeps them so. Choose the stars on the page Tracers and start one "
            "there.",
            pmui.Button(
                label="Go to Tracers",
                icon="filter_alt",
                align="center",
                on_click=lambda _: self.session.go("tracers"),
                css_classes=["vo-go-tracers"],
            ),
            css_class="vo-runs-empty",
        )
        self._body = pmui.Row(
            self._list.view,
            self._details.view,
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        return pmui.Column(
            headline("Runs"),
            self._empty,
            self._body,
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=["vo-runs"],
        )

    def on_show(self) -> None:
        """Look at the runs at once."""
        self.services.runs.look()
        self.refresh()

    def refresh(self) -> None:
        """Pull the runs if any has changed, and the losses of the chosen one if it is live."""
        records = self.services.runs.list()
        chosen = self._chosen(records)
        names = self._catalogue_names()
        drawn = (self.services.runs.version, chosen.id if chosen else None, id(names))
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw(records, chosen, names)
        elif chosen is not None and str(chosen.state) in ACTIVE:
            self._list.update(records, names, chosen.id)
            self._details.follow(run_directory(self.services.home, chosen.id))

    def _draw(
        self, records: list[RunRecord], chosen: RunRecord | None, names: dict[str, str]
    ) -> None:
        self._empty.visible = chosen is None
        self._body.visible = chosen is not None
        self._list.update(records, names, chosen.id if chosen else None)
        if chosen is None:
            return
        directory = run_directory(self.services.home, chosen.id)
        name = names.get(chosen.catalogue or "", chosen.catalogue or chosen.kind)
        self._details.show(chosen, directory, name, selection_caption(chosen))
        self._details.follow(directory)

    def _chosen(self, records: list[RunRecord]) -> RunRecord | None:
        """Give the run that the session names, else the newest."""
        named = next((record for record in records if record.id == self.session.run), None)
        return named or (records[0] if records else None)

    def _catalogue_names(self) -> dict[str, str]:
        """Give catalogue id -> name, read again when the store has changed."""
        version = self.services.catalogues.version
        if version != self._names[0]:
            manifests = self.services.catalogues.list()
            self._names = (version, {m.id: m.name for m in manifests})
        return self._names[1]

    def _choose(self, run: str) -> None:
        self.session.run = run

    def _act(self, action: str, run: str) -> None:
        """Do what a button asked for; the work on the disk happens off the event loop."""
        if action == "open":
            self.session.go("acceleration", run=run)
            return
        work = {"cancel": launch.cancel, "resume": launch.resume, "delete": launch.delete}[action]
        self.session.background(lambda: work(self.services.home, run), self._acted)

    def _acted(self, _: object) -> None:
        self.services.runs.look()
        self.refresh()


def selection_caption(record: RunRecord) -> str:
    """Say which stars a run was given or fetches, not escaped."""
    if record.kind == "fetch":
        return source_line(record)
    tree = record.spec.get("selection")
    return caption(tree) if isinstance(tree, dict) else "every star with all six quantities"
