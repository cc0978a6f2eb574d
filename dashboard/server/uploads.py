"""Tables that come through the browser: how large they may be, and where they lie meanwhile."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from dashboard.server.limits import UPLOAD_LIMIT
from data.errors import UserError

__all__ = ["keep_upload"]

#: What may be left of the ending of a file: the reader goes by it.
_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,12}){1,2}")
#: Longest name that is shown.
_SHOWN = 120


def keep_upload(name: str, content: bytes) -> tuple[Path, str]:
    """Write an upload into a folder of its own; not on the event loop, it may be large.

    Parameters
    ----------
    name
        As the browser gives it: text from outside. Only its ending becomes part of a path.
    content
        The bytes.

    Returns
    -------
    file, shown
        The file, to be removed with its folder by whoever has read it, and the name to show
        (not escaped).

    Raises
    ------
    UserError
        If it is too large, or there is no room for it.
    """
    last = re.split(r"[/\\]", name.replace("\0", ""))[-1]
    shown = last[:_SHOWN] or "upload"
    if len(content) > UPLOAD_LIMIT:
        raise UserError(
            f"{shown} is larger than {UPLOAD_LIMIT // 2**20} MB.",
            "Copy it to the server and give its path instead.",
        )
    suffix = "".join(Path(last).suffixes[-2:])
    if not _SUFFIX.fullmatch(suffix):
        suffix = suffix[suffix.rfind(".") :] if suffix else ""
    suffix = suffix if _SUFFIX.fullmatch(suffix) else ""
    try:
        folder = Path(tempfile.mkdtemp(prefix="via-obscura-"))
        file = folder / f"upload{suffix}"
        file.write_bytes(content)
    except OSError as error:
        raise UserError(
            f"{shown} cannot be kept on the server: {error.strerror}.",
            "Make room on the disk of its temporary folder.",
        ) from error
    return file, shown
