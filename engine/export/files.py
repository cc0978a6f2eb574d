"""Files that leave the program: names that stay where they belong, and whole or not there."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from data.errors import UserError

__all__ = ["check_free", "place", "safe_name"]

_KEPT = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_LONGEST = 120


def safe_name(*parts: str, suffix: str = "") -> str:
    """Give a file name that no part of can lead out of its folder.

    Letters, digits, ``_``, ``.`` and ``-`` of the ASCII set are kept, every other stretch
    becomes one ``-``; no part begins with a dot, so none is hidden and none is ``..``.

    Parameters
    ----------
    *parts
        What the name is made of, joined with ``-``: an id, a cube. From anywhere.
    suffix
        Ending with its dot; ours, not checked.
    """
    clean = [re.sub(r"-{2,}", "-", _KEPT.sub("-", part)).strip("-.") for part in parts]
    joined = "-".join(part for part in clean if part) or "export"
    return joined[:_LONGEST].rstrip("-.") + suffix


def check_free(targets: list[Path], *, overwrite: bool = False) -> None:
    """See to it that nothing is lost when the targets are written.

    Raises
    ------
    UserError
        If one of them exists, and `overwrite` is not said; or if the folder is none.
    """
    for target in targets:
        if os.path.lexists(target.parent) and not target.parent.is_dir():
            raise UserError(f"{target.parent} is not a folder.", "Name a folder with --to.")
        if os.path.lexists(target) and not overwrite:
            raise UserError(
                f"{target} already exists.", "Choose another folder, or use --overwrite."
            )


def place(target: Path, write: Callable[[Path], None], *, overwrite: bool = False) -> Path:
    """Write a file or a folder under a temporary name and then give it its own.

    Parameters
    ----------
    target
        The file or folder to be.
    write
        Writes to the path that it is given, which does not exist yet and has the suffix of
        the target.
    overwrite
        Whether an older one gives way.

    Raises
    ------
    UserError
        If the target exists and must not give way, or cannot be written.
    """
    check_free([target], overwrite=overwrite)
    building = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(building)
        check_free([target], overwrite=overwrite)
        if target.is_dir() or building.is_dir():
            _remove(target)  # a folder takes no place that is taken
        building.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            f"{target} cannot be written: {reason}.", "Choose another folder with --to."
        ) from error
    finally:
        _remove(building)
    return target


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
