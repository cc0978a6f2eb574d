"""The selection as a file and as ADQL: take it elsewhere, and bring it from elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.dialogs import dialog
from dashboard.components.escape import plain
from dashboard.components.file_buttons import open_button, save_button, send
from dashboard.saved_views.clipboard import Clipboard
from data.archives.releases import RELEASES
from data.errors import UserError
from data.selection import from_json, selection_hash, validate
from data.selection.adql import adql_query

if TYPE_CHECKING:
    from dashboard.session.session import Session

__all__ = ["SelectionExchange"]

#: Largest file of a selection, in bytes.
LARGEST = 2_000_000


class SelectionExchange:
    """Buttons that save the selection as JSON, open one, and show the ADQL.

    Parameters
    ----------
    session
        Whose selection it is.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._save = save_button(
            "Save as JSON",
            "selection.json",
            "vo-selection-save",
            session.guarded(self._saved),
            margin=(2, 6),
        )
        self._open = open_button(
            "Open a JSON file",
            "vo-selection-open",
            session.guarded(self._opened),
            margin=(2, 6),
        )
        self._adql = pmui.Button(
            label="ADQL",
            icon="code",
            variant="text",
            size="small",
            margin=(2, 6),
            css_classes=["vo-selection-adql"],
            on_click=session.guarded(lambda _: self._show_adql()),
        )
        self._clipboard = Clipboard()
        self._text = ""
        self._build_dialog()
        self._column = pmui.Column(
            self._save,
            self._open,
            self._adql,
            self._clipboard,
            self._dialog,
            visible=False,
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["vo-exchange"],
        )

    def view(self) -> Viewable:
        """Give the buttons; they show themselves when `open` is called."""
        return self._column

    def open(self, *, shown: bool) -> None:
        """Show or hide the buttons."""
        self._column.visible = shown

    def _saved(self) -> None:
        tree = self._session.selection
        content = json.dumps(validate(tree), indent=1) + "\n"
        send(self._save, f"selection-{selection_hash(tree)}.json", content.encode())

    def _opened(self, content: bytes) -> None:
        if len(content) > LARGEST:
            raise UserError(f"The file has more than {LARGEST} bytes, too large for a selection.")
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise UserError("The file is not a text file, so not a selection.") from None
        self._session.select(from_json(text))

    def _show_adql(self) -> None:
        """Write the query for the release that is chosen."""
        self._write()
        self._dialog.open = True

    def _build_dialog(self) -> None:
        releases = {release.title: name for name, release in RELEASES.items()}
        self._release = pmui.Select(
            label="Release",
            options=releases,
            value=next(iter(releases.values())),
            size="small",
            width=260,
            css_classes=["vo-adql-release"],
        )
        self._release.param.watch(self._session.guarded(lambda _: self._write()), "value")
        self._query = pmui.Typography(
            "",
            sizing_mode="stretch_width",
            css_classes=["vo-adql-text"],
            sx={
                "& pre": {
                    "whiteSpace": "pre-wrap",
                    "overflowWrap": "anywhere",
                    "fontSize": "0.8rem",
                    "maxHeight": "50vh",
                    "overflowY": "auto",
                    "margin": 0,
                }
            },
        )
        self._left_out = pmui.Alert(
            object="",
            severity="info",
            variant="outlined",
            sizing_mode="stretch_width",
            css_classes=["vo-adql-left-out"],
        )
        copy = pmui.Button(
            label="Copy",
            icon="content_copy",
            variant="outlined",
            size="small",
            css_classes=["vo-adql-copy"],
            on_click=lambda _: self._clipboard.copy(self._text),
        )
        self._dialog = dialog(
            pmui.Column(
                pmui.Row(self._release, copy, margin=0),
                self._left_out,
                self._query,
                sizing_mode="stretch_width",
            ),
            title="The selection as ADQL",
            title_variant="h6",
            close_on_click=True,
            width_option="md",
        )

    def _write(self) -> None:
        query = adql_query(self._session.selection, RELEASES[self._release.value])
        self._text = query.text
        self._query.object = f"<pre>{plain(query.text, limit=60_000, multiline=True)}</pre>"
        self._left_out.visible = bool(query.left_out)
        self._left_out.object = _left_out(query.left_out)


def _left_out(cuts: Any) -> str:  # noqa: ANN401  a tuple of data.selection.adql.LeftOut
    """Name the cuts that the archive cannot make; all text is escaped."""
    lines = "<br>".join(plain(cut, limit=200) for cut in cuts[:6])
    return f"The query fetches more stars than the selection keeps. Cut here:<br>{lines}"
