"""The check of a session document that came from outside: a file, an address, another machine.

A document only ever becomes values of known types and bounded size. Text in it is shown through
the one function that escapes it, names are never paths, and nothing in it is evaluated.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from data.errors import UserError
from data.population.population import Volume
from data.selection import validate

__all__ = ["LARGEST", "READS", "VERSION", "checked"]

#: Version of the documents that are written; raised when a field changes its meaning.
VERSION = 1
#: Versions that are read.
READS = (1,)
#: Largest document, in characters of JSON: a polygon of 10,000 corners is a fifth of it.
LARGEST = 2_000_000

_MOST_PANELS, _MOST_CONTROLS = 24, 300
_LONGEST = 10_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def checked(document: object) -> dict[str, Any]:
    """Give the fields of a document, checked and in their regular form.

    Parameters
    ----------
    document
        Straight from JSON.

    Returns
    -------
    dict
        Only fields that are known and were there; the version is not among them.

    Raises
    ------
    UserError
        If it is no document, of a version that cannot be read, or a field has a wrong form.
    """
    if not isinstance(document, Mapping):
        raise UserError("This is not a session document.")
    version = document.get("version")
    if isinstance(version, bool) or version not in READS:
        later = isinstance(version, int) and version > VERSION
        raise UserError(
            f"This session document has version {str(version)[:20]!r}.",
            "It was written by a later version of this program: update this one to open it."
            if later
            else f"This program reads version {', '.join(map(str, READS))}.",
        )
    try:
        size = len(json.dumps(document, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise UserError("The session document is damaged: it is not plain JSON.") from None
    if size > LARGEST:
        raise UserError(f"The session document is larger than {LARGEST:,} characters.")
    return {name: check(document[name]) for name, check in _FIELDS.items() if name in document}


def _damaged(field: str, wanted: str) -> UserError:
    return UserError(f"The session document is damaged: its {field} must be {wanted}.")


def _name(field: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if value is None or (isinstance(value, str) and _ID.fullmatch(value)):
            return value
        raise _damaged(field, "an id")

    return check


def _page(value: object) -> str:
    if isinstance(value, str) and _SLUG.fullmatch(value):
        return value
    raise _damaged("page", "the name of a page")


def _selection(value: object) -> dict[str, Any] | None:
    try:
        return validate(value)
    except UserError as error:
        raise UserError(
            f"The selection in the session document is damaged: {error.sentence}", error.hint
        ) from None


def _volume(value: object) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _damaged("volume", "a centre and a radius")
    return Volume.from_dict(value).to_dict()


def _axes(value: object) -> list[dict[str, Any]]:
    """Check the panels: two columns each, and whatever else a panel has to remember."""
    if not isinstance(value, list) or len(value) > _MOST_PANELS:
        raise _damaged("list of panels", f"a list of at most {_MOST_PANELS}")
    for panel in value:
        pair = [panel.get(side) for side in "xy"] if isinstance(panel, Mapping) else [None]
        if not all(isinstance(name, str) and 0 < len(name) <= 200 for name in pair):
            raise _damaged("list of panels", "pairs of columns")
        if not _plain(panel, depth=4):
            raise _damaged("list of panels", "made of short values")
    return [dict(panel) for panel in value]


def _controls(value: object) -> dict[str, Any]:
    fine = isinstance(value, Mapping) and len(value) <= _MOST_CONTROLS and _plain(value, depth=3)
    if not fine or not isinstance(value, Mapping):
        raise _damaged("controls", f"at most {_MOST_CONTROLS} short values by name")
    return dict(value)


def _plain(value: object, depth: int) -> bool:
    """Say whether a value is made of short texts and finite numbers, not nested deeply."""
    if isinstance(value, str):
        return len(value) <= _LONGEST
    if isinstance(value, float):
        return math.isfinite(value)
    if value is None or isinstance(value, bool | int):
        return True
    if depth == 0 or not isinstance(value, Mapping | list) or len(value) > _MOST_CONTROLS:
        return False
    parts = [*value, *value.values()] if isinstance(value, Mapping) else value
    return all(_plain(part, depth - 1) for part in parts)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _damaged("field 'dark'", "true or false")


def _word(value: object) -> str:
    if isinstance(value, str) and _SLUG.fullmatch(value):
        return value
    raise _damaged("colour scale", "a word")


_FIELDS: dict[str, Callable[[object], Any]] = {
    "catalogue": _name("catalogue"),
    "selection": _selection,
    "volume": _volume,
    "run": _name("run"),
    "axes": _axes,
    "colour": _word,
    "dark": _flag,
    "page": _page,
    "controls": _controls,
}
