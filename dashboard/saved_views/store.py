"""Saved views: session documents with a title and a note, in an order, in the home folder."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from data.errors import UserError
from engine.runs.folder.files import read_json, write_json

__all__ = ["FILE_VERSION", "SavedView", "SavedViews", "as_view", "write_view"]

#: Version of the file of a view; raised when a field changes its meaning.
FILE_VERSION = 1
#: Longest title and note, in characters.
TITLE, NOTE = 200, 4000

_ID = re.compile(r"[0-9a-f]{8}([0-9a-f]{8})?")
_ORDER = "order.json"


@dataclass(frozen=True)
class SavedView:
    """A screen to come back to.

    Parameters
    ----------
    id
        Eight hexadecimal digits, for addresses.
    title, note
        The user's words; text from outside.
    document
        The session document.
    created
        Seconds since 1970.
    figure
        Which figure of the page a slide shows; the first of the page where it is empty.
    """

    id: str
    title: str
    note: str
    document: dict[str, Any]
    created: float
    figure: str = ""

    @property
    def page(self) -> str:
        """Slug of the page that is shown."""
        return str(self.document.get("page", ""))


class SavedViews:
    """The views of a home folder, one file each; nothing is kept between two calls.

    Files are replaced in one step, and a view that somebody copied into the folder is simply
    there, after those whose place is known.

    Parameters
    ----------
    home
        Folder that holds ``views/``.
    allow
        Called before anything is changed; raises where that is not allowed.
    """

    def __init__(self, home: Path, allow: Callable[[], None] = lambda: None) -> None:
        self.folder = Path(home) / "views"
        self._allow = allow

    def list(self) -> tuple[list[SavedView], list[str]]:
        """Give the views in their order, and a sentence for each file that is damaged."""
        found: dict[str, SavedView] = {}
        damaged: list[str] = []
        for path in sorted(self.folder.glob("*.json")):
            if path.name == _ORDER:
                continue
            try:
                view = as_view(path)
            except UserError as error:
                damaged.append(error.sentence)
            else:
                found[view.id] = view
        placed = {name: place for place, name in enumerate(self._order())}
        ordered = sorted(
            found.values(), key=lambda v: (placed.get(v.id, len(placed)), v.created, v.id)
        )
        return ordered, damaged

    def get(self, id_: str) -> SavedView:
        """Give one view, saved or only shared.

        Raises
        ------
        UserError
            If there is no such view, or its file is damaged.
        """
        from dashboard.saved_views.shared import SharedViews

        known = _ID.fullmatch(id_) is not None
        if known and not self._path(id_).is_file():
            shared = SharedViews(self.folder.parent).get(id_)
            if shared is not None:
                return shared
        if not known or not self._path(id_).is_file():
            raise UserError(
                f"No saved view {id_[:40]!r} on this machine.",
                "The page Present lists those that are here. A view of another machine is a file "
                f"in its folder 'views': copy it into {self.folder}.",
            )
        return as_view(self._path(id_))

    def add(
        self, title: str, note: str, document: Mapping[str, Any], figure: str = ""
    ) -> SavedView:
        """Keep a screen, after all others."""
        self._allow()
        created = time.time()
        content = json.dumps(document, sort_keys=True) + repr(created)
        id_ = hashlib.sha256(content.encode()).hexdigest()[:8]
        view = SavedView(id_, _title(title), note[:NOTE], dict(document), created, figure)
        order = [other.id for other in self.list()[0]]
        self._write(view)
        self._put_in_order([*order, id_])
        return view

    def change(self, id_: str, **changes: str) -> SavedView:
        """Change ``title``, ``note`` or ``figure`` of a view."""
        self._allow()
        if "title" in changes:
            changes["title"] = _title(changes["title"])
        if "note" in changes:
            changes["note"] = changes["note"][:NOTE]
        view = replace(self.get(id_), **changes)  # type: ignore[arg-type]
        self._write(view)
        return view

    def move(self, id_: str, by: int) -> None:
        """Move a view by so many places, at most to the first or the last."""
        self._allow()
        order = [view.id for view in self.list()[0]]
        if id_ not in order:
            return
        place = min(max(order.index(id_) + by, 0), len(order) - 1)
        order.remove(id_)
        order.insert(place, id_)
        self._put_in_order(order)

    def delete(self, id_: str) -> None:
        """Delete a view; nothing happens where it is gone already."""
        self._allow()
        if _ID.fullmatch(id_):
            self._path(id_).unlink(missing_ok=True)
            self._put_in_order([name for name in self._order() if name != id_])

    def _path(self, id_: str) -> Path:
        return self.folder / f"{id_}.json"

    def _write(self, view: SavedView) -> None:
        write_view(self._path(view.id), view)

    def _put_in_order(self, ids: list[str]) -> None:
        _write_file(self.folder / _ORDER, ids)

    def _order(self) -> list[str]:
        """Give the ids in the order that was last set; none where that is not known."""
        try:
            stored = read_json(self.folder / _ORDER)
        except (OSError, ValueError):
            return []
        return [str(name) for name in stored] if isinstance(stored, list) else []


def _title(text: str) -> str:
    return " ".join(text.split())[:TITLE] or "Untitled"


def write_view(path: Path, view: SavedView) -> None:
    """Write the file of a view in one step.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    _write_file(path, {"version": FILE_VERSION, **asdict(view)})


def _write_file(path: Path, content: object) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, content, durable=True)
    except OSError as error:
        raise UserError(
            f"The view cannot be written: {error.strerror}.", f"Its folder is {path.parent}."
        ) from error


def as_view(path: Path) -> SavedView:
    """Read the file of a view; its name is its id, whatever it says itself."""
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise UserError(f"The saved view {path.name} cannot be read.") from error
    if not isinstance(content, dict) or not _ID.fullmatch(path.stem):
        raise UserError(f"The file {path.name} is not a saved view.")
    if content.get("version") != FILE_VERSION:
        raise UserError(
            f"The saved view {path.name} has version {content.get('version')!r}; this program "
            f"reads version {FILE_VERSION}."
        )
    kinds = {"title": str, "note": str, "document": dict, "created": (int, float), "figure": str}
    wrong = [name for name, kind in kinds.items() if not isinstance(content.get(name), kind)]
    if wrong:
        raise UserError(f"The saved view {path.name} is damaged: its {wrong[0]} is missing.")
    return SavedView(path.stem, **{name: content[name] for name in kinds})
