"""One candidate: four panels, sliders that act at once, a verdict, and the ways out."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.parts import narrow, pairs_table, section, table
from dashboard.components.theme import figure_colours
from dashboard.pages.streams.cuts import CutSliders
from dashboard.policy.streams import candidate_lines, candidate_title, members_tree
from dashboard.services.streams_region import RegionChoice, RegionResult, known_tracks, look_at
from dashboard.services.streams_remarks import Remark, Remarks
from dashboard.session.guests import for_editors
from dashboard.views.streams_panels import PANELS
from dashboard.views.streams_region import RegionFigures
from data.errors import UserError
from engine.streams.search.reading import Found
from engine.streams.settings import SearchSettings

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["CandidateView"]

_EXPORTS = {
    "Members, VOTable": "vot", "Members, FITS": "fits", "Members, CSV": "csv", "ADQL": "adql",
    "Figure, PDF": "pdf", "Figure, PNG": "png", "Figure, SVG": "svg",
}  # fmt: skip


class CandidateView:
    """The candidate on the screen.

    Parameters
    ----------
    services, session
        As for a page.
    remarked
        Called when a verdict or a note was kept.
    """

    def __init__(self, services: Services, session: Session, remarked: Callable[[], None]) -> None:
        self.services, self.session, self._remarked = services, session, remarked
        self._found: Found | None = None
        self._row: dict[str, Any] | None = None
        self._shown: RegionResult | None = None
        self._working = self._again = False
        self._sliders = CutSliders(session.guarded(self._request))
        self._title = pmui.Typography("", variant="h6", margin=(4, 12))
        self._numbers = table(css_class="vo-stream-numbers")
        self._said = table(css_class="vo-stream-said")
        self._figures = RegionFigures(figure_colours(dark=session.dark), dark=session.dark)
        self._panes = {
            name: pn.pane.Bokeh(self._figures.figures[name], sizing_mode="stretch_width", margin=4)
            for name in PANELS
        }
        self._build_remark()
        self._build_ways_out()

    # --- layout ---------------------------------------------------------------------------

    def view(self) -> Viewable:
        """Give the panels with their controls."""
        grid = pn.FlexBox(
            *(
                pmui.Column(pane, width_policy="max", min_width=330, margin=0,
                            styles={"flex": "1 1 360px"})
                for pane in self._panes.values()
            ),
            sizing_mode="stretch_width",
            css_classes=["vo-stream-panels"],
        )  # fmt: skip
        side = section("Cuts", self._sliders.view(), css_class="vo-stream-cuts")
        narrow(side)
        side.width = 286
        marks = section(
            "Verdict", self._verdict, self._note, self._keep, css_class="vo-stream-remark"
        )
        leave = section(
            "Take along", self._to_explore, pmui.Row(self._what, self._download, margin=0)
        )
        return section(
            "Candidate",
            self._title,
            pmui.Row(
                side,
                pmui.Column(grid, self._said, sizing_mode="stretch_width", margin=0),
                sizing_mode="stretch_width",
                margin=0,
                sx={"flexWrap": {"xs": "wrap", "md": "nowrap"}},
            ),
            pn.FlexBox(
                pmui.Column(
                    section("Numbers", self._numbers), margin=0, styles={"flex": "1 1 340px"}
                ),
                pmui.Column(marks, margin=0, styles={"flex": "1 1 300px"}),
                pmui.Column(leave, margin=0, styles={"flex": "1 1 300px"}),
                sizing_mode="stretch_width",
            ),
            css_class="vo-stream-candidate",
        )

    def _build_remark(self) -> None:
        self._verdict = pmui.RadioButtonGroup(
            options={"Keep": "keep", "Open": "", "Reject": "reject"}, value="", size="small",
            color="primary", variant="outlined", margin=(4, 10), css_classes=["vo-stream-verdict"],
        )  # fmt: skip
        self._note = pmui.TextAreaInput(
            label="Note", value="", rows=3, size="small", sizing_mode="stretch_width",
            margin=(6, 10), css_classes=["vo-stream-note"],
        )  # fmt: skip
        self._keep = pmui.Button(
            label="Save", icon="save", size="small", variant="outlined", margin=(4, 10),
            css_classes=["vo-stream-save"],
            on_click=self.session.guarded(lambda _: self._remark()),
        )  # fmt: skip
        for control in (self._verdict, self._note, self._keep):
            for_editors(self.session.access, control)

    def _build_ways_out(self) -> None:
        self._to_explore = pmui.Button(
            label="Its stars in Explore", icon="blur_on", variant="contained", size="small",
            margin=(6, 10), css_classes=["vo-stream-explore"],
            on_click=self.session.guarded(lambda _: self._explore()),
        )  # fmt: skip
        self._what = pmui.Select(
            label="Export", options=_EXPORTS, value="vot", size="small", width=190,
            css_classes=["vo-stream-export-what"],
        )  # fmt: skip
        self._download = pmui.FileDownload(
            label="Download", filename="members", auto=True, icon="download", size="small",
            align="center", width=130, css_classes=["vo-stream-export"],
        )  # fmt: skip
        self._download.param.watch(self.session.guarded(lambda _: self._export()), "_clicks")

    def recolour(self) -> None:
        """Draw in the page's other colours."""
        dark = self.session.dark
        self._figures.recolour(figure_colours(dark=dark), dark=dark)

    # --- what is shown --------------------------------------------------------------------

    def show(self, found: Found, row: dict[str, Any], remark: Remark) -> None:
        """Show a candidate; the sliders go to the cuts of the search."""
        same = self._row is not None and self._row.get("key") == row.get("key")
        self._found, self._row = found, row
        self._title.object = plain(candidate_title(row))
        self._numbers.object = pairs_table(candidate_lines(row))
        if same:
            return
        self._verdict.value, self._note.value = remark.verdict, remark.note
        settings = SearchSettings.of(found.runs[0][0].spec)
        radius = found.state_of(row["patch"]).patch.radius
        self._sliders.set(settings.cuts, settings.top, radius)
        self._request()

    def _choice(self) -> RegionChoice | None:
        if self._found is None or self._row is None:
            return None
        row, state = self._row, self._found.state_of(self._row["patch"])
        window = next(
            (
                name
                for name, about in state.windows.items()
                if about["coordinate"] == row["coordinate"]
                and abs(about["low"] - row["low"]) < 1e-6
            ),
            None,
        )
        if window is None or window not in state.scored:
            return None
        return RegionChoice(
            folder=state.folder.path,
            window=window,
            other=(float(row["other_low"]), float(row["other_high"])),
            cuts=self._sliders.cuts(),
            top=int(self._sliders.top.value),
            line=SearchSettings.of(self._found.runs[0][0].spec).line,
        )

    def _request(self) -> None:
        """Draw soon; while a picture is made, only the last of further wishes is kept."""
        if self._working:
            self._again = True
            return
        choice = self._choice()
        if choice is None:
            return
        self._working = True
        patch = self._found.state_of(self._row["patch"]).patch  # type: ignore[union-attr,index]
        self.session.background(
            lambda: look_at(choice, known_tracks(patch)), self._draw, self._failed
        )

    def _draw(self, result: RegionResult) -> None:
        self._working = False
        self._shown = result
        self._figures.update(result.picture)
        window, region, _ = result.counts
        rows = [("in the window", window), ("in the region", region), *result.table[1:],
                ("of highest R", len(result.index))]  # fmt: skip
        self._sliders.say(rows)
        self._said.object = pairs_table(_line_words(result))
        if self._again:
            self._again = False
            self._request()

    def _failed(self, error: BaseException) -> None:
        self._working = self._again = False
        self.session.report(error)

    # --- verdict --------------------------------------------------------------------------

    def _remark(self) -> None:
        if self._found is None or self._row is None:
            return
        self.session.access.check("keep verdicts")
        run = self._found.runs[0][1].path
        Remarks(run).put(str(self._row["key"]), self._verdict.value, self._note.value)
        self._remarked()

    # --- ways out -------------------------------------------------------------------------

    def _members(self) -> np.ndarray:
        """Rows of the patch's stars that are on the line as it is drawn."""
        result = self._shown
        if result is None or result.line is None:
            raise UserError("No line is shown.", "Loosen the cuts.")
        return result.index[result.line.members]

    def _explore(self) -> None:
        """Open Explore with the members as a named selection, kept for later as well."""
        assert self._found is not None  # noqa: S101
        assert self._row is not None  # noqa: S101
        state = self._found.state_of(self._row["patch"])
        ids = state.folder.stars()["source_id"][self._members()]
        about = self._found.about()
        # says what is wrong where it is gone
        self.services.catalogues.open(str(about["catalogue"]))
        name = f"{candidate_title(self._row)} of {about['run']}"[:80]
        tree = members_tree(ids, name)
        session = self.session
        if session.access.may_change:
            session.acts.selections.keep(name, tree)
        session.open_catalogue(str(about["catalogue"]))
        session.select(tree)
        session.go("explore")
        kept = f" They are kept as the selection “{name}”." if session.access.may_change else ""
        session.notify(f"Selected: the {len(ids):,} stars of the candidate.{kept}")

    def _export(self) -> None:
        if (
            self._found is None
            or self._row is None
            or self._shown is None
            or self._download.loading
        ):
            return
        self._download.loading = True
        form, found, row, shown = self._what.value, self._found, self._row, self._shown
        members = self._members() if form == "adql" else None

        def work() -> tuple[str, bytes]:
            return _file(form, found, row, shown, members)

        self.session.background(work, self._sent, self._not_sent)

    def _sent(self, made: tuple[str, bytes]) -> None:
        name, content = made
        self._download.loading = False
        self._download.filename = name
        self._download.data = None
        self._download.data = "data:application/octet-stream;base64," + b64encode(content).decode()

    def _not_sent(self, error: BaseException) -> None:
        self._download.loading = False
        self.session.report(error)


