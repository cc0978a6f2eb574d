"""The button that keeps what is on the screen as a view, and its dialog."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui

from dashboard.pages.present.figures import page_figures
from dashboard.saved_views.frame import Screen, frame_dialog, head_button
from dashboard.saved_views.opening import NO_VIEWS, check_openable
from dashboard.services.services import Services
from dashboard.session.guests import for_editors
from dashboard.session.session import Session

__all__ = ["SaveView"]


class SaveView:
    """A button for the head of every page, and the dialog that asks for a title and a note.

    Parameters
    ----------
    services, session
        As for a page.
    screen
        Gives title, content and session document of the page on the screen.
    """

    def __init__(
        self,
        services: Services,
        session: Session,
        screen: Screen,
    ) -> None:
        self._services, self._session, self._screen = services, session, screen
        self._document: dict[str, Any] = {}
        self.button = head_button(
            "Save view", "bookmark_add", session.guarded(self._ask), "vo-save-view", margin=8
        )
        for_editors(session.access, self.button)
        self._title = pmui.TextInput(
            label="Title", sizing_mode="stretch_width", css_classes=["vo-view-title"]
        )
        self._note = pmui.TextAreaInput(
            label="Note", rows=3, sizing_mode="stretch_width", css_classes=["vo-view-note"]
        )
        self._figure = pmui.Select(
            label="Figure on the slide",
            options={},
            sizing_mode="stretch_width",
            css_classes=["vo-view-figure"],
        )
        self.dialog = frame_dialog(
            "Save this view",
            pmui.Column(self._title, self._note, self._figure, sizing_mode="stretch_width"),
            pmui.Row(
                pmui.Button(label="Cancel", variant="text", on_click=self._close),
                pmui.Button(
                    label="Save",
                    variant="contained",
                    on_click=session.guarded(self._save),
                    css_classes=["vo-view-save"],
                ),
                align="end",
            ),
        )
        session.param.watch(lambda event: self._follow(event.new), "page")
        self._follow(session.page)

    def _follow(self, page: str) -> None:
        self.button.disabled = page in NO_VIEWS

    def _ask(self, _: object) -> None:
        title, content, document = self._screen()
        check_openable(document, self._services)
        self._document = document
        figures = {figure.label: figure.key for figure in page_figures(content, document["page"])}
        self._title.value = title
        self._note.value = ""
        self._figure.param.update(
            options=figures,
            value=next(iter(figures.values()), None),
            visible=len(figures) > 1,
        )
        self.dialog.open = True

    def _close(self, _: object) -> None:
        self.dialog.open = False

    def _save(self, _: object) -> None:
        # What is typed last may not have left the field when the button is pressed.
        title, note = (f.value_input or f.value or "" for f in (self._title, self._note))
        view = self._session.acts.views.add(title, note, self._document, self._figure.value or "")
        self.dialog.open = False
        self._session.notify(
            f"“{view.title}” is saved.",
            f"The page Present shows it; ?view={view.id} at the end of the address opens it.",
            level="success",
        )
