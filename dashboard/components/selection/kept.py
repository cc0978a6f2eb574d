"""Selections under a name: keep the present one, use a kept one, rename, delete, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.policy.combining import WAYS, combine_with
from dashboard.services.named_selections import Change
from dashboard.session.guests import for_editors
from data.selection import caption

if TYPE_CHECKING:
    from dashboard.session.session import Session

__all__ = ["KeptSelections"]

_FULL = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 10)}


class KeptSelections:
    """The library of the home folder, beside the selection of one session.

    Parameters
    ----------
    session
        Whose selection is kept and changed.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._library = session.acts.selections
        self._last: Change | None = None
        act = session.guarded
        self._name = pmui.TextInput(
            label="Name",
            placeholder="thin disc",
            css_classes=["vo-kept-name"],
            **_FULL,
        )
        self._keep = _button("Keep", "bookmark_add", "vo-kept-keep", act(lambda _: self._put()))
        self._rename = _button("Rename", "edit", "vo-kept-rename", act(lambda _: self._put_name()))
        self._chosen = pmui.Select(
            label="Kept selections", options=[], css_classes=["vo-kept-select"], **_FULL
        )
        self._words = pmui.Typography(
            "",
            variant="caption",
            margin=(0, 10, 2, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-kept-words"],
            sx={"color": "text.secondary", "overflowWrap": "anywhere"},
        )
        self._way = pmui.RadioButtonGroup(
            options={label: way for way, (label, _) in WAYS.items()},
            value="and",
            size="small",
            color="primary",
            variant="outlined",
            margin=(4, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-kept-way"],
            sx={"& .MuiToggleButton-root": {"padding": "3px 4px", "fontSize": "0.72rem"}},
        )
        self._use = pmui.Button(
            label="Use",
            variant="outlined",
            size="small",
            margin=(4, 10),
            css_classes=["vo-kept-use"],
            on_click=act(lambda _: self._combine()),
        )
        self._delete = _button(
            "Delete", "delete_outline", "vo-kept-delete", act(lambda _: self._remove())
        )
        self._undo = _button("Undo", "undo", "vo-kept-undo", act(lambda _: self._take_back()))
        self._undo.param.update(visible=False, margin=(2, 8))
        self._delete.margin = (6, 2)
        for button in (self._keep, self._rename, self._delete):
            for_editors(session.access, button)
        self._chosen.param.watch(lambda _: self._describe(), "value")
        self._way.param.watch(lambda _: self._describe(), "value")
        self._column = pmui.Column(
            self._name,
            pmui.Row(self._keep, self._rename, margin=(0, 6)),
            self._chosen,
            self._words,
            self._way,
            pmui.Row(self._use, self._delete, margin=0),
            self._undo,
            visible=False,
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["vo-kept"],
        )

    def view(self) -> Viewable:
        """Give the controls; they show themselves when `open` is called."""
        return self._column

    @property
    def is_open(self) -> bool:
        """Whether the controls are on the screen."""
        return bool(self._column.visible)

    def open(self, *, shown: bool) -> None:
        """Show or hide the controls."""
        self._column.visible = shown
        self.update()

    def update(self) -> None:
        """Follow the session and the folder, where the controls are on the screen."""
        if not self.is_open:
            return
        kept, damaged = self._library.list()
        names = [entry.name for entry in kept]
        value = self._chosen.value if self._chosen.value in names else next(iter(names), None)
        if names != self._chosen.options or value != self._chosen.value:
            self._chosen.param.update(options=names, value=value)
        there = bool(names)
        for control in (self._chosen, self._way, self._use, self._delete):
            control.visible = there
        self._keep.disabled = self._session.selection is None
        self._rename.disabled = not there
        self._describe(" ".join(damaged))

    def _describe(self, remark: str = "") -> None:
        name = self._chosen.value
        if not self._chosen.options:
            text = "Nothing is kept yet. Make a selection, name it and keep it."
        elif name is None:
            text = ""
        else:
            tree = self._library.trees().get(name)
            what = "It no longer exists." if tree is None else caption(tree)
            text = f"{what} {WAYS[self._way.value][0]}: {WAYS[self._way.value][1]}."
        self._words.object = plain(f"{text} {remark}", limit=400)

    # --- what the user does ---------------------------------------------------------------

    def _typed(self) -> str:
        return str(self._name.value_input or self._name.value or "")

    def _put(self) -> None:
        self._done(self._library.keep(self._typed(), self._session.selection))

    def _put_name(self) -> None:
        self._done(self._library.rename(str(self._chosen.value), self._typed()))

    def _remove(self) -> None:
        self._done(self._library.delete(str(self._chosen.value)))

    def _combine(self) -> None:
        kept = self._library.get(str(self._chosen.value))
        session = self._session
        session.select(combine_with(session.selection, kept.node, self._way.value))

    def _done(self, change: Change) -> None:
        self._last = change if change.words else None
        self._undo.label = f"Undo: {change.words}"[:40]
        self._undo.visible = self._last is not None
        self._name.param.update(value="", value_input="")
        self.update()
        if change.after:
            self._chosen.value = change.after[0].name

    def _take_back(self) -> None:
        change, self._last = self._last, None
        self._undo.visible = False
        if change is not None:
            try:
                self._library.undo(change)
            finally:
                self.update()


def _button(label: str, icon: str, css_class: str, act: object) -> pmui.Button:
    return pmui.Button(
        label=label,
        icon=icon,
        variant="text",
        size="small",
        margin=(2, 2),
        css_classes=[css_class],
        on_click=act,
    )
