"""The catalogue store as the sessions see it: opened catalogues and a version."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.services.folder_version import FolderWatch
from data.catalogue.store import Catalogue, CatalogueStore

if TYPE_CHECKING:
    from data.catalogue.manifest import Manifest

__all__ = ["CatalogueListing"]


class CatalogueListing:
    """Catalogues by id, opened once, and a counter of changes of the store.

    Parameters
    ----------
    home
        Folder that holds ``catalogues/``.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._watch = FolderWatch(home / "catalogues", depth=1)
        self._open: dict[str, Catalogue] = {}
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """Grows by one whenever a catalogue comes or goes."""
        return self._watch.version

    def watch(self, closed: threading.Event) -> None:
        """Look at the folder once a second until ``closed`` is set."""
        self._watch.start(closed)

    def look(self) -> None:
        """Look at the folder now, for those who have just changed it."""
        self._watch.look()

    def list(self) -> list[Manifest]:
        """Give the manifests of all catalogues, as the store lists them."""
        return CatalogueStore(self._home).list()

    def open(self, id_or_name: str) -> Catalogue:
        """Open a catalogue, or give the one that is open already.

        Raises
        ------
        UserError
            If there is no such catalogue.
        """
        with self._lock:
            known = self._open.get(id_or_name)
            if known is not None and known.path.is_dir():
                return known
            catalogue = CatalogueStore(self._home).open(id_or_name)
            self._open[catalogue.id] = catalogue
            return catalogue
