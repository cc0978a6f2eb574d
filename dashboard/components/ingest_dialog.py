"""Bring a table into the store: by its path on the server, or by upload."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.dialogs import dialog
from dashboard.components.errand_progress import ErrandProgress
from dashboard.components.escape import plain
from dashboard.pages.table_choice import TableChoice
from dashboard.policy.pairs import parse_pairs
from dashboard.server.limits import UPLOAD_LIMIT
from dashboard.services.errands import Errand
from data.errors import UserError
from data.readers import PACKINGS, SUFFIXES

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["IngestDialog"]

_FORMATS = "FITS, VOTable, CSV and other text tables, Parquet, HDF5, Feather; also packed"
_REMARKS_SHOWN = 3  # Details has them all
_SUFFIXES = ",".join([*SUFFIXES, *PACKINGS])  # some browsers look at the last ending only


class IngestDialog:
    """A dialog that asks for a table and what must be known about its columns.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self._progress = ErrandProgress(services, session, self._done)
        self._tables = TableChoice("vo-ingest-table")
        self._progress.on_error = self._show
        self._progress.on_tables = self._tables.offer
        self._starting = False
        self._build_fields()
        self._error = pmui.Alert(
            severity="error",
            visible=False,
            margin=(4, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-ingest-error"],
        )
        self._dialog = dialog(
            self._intro(),
            self._path,
            self._upload,
            self._tables.view,
            pmui.Row(self._name, self._kind, margin=0, sizing_mode="stretch_width"),
            self._columns,
            self._units,
            self._error,
            self._progress.view(),
            pmui.Row(self._start, self._cancel, margin=(6, 0)),
            title="Add a table of stars",
            show_close_button=True,
            width_option="sm",
            css_classes=["vo-ingest"],
        )

    def _build_fields(self) -> None:
        style = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 10)}
        self._path = pmui.TextInput(
            label="Path of a file on the server",
            placeholder="/data/stars.parquet",
            css_classes=["vo-ingest-path"],
            **style,
        )
        self._upload = pmui.FileInput(
            label=f"or upload a file (at most {UPLOAD_LIMIT // 2**20} MB)",
            accept=_SUFFIXES,
            variant="outlined",
            margin=(6, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-ingest-upload"],
        )
        self._name = pmui.TextInput(label="Name (optional)", **style)
        self._kind = pmui.Select(
            label="Kind",
            options={
                "Detect automatically": "",
                "Astrometry": "astrometry",
                "Simulation": "simulation",
            },
            value="",
            **style,
        )
        self._columns = pmui.TextAreaInput(
            label="Column mapping, e.g. ra=RAJ2000, parallax=Plx",
            rows=1,
            auto_grow=True,
            **style,
        )
        self._units = pmui.TextAreaInput(
            label="Units not given in the table, e.g. parallax=mas, radial_velocity=km/s",
            rows=1,
            auto_grow=True,
            **style,
        )
        self._start = pmui.Button(
            label="Read the table",
            variant="contained",
            margin=(4, 10),
            css_classes=["vo-ingest-start"],
            on_click=lambda _: self._begin(),
        )
        self._cancel = pmui.Button(
            label="Close",
            variant="text",
            margin=(4, 5),
            css_classes=["vo-ingest-close"],
            on_click=lambda _: self.close(),
        )

    @staticmethod
    def _intro() -> Viewable:
        return pmui.Typography(
            f"{_FORMATS}. Gaia's column names are known. Rows with a position are kept. Dropped "
            "rows, and stars without full 6D data, are counted by reason.",
            variant="body2",
            margin=(0, 10, 8, 10),
            sizing_mode="stretch_width",
            sx={"color": "text.secondary"},
        )

    def view(self) -> Viewable:
        """Give the dialog, closed."""
        return self._dialog

    def open(self) -> None:
        """Show the dialog."""
        self._error.visible = False
        self._dialog.open = True

    def close(self) -> None:
        """Hide the dialog; a table that is being read goes on being read."""
        self._dialog.open = False

    def refresh(self) -> None:
        """Follow the table that is being read."""
        self._progress.refresh()
        self._start.disabled = self._starting or self._progress.busy

    def _begin(self) -> None:
        try:
            work = self._errand()
        except UserError as error:
            self._show(error)
            return
        self._error.visible = False
        self._starting = self._start.disabled = True
        # An upload of many megabytes is written to the disk: not on the loop of all sessions.
        self.session.background(work, self._follow, self._show)

    def _errand(self) -> Callable[[], Errand]:
        """Give what starts to read what the fields say."""
        options = {
            "name": self._name.value.strip() or None,
            "kind": self._kind.value or None,
            "column_map": parse_pairs(self._columns.value, "column names"),
            "units": parse_pairs(self._units.value, "units"),
        }
        if self._tables.value:
            options["table"] = self._tables.value
        acts = self.session.acts
        if path := self._path.value.strip():
            return lambda: acts.ingest(path, **options)
        if self._upload.value:
            name, content = str(self._upload.filename), self._upload.value
            return lambda: acts.upload(name, content, options)
        raise UserError("No table is given.", "Write the path of a file, or upload one.")

    def _follow(self, errand: Errand) -> None:
        self._starting = False
        self._progress.follow(errand)

    def _show(self, error: BaseException) -> None:
        self._starting = False
        if not isinstance(error, UserError):
            self.session.report(error)
            return
        self._error.object = f"**{plain(error.sentence)}** {plain(error.hint)}"
        self._error.visible = True
        self._start.disabled = False

    def _done(self, errand: Errand) -> None:
        self.close()
        self._start.disabled = False
        self._tables.offer([])
        told = errand.summary
        dropped = sum(told.get("dropped", {}).values())
        self.session.open_catalogue(errand.catalogue)
        more = [f"{dropped:,} rows dropped; see Details."] if dropped else []
        if told.get("tables"):
            more.append(f"Table read: {told['table']}, one of {len(told['tables'])}.")
        remarks = [remark["sentence"] for remark in told.get("remarks", [])]
        self.session.notify(
            f"Imported {told['rows']:,} stars ({told['with_6d']:,} with 6D).",
            " ".join([*more, *remarks[:_REMARKS_SHOWN]]),
            level="warning" if remarks else "success",
        )
