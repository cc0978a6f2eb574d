"""The list of runs: one row each, updated in place."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import panel_material_ui as pmui

from dashboard.plain import plain
from dashboard.policy import run_states
from engine.runs.record import RunRecord

__all__ = ["RunList", "RunRow"]

PAGE = 25
"""Rows shown at first, and added by each request for more."""


class RunRow:
    """One run as a row: what it is, its state, its progress.

    Parameters
    ----------
    record
        The run.
    choose
        Called with the run's id when the row is clicked.
    """

    def __init__(self, record: RunRecord, choose: Callable[[str], None]) -> None:
        self._title = pmui.Button(
            label="",
            variant="text",
            color="default",
            on_click=lambda _: choose(record.id),
            sizing_mode="stretch_width",
            margin=(0, 0, 0, 0),
            css_classes=["vo-run-title"],
            sx={
                "justifyContent": "flex-start",
                "fontSize": "0.92rem",
                "padding": "2px 8px",
                "color": "text.primary",
                "&:hover": {"backgroundColor": "action.hover", "color": "text.primary"},
            },
        )
        self._chip = pmui.Chip(
            label="", size="small", margin=(6, 10, 0, 4), css_classes=["vo-run-chip"]
        )
        self._bar = pmui.LinearProgress(
            value=0, sizing_mode="stretch_width", margin=(6, 12, 2, 12), height=5
        )
        self._line = pmui.Typography(
            "",
            variant="caption",
            margin=(2, 10, 4, 12),
            sizing_mode="stretch_width",
            sx={"color": "text.secondary", "fontVariantNumeric": "tabular-nums"},
        )
        self.view = pmui.Paper(
            pmui.Row(self._title, self._chip, sizing_mode="stretch_width", margin=0),
            self._bar,
            self._line,
            elevation=0,
            variant="outlined",
            margin=(3, 6),
            sizing_mode="stretch_width",
            css_classes=["vo-run", f"vo-run-{record.id}"],
        )

    def update(self, record: RunRecord, name: str, *, chosen: bool) -> None:
        """Show a record; parameters that are equal already send nothing to the browser."""
        now = time.time()
        look = run_states.look(record)
        share = run_states.percent(record)
        active = str(record.state) in run_states.ACTIVE
        preset = str(record.spec.get("preset", ""))
        title = f"{name} · {preset}" if preset else name
        self._title.label = title if len(title) <= 46 else title[:45] + "…"
        self._chip.param.update(label=look.label, color=look.colour)
        self._bar.param.update(
            visible=active,
            value=-1 if share is None else share,
            variant="indeterminate" if share is None else "determinate",
        )
        parts = [record.kind, run_states.age(record.created, now)]
        if str(record.state) == "running":
            parts.append(run_states.progress_line(record, now))
        self._line.object = plain(" · ".join([*parts, record.id]))
        border = "primary.main" if chosen else "divider"
        self.view.sx = {"borderColor": border, "padding": "4px 0"}


class RunList:
    """All runs, newest first.

    Parameters
    ----------
    choose
        Called with the id of a run when the user picks it.
    """

    def __init__(self, choose: Callable[[str], None]) -> None:
        self._choose = choose
        self._rows: dict[str, RunRow] = {}
        self._limit = PAGE
        self._records: Sequence[RunRecord] = ()
        self._names: Mapping[str, str] = {}
        self._chosen: str | None = None
        self._column = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._more = pmui.Button(
            label="Show older runs", variant="text", on_click=self._show_more, visible=False
        )
        self.view = pmui.Column(
            self._column, self._more, width=400, margin=0, css_classes=["vo-run-list"]
        )

    def update(
        self, records: Sequence[RunRecord], names: Mapping[str, str], chosen: str | None
    ) -> None:
        """Show these records; rows that exist are updated, never built again.

        Parameters
        ----------
        records
            Newest first.
        names
            Catalogue id -> name.
        chosen
            Id of the run that is marked.
        """
        self._records, self._names, self._chosen = records, names, chosen
        shown = records[: self._limit]
        for record in shown:
            if record.id not in self._rows:
                self._rows[record.id] = RunRow(record, self._choose)
            name = names.get(record.catalogue or "", record.catalogue or record.kind)
            self._rows[record.id].update(record, name, chosen=record.id == chosen)
        views = [self._rows[record.id].view for record in shown]
        if views != list(self._column.objects):
            self._column.objects = views
        kept = {record.id for record in records}
        self._rows = {run: row for run, row in self._rows.items() if run in kept}
        self._more.visible = len(records) > self._limit

    def _show_more(self, _: object) -> None:
        self._limit += PAGE
        self.update(self._records, self._names, self._chosen)
