"""The candidates of a search as a table that sorts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.parts import rows_table, table
from dashboard.services.streams_remarks import Remark

__all__ = ["CandidateTable", "shown_rows"]

_HEAD = {
    "candidate": ("No.", "{:d}"),
    "patch": ("Patch", "{}"),
    "sigma": ("σ_L", "{:.1f}"),
    "p": ("p", "{:.1g}"),
    "stars": ("Stars", "{:d}"),
    "background": ("Expected", "{:.1f}"),
    "stability": ("Stable", "{:.0%}"),
    "mu_lon": ("μ lon", "{:+.1f}"),
    "mu_lat": ("μ lat", "{:+.1f}"),
    "faint_fraction": ("Faint", "{:.0%}"),
    "known_name": ("Known as", "{}"),
    "verdict": ("Verdict", "{}"),
}
_SORTS = {
    "Most significant first": ("p", 1),
    "σ_L, largest first": ("sigma", -1),
    "Stars, most first": ("stars", -1),
    "Stability, highest first": ("stability", -1),
    "Faint stars, most first": ("faint_fraction", -1),
    "Proper motion in longitude": ("mu_lon", 1),
    "Proper motion in latitude": ("mu_lat", 1),
    "Patch": ("patch", 1),
    "Known as": ("known_name", -1),
    "Verdict": ("verdict", -1),
}
_MOST = 300
"""Rows that are drawn; a search of the whole sky has a hundred or two."""


def shown_rows(
    candidates: Sequence[Mapping[str, Any]], remarks: Mapping[str, Remark]
) -> list[dict[str, Any]]:
    """Give candidates with their verdicts; a name only where the candidate is taken for it."""
    words = {"keep": "kept", "reject": "rejected", "": ""}
    rows = []
    for candidate in candidates:
        remark = remarks.get(str(candidate.get("key")), Remark())
        row = {name: candidate.get(name) for name in _HEAD}
        row["verdict"] = words[remark.verdict] + (" ✎" if remark.note else "")
        row["known_name"] = candidate.get("known_name") if candidate.get("known_known") else ""
        rows.append(row)
    return rows


class CandidateTable:
    """The table, how it is sorted, and which candidate is chosen.

    Parameters
    ----------
    chosen
        Called with the number of a candidate.
    """

    def __init__(self, chosen: Callable[[int], None]) -> None:
        self._chosen, self._quiet = chosen, False
        self.rows: list[dict[str, Any]] = []
        self.select = pmui.Select(
            label="Candidate", options={}, size="small", width=300,
            css_classes=["vo-stream-choose"],
        )  # fmt: skip
        self.sort = pmui.Select(
            label="Sort by", options=list(_SORTS), value=next(iter(_SORTS)), size="small",
            width=250, css_classes=["vo-stream-sort"],
        )  # fmt: skip
        self._table = table(css_class="vo-stream-table")
        self._view = pmui.Column(
            pmui.Row(self.select, self.sort, margin=0, sx={"flexWrap": "wrap"}),
            pmui.Column(
                self._table, margin=0, max_height=300, sizing_mode="stretch_width", scroll=True
            ),
            margin=0,
            sizing_mode="stretch_width",
        )
        self.select.param.watch(self._picked, "value")
        self.sort.param.watch(lambda _: self._draw(), "value")

    def view(self) -> Viewable:
        """Give the table."""
        return self._view

    def show(self, rows: list[dict[str, Any]], candidate: int | None) -> None:
        """Show candidates; the one that is on the screen is set off."""
        self.rows = rows
        options = {_label(row): row["candidate"] for row in rows}
        self._quiet = True
        try:
            self.select.param.update(options=options, value=candidate)
        finally:
            self._quiet = False
        self._draw()

    def _draw(self) -> None:
        rows = sorted(self.rows, key=self._order)
        used = [name for name in _HEAD if any(row[name] not in (None, "") for row in rows)]
        chosen = [row["candidate"] for row in rows]
        ours = chosen.index(self.select.value) if self.select.value in chosen else None
        self._table.object = rows_table(
            [_HEAD[name][0] for name in used],
            [[_cell(row[name], _HEAD[name][1]) for name in used] for row in rows[:_MOST]],
            ours=ours,
        )

    def _order(self, row: Mapping[str, Any]) -> tuple[bool, Any, int]:
        """Missing values come last, equals in the order of their significance."""
        name, sign = _SORTS[self.sort.value]
        value = row[name]
        if isinstance(value, str):
            folded = [sign * ord(letter) for letter in value]
            return not value, folded, int(row["candidate"])
        missing = value is None or not np.isfinite(value)
        return missing, 0.0 if missing else sign * value, int(row["candidate"])

    def _picked(self, _: object) -> None:
        if not self._quiet and self.select.value is not None:
            self._draw()
            self._chosen(int(self.select.value))


def _label(row: Mapping[str, Any]) -> str:
    sigma = _cell(row.get("sigma"), "σ_L = {:.1f}")
    return f"{row['candidate']}: {sigma} in {row['patch']}"


def _cell(value: object, form: str) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    return form.format(value)
