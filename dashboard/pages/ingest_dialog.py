"""Bring a table into the store: by its path on the server, or by upload."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.dialogs import dialog
from dashboard.errands import Errand
from dashboard.limits import UPLOAD_LIMIT
from dashboard.pages.errand_progress import ErrandProgress
from dashboard.plain import plain
from dashboard.policy.pairs import parse_pairs
from data.errors import UserError

if TYPE_CHECKING:
    from dashboard.services import Services
    from dashboard.session import Session

__all__ = ["IngestDialog"]

_FORMATS = "FITS, VOTable, ECSV, CSV (also gzipped), Parquet, HDF5"
_SUFFIXES = ".fits,.fit,.fits.gz,.vot,.xml,.ecsv,.csv,.csv.gz,.gz,.parquet,.hdf5,.h5,.hdf"


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
        self._progress.on_error = self._show
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
            label="Column names that differ from Gaia's, as ra=RAJ2000, parallax=Plx",
            rows=1,
            auto_grow=True,
            **style,
        )
        self._units = pmui.TextAreaInput(
            label="Units that the table does not state, as parallax=mas, radial_velocity=km/s",
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
            f"{_FORMATS}. Gaia's column names are known. Every row with a position is kept; "
            "what is dropped, and what keeps stars out of 6D, is counted by reason.",
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
        dropped = sum(errand.summary.get("dropped", {}).values())
        self.session.open_catalogue(errand.catalogue)
        self.session.notify(
            f"{errand.summary['rows']:,} stars are in the store, "
            f"{errand.summary['with_6d']:,} of them with position and velocity.",
            f"{dropped:,} rows were dropped; Details has the reasons." if dropped else "",
            level="success",
        )
