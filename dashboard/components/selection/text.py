"""The selection as text: a field, a button, and a message that shows the place of an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from data.errors import UserError
from data.selection import TextError, parse, to_text

if TYPE_CHECKING:
    from dashboard.session.session import Session

__all__ = ["SelectionText", "complaint"]

Tree = dict[str, Any] | None

#: Characters shown on either side of the place of an error.
AROUND = 40


class SelectionText:
    """A field that holds the whole selection and makes what is typed the selection.

    Parameters
    ----------
    session
        Whose selection it is.
    kept
        Gives the kept selections by name, for ``named("...")``.
    """

    def __init__(self, session: Session, kept: Callable[[], dict[str, dict[str, Any]]]) -> None:
        self._session, self._kept = session, kept
        self._written = ""
        self._refused = ""
        self.field = pmui.TextAreaInput(
            label="Selection as text",
            placeholder="abs(z) < 1 and R > 6",
            rows=2,
            auto_grow=True,
            max_rows=6,
            max_length=200_000,
            size="small",
            sizing_mode="stretch_width",
            margin=(8, 10, 2, 10),
            css_classes=["vo-selection-text"],
        )
        self.apply = pmui.Button(
            label="Apply",
            variant="outlined",
            size="small",
            margin=(2, 10),
            css_classes=["vo-selection-apply"],
        )
        self._error = pmui.Alert(
            object="",
            severity="error",
            variant="outlined",
            visible=False,
            margin=(4, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-selection-error"],
            sx={
                "padding": "2px 8px",
                "fontSize": "0.78rem",
                "overflowWrap": "anywhere",
                "& code": {"whiteSpace": "pre-wrap"},
                "& mark": {
                    "backgroundColor": "error.main",
                    "color": "background.paper",
                    "borderRadius": "2px",
                    "padding": "0 2px",
                },
            },
        )
        # The click may overtake the text, which the browser sends when the field is left: both
        # apply it, and whichever comes with the old text does nothing.
        self.apply.on_click(lambda _: self._changed())
        self.field.param.watch(
            lambda *_: self._changed(), ["value", "enter_pressed"], onlychanged=False
        )

    def view(self) -> Viewable:
        """Give the field, the button and the place for an error."""
        return pmui.Column(
            self.field, self._error, self.apply, margin=0, sizing_mode="stretch_width"
        )

    def write(self, tree: Tree) -> None:
        """Show a selection."""
        self._written = "" if tree is None else to_text(tree)
        self.field.value = self._written
        self._error.visible = False
        self._refused = ""

    def _changed(self) -> None:
        """Make the text the selection; an error leaves both as they are."""
        text = self.field.value_input or ""
        if text.strip() == self._written:
            self._error.visible = False
            self._refused = ""
            return
        if text == self._refused:
            return  # told already
        try:
            self._session.select(parse(text, self._kept()))
        except UserError as error:
            self._refused = text
            place = complaint(text, error)
            self._error.param.update(object=place, visible=bool(place))
            self._session.report(error)
            return
        self._error.visible = False
        self._refused = ""


def complaint(text: str, error: UserError) -> str:
    """Show the place in the text to which an error belongs; all text is escaped.

    Returns
    -------
    str
        HTML: the piece of the text with the part in question marked; empty where the error
        knows no place.
    """
    if not isinstance(error, TextError):
        return ""
    first, last = error.span
    before, after = text[max(first - AROUND, 0) : first], text[last : last + AROUND]
    before = ("…" if first > AROUND else "") + before
    after += "…" if last + AROUND < len(text) else ""
    return (
        f"<code>{_code(before)}<mark>{_code(text[first:last] or ' ')}</mark>{_code(after)}</code>"
    )


def _code(text: str) -> str:
    """Escape a piece of text, with the spaces at its ends."""
    lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    if not text.strip():
        return "&nbsp;" * min(len(text), 1)
    return f"{'&nbsp;' * bool(lead)}{plain(text)}{'&nbsp;' * bool(trail)}"
