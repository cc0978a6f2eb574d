"""The page Archives: ask an archive how many stars there are, download them, open them."""

from __future__ import annotations

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.parts import headline, section
from dashboard.pages.archives.downloads import DownloadList
from dashboard.pages.archives.form import ArchiveForm
from dashboard.pages.base import Page
from dashboard.services.services import Services
from dashboard.session.session import Session

__all__ = ["ArchivesPage"]


class ArchivesPage(Page):
    """What is asked of an archive beside the downloads that there are."""

    title = "Archives"
    icon = "cloud_download"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._seen: tuple[object, ...] = ()
        self._form = ArchiveForm(services, session, self._started)
        self._list = DownloadList(session.guarded(self._act), session.access)

    def view(self) -> Viewable:
        """Build the screen."""
        return pmui.Column(
            headline(self.title),
            self._form.view(),
            section(
                "Downloads",
                self._list.view,
                note="Downloads continue when this window is closed. If cancelled or interrupted, "
                "completed chunks are kept and the download can be resumed.",
                css_class="vo-downloads",
            ),
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=["vo-archives"],
        )

    def on_show(self) -> None:
        """Take the selection that is on the screen now, and look at the downloads."""
        self.services.runs.look()
        self._form.take_selection()
        self.refresh()

    def refresh(self) -> None:
        """Follow the downloads."""
        seen = (self.services.runs.version, self.services.catalogues.version)
        records = [run for run in self.services.runs.list() if run.kind == "fetch"]
        if seen != self._seen or any(run.active for run in records):
            self._seen = seen
            there = {manifest.id for manifest in self.services.catalogues.list()}
            self._list.update(records, there)

    def _started(self) -> None:
        self.services.runs.look()
        self.refresh()

    def _act(self, action: str, run: str) -> None:
        """Do what a button asked for; the work on the disk happens off the event loop."""
        if action == "open":
            record = next(r for r in self.services.runs.list() if r.id == run)
            self.services.catalogues.look()
            self.session.open_catalogue(str((record.result or {}).get("catalogue")))
            self.session.go("explore")
            return
        if action == "log":
            self.session.go("runs", run=run)
            return
        acts = self.session.acts
        work = {"cancel": acts.cancel, "resume": acts.resume, "delete": acts.delete}[action]
        home = self.services.home
        self.session.background(lambda: work(home, run), lambda _: self._started())
