"""The page Streams: start a search, follow it, and look at what it has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.live_figure import LiveFigure
from dashboard.components.parts import headline, section
from dashboard.components.placeholder import empty_state
from dashboard.components.theme import figure_colours
from dashboard.pages.base import Page
from dashboard.pages.streams.candidate import CandidateView
from dashboard.pages.streams.choice import SearchChoice
from dashboard.pages.streams.recovery import RecoveryView
from dashboard.pages.streams.start import SearchStarter
from dashboard.pages.streams.table import CandidateTable, shown_rows
from dashboard.services.streams_marks import sky_marks
from dashboard.services.streams_remarks import Remark, Remarks
from dashboard.session.guests import for_editors
from dashboard.views.streams_sky import sky_of_patches
from dashboard.views.style import styled
from engine.runs.folder.record import RunRecord
from engine.streams.search.reading import Found, read_search
from engine.streams.search.sweep import PatchRuns, find_groups

if TYPE_CHECKING:
    import holoviews as hv

    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["StreamsPage"]


class StreamsPage(Page):
    """The form, the searches, the sky, the candidates and one of them in full."""

    title = "Streams"
    icon = "gesture"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._seen: int | None = None
        self._groups: list[PatchRuns] = []
        self._found: Found | None = None
        self._reading = self._stale = False
        self._candidate: str | None = None
        self._dark = session.dark
        self._starter = SearchStarter(services, session, self._started)
        self._candidate_view = CandidateView(services, session, self._show_rows)
        self._recovery = RecoveryView(services, session)
        self._table = CandidateTable(session.guarded(self._choose))
        self._choice = SearchChoice(session, self._read, self._acted)
        self._sky = LiveFigure(self._draw_sky)
        session.param.watch(session.guarded(lambda _: self._recolour()), "dark")
        session.param.watch(session.guarded(lambda _: self._reopened()), "catalogue")

    # --- layout ---------------------------------------------------------------------------

    def view(self) -> Viewable:
        """Build the screen."""
        session = self.session
        self._practice = pmui.Button(
            label="Practise on a mock patch", icon="auto_awesome", variant="contained",
            size="large", margin=8, css_classes=["vo-stream-practice"],
            on_click=session.guarded(lambda _: self._make_mock()),
        )  # fmt: skip
        for_editors(session.access, self._practice)
        self._empty = empty_state(
            "gesture",
            "No search yet",
            "A search goes through the proper motions of a patch of sky, window by window, and "
            "looks for thin lines among the stars that stand out. Open a catalogue with proper "
            "motions on the page Explore and start below, or practise on 100,000 mock stars in "
            "which a stream is hidden.",
            pmui.Row(self._practice, align="center", margin=(18, 0)),
            css_class="vo-stream-empty",
        )
        self._none = pmui.Typography(
            "", variant="body2", margin=(8, 12), sx={"color": "text.secondary"},
            css_classes=["vo-stream-none"],
        )  # fmt: skip
        self._sky.update()
        self._detail = self._candidate_view.view()
        self._detail.visible = False
        # Put on the screen with the first search: half a thousand models, for nothing before it.
        self._parts = [self._build_results(), self._detail, self._recovery.view()]
        self._results = pmui.Column(sizing_mode="stretch_width", margin=0, visible=False)
        return pmui.Column(
            headline(self.title),
            self._empty,
            self._starter.view(),
            self._results,
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=["vo-streams"],
        )

    def _build_results(self) -> Viewable:
        return section(
            "Searches",
            *self._choice.view(),
            pn.FlexBox(
                pmui.Column(self._sky.pane, width=540, margin=0),
                pmui.Column(
                    self._none, self._table.view(), min_width=330, margin=(0, 6),
                    styles={"flex": "2 1 560px"},
                ),
                sizing_mode="stretch_width",
            ),
            note="Patches are coloured by their best line. Green lines are known streams, the "
            "others candidates. How each p-value was derived is listed under Numbers.",
        )  # fmt: skip

    # --- life -----------------------------------------------------------------------------

    def on_show(self) -> None:
        """Look at runs and catalogues at once."""
        self.services.runs.look()
        self._offer()
        self._seen = None  # another run may be asked for
        self.refresh()

    def _reopened(self) -> None:
        if self.session.page == "streams":  # else when it is shown
            self._offer()

    def _offer(self) -> None:
        catalogue = self.session.catalogue
        self._starter.offer(self.services.catalogues.open(catalogue) if catalogue else None)

    def refresh(self) -> None:
        """Follow the store, and the runs: a search that goes on is read again."""
        self._starter.refresh()
        if self.services.runs.version == self._seen:
            return
        self._seen = self.services.runs.version
        self._groups = find_groups(self.services.runs.list())
        self._empty.visible = not self._groups
        if self._groups and not self._results.objects:
            self._results[:] = self._parts
        self._results.visible = bool(self._groups)
        names = {m.id: m.name for m in self.services.catalogues.list()}
        self._choice.offer(self._groups, names, self.session.run)
        self._read()

    def _read(self) -> None:
        """Read the chosen search in a thread; a wish while it reads is kept."""
        group = self._choice.group
        if group is None:
            return
        self._choice.say(group, self._found)
        if self._reading:
            self._stale = True
            return
        self._reading = True
        root = self.services.home / "runs"
        folders = [root / run.id for run in group.runs]
        self.session.background(lambda: read_search(*folders), self._came, self._not_read)

    def _came(self, found: Found) -> None:
        self._reading = False
        group = self._choice.group
        if group is not None and group.runs[0].id == found.runs[0][0].id:
            self._found = found
            self._show_rows()
            self._sky.update()
            self._choice.say(group, found)
        if self._stale:
            self._stale = False
            self._read()

    def _not_read(self, error: BaseException) -> None:
        self._reading = self._stale = False
        self.session.report(error)

    # --- what is shown --------------------------------------------------------------------

    def _show_rows(self) -> None:
        """Fill the table, and keep the candidate on the screen by its line."""
        found = self._found
        if found is None:
            return
        rows = found.candidates()
        remarks = Remarks(found.runs[0][1].path).all()
        chosen = next((row for row in rows if row["key"] == self._candidate), None)
        if chosen is None and rows:
            chosen = rows[0]
        self._table.show(shown_rows(rows, remarks), chosen["candidate"] if chosen else None)
        self._none.object = _no_candidates(found) if not rows else ""
        self._none.visible = not rows
        self._table.view().visible = bool(rows)
        self._detail.visible = chosen is not None
        if chosen is not None:
            self._candidate = str(chosen["key"])
            remark = remarks.get(self._candidate, Remark())
            self._candidate_view.show(found, chosen, remark)

    def _choose(self, number: int) -> None:
        found = self._found
        row = (
            next((r for r in found.candidates() if r["candidate"] == number), None)
            if found
            else None
        )
        if found is None or row is None:
            return
        self._candidate = str(row["key"])
        remark = Remarks(found.runs[0][1].path).all().get(self._candidate, Remark())
        self._candidate_view.show(found, row, remark)
        self._sky.update()

    def _draw_sky(self) -> hv.Overlay:
        colours = figure_colours(dark=self.session.dark)
        marks, tracks = sky_marks(self._found, self._candidate)
        plot = sky_of_patches(marks, tracks, colours, dark=self.session.dark)
        return styled(plot, colours, grid=False).opts(frame_width=400, frame_height=204)

    def _recolour(self) -> None:
        if self._dark == self.session.dark:
            return
        self._dark = self.session.dark
        self._candidate_view.recolour()
        self._recovery.recolour()
        self._sky.update()

    # --- work -----------------------------------------------------------------------------

    def _started(self, record: RunRecord) -> None:
        self.session.run = record.id
        self._seen = None
        self.refresh()
        self._choice.choose(str(record.spec.get("group") or record.id))
        self.session.notify("The search has been started in the background.",
                            level="success")  # fmt: skip

    def _acted(self) -> None:
        self.services.runs.look()
        self.refresh()

    def _make_mock(self) -> None:
        self.session.access.check("make catalogues")
        self._practice.loading = True
        home = self.services.home

        def work() -> str:
            from data.mocks.streams.patch import make_stream

            return make_stream(home).id

        self.session.background(work, self._made, self._not_made)

    def _made(self, catalogue: str) -> None:
        self._practice.loading = False
        self.services.catalogues.look()
        self.session.open_catalogue(catalogue)
        self._starter.offer(self.services.catalogues.open(catalogue))
        self.session.notify("The mock patch is made. Start the search below.", level="success")

    def _not_made(self, error: BaseException) -> None:
        self._practice.loading = False
        self.session.report(error)


def _no_candidates(found: Found) -> str:
    """Say why the table is empty."""
    about = found.about()
    if about["scored"] != about["windows"]:
        best = [state.best for state in found.patches if np.isfinite(state.best)]
        so_far = f" The best line so far has σ_L = {max(best):.1f}." if best else ""
        return f"Candidates come when all windows of a patch are scored.{so_far}"
    return "No candidates in this search."
