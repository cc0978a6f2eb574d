"""Settings of a search by name: those of cuts, lines and candidates as a flat list of words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from data.errors import UserError
from engine.streams.settings import SearchSettings

__all__ = ["search_settings", "setting_names"]


def search_settings(spec: Mapping[str, Any]) -> SearchSettings:
    """Make the settings of a search from its spec.

    Parameters
    ----------
    spec
        Its ``width`` and ``step``, and under ``search`` settings by name: ``top``, or
        ``cuts.faintest`` for one inside another. Values may be texts, as from a command line.

    Raises
    ------
    UserError
        If there is no such setting, or its value has the wrong form.
    """
    tree = SearchSettings().to_dict()
    for name, value in {"width": spec["width"], "step": spec["step"], **spec["search"]}.items():
        _put(tree, str(name), value)
    try:
        return SearchSettings.from_dict(tree)
    except (TypeError, ValueError, KeyError) as error:
        raise UserError(f"Invalid settings of the search: {error}.") from error


def setting_names() -> list[str]:
    """Name every setting."""
    return list(_flat(SearchSettings().to_dict()))


def _flat(tree: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found


def _put(tree: dict[str, Any], name: str, value: object) -> None:
    """Set a value in a nested mapping, which must have had it before."""
    *folders, last = name.split(".")
    inside: Any = tree
    for folder in folders:
        inside = inside.get(folder) if isinstance(inside, dict) else None
    if not isinstance(inside, dict) or last not in inside or isinstance(inside[last], dict):
        raise UserError(
            f"Unknown setting {name!r} of the search.",
            f"Settings are {', '.join(setting_names())}.",
        )
    inside[last] = _fitting(name, _read(value), inside[last])


def _fitting(name: str, value: object, usual: object) -> object:
    """Refuse a value of another form than the usual one; None switches a number off.

    Lists stay lists, and texts texts.
    """
    numbers = (int, float)
    fits = (
        isinstance(value, bool)
        if isinstance(usual, bool)
        else (value is None or (isinstance(value, numbers) and not isinstance(value, bool)))
        if isinstance(usual, numbers)
        else isinstance(value, str)
        if isinstance(usual, str)
        else value is None or isinstance(value, list | tuple)
    )
    if not fits:
        raise UserError(
            f"Invalid value {value!r} of the setting {name}.", f"The default is {usual!r}."
        )
    return value


def _read(value: object) -> object:
    """Give a text as what it says: a number, true, false, null, a list; others stay."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None if value.lower() == "none" else value
