"""What is asked of an archive: the service, the stars, how many they are, the start."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.parts import section, tile, tile_text
from dashboard.policy.downloads import size_in_words
from dashboard.session.guests import for_editors
from data.archives.fetch import DISK_FACTOR
from data.archives.releases import RELEASES, find_release
from data.archives.services import SERVICES
from data.errors import UserError
from data.selection import adql_query, caption
from engine.fetching.job import count_rows

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["ArchiveForm"]

OTHER = "other"
_SELECTION, _TEXT = "selection", "text"
_EXAMPLE = (
    "SELECT source_id, ra, dec, parallax, pmra, pmdec, radial_velocity\n"
    "FROM gaiadr3.gaia_source\nWHERE parallax > 10"
)


class ArchiveForm:
    """The request, and what the service says to it.

    Parameters
    ----------
    services, session
        As for a page.
    started
        Called when a download has been started.
    """

    def __init__(self, services: Services, session: Session, started: Callable[[], None]) -> None:
        self.services, self.session = services, session
        self._on_started = started
        self._asked: dict[str, Any] | None = None
        self._build_source()
        self._build_query()
        self._build_answer()
        for widget in (self._service, self._address, self._release, self._what, self._text):
            widget.param.watch(session.guarded(lambda _: self._changed()), "value")
        session.param.watch(session.guarded(lambda _: self.take_selection()), "selection")
        self._changed()

    def _build_source(self) -> None:
        style: dict[str, Any] = {"size": "small", "margin": (6, 10)}
        options = {service.title: name for name, service in SERVICES.items()}
        self._service = pmui.Select(
            label="Service",
            options={**options, "Another address": OTHER},
            value="esa",
            width=220,
            css_classes=["vo-archive-service"],
            **style,
        )
        self._address = pmui.TextInput(
            label="Its address",
            placeholder="https://example.org/tap",
            width=320,
            visible=False,
            css_classes=["vo-archive-address"],
            **style,
        )
        self._release = pmui.TextInput(
            label="Release, or a file that describes one",
            value="gaia-dr3",
            width=300,
            css_classes=["vo-archive-release"],
            **style,
        )
        self._what = pmui.RadioButtonGroup(
            options={"The selection on the screen": _SELECTION, "A query of my own": _TEXT},
            value=_SELECTION,
            size="small",
            color="primary",
            variant="outlined",
            width=440,
            margin=(8, 10),
            css_classes=["vo-archive-what"],
        )

    def _build_query(self) -> None:
        mono = {
            "& textarea": {"fontFamily": "monospace", "fontSize": "0.82rem"},
            "& textarea.Mui-disabled": {
                "color": "text.secondary",
                "WebkitTextFillColor": "currentcolor",
            },
        }
        self._caption = pmui.Typography(
            "", variant="body2", margin=(2, 10), sizing_mode="stretch_width",
            css_classes=["vo-archive-caption"],
        )  # fmt: skip
        self._preview = pmui.TextAreaInput(
            label="In ADQL", value="", disabled=True, auto_grow=True, rows=2, max_rows=8,
            sizing_mode="stretch_width", margin=(6, 10), sx=mono,
            css_classes=["vo-archive-preview"],
        )  # fmt: skip
        self._text = pmui.TextAreaInput(
            label="ADQL", value="", placeholder=_EXAMPLE, auto_grow=True, rows=4, max_rows=14,
            max_length=200_000, sizing_mode="stretch_width", margin=(6, 10), visible=False,
            sx=mono, css_classes=["vo-archive-adql"],
        )  # fmt: skip
        self._cut_here = pmui.Alert(
            object="", severity="info", variant="outlined", visible=False, margin=(4, 10),
            sizing_mode="stretch_width", css_classes=["vo-archive-cut-here"],
        )  # fmt: skip

    def _build_answer(self) -> None:
        self._name = pmui.TextInput(
            label="Name of the catalogue", value="", size="small", width=260, margin=(6, 10),
            css_classes=["vo-archive-name"],
        )  # fmt: skip
        self._count = pmui.Button(
            label="Count the stars", icon="tag", variant="outlined", margin=(10, 6, 6, 10),
            css_classes=["vo-archive-count"],
            on_click=self.session.guarded(lambda _: self._begin_count()),
        )  # fmt: skip
        self._start = pmui.Button(
            label="Start the download", icon="cloud_download", variant="contained",
            margin=(10, 6), css_classes=["vo-archive-start"],
            on_click=self.session.guarded(lambda _: self._begin_download()),
        )  # fmt: skip
        for button in (self._count, self._start):
            for_editors(self.session.access, button)
        self._rows = tile("Stars", css_class="vo-archive-rows")
        self._disk = tile("Room needed", css_class="vo-archive-disk")
        self._tiles = pmui.Row(self._rows, self._disk, margin=(2, 4), visible=False, max_width=560)
        self._error = pmui.Alert(
            object="", severity="error", visible=False, margin=(4, 10),
            sizing_mode="stretch_width", css_classes=["vo-archive-error"],
        )  # fmt: skip

    def view(self) -> Viewable:
        """Give the widgets."""
        return section(
            "Stars from an archive",
            pmui.Row(self._service, self._address, self._release, margin=0),
            self._what,
            self._caption,
            self._preview,
            self._text,
            self._cut_here,
            pmui.Row(self._name, self._count, self._start, margin=0),
            self._error,
            self._tiles,
            note="TAP services give out public tables; no login is needed. Counting first tells "
            "how long it will take: a million stars are about 150 MB.",
            css_class="vo-archive-form",
        )

    def take_selection(self) -> None:
        """Follow the selection on the screen."""
        if self._what.value == _SELECTION:
            self._changed()

    def _changed(self) -> None:
        """Show what belongs to the choices, and forget the last answer."""
        other, own = self._service.value == OTHER, self._what.value == _TEXT
        default = "gaia-dr3" if other else SERVICES[self._service.value].release
        if not other and self._release.value in RELEASES and self._release.value != default:
            self._release.value = default
        self._address.visible = other
        self._release.visible = not own
        self._text.visible = own
        self._caption.visible = self._preview.visible = not own
        self._tiles.visible = self._error.visible = False
        self._cut_here.visible = False
        self._asked = None
        if not own:
            self._show_selection()

    def _show_selection(self) -> None:
        tree = self.session.selection
        self._caption.object = plain(caption(tree))
        try:
            query = adql_query(tree, find_release(self._release.value))
        except UserError as error:
            self._preview.value = ""
            self._say(error)
            return
        self._preview.value = query.text
        if query.left_out:
            items = "".join(f"<li>{plain(str(cut))}</li>" for cut in query.left_out)
            self._cut_here.object = (
                "The archive cannot make these cuts. More stars than needed will come, and the "
                f"cuts are made here: <ul>{items}</ul>"
            )
            self._cut_here.visible = True

    def _spec(self) -> dict[str, Any]:
        """Give the request as the run takes it."""
        service = self._service.value
        spec: dict[str, Any] = {
            "kind": "fetch",
            "service": self._address.value.strip() if service == OTHER else service,
        }
        if self._what.value == _TEXT:
            return {**spec, "adql": self._text.value}
        return {**spec, "release": self._release.value, "selection": self.session.selection}

    def _begin_count(self) -> None:
        self.session.access.check("ask archives")
        spec = self._spec()
        self._asked = spec
        self._error.visible = self._tiles.visible = False
        self._count.loading = True
        home = self.services.home
        self.session.background(
            lambda: count_rows(spec, home),
            lambda told: self._counted(spec, told),
            lambda error: self._failed(spec, error),
        )

    def _counted(self, spec: dict[str, Any], told: dict[str, Any]) -> None:
        self._count.loading = False
        if spec is not self._asked:
            return  # the request has changed meanwhile
        room = told["bytes"] * DISK_FACTOR
        free = shutil.disk_usage(_existing(self.services.home)).free
        note = "before the cuts applied locally" if told["left_out"] else ""
        self._rows.object = tile_text("Stars", f"{told['rows']:,}", note)
        self._disk.object = tile_text(
            "Room needed", size_in_words(room), f"{size_in_words(free)} are free"
        )
        self._tiles.visible = True

    def _failed(self, spec: dict[str, Any], error: BaseException) -> None:
        self._count.loading = False
        if spec is self._asked:
            self._say(error)

    def _begin_download(self) -> None:
        name = self._name.value.strip()
        if not name:
            self._say(UserError("The catalogue needs a name.", "Write one beside the button."))
            return
        spec = {**self._spec(), "name": name}
        self._error.visible = False
        self._start.loading = True
        self.session.background(
            lambda: self.session.acts.submit(spec), self._begun, self._not_begun
        )

    def _begun(self, _: object) -> None:
        self._start.loading = False
        self._on_started()

    def _not_begun(self, error: BaseException) -> None:
        self._start.loading = False
        self._say(error)

    def _say(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            self.session.report(error)
            return
        self._error.object = f"**{plain(error.sentence)}** {plain(error.hint)}"
        self._error.visible = True


def _existing(folder: Any) -> Any:  # noqa: ANN401 - a path
    """Give the folder, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())
