"""Selections kept under a name in the home folder, one file each."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.selection import validate
from engine.runs.folder.files import read_json, write_json

__all__ = ["Change", "Kept", "NamedSelections", "tidy_name"]

#: Version of the file of a selection; raised when a field changes its meaning.
FILE_VERSION = 1
#: Longest name, in characters.
LONGEST = 80
#: Largest file that is read, in bytes; a polygon of 10,000 corners has a fifth of it.
LARGEST = 2_000_000

_Tree = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """A selection under a name.

    Parameters
    ----------
    name
        The user's word; text from outside.
    tree
        A validated selection.
    changed
        Seconds since 1970.
    """

    name: str
    tree: _Tree
    changed: float

    @property
    def node(self) -> _Tree:
        """The selection as a node that bears the name, to stand in another tree."""
        return {**self.tree, "name": self.name}


@dataclass(frozen=True)
class Change:
    """What was done to the library, so that it can be undone.

    Parameters
    ----------
    before, after
        The selections that were there, and those that are there instead.
    words
        What was done, for the button that takes it back.
    """

    before: tuple[Kept, ...]
    after: tuple[Kept, ...]
    words: str


class NamedSelections:
    """The kept selections of a home folder; nothing is remembered between two calls.

    Files are replaced in one step, so several sessions and programs may use the folder at once:
    whoever writes a name last is the one who is heard. A tree that uses a kept selection holds
    a copy of it, so deleting or changing the kept one changes no figure.

    Parameters
    ----------
    home
        Folder that holds ``selections/``.
    allow
        Called before anything is written; raises where that is not allowed.
    """

    def __init__(self, home: Path, allow: Callable[[], None] = lambda: None) -> None:
        self.folder = Path(home) / "selections"
        self._allow = allow

    def list(self) -> tuple[list[Kept], list[str]]:
        """Give the selections by name, and a sentence for each file that is damaged."""
        found: dict[str, Kept] = {}
        damaged: list[str] = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                kept = _read(path)
            except FileNotFoundError:  # deleted by somebody else in this moment
                continue
            except UserError as error:
                damaged.append(error.sentence)
            else:
                there = found.get(kept.name)  # a copied file may have any name of its own
                if there is None or there.changed < kept.changed:
                    found[kept.name] = kept
        return sorted(found.values(), key=lambda kept: (kept.name.casefold(), kept.name)), damaged

    def trees(self) -> dict[str, _Tree]:
        """Give the trees by name."""
        return {kept.name: kept.tree for kept in self.list()[0]}

    def get(self, name: str) -> Kept:
        """Give one selection.

        Raises
        ------
        UserError
            If there is none of that name.
        """
        kept = self._find(name)
        if kept is None:
            known = ", ".join(f"“{other.name}”" for other in self.list()[0][:8]) or "none"
            raise UserError(f"No selection is kept as “{name[:LONGEST]}”.", f"Kept: {known}.")
        return kept

    def keep(self, name: str, tree: object) -> Change:
        """Keep a selection under a name, in the place of what had that name.

        Raises
        ------
        UserError
            If the name is empty, the selection keeps every star, or the folder cannot be written.
        """
        name, valid = tidy_name(name), validate(tree)
        if valid is None:
            raise UserError(
                "A selection of all stars needs no name.", "Select some of them first."
            )
        # The name on the node is that of the file alone; names inside it stay.
        plain = {key: value for key, value in valid.items() if key != "name"}
        before = self._find(name)
        after = Kept(name, plain, time.time())
        self._write([before] if before else [], [after])
        words = f"keep “{name}”" if before is None else f"change “{name}”"
        return Change((before,) if before else (), (after,), words)

    def rename(self, old: str, new: str) -> Change:
        """Give a selection another name.

        Raises
        ------
        UserError
            If there is none of the old name, or one of the new name.
        """
        kept, new = self.get(old), tidy_name(new)
        if new == kept.name:
            return Change((), (), "")
        if self._find(new) is not None:
            raise UserError(f"A selection is kept as “{new}” already.", "Choose another name.")
        after = Kept(new, kept.tree, time.time())
        self._write([kept], [after])
        return Change((kept,), (after,), f"rename “{old}”")

    def delete(self, name: str) -> Change:
        """Delete a selection.

        Raises
        ------
        UserError
            If there is none of that name.
        """
        kept = self.get(name)
        self._write([kept], [])
        return Change((kept,), (), f"delete “{name}”")

    def undo(self, change: Change) -> None:
        """Bring back what was there before a change.

        Raises
        ------
        UserError
            If one of the selections was changed since, perhaps in another window.
        """
        names = {kept.name for kept in (*change.before, *change.after)}
        if {name: self._find(name) for name in names} != {
            name: next((kept for kept in change.after if kept.name == name), None)
            for name in names
        }:
            raise UserError(
                f"To {change.words} cannot be undone: the selection has been changed since.",
                "Another window may have done that. The list shows what is kept now.",
            )
        self._write(list(change.after), list(change.before))

    def _find(self, name: str) -> Kept | None:
        return next((kept for kept in self.list()[0] if kept.name == name), None)

    def _write(self, gone: Sequence[Kept], there: Sequence[Kept]) -> None:
        """Write the new files first: a power cut leaves too much rather than too little."""
        self._allow()
        written = [self._path(kept.name) for kept in there]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for kept, path in zip(there, written, strict=True):
                content = {"version": FILE_VERSION, "name": kept.name, "changed": kept.changed}
                write_json(path, {**content, "selection": kept.tree}, durable=True)
            for kept in gone:
                for path in self._paths(kept.name):
                    if path not in written:
                        path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"The selection cannot be written: {error.strerror}.",
                f"Its folder is {self.folder}.",
            ) from error

    def _path(self, name: str) -> Path:
        """Give the file of a name: readable, and different for names that only look alike."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40]
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return self.folder / f"{slug or 'selection'}-{digest}.json"

    def _paths(self, name: str) -> Iterable[Path]:
        """Find every file that holds a selection of this name, copied ones too."""
        for path in self.folder.glob("*.json"):
            try:
                if _read(path).name == name:
                    yield path
            except (UserError, FileNotFoundError):
                continue


def tidy_name(text: str) -> str:
    """Bring a name to one line of printable characters.

    Raises
    ------
    UserError
        If nothing is left of it, or it is too long.
    """
    name = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not name:
        raise UserError("The selection needs a name.")
    if len(name) > LONGEST:
        raise UserError(f"A name has at most {LONGEST} characters, not {len(name)}.")
    return name


def _read(path: Path) -> Kept:
    """Read the file of a selection, which may come from anywhere."""
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"The kept selection {path.name} is larger than {LARGEST} bytes.")
        content = read_json(path)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise UserError(f"The kept selection {path.name} cannot be read.") from error
    if not isinstance(content, dict) or content.get("version") != FILE_VERSION:
        raise UserError(f"The file {path.name} is not a valid selection.")
    name, changed = content.get("name"), content.get("changed")
    if not isinstance(name, str) or not isinstance(changed, int | float):
        raise UserError(f"The kept selection {path.name} is damaged.")
    try:
        tree = validate(content.get("selection"))
        if tree is None or tidy_name(name) != name:
            raise UserError("nothing is selected")
    except UserError as error:
        raise UserError(f"The kept selection {path.name} is damaged: {error.sentence}") from None
    return Kept(name, {k: v for k, v in tree.items() if k != "name"}, float(changed))
