"""Derived columns of large catalogues, kept beside them on the disk and mapped.

They are no part of a catalogue: whoever deletes the folder ``derived`` loses nothing but the
time to calculate them again. Their file names hold a hash of what they are made of, the code
included, so that no other program takes them for its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import threading
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.column_files import map_column, write_column
from data.errors import UserError

__all__ = ["FOLDER", "LARGE", "KeptColumns"]

FOLDER = "derived"
LARGE = 3_000_000
"""Rows from which on a column is worth keeping; those of smaller catalogues are quickly made."""

_CODE = ("columns/formulae", "columns/errors", "columns/energy", "columns/stream_frames", "frames",
         "fast_angles", "columns/table", "columns/families")  # fmt: skip
_ROOM = 20
"""Times its own size that a column must find free on the disk."""


class KeptColumns:
    """The derived columns that lie beside catalogues, mapped once in a process."""

    def __init__(self) -> None:
        self._mapped: dict[Path, npt.NDArray[Any]] = {}
        self._lock = threading.Lock()

    def find(self, catalogue: object, name: str, key: object) -> npt.NDArray[Any] | None:
        """Give a kept column, (n_rows,) float32 and read-only; None where there is none.

        Parameters
        ----------
        catalogue
            As the store opens it; others keep nothing.
        name
            Of the column.
        key
            What else it depends on; its ``repr`` must say it all.
        """
        path = _path(catalogue, name, key)
        if path is None:
            return None
        with self._lock:
            if path in self._mapped:
                return self._mapped[path]
        if not path.is_file():
            return None
        try:
            values = map_column(path, "float32", catalogue.n_rows)  # type: ignore[attr-defined]
        except UserError:
            return None  # damaged: it is made again
        with self._lock:
            return self._mapped.setdefault(path, values)

    def keep(
        self, catalogue: object, name: str, key: object, values: npt.NDArray[np.float32]
    ) -> npt.NDArray[Any]:
        """Write a column, and give it back: mapped, or as it is where it cannot be kept."""
        path = _path(catalogue, name, key)
        if path is None or not _put(path, values):
            return values
        kept = self.find(catalogue, name, key)
        return values if kept is None else kept


def _put(path: Path, values: npt.NDArray[np.float32]) -> bool:
    """Write a file that is complete or not there; False where the disk does not take it."""
    temporary = path.with_name(f".new-{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(exist_ok=True)
        if shutil.disk_usage(path.parent).free < _ROOM * values.nbytes:
            return False
        write_column(temporary, values)
        temporary.replace(path)
    except OSError:  # a store that may only be read, or a full disk
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        return False
    stem = path.name[: -len(_ENDING)]
    for older in path.parent.glob(f"{stem}-????????????????.arrow"):
        if older != path:
            with contextlib.suppress(OSError):
                older.unlink()
    return True


_ENDING = "-0123456789abcdef.arrow"


def _path(catalogue: object, name: str, key: object) -> Path | None:
    folder, rows = getattr(catalogue, "path", None), getattr(catalogue, "n_rows", 0)
    if not isinstance(folder, Path) or rows < LARGE:
        return None
    slug = re.sub(r"[^A-Za-z0-9_]", "_", name)[:60]
    meaning = hashlib.blake2b(f"{name}\n{key!r}\n{_code()}".encode(), digest_size=8).hexdigest()
    return folder / FOLDER / f"{slug}-{meaning}.arrow"


@cache
def _code() -> str:
    """Give a hash of the code by which columns are derived."""
    digest = hashlib.blake2b(digest_size=16)
    for module in _CODE:
        digest.update((Path(__file__).parents[1] / f"{module}.py").read_bytes())
    return digest.hexdigest()
