"""Small files that are either whole or not there: JSON written atomically."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Mapping
from pathlib import Path

__all__ = ["as_json", "read_json", "write_json"]


def as_json(value: object) -> object:
    """Turn a value into what JSON can hold.

    numpy scalars and arrays become numbers and lists, paths become strings, and numbers
    that are not finite become ``None``, because JSON has no word for them.

    Parameters
    ----------
    value
        Any nesting of mappings, sequences, numbers, strings, paths and numpy objects.

    Raises
    ------
    TypeError
        For a value of any other kind.
    """
    if value is None or isinstance(value, bool | int | str):
        return value if not isinstance(value, str) else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    tolist = getattr(value, "tolist", None)  # numpy scalars and arrays, without importing numpy
    if callable(tolist):
        return as_json(tolist())
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def write_json(path: Path, content: object, *, durable: bool = False) -> None:
    """Replace a JSON file in one step: readers see the old content or the new, never a part.

    Parameters
    ----------
    path
        The file; its folder must exist.
    content
        Anything that `as_json` takes.
    durable
        Force the bytes to the disk before the rename; costs milliseconds.
    """
    text = json.dumps(as_json(content), allow_nan=False, indent=1)
    # Threads of one server write the same file as well as processes do.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> object:
    """Read a JSON file.

    Raises
    ------
    OSError
        The file is missing or cannot be read.
    ValueError
        The file is not JSON.
    """
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    return content
