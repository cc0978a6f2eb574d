"""The downloads: how far each is, what went wrong, and the way to its stars."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import panel_material_ui as pmui

from dashboard.components.escape import plain
from dashboard.policy import run_states
from dashboard.policy.access import Access
from dashboard.policy.downloads import download_line, source_line
from dashboard.session.guests import for_editors
from engine.runs.folder.record import RunRecord

__all__ = ["DownloadList"]

SHOWN = 20
"""Downloads that are listed, the newest first; the page Runs has them all."""

_ACTIONS = {
    "open": ("Open in Explore", "blur_on", "contained"),
    "cancel": ("Stop", "stop", "outlined"),
    "resume": ("Resume", "play_arrow", "contained"),
    "log": ("Details", "article", "text"),
    "delete": ("Remove from the list", "delete", "text"),
}


class DownloadList:
    """A card for each download; cards are made once and brought up to date.

    Parameters
    ----------
    act
        Called with the name of an action and the id of the run.
    access
        What the session may.
    """

    def __init__(self, act: Callable[[str, str], None], access: Access) -> None:
        self._act, self._access = act, access
        self._cards: dict[str, _Card] = {}
        self._empty = pmui.Typography(
            "No downloads.",
            variant="body2",
            margin=(4, 10, 10, 10),
            sx={"color": "text.secondary"},
            css_classes=["vo-downloads-empty"],
        )
        self.view = pmui.Column(self._empty, sizing_mode="stretch_width", margin=0)

    def update(self, records: list[RunRecord], catalogues: Collection[str]) -> None:
        """Show these downloads, the newest first."""
        shown = records[:SHOWN]
        cards = {r.id: self._cards.get(r.id) or _Card(r, self._act, self._access) for r in shown}
        for record in shown:
            cards[record.id].update(record, catalogues)
        if list(cards) != list(self._cards):
            self.view.objects = [card.view for card in cards.values()] or [self._empty]
        self._cards = cards


class _Card:
    """One download."""

    def __init__(self, record: RunRecord, act: Callable[[str, str], None], access: Access) -> None:
        name = plain(str(record.spec.get("name", record.id)))
        self._title = pmui.Typography(f"**{name}**", margin=(6, 6, 0, 10))
        self._chip = pmui.Chip(
            label="", size="small", margin=(6, 6), css_classes=["vo-download-state"]
        )
        self._line = pmui.Typography(
            "",
            variant="body2",
            margin=(0, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-download-line"],
        )
        self._source = pmui.Typography(
            plain(source_line(record)),
            variant="caption",
            margin=(0, 10, 4, 10),
            sizing_mode="stretch_width",
            sx={"color": "text.secondary", "overflowWrap": "anywhere"},
        )
        self._bar = pmui.LinearProgress(
            value=0, sizing_mode="stretch_width", margin=(4, 12), height=6
        )
        self._problem = pmui.Alert(
            object="",
            severity="error",
            variant="outlined",
            visible=False,
            margin=(4, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-download-problem"],
        )
        self._buttons = {
            action: pmui.Button(
                label=label,
                icon=icon,
                variant=variant,
                size="small",
                margin=(4, 4, 6, 6),
                visible=False,
                css_classes=[f"vo-download-{action}"],
                on_click=lambda _, action=action: act(action, record.id),
            )
            for action, (label, icon, variant) in _ACTIONS.items()
        }
        for action, button in self._buttons.items():
            if action not in ("open", "log"):
                for_editors(access, button)
        self.view = pmui.Column(
            pmui.Row(self._title, self._chip, margin=0),
            self._line,
            self._bar,
            self._source,
            self._problem,
            pmui.Row(*self._buttons.values(), margin=0),
            sizing_mode="stretch_width",
            margin=(2, 4),
            css_classes=["vo-download"],
            sx={"borderTop": "1px solid", "borderColor": "divider"},
        )

    def update(self, record: RunRecord, catalogues: Collection[str]) -> None:
        look = run_states.look(record)
        self._chip.param.update(label=look.label, color=look.colour)
        self._line.object = plain(download_line(record, time.time()))
        share = run_states.percent(record)
        self._bar.param.update(
            visible=record.active,
            value=-1 if share is None else share,
            variant="indeterminate" if share is None else "determinate",
        )
        sentence, hint = run_states.sentence(record)
        wrong = look.severity in ("error", "warning") and not record.active
        self._problem.param.update(
            visible=wrong,
            severity=look.severity if wrong else "info",
            object=f"**{plain(sentence)}** {plain(hint)}",
        )
        possible = {*(run_states.actions(record) - {"open"}), "log"}
        if (record.result or {}).get("catalogue") in catalogues:
            possible.add("open")
        for action, button in self._buttons.items():
            button.visible = action in possible
