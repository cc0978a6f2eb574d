"""Other distances, the zero point and joined columns: forms that make a new version."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.errand_progress import ErrandProgress
from dashboard.components.escape import plain
from dashboard.components.parts import wide
from dashboard.pages.table_choice import TableChoice
from dashboard.policy.pairs import parse_pairs
from dashboard.services.errands import Errand
from dashboard.session.guests import for_editors
from data.catalogue.revision import distance_choices
from data.errors import UserError
from data.quality import zero_point
from data.readers import PACKINGS, SUFFIXES

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["Versions"]

_SUFFIXES = ",".join([*SUFFIXES, *PACKINGS])  # some browsers look at the last ending only


class Versions:
    """Two forms and the progress of what they start.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self._catalogue: Catalogue | None = None
        self._starting = False
        self._progress = ErrandProgress(services, session, self._done)
        self._tables = TableChoice("vo-join-table")
        self._progress.on_tables = self._tables.offer
        self._distance = pmui.Select(label="Distance from", options=[], **wide("vo-distance"))
        self._zero_point = pmui.Switch(
            label="Subtract the zero point of the parallax", size="small", margin=(6, 10, 0, 10),
            css_classes=["vo-zero-point"],
        )  # fmt: skip
        self._words = pmui.Typography(
            "", variant="caption", margin=(2, 10), sizing_mode="stretch_width",
            sx={"color": "text.secondary"}, css_classes=["vo-distance-words"],
        )  # fmt: skip
        self._revise = self._button("Make this version", "vo-revise", self._begin_revise)
        self._path = pmui.TextInput(
            label="Path of a file on the server", placeholder="/data/metallicities.fits",
            **wide("vo-join-path"),
        )  # fmt: skip
        self._upload = pmui.FileInput(
            label="or upload a file", accept=_SUFFIXES, variant="outlined", margin=(6, 8),
            sizing_mode="stretch_width", css_classes=["vo-join-upload"],
        )  # fmt: skip
        self._key = pmui.TextInput(
            label="Its column of identifiers", value="source_id", **wide("vo-join-key")
        )
        self._columns = pmui.TextInput(
            label="Columns to add (default: all new ones)", placeholder="feh=M_H, d=dist",
            **wide("vo-join-columns"),
        )  # fmt: skip
        self._join = self._button("Join", "vo-join", self._begin_join)

    def _button(self, label: str, name: str, begin: Callable[[], None]) -> pmui.Button:
        made = pmui.Button(
            label=label, variant="outlined", size="small", margin=(6, 8, 8, 8),
            css_classes=[name], on_click=self.session.guarded(lambda _: begin()),
        )  # fmt: skip
        return for_editors(self.session.access, made)

    def distance_view(self) -> list[Viewable]:
        """Give the form for distances and the zero point."""
        for widget in (self._distance, self._zero_point):
            widget.param.watch(lambda _: self._enable(), "value")
        return [self._distance, self._zero_point, self._words, self._revise,
                self._progress.view()]  # fmt: skip

    def join_view(self) -> list[Viewable]:
        """Give the form for a second table."""
        return [self._path, self._upload, self._tables.view, self._key, self._columns, self._join]

    def open(self, catalogue: Catalogue) -> None:
        """Show what a catalogue is made of."""
        self._catalogue = catalogue
        choices = distance_choices(catalogue.manifest)
        self._distance.param.update(
            options=choices, value=choices[0] if choices else None, disabled=not choices
        )
        self._zero_point.value = catalogue.has(zero_point.COLUMN)
        self._words.object, possible = _zero_point_words(catalogue)
        self._zero_point.disabled = not possible
        if not choices:
            self._words.object = "A simulation brings positions; it has no distances to choose."
        self._enable()

    def refresh(self) -> None:
        """Follow what was started."""
        self._progress.refresh()
        self._enable()

    def _change(self) -> dict[str, Any]:
        """Say what the form asks for that is not so already."""
        catalogue = self._catalogue
        if catalogue is None or catalogue.manifest.kind != "astrometry":
            return {}
        change: dict[str, Any] = {}
        if self._distance.value != catalogue.manifest.origin_of_distance:
            change["distance"] = self._distance.value
        if self._zero_point.value != catalogue.has(zero_point.COLUMN):
            change["zero_point"] = self._zero_point.value
        return change

    def _enable(self) -> None:
        busy = self._starting or self._progress.busy
        self._revise.disabled = busy or not self._change()
        self._join.disabled = busy or self._catalogue is None

    def _begin_revise(self) -> None:
        catalogue, change = self._catalogue, self._change()
        if catalogue is not None and change:
            acts = self.session.acts
            self._follow(acts.revise(catalogue.id, shown=catalogue.name, **change))

    def _begin_join(self) -> None:
        catalogue = self._catalogue
        if catalogue is None:
            return
        options: dict[str, Any] = {
            "key": self._key.value.strip() or "source_id",
            "columns": parse_pairs(self._columns.value, "columns"),
        }
        if self._tables.value:
            options["table"] = self._tables.value
        acts = self.session.acts
        if path := self._path.value.strip():
            self._follow(acts.join(catalogue.id, path, **options))
            return
        if not self._upload.value:
            raise UserError("No table is given.", "Write the path of a file, or upload one.")
        name, content = str(self._upload.filename), self._upload.value

        def work() -> Errand:
            return acts.join_upload(catalogue.id, catalogue.name, name, content, options)

        self._starting = True
        self._enable()
        # An upload of many megabytes is written to the disk: not on the loop of all sessions.
        self.session.background(work, self._follow, self._failed)

    def _follow(self, errand: Errand) -> None:
        self._starting = False
        self._progress.follow(errand)
        self._enable()

    def _failed(self, error: BaseException) -> None:
        self._starting = False
        self._enable()
        self.session.report(error)

    def _done(self, errand: Errand) -> None:
        """Open the new version with the selection that there is: the columns are the same."""
        told, tree = errand.summary, self.session.selection
        self.session.open_catalogue(errand.catalogue)
        self.session.select(tree)
        more = f"{told['with_6d']:,} of them have position and velocity."
        if "matched" in told:
            more = (
                f"{told['matched']:,} stars matched, {told['unmatched']:,} unmatched; "
                f"{told['duplicates']:,} duplicate rows, "
                f"{told['elsewhere']:,} rows without a match."
            )
            self._tables.offer([])
        more = " ".join([more, *(remark["sentence"] for remark in told.get("remarks", [])[:3])])
        self.session.notices.clear()
        self.session.notify(f"The new version has {told['rows']:,} stars.", more, level="success")


def _zero_point_words(catalogue: Catalogue) -> tuple[str, bool]:
    """Say what was done to the parallaxes, and whether it can be changed."""
    about = catalogue.manifest.provenance.get("zero_point")
    if catalogue.has(zero_point.COLUMN):
        stars = about.get("stars", {}) if isinstance(about, dict) else {}
        counted = ", ".join(f"{n:,} {words}" for words, n in stars.items())
        return plain(f"It is subtracted ({zero_point.SOURCE}). {counted}"), True
    try:
        zero_point.check_columns(catalogue.columns)
    except UserError as error:
        return plain(str(error)), False
    return plain(f"Parallaxes are as measured. {zero_point.SOURCE} tells their zero point."), True