def _file(
    form: str, found: Found, row: dict[str, Any], shown: RegionResult, members: np.ndarray | None
) -> tuple[str, bytes]:
    """Make a file from what is on the screen: its name and its content."""
    from dashboard.export.streams import candidate_figure, members_adql, members_bytes

    name = f"candidate-{row['candidate']}.{form}"
    if form == "adql":
        ids = found.state_of(row["patch"]).folder.stars()["source_id"][members]
        return name, members_adql(ids).encode()
    if form in ("pdf", "png", "svg"):
        stream = io.BytesIO()
        lines = candidate_lines(row)
        caption = "; ".join(f"{label}: {text}" for label, text in lines)
        candidate_figure(shown.picture, candidate_title(row), caption, stream, form)
        return name, stream.getvalue()
    return name, members_bytes(found, [row["candidate"]], form)


def _line_words(result: RegionResult) -> list[tuple[str, str]]:
    """Say what the line on the screen is worth."""
    if result.line is None:
        return [("Line", "none: fewer than 10 stars pass the cuts")]
    line = result.line
    return [
        ("Line on the screen", f"σ_L = {line.sigma:.1f}; {line.stars} stars where "
         f"{line.background:.1f} are expected, of {line.n}"),
        ("Threshold", f"ln R ≥ {result.threshold:.2f}"),
    ]  # fmt: skip
