"""The page Present: saved views in an order, as slides, as a PDF and as one HTML file."""

from __future__ import annotations

from base64 import b64encode

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.confirm import Confirm
from dashboard.components.escape import plain
from dashboard.components.parts import headline
from dashboard.components.placeholder import empty_state
from dashboard.pages.base import Page
from dashboard.pages.present.card import ViewCard
from dashboard.pages.present.keys import STARTS
from dashboard.pages.present.stage import Stage
from dashboard.saved_views.opening import check_openable
from dashboard.saved_views.store import SavedView
from dashboard.services.services import Services
from dashboard.session.session import Session

__all__ = ["PresentPage"]

_FORMS = {"pdf": "PDF", "html": "HTML file"}


class PresentPage(Page):
    """The list of saved views, and the stage on which they are shown."""

    title = "Present"
    icon = "slideshow"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._views = session.acts.views
        self._drawn: tuple[list[SavedView], list[str]] | None = None
        self._doomed = ""
        self.stage = Stage(services, session)
        self._confirm = Confirm(
            "Delete this view?",
            "Title and note are deleted; the run is kept.",
            "Delete",
            session.guarded(self._delete),
            "vo-confirm-view",
        )

    def view(self) -> Viewable:
        """Build the screen."""
        self._cards = pmui.Column(sizing_mode="stretch_width", margin=0, css_classes=["vo-views"])
        self._damaged = pmui.Alert(
            object="", severity="warning", visible=False, margin=(4, 8),
            sizing_mode="stretch_width", css_classes=["vo-views-damaged"],
        )  # fmt: skip
        self._empty = empty_state(
            "slideshow",
            "No views yet",
            "“Save view” at the head of every page keeps what is on the screen, with a title and "
            "a note. Here the views become slides: in full screen with live figures, as a PDF, "
            "or as one HTML file.",
            css_class="vo-views-empty",
        )
        start = pmui.Button(
            label="Start",
            icon="play_arrow",
            variant="contained",
            on_click=self.session.guarded(lambda _: self._start(0)),
            css_classes=[STARTS, "vo-start-first"],
        )
        self._downloads = {form: self._download_button(form) for form in _FORMS}
        self._bar = pmui.Row(
            start,
            *self._downloads.values(),
            pmui.Typography(
                "In the presentation: arrow keys, Home and End turn the slides, Esc leaves.",
                variant="caption",
                sx={"color": "text.secondary"},
                margin=(12, 10),
            ),
            sizing_mode="stretch_width",
            margin=(0, 2),
        )
        self._draw(self._views.list())  # what is there is on the screen at once
        return pmui.Column(
            headline(self.title),
            self._damaged,
            self._empty,
            self._bar,
            self._cards,
            self._confirm.view,
            self.stage.keys,
            self.stage.view,
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=["vo-present"],
        )

    def on_show(self) -> None:
        """Look for views at once."""
        self.refresh()

    def refresh(self) -> None:
        """Follow the folder of the views, and the slide on the screen."""
        self.stage.refresh()
        if self.stage.running:
            return
        found = self._views.list()
        if found != self._drawn:
            self._draw(found)

    def _draw(self, found: tuple[list[SavedView], list[str]]) -> None:
        self._drawn = found
        views, damaged = found
        self._empty.visible = not views
        self._bar.visible = bool(views)
        self._damaged.param.update(
            visible=bool(damaged), object="<br>".join(plain(sentence) for sentence in damaged)
        )
        act = self.session.guarded(self._act)
        change = self.session.guarded(self._change)
        self._cards.objects = [
            ViewCard(view, place, len(views) - 1, act, change, self.session.access).view
            for place, view in enumerate(views)
        ]

    def _act(self, action: str, id_: str) -> None:
        if action in ("up", "down"):
            self._views.move(id_, -1 if action == "up" else 1)
            self.refresh()
        elif action == "delete":
            self._doomed = id_
            self._confirm.ask()
        elif action == "open":
            view = self._views.get(id_)
            check_openable(view.document, self.services)
            self.session.restore({**view.document, "dark": self.session.dark})
        else:
            ids = [view.id for view in self._drawn[0]] if self._drawn else []
            self._start(ids.index(id_) if id_ in ids else 0)

    def _change(self, id_: str, changes: dict[str, str]) -> None:
        """Keep what was typed; the card has it already."""
        self._views.change(id_, **changes)
        self._drawn = self._views.list()

    def _delete(self) -> None:
        self._views.delete(self._doomed)
        self.refresh()

    def _start(self, at: int) -> None:
        self.stage.start(self._views.list()[0], at)

    # --- files ----------------------------------------------------------------------------

    def _download_button(self, form: str) -> pmui.FileDownload:
        button = pmui.FileDownload(
            label=_FORMS[form],
            filename=f"views.{form}",
            auto=True,
            icon="download",
            width=150,
            css_classes=[f"vo-views-{form}"],
        )
        # Without a file of its own the button only counts clicks: the file comes when made.
        button.param.watch(self.session.guarded(lambda _: self._export(form)), "_clicks")
        return button

    def _export(self, form: str) -> None:
        button = self._downloads[form]
        if button.loading:
            return
        button.loading = True
        home = self.services.home

        def work() -> bytes:
            from dashboard.export.views import export_views  # matplotlib, for those who export

            return export_views(home, self._views.list()[0], form)

        def done(content: bytes) -> None:
            button.loading = False
            button.data = None
            kind = "data:application/octet-stream;base64,"
            button.data = kind + b64encode(content).decode()

        def failed(error: BaseException) -> None:
            button.loading = False
            self.session.report(error)

        self.session.background(work, done, failed)
