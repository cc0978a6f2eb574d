"""The control that downloads what is on the screen: figures, data, a script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import panel_material_ui as pmui

from dashboard.services.results import MapResult
from dashboard.session.session import Session

__all__ = ["ExportMenu"]

_FIGURES = {"Figure, PDF": "pdf", "Figure, SVG": "svg", "Figure, PNG": "png"}
_DATA = {"Data, NetCDF": "nc", "Data, FITS": "fits", "Data, Zarr (zipped)": "zarr"}
_SCRIPT = {"Python script": "py"}


class ExportMenu:
    """A choice of cube and format, and a button that makes the file and downloads it.

    The file is made in a thread when the button is pressed, from what is then on the screen.

    Parameters
    ----------
    session
        The browser session.
    result
        Gives the run on the screen, or None.
    view
        Gives what figures and scripts show, as a `dashboard.export.view.View`.
    cubes
        Labels and names of the cubes to offer.
    script
        Whether the first of them has a script.
    """

    def __init__(
        self,
        session: Session,
        result: Callable[[], MapResult | None],
        view: Callable[[], object],
        cubes: dict[str, str],
        *,
        script: bool = True,
    ) -> None:
        self._session, self._result, self._view = session, result, view
        self._scripted = next(iter(cubes.values())) if script else ""
        self.what = pmui.Select(
            label="Export", options=cubes, width=190, size="small", css_classes=["vo-export-what"]
        )
        self.form = pmui.Select(
            label="As",
            options={**_FIGURES, **_DATA, **(_SCRIPT if script else {})},
            width=180,
            size="small",
            css_classes=["vo-export-format"],
        )
        self.button = pmui.FileDownload(
            label="Download",
            filename="export",
            auto=True,
            icon="download",
            size="small",
            align="center",
            width=130,
            css_classes=["vo-export"],
        )
        self.what.param.watch(session.guarded(self._offer_formats), "value")
        # Without a file of its own the button only counts clicks: the file comes when made.
        self.button.param.watch(session.guarded(self._start), "_clicks")
        self.view = pmui.Row(
            self.what, self.form, self.button, margin=0, css_classes=["vo-export-menu"]
        )

    def _offer_formats(self, _: object = None) -> None:
        scripted = self.what.value == self._scripted
        options = {**_FIGURES, **_DATA, **(_SCRIPT if scripted else {})}
        chosen = self.form.value if self.form.value in options.values() else "pdf"
        self.form.param.update(options=options, value=chosen)

    def _start(self, _: object = None) -> None:
        result = self._result()
        if result is None or self.button.loading:
            return
        self.button.loading = True
        what, form, view = self.what.value, self.form.value, self._view()

        def work() -> tuple[str, bytes]:
            from dashboard.export.run import download  # matplotlib, for those who export

            return download(result, what, form, view)

        self._session.background(work, self._done, self._failed)

    def _done(self, made: tuple[str, bytes]) -> None:
        name, content = made
        self.button.loading = False
        # One after the other: the browser saves at the moment when it gets data, under the name
        # that it knows then; and data that are those of the last time would be no change.
        self.button.filename = name
        self.button.data = None
        self.button.data = "data:application/octet-stream;base64," + b64encode(content).decode()

    def _failed(self, error: BaseException) -> None:
        self.button.loading = False
        self._session.report(error)
