"""Selections from outside: JSON, or what the user gave to ``--select``."""

from __future__ import annotations

import json
from pathlib import Path

from data.errors import UserError
from data.selection.parser import parse
from data.selection.tree import Tree, validate

__all__ = ["from_json", "read_selection"]

_MAX_BYTES = 5_000_000
_SUFFIXES = (".json", ".txt", ".sel")


def from_json(text: str) -> Tree:
    """Read a tree from JSON text.

    Raises
    ------
    UserError
        If it is not JSON, or not a selection.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(f"The selection is not valid JSON{place}.") from None
    return validate(document)


def read_selection(argument: str) -> Tree:
    """Read a selection given as a file's path, as JSON or as text.

    Raises
    ------
    UserError
        If the file cannot be read, or holds no selection.
    """
    stripped = argument.strip()
    if stripped.startswith("{") or stripped == "null":
        return from_json(stripped)
    if stripped.lower().endswith(_SUFFIXES) or _is_file(stripped):
        return _from_file(Path(stripped))
    return parse(argument)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long, or with a zero byte: no path
        return False


def _from_file(path: Path) -> Tree:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UserError(f"The selection file {path} is larger than {_MAX_BYTES} bytes.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"The selection file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"The selection file {path} is not a text file.") from None
    stripped = text.strip()
    return from_json(stripped) if stripped.startswith(("{", "[", "null")) else parse(text)
