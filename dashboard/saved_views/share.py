"""The button that shares what is on the screen: an address to copy, and a file for elsewhere."""

from __future__ import annotations

import panel_material_ui as pmui

from dashboard.components.escape import plain
from dashboard.components.file_buttons import open_button, save_button, send
from dashboard.saved_views.clipboard import Clipboard
from dashboard.saved_views.frame import Screen, frame_dialog, head_button
from dashboard.saved_views.opening import NO_VIEWS, check_openable, open_document
from dashboard.saved_views.shared import file_of, from_file
from dashboard.saved_views.store import SavedView
from dashboard.services.services import Services
from dashboard.session.session import Session
from data.errors import UserError

__all__ = ["ShareView"]

_COPIED = "The address is in the clipboard."
_BY_HAND = "Copy the address from the field: this browser does not let a page do it."


class ShareView:
    """A button for the head of every page, and a dialog with the address of the screen.

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
        self._view: SavedView | None = None
        self.button = head_button(
            "Share", "share", session.guarded(lambda _: self._ask()), "vo-share"
        )
        # Beside the dialog: what is inside is not in the browser before the dialog is open.
        self.clipboard = Clipboard(self._copied)
        self._address = pmui.TextInput(
            label="Address of this screen",
            sizing_mode="stretch_width",
            css_classes=["vo-share-address"],
        )
        self._note = _words("", "vo-share-note")
        self._copy = pmui.Button(
            label="Copy",
            icon="content_copy",
            variant="contained",
            margin=(12, 5),
            css_classes=["vo-share-copy"],
            on_click=lambda _: self._to_clipboard(),
        )
        self._save = save_button(
            "Save as a file", "view.json", "vo-share-save", session.guarded(self._saved)
        )
        self._open = open_button("Open a file", "vo-share-open", session.guarded(self._opened))
        self._here = pmui.Row(self._address, self._copy, sizing_mode="stretch_width", margin=0)
        elsewhere = _words(
            "On another machine with the same catalogue or run: save this screen as a file here, "
            "and open the file there.",
            "vo-share-elsewhere",
        )
        self.dialog = frame_dialog(
            "Share this screen",
            pmui.Column(
                self._here,
                self._note,
                pmui.Divider(sizing_mode="stretch_width", margin=(10, 5)),
                elsewhere,
                pmui.Row(self._save, self._open, margin=0),
                sizing_mode="stretch_width",
            ),
        )

    def _ask(self) -> None:
        """Keep the screen as it is now and show its address; a file can be opened in any case."""
        self._view = None
        self._note.object = ""
        try:
            self._view = self._shared()
        except UserError as error:
            self._note.object = plain(error.sentence)
        self._here.visible = self._save.visible = self._view is not None
        self.dialog.open = True
        if self._view is not None:
            self._address.value = f"?view={self._view.id}"
            self._to_clipboard()

    def _shared(self) -> SavedView:
        if self._session.page in NO_VIEWS:
            raise UserError("This page has no address of its own.")
        title, _, document = self._screen()
        check_openable(document, self._services)
        return self._session.acts.shared.add(document, title)

    def _to_clipboard(self) -> None:
        if self._view is not None:
            self.clipboard.copy(f"?view={self._view.id}")

    def _copied(self, address: str, done: bool) -> None:
        self._address.value = address
        self._note.object = _COPIED if done else _BY_HAND

    def _saved(self) -> None:
        if self._view is None:
            return
        send(self._save, *file_of(self._view))

    def _opened(self, content: bytes) -> None:
        """Keep the view of a file, then show it; where that cannot be, its address stays."""
        self.dialog.open = False
        document, title, note = from_file(content)
        if not self._session.access.may_change:  # look at it without keeping it
            open_document(document, self._services, self._session)
            return
        view = self._session.acts.shared.add(document, title, note)
        try:
            open_document(view.document, self._services, self._session)
        except UserError:
            self._session.notify(f"The view is kept: ?view={view.id} opens it later.")
            raise
        self._session.notify(
            f"“{title or 'The view'}” is open.",
            f"?view={view.id} at the end of the address opens it again.",
            level="success",
        )


def _words(text: str, css_class: str) -> pmui.Typography:
    return pmui.Typography(
        text,
        variant="caption",
        margin=(0, 10, 4, 10),
        sizing_mode="stretch_width",
        css_classes=[css_class],
        sx={"color": "text.secondary"},
    )
