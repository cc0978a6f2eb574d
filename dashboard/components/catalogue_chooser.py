"""A chooser of the session's catalogue, for any page that works on one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel_material_ui as pmui

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Manifest

__all__ = ["CatalogueChooser"]

#: The line of the list for no catalogue, which is no id. A list without such a line would choose
#: its first catalogue by itself, and one whose value is None shows a label out of place.
NONE = {"none chosen": "-"}


class CatalogueChooser:
    """A list of catalogues; what is chosen is opened in the whole session.

    Parameters
    ----------
    services, session
        As for a page.
    css_class
        By which tests find it.
    fits
        Which catalogues the page can work on; all by default.
    """

    def __init__(
        self,
        services: Services,
        session: Session,
        css_class: str,
        fits: Callable[[Manifest], bool] = lambda _: True,
    ) -> None:
        self._services, self._session, self._fits = services, session, fits
        self._seen = -1
        self.view = pmui.Select(
            label="Catalogue", options=NONE, value="-", size="small", width=260, margin=(6, 5),
            css_classes=[css_class],
        )  # fmt: skip
        self.view.param.watch(session.guarded(lambda _: self._chosen()), "value")
        session.param.watch(session.guarded(lambda _: self._write()), "catalogue")

    @property
    def current(self) -> Manifest | None:
        """The catalogue that is open, if it is among those that fit."""
        manifests = self._services.catalogues.list()
        return next((m for m in manifests if m.id == self.view.value), None)

    def refresh(self) -> bool:
        """Follow the store; say whether it had changed."""
        if self._services.catalogues.version == self._seen:
            return False
        self._seen = self._services.catalogues.version
        self._write()
        return True

    def _chosen(self) -> None:
        if self.view.value not in NONE.values():
            self._session.open_catalogue(self.view.value)

    def _write(self) -> None:
        there = [m for m in self._services.catalogues.list() if self._fits(m)]
        options = {_label(m, there): m.id for m in there}
        chosen = self._session.catalogue
        if chosen not in options.values():
            options, chosen = NONE | options, "-"
        if options != self.view.options or chosen != self.view.value:
            self.view.param.update(options=options, value=chosen)
        self.view.visible = bool(there)


def _label(manifest: Manifest, everyone: list[Manifest]) -> str:
    twins = sum(m.name == manifest.name for m in everyone)
    return manifest.id if twins > 1 else manifest.name
