"""The list of runs: newest first, those of one request as one row until it is unfolded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import panel_material_ui as pmui

from dashboard.pages.runs.rows import RunRows
from dashboard.policy.run_groups import Group, group_row, listed, run_row
from engine.runs.folder.record import RunRecord

__all__ = ["RunList"]

PAGE = 25
"""Rows shown at first, and added by each request for more."""


class RunList:
    """All runs, newest first; those of one request are one row until it is unfolded.

    Parameters
    ----------
    choose
        Called with the id of a run when the user picks it.
    results
        Called with a group of runs when its results are asked for.
    dark
        Whether the page is drawn dark.
    """

    def __init__(
        self, choose: Callable[[str], None], results: Callable[[Group], None], *, dark: bool
    ) -> None:
        self._unfolded: set[str] = set()
        self._limit = PAGE
        self._records: Sequence[RunRecord] = ()
        self._names: Mapping[str, str] = {}
        self._chosen: str | None = None
        self._groups: dict[str, Group] = {}
        acts = {
            "choose": choose,
            "unfold": self._unfold,
            "results": lambda name: results(self._groups[name]),
        }
        self.rows = RunRows(acts, dark=dark, sizing_mode="stretch_width", margin=0)
        self._more = pmui.Button(
            label="Show older runs", variant="text", on_click=self._show_more, visible=False
        )
        self.view = pmui.Column(
            self.rows, self._more, width=400, margin=0, css_classes=["vo-run-list"]
        )

    def update(
        self, records: Sequence[RunRecord], names: Mapping[str, str], chosen: str | None
    ) -> None:
        """Show these records; what is equal already sends nothing to the browser.

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
        now = time.time()
        rows = []
        entries = listed(records)
        self._groups = {entry.name: entry for entry in entries if isinstance(entry, Group)}
        for entry in entries:
            if not isinstance(entry, Group):
                rows.append(run_row(entry, self._name(entry), now, chosen=entry.id == chosen))
                continue
            unfolded, name = entry.name in self._unfolded, self._name(entry.records[0])
            inside = any(record.id == chosen for record in entry.records)
            marked = inside and not unfolded
            rows.append(group_row(entry, name, now, unfolded=unfolded, chosen=marked))
            if unfolded:
                rows += [
                    run_row(
                        record,
                        name,
                        now,
                        chosen=record.id == chosen,
                        member=entry.labels[record.id],
                    )
                    for record in entry.records
                ]
        self._more.visible = len(rows) > self._limit
        if rows[: self._limit] != self.rows.rows:
            self.rows.rows = rows[: self._limit]

    def _name(self, record: RunRecord) -> str:
        return self._names.get(record.catalogue or "", record.catalogue or record.kind)

    def _unfold(self, name: str) -> None:
        self._unfolded ^= {name}
        self._again()

    def _show_more(self, _: object) -> None:
        self._limit += PAGE
        self._again()

    def _again(self) -> None:
        self.update(self._records, self._names, self._chosen)
