"""Shared views: session documents under the hash of their content, as addresses and as files."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dashboard.policy.session_document import LARGEST, checked
from dashboard.saved_views.store import FILE_VERSION, SavedView, as_view, write_view
from data.errors import UserError

__all__ = ["SharedViews", "file_of", "from_file"]

_FORMAT = "via-obscura-view"


class SharedViews:
    """Screens that were shared, one file each, named by what they hold.

    The same screen has the same id on every machine, so sharing it twice makes nothing new. They
    lie beside the saved views, which they are not: no list shows them.

    Parameters
    ----------
    home
        Folder that holds ``views/shared/``.
    allow
        Called before anything is written; raises where that is not allowed.
    """

    def __init__(self, home: Path, allow: Callable[[], None] = lambda: None) -> None:
        self.folder = Path(home) / "views" / "shared"
        self._allow = allow

    def add(self, document: Mapping[str, Any], title: str = "", note: str = "") -> SavedView:
        """Keep a screen, and give it with its id.

        Raises
        ------
        UserError
            If the document is damaged, or the folder cannot be written.
        """
        self._allow()
        version = {"version": document.get("version")}
        content = {**version, **checked(document)}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        for length in (8, 16):  # longer where another document begins alike
            path = self.folder / f"{digest[:length]}.json"
            there = self._there(path)
            if there is None:
                view = SavedView(digest[:length], title, note, content, time.time())
                write_view(path, view)
                return view
            if there.document == content:
                return there
        raise UserError("This view cannot be given an address.")  # pragma: no cover

    def get(self, id_: str) -> SavedView | None:
        """Give a shared view; None where there is none of that id.

        Raises
        ------
        UserError
            If its file is damaged.
        """
        path = self.folder / f"{id_}.json"
        return as_view(path) if path.is_file() else None

    def _there(self, path: Path) -> SavedView | None:
        try:
            return as_view(path) if path.is_file() else None
        except UserError:
            return None  # a damaged one is written anew


def file_of(view: SavedView) -> tuple[str, bytes]:
    """Write a view as a file that another machine can open: name and content."""
    content = {
        "format": _FORMAT,
        "version": FILE_VERSION,
        "title": view.title,
        "note": view.note,
        "document": view.document,
    }
    return f"view-{view.id}.json", (json.dumps(content, indent=1) + "\n").encode()


def from_file(content: bytes) -> tuple[dict[str, Any], str, str]:
    """Read what `file_of` wrote, or the file of a saved view: document, title and note.

    Raises
    ------
    UserError
        If it is neither, or the document in it is damaged.
    """
    if len(content) > LARGEST:
        raise UserError(f"The file is larger than {LARGEST:,} bytes, too large for a view.")
    try:
        stored = json.loads(content.decode())
    except (ValueError, RecursionError):
        raise UserError("The file is not a view: it is not JSON.") from None
    document = stored.get("document") if isinstance(stored, dict) else None
    if not isinstance(stored, dict) or not isinstance(document, dict):
        raise UserError("The file is not a view.", "Save views as a file with the button Share.")
    if stored.get("version") != FILE_VERSION:
        raise UserError(
            f"The file has version {str(stored.get('version'))[:20]!r}; this program reads "
            f"version {FILE_VERSION}."
        )
    title, note = (stored.get(key) for key in ("title", "note"))
    words = [text if isinstance(text, str) else "" for text in (title, note)]
    return {"version": document.get("version"), **checked(document)}, words[0], words[1]
