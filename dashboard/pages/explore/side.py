"""The column beside the panels of Explore: selection, shapes, colours, and where to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.selection.editor import SelectionEditor
from dashboard.policy.brushes import MODES
from dashboard.policy.panels import NUMBERS

if TYPE_CHECKING:
    from dashboard.session.session import Session

__all__ = ["ExploreSide"]

#: What a catalogue can be used for next: the page, and the word on the button.
NEXT = {"tracers": "Use as tracers", "streams": "Search for streams"}

_GROUP: dict[str, Any] = {
    "size": "small",
    "color": "primary",
    "variant": "outlined",
    "margin": (2, 10, 8, 10),
    "sizing_mode": "stretch_width",
}


class ExploreSide:
    """Controls of all panels.

    Parameters
    ----------
    session
        Of the page.
    editor
        Of the selection.
    renumber
        Called when another number of panels is wanted.
    """

    def __init__(
        self, session: Session, editor: SelectionEditor, renumber: Callable[[object], None]
    ) -> None:
        self._session, self._editor = session, editor
        self._page = "tracers"
        #: What a drawn shape does to the selection.
        self.mode = pmui.RadioButtonGroup(
            options={label: mode for mode, label in MODES.items()},
            value="refine",
            css_classes=["vo-mode"],
            **_GROUP,
        )
        #: How many panels there are.
        self.number = pmui.RadioButtonGroup(
            options={str(number): number for number in NUMBERS},
            value=4,
            css_classes=["vo-number"],
            **_GROUP,
        )
        self.number.param.watch(renumber, "value")
        self._next = pmui.Button(
            label=NEXT[self._page],
            end_icon="arrow_forward",
            variant="contained",
            margin=(12, 10, 10, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-to-tracers"],
            on_click=lambda _: session.go(self._page),
        )

    def lead_to(self, page: str) -> None:
        """Say what the catalogue can be used for: a page of `NEXT`."""
        self._page = page
        self._next.label = NEXT[page]

    def view(self) -> Viewable:
        """Build the column."""
        colour = pmui.RadioButtonGroup.from_param(
            self._session.param.colour,
            options={"Equalised": "equalised", "Log": "log", "Linear": "linear"},
            label="",
            css_classes=["vo-colour"],
            **_GROUP,
        )
        return pmui.Paper(
            self._editor.view(),
            _heading("A shape that you draw"),
            self.mode,
            _heading("Colour scale"),
            colour,
            _heading("Panels"),
            self.number,
            self._next,
            variant="outlined",
            elevation=0,
            width=300,
            margin=5,
            css_classes=["vo-side"],
            sx={"height": "fit-content", "py": 1},
        )


def _heading(text: str) -> Viewable:
    return pmui.Typography(
        text, variant="overline", margin=(8, 10, 0, 10), sx={"color": "text.secondary"}
    )
