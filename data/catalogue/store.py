"""The catalogue store: one folder a catalogue, its columns memory-mapped.

A catalogue is written into a temporary folder beside the others and renamed when it is
complete, so a reader sees all of it or nothing.
"""

from __future__ import annotations

import re
import shutil
import time
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt

from data.catalogue.column_files import map_column
from data.catalogue.manifest import MANIFEST, Column, Manifest
from data.errors import UserError

__all__ = ["TRUTH", "Catalogue", "CatalogueStore"]

TRUTH = "truth.json"
COLUMNS = "columns"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TEMPORARY = ".new-"
_STALE_SECONDS = 6 * 3600.0


class Catalogue:
    """A table of stars in the store. Opening it costs its manifest, a column its mapping.

    Parameters
    ----------
    path
        The folder of the catalogue.

    Raises
    ------
    UserError
        If the manifest is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = Manifest.read(path)
        self.already_there = False
        """Set by ingest where the same content had been stored before."""
        self._mapped: dict[str, npt.NDArray[Any]] = {}

    def __repr__(self) -> str:
        return f"Catalogue({self.id!r}, {self.n_rows} rows)"

    @property
    def id(self) -> str:
        """The content id."""
        return self.manifest.id

    @property
    def name(self) -> str:
        """The name that the user gave."""
        return self.manifest.name

    @property
    def n_rows(self) -> int:
        """Number of stars."""
        return self.manifest.rows

    @property
    def columns(self) -> dict[str, Column]:
        """The stored columns by name."""
        return self.manifest.columns

    @cached_property
    def truth_path(self) -> Path | None:
        """The truth of a mock, for views and benchmarks; None for every other catalogue."""
        path = self.path / TRUTH
        return path if path.is_file() else None

    def has(self, name: str) -> bool:
        """Say whether there is a column of this name."""
        return name in self.manifest.columns

    def column(self, name: str) -> npt.NDArray[Any]:
        """Map a column.

        Parameters
        ----------
        name
            Its name in the store.

        Returns
        -------
        numpy.ndarray
            Read-only, contiguous, shape (n_rows,), backed by the file.

        Raises
        ------
        UserError
            If there is no such column, or its file is damaged.
        """
        if name not in self._mapped:
            if not self.has(name):
                raise UserError(
                    f"The catalogue {self.name} has no column {name}.",
                    f"Its columns: {', '.join(self.columns)}.",
                )
            column = self.columns[name]
            path = self.path / COLUMNS / column.file
            self._mapped[name] = map_column(path, column.dtype, self.n_rows)
        return self._mapped[name]


class CatalogueStore:
    """The catalogues under a home folder.

    Parameters
    ----------
    home
        The folder that `data.home.home` gives. Nothing is made before something is written.
    """

    def __init__(self, home: Path) -> None:
        self.path = Path(home) / "catalogues"

    def list(self) -> list[Manifest]:
        """Give the manifests of all catalogues that can be read, newest first."""
        manifests = []
        for folder in self._folders():
            try:
                manifests.append(Manifest.read(folder))
            except UserError:
                continue  # a damaged one must not hide the others; opening it says what is wrong
        return sorted(manifests, key=lambda m: (m.created, m.id), reverse=True)

    def open(self, id_or_name: str) -> Catalogue:
        """Open a catalogue by its id, or by its name where only one has it.

        Raises
        ------
        UserError
            If none or several answer to it; the sentence lists what is there.
        """
        if any(folder.name == id_or_name for folder in self._folders()):
            return Catalogue(self.path / id_or_name)
        there = self.list()
        ids = [manifest.id for manifest in there if manifest.name == id_or_name]
        if len(ids) == 1:
            return Catalogue(self.path / ids[0])
        if ids:
            raise UserError(
                f"{len(ids)} catalogues are named {id_or_name}.",
                f"Use an id instead: {', '.join(ids)}.",
            )
        known = ", ".join(manifest.id for manifest in there) or "no catalogue yet"
        raise UserError(f"Catalogue {id_or_name} not found.", f"The store contains {known}.")

    def delete(self, id: str) -> None:  # noqa: A002  (the word that the contract uses)
        """Delete a catalogue. Who has mapped its columns keeps them.

        Raises
        ------
        UserError
            If there is no catalogue of this id.
        """
        folder = next((f for f in self._folders() if f.name == id), None)
        if folder is None:
            raise UserError(f"No catalogue has the id {id}.")
        doomed = self.path / f"{_TEMPORARY}{uuid.uuid4().hex}"
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)

    def temporary(self) -> Path:
        """Make a folder for a catalogue that is being written; `adopt` puts it in place."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._sweep()
        folder = self.path / f"{_TEMPORARY}{uuid.uuid4().hex}"
        (folder / COLUMNS).mkdir(parents=True)
        return folder

    def adopt(self, folder: Path, id: str) -> Catalogue:  # noqa: A002
        """Put a complete folder in place, or drop it where the same content is there already.

        The rename is atomic: of two writers of the same content one wins, and the other finds
        the catalogue that it wanted.
        """
        place = self.path / id
        try:
            folder.rename(place)
        except OSError:
            if not (place / MANIFEST).is_file():
                raise
            shutil.rmtree(folder, ignore_errors=True)
            catalogue = Catalogue(place)
            catalogue.already_there = True
            return catalogue
        return Catalogue(place)

    def _folders(self) -> tuple[Path, ...]:
        if not self.path.is_dir():
            return ()
        inside = self.path.iterdir()
        return tuple(f for f in inside if _ID.fullmatch(f.name) and f.is_dir())

    def _sweep(self) -> None:
        """Remove what a killed ingest has left: temporary folders long untouched."""
        for folder in self.path.glob(f"{_TEMPORARY}*"):
            try:
                touched = max(p.stat().st_mtime for p in (folder, *folder.rglob("*")))
            except OSError:
                continue  # its writer has just finished or removed it
            if time.time() - touched > _STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
