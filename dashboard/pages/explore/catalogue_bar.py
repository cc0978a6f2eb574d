"""Which catalogue is on screen, what is in it, and the way to bring in another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.catalogue_chooser import CatalogueChooser
from dashboard.components.escape import plain
from dashboard.components.ingest_dialog import IngestDialog
from dashboard.components.parts import pairs_table, table
from dashboard.session.guests import for_editors
from data.catalogue.summaries import phase_space_columns

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Manifest

__all__ = ["CatalogueBar", "details"]


class CatalogueBar:
    """A chooser of catalogues with their numbers, details on demand, and a door for tables.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self.ingest = IngestDialog(services, session)
        self._chooser = CatalogueChooser(services, session, "vo-catalogue")
        self._line = pmui.Typography(
            "",
            variant="body2",
            margin=(14, 10),
            css_classes=["vo-catalogue-line"],
            sx={"color": "text.secondary"},
        )
        self._more = pmui.Button(
            label="Details",
            icon="info_outlined",
            size="small",
            variant="text",
            margin=(9, 5),
            css_classes=["vo-details-toggle"],
            on_click=lambda _: setattr(self._details, "visible", not self._details.visible),
        )
        self._add = pmui.Button(
            label="Add a table",
            icon="add",
            size="small",
            variant="text",
            margin=(9, 5),
            css_classes=["vo-add"],
            on_click=lambda _: self.ingest.open(),
        )
        for_editors(session.access, self._add)
        self._details = table(css_class="vo-details")
        self._details.visible = False
        session.param.watch(lambda _: self._write(), "catalogue")

    def view(self) -> Viewable:
        """Give the bar."""
        self._row = pmui.Row(
            self._chooser.view,
            self._line,
            self._more,
            self._add,
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["vo-catalogue-bar"],
        )
        return pmui.Column(
            self._row, self._details, self.ingest.view(), sizing_mode="stretch_width", margin=0
        )

    def refresh(self) -> None:
        """Follow the store and the ingest under way."""
        self.ingest.refresh()
        if self._chooser.refresh():
            self._write()

    def _write(self) -> None:
        self._row.visible = bool(self.services.catalogues.list())
        shown = self._chooser.current
        self._line.object = "" if shown is None else _line(shown)
        self._details.object = "" if shown is None else details(shown)


def _line(manifest: Manifest) -> str:
    """Write the numbers of a catalogue in one line."""
    words = {"simulation": "mock or simulation", "dwarf": "dwarf galaxy"}
    kind = words.get(manifest.kind, manifest.kind)
    return f"{manifest.rows:,} stars, {manifest.with_6d:,} with 6D ({plain(kind)})"


def details(manifest: Manifest) -> str:
    """Write everything that is known about a catalogue as an HTML table; text is escaped."""
    rows = [
        ("Id", manifest.id),
        ("Stars", f"{manifest.rows:,}"),
        ("With position and velocity", f"{manifest.with_6d:,}"),
    ]
    rows += [(f"Not in 6D: {reason}", f"{n:,}") for reason, n in manifest.not_6d.items()]
    rows += [(f"Rows dropped: {reason}", f"{n:,}") for reason, n in manifest.dropped.items()]
    if not manifest.dropped:
        rows.append(("Rows dropped", "none"))
    rows += [
        ("Distance from", manifest.origin_of_distance),
        *_history(manifest),
        *_reading(manifest),
        ("Frame", manifest.frame),
        ("Created", manifest.created[:16].replace("T", " ")),
        ("Read from", manifest.parent or str(manifest.provenance.get("source", "made here"))),
        *((f"Remark on {remark.column}", remark.sentence) for remark in manifest.remarks),
    ]
    return pairs_table(rows)


def _reading(manifest: Manifest) -> list[tuple[str, str]]:
    """Say which table and which columns the stars were read from, and in what units."""
    rows = []
    if manifest.kind_reason:
        rows.append(("Kind", f"{manifest.kind}: {manifest.kind_reason}"))
    if "table" in manifest.provenance:
        others = [t for t in manifest.provenance.get("tables", [])
                  if t != manifest.provenance["table"]]  # fmt: skip
        rows.append(("Table", f"{manifest.provenance['table']} (not read: {', '.join(others)})"))
    rows += [
        (f"Column {name}", f"{about['source']} in {about['unit'] or 'pure numbers'}, unit "
                           f"{about['unit_origin']}")
        for name, about in phase_space_columns(manifest).items()
        if about["unit_origin"] != "derived"
    ]  # fmt: skip
    rows += [(f"Column {name}", f"stored as {new}") for name, new in manifest.renamed.items()]
    return rows


def _history(manifest: Manifest) -> list[tuple[str, str]]:
    """Say what was done to the parallaxes, and which catalogue this is a version of."""
    rows = []
    corrected = manifest.provenance.get("zero_point")
    if isinstance(corrected, dict):
        stars = corrected.get("stars", {})
        counted = ", ".join(f"{number:,} {words}" for words, number in stars.items())
        rows.append(("Zero point of the parallax", f"subtracted ({counted})"))
    rows += [
        ("Version of", f"{change.get('of', '')}, distance from {change.get('distance', '')}"
         + (f", joined {Path(change['joined']).name}" if "joined" in change else ""))
        for change in manifest.provenance.get("revised", [])
    ]  # fmt: skip
    return rows
