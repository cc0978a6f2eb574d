"""Runs: what works in the background, how far it is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.parts import headline
from dashboard.components.placeholder import empty_state
from dashboard.pages.base import Page
from dashboard.pages.runs.details import RunDetails
from dashboard.pages.runs.listing import RunList
from dashboard.pages.runs.overview import RunsOverview
from dashboard.policy.downloads import source_line
from dashboard.policy.pairs import written_pairs
from dashboard.policy.run_groups import Group
from dashboard.policy.run_states import ACTIVE
from dashboard.services.services import Services
from dashboard.session.session import DOCUMENT_VERSION, Session
from data.selection import caption
from engine.runs.folder.directory import run_directory
from engine.runs.folder.record import RunRecord

__all__ = ["RunsPage"]


class RunsPage(Page):
    """The list of runs beside the chosen one."""

    title = "Runs"
    icon = "timeline"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._drawn: tuple[object, ...] = ()
        self._names: tuple[int, dict[str, str]] = (-1, {})
        self._details = RunDetails(session.guarded(self._act), session.access, dark=session.dark)
        self._list = RunList(
            session.guarded(self._choose), session.guarded(self._show_results), dark=session.dark
        )
        self._overview = RunsOverview(services, session)
        session.param.watch(lambda event: self._details.set_dark(event.new), "dark")
        session.param.watch(lambda event: self._list.rows.set_dark(event.new), "dark")
        session.param.watch(session.guarded(lambda _: self.refresh()), "run")

    def view(self) -> Viewable:
        """Build the screen."""
        self._empty = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._body = pmui.Row(
            self._list.view,
            self._details.view,
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
            # The chosen run above the list where there is no room beside it.
            sx={"flexWrap": {"xs": "wrap-reverse", "lg": "nowrap"}},
        )
        return pmui.Column(
            headline("Runs"),
            self._empty,
            self._overview.view,
            self._body,
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=["vo-runs"],
        )

    def on_show(self) -> None:
        """Show what is known, and look at the runs at once: a thousand take a while to read."""
        self.refresh()
        self.session.background(self.services.runs.look, lambda _: self.refresh())

    def refresh(self) -> None:
        """Pull the runs if any has changed, and the losses of the chosen one if it is live."""
        records = self.services.runs.list()
        chosen = self._chosen(records)
        if records:
            self._overview.update(records)
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
        if chosen is None and not self._empty.objects:
            self._empty.append(_no_runs(lambda _: self.session.go("tracers")))
        self._body.visible = self._overview.view.visible = chosen is not None
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

    def _show_results(self, group: Group) -> None:
        """Go to the results of a sweep or of a search."""
        if group.searches:
            self.session.go("streams", run=group.records[0].id)
            return
        self.session.go("sweeps")
        controls = {"vo-sweep-select": group.name}
        self.session.restore({"version": DOCUMENT_VERSION, "controls": controls})

    def _act(self, action: str, run: str) -> None:
        """Do what a button asked for; the work on the disk happens off the event loop."""
        if action == "open":
            kind = next((r.kind for r in self.services.runs.list() if r.id == run), "map")
            self.session.go("streams" if kind == "streams" else "acceleration", run=run)
            return
        if action == "change":
            self._change(run)
            return
        acts = self.session.acts
        work = {"cancel": acts.cancel, "resume": acts.resume, "delete": acts.delete}[action]
        self.session.background(lambda: work(run), self._acted)

    def _change(self, run: str) -> None:
        """Bring what a run was asked onto Tracers, so that it can be changed and started anew."""
        record = self.services.runs.get(run)
        if record is None:
            return
        spec = record.spec
        self.services.catalogues.open(str(record.catalogue))  # says what is wrong where it is gone
        document = {
            "version": DOCUMENT_VERSION,
            "page": "tracers",
            "catalogue": record.catalogue,
            "selection": spec.get("selection"),
            "volume": spec.get("volume"),
            "controls": {
                "vo-preset": spec.get("preset"),
                "vo-seed": spec.get("seed"),
                "vo-settings": written_pairs(spec.get("overrides") or {}),
            },
        }
        self.session.restore({name: what for name, what in document.items() if what is not None})

    def _acted(self, _: object) -> None:
        self.session.background(self.services.runs.look, lambda _: self.refresh())


def selection_caption(record: RunRecord) -> str:
    """Say which stars a run was given or fetches, not escaped."""
    if record.kind == "fetch":
        return source_line(record)
    tree = record.spec.get("selection")
    return caption(tree) if isinstance(tree, dict) else "every star with all six quantities"


def _no_runs(go: Callable[[object], None]) -> Viewable:
    """Say what a run is and where one is started."""
    return empty_state(
        "timeline",
        "No runs yet",
        "A run learns how the stars are spread and how they move, and solves for the "
        "gravity that keeps them so. Choose the stars on the page Tracers and start one "
        "there.",
        pmui.Button(
            label="Go to Tracers",
            icon="filter_alt",
            align="center",
            on_click=go,
            css_classes=["vo-go-tracers"],
        ),
        css_class="vo-runs-empty",
    )
