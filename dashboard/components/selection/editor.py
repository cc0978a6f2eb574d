"""The selection in words: count, caption, cuts, text, undo. Explore and Tracers both show it."""

from __future__ import annotations

from collections.abc import Callable

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.selection.exchange import SelectionExchange
from dashboard.components.selection.kept import KeptSelections
from dashboard.components.selection.text import SelectionText
from dashboard.policy.brushes import cuts, without
from dashboard.session.session import Session
from data.selection import caption

__all__ = ["SelectionEditor"]


class SelectionEditor:
    """Show the session's selection and let the user edit, undo, keep and exchange it.

    Parameters
    ----------
    session
        Whose selection it is.
    units
        Gives the units of the catalogue's columns by name, for captions.
    """

    def __init__(self, session: Session, units: Callable[[], dict[str, str]]) -> None:
        self.session = session
        self._units = units
        self._count = pmui.Typography(
            "…",
            margin=(0, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-count"],
            sx={
                "& .big": {
                    "fontSize": "1.9rem",
                    "fontWeight": 400,
                    "lineHeight": 1.2,
                    "fontVariantNumeric": "tabular-nums",
                },
                "& .note": {"fontSize": "0.78rem", "color": "text.secondary"},
            },
        )
        self._caption = pmui.Typography(
            "",
            variant="body2",
            margin=(4, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-caption"],
            sx={"color": "text.secondary", "overflowWrap": "anywhere"},
        )
        self._cuts = pmui.Column(margin=0, sizing_mode="stretch_width", css_classes=["vo-cuts"])
        library = session.acts.selections
        self._words = SelectionText(session, library.trees)
        self._text, self._apply = self._words.field, self._words.apply
        self._kept = KeptSelections(session)
        self._exchange = SelectionExchange(session)
        self._build_buttons()
        self._build_doors()
        session.param.watch(lambda *_: self.update(), ["selection", "catalogue"])
        self.update()

    def _build_buttons(self) -> None:
        act = self.session.guarded
        # Words instead of bare icons: Material's tooltips would cover the neighbour.
        self._undo, self._redo, self._reset = (
            pmui.Button(
                label=name.capitalize(),
                icon=icon,
                variant="text",
                size="small",
                margin=(0, 2),
                css_classes=[f"vo-{name}"],
                on_click=act(lambda _, call=call: call()),
            )
            for name, icon, call in (
                ("undo", "undo", self.session.undo),
                ("redo", "redo", self.session.redo),
                ("reset", "restart_alt", lambda: self.session.select(None)),
            )
        )

    def _build_doors(self) -> None:
        """Make the buttons that show what is not always needed."""
        self._doors = pmui.Row(margin=(0, 6))
        for label, icon, part, name in (
            ("Kept selections", "bookmarks", self._kept, "kept"),
            ("Files", "import_export", self._exchange, "exchange"),
        ):
            door = pmui.Toggle(
                label=label,
                icon=icon,
                icon_size="1.2em",
                variant="text",
                size="small",
                margin=(2, 2),
                css_classes=[f"vo-{name}-door"],
                sx={"textTransform": "none", "border": "none", "padding": "3px 8px", "gap": "6px"},
            )
            door.param.watch(
                self.session.guarded(lambda event, part=part: part.open(shown=event.new)), "value"
            )
            self._doors.append(door)

    def view(self) -> Viewable:
        """Give the widgets, for one place on one page."""
        head = pmui.Typography(
            "Selection", variant="overline", margin=(4, 10), sx={"color": "text.secondary"}
        )
        return pmui.Column(
            head,
            self._count,
            pmui.Row(self._undo, self._redo, self._reset, margin=(4, 6)),
            self._caption,
            self._cuts,
            self._words.view(),
            self._doors,
            self._kept.view(),
            self._exchange.view(),
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["vo-selection"],
        )

    def count(self, selected: int, total: int, selected_6d: int) -> None:
        """Write how many stars the selection keeps."""
        share = f"{selected / total:.1%}" if total else "none"
        self._count.object = (
            f"<div class='big'>{selected:,}</div>"
            f"<div class='note'>of {total:,} stars ({share})<br>"
            f"{selected_6d:,} of them with position and velocity</div>"
        )

    def wait(self) -> None:
        """Write that the stars of another catalogue are being counted."""
        self._say("…", "counting")

    def give_up(self) -> None:
        """Write that nothing is counted; the page says why."""
        self._say("–", "not counted")

    def _say(self, big: str, note: str) -> None:
        self._count.object = (
            f"<div class='big'>{big}</div><div class='note'>{note}<br>&nbsp;</div>"
        )

    def update(self) -> None:
        """Write caption, cuts and text of the present selection, and say what can be undone."""
        tree = self.session.selection
        self._words.write(tree)
        self._kept.update()
        self._undo.disabled = not self.session.history.can_go_back
        self._redo.disabled = not self.session.history.can_go_forward
        self._reset.disabled = tree is None
        rows = cuts(tree)
        # A box alone is wrapped in the tree; its sentence does without the brackets.
        alone = rows[0] if len(rows) == 1 else tree
        self._caption.object = plain(caption(alone, self._units()), limit=600)
        self._cuts.objects = [self._row(i, node) for i, node in enumerate(rows)]
        self._cuts.visible = len(rows) > 1
        self._caption.visible = len(rows) <= 1

    def _row(self, index: int, node: dict[str, object]) -> Viewable:
        """Give one cut with a button that takes it out."""
        words = caption(node, self._units()).removeprefix("Stars with ").removesuffix(".")
        remove = pmui.IconButton(
            icon="close",
            description="Take this cut out",
            size="small",
            margin=0,
            css_classes=[f"vo-cut-remove-{index}"],
        )
        # The row is rebuilt by its own click, so the click must be over first.
        remove.on_click(
            lambda _: self.session.background.on_loop(
                lambda: self.session.select(without(self.session.selection, index))
            )
        )
        return pmui.Row(
            pmui.Typography(
                plain(words, limit=200),
                variant="body2",
                margin=(5, 0, 0, 10),
                sizing_mode="stretch_width",
                sx={"overflowWrap": "anywhere", "color": "text.secondary"},
            ),
            remove,
            margin=0,
            sizing_mode="stretch_width",
        )
