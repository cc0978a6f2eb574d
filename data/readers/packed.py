"""Files packed by gzip, bzip2, xz, zstd or zip, known by their first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from data.errors import UserError

__all__ = ["PACKINGS", "Unpacked", "first_bytes", "packing", "unpacked"]

PACKINGS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
"""Endings that a packed file may have behind that of its format."""

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
)
_DEEPEST = 3
_PIECE = 1 << 20
_READ_ERRORS = (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)


def packing(start: bytes) -> str | None:
    """Say what a file is packed by, from its first bytes."""
    return next((name for magic, name in _MAGIC if start.startswith(magic)), None)


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file to read what is packed in it, in one pass.

    Yields
    ------
    stream
        The content, whatever it is packed by.
    raw
        The file itself, whose place says how much has been read.
    """
    with path.open("rb") as raw:
        stream: IO[bytes] = raw
        opened: list[Any] = []
        try:
            for _ in range(_DEEPEST):
                kind = packing(cast("Any", stream).peek(8))
                if kind is None:
                    break
                stream = _open(kind, stream, path)
                opened.append(stream)
            yield stream, raw
        finally:
            for file in reversed(opened):
                file.close()


def first_bytes(path: Path, size: int) -> tuple[bytes, str | None]:
    """Give the beginning of what is packed in a file, and by what it is packed."""
    with path.open("rb") as raw:
        kind = packing(raw.read(8))
    start = b""
    try:
        with unpacked(path) as (stream, _):
            while len(start) < size and (piece := stream.read(size - len(start))):
                start += piece
    except _READ_ERRORS as error:
        if not start:  # else what comes before the damage may show what it is
            raise _damaged(path, kind) from error
    return start, kind


class Unpacked:
    """A file that can be opened by its path: itself, or what is packed in it, in a temporary one.

    Parameters
    ----------
    path
        The file.
    kind
        What it is packed by; None if it is not.
    """

    def __init__(self, path: Path, kind: str | None) -> None:
        self.path = path
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if kind is None:
            return
        self._folder = tempfile.TemporaryDirectory(prefix="via-obscura-")
        self.path = Path(self._folder.name) / path.name
        try:
            with unpacked(path) as (stream, _), self.path.open("wb") as file:
                shutil.copyfileobj(cast("Any", stream), file, _PIECE)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and error.errno is not None:
                raise UserError(
                    f"{path.name} cannot be unpacked: {error.strerror}.",
                    "Unpack it yourself, or set TMPDIR to a folder with more room.",
                ) from error
            if isinstance(error, _READ_ERRORS):
                raise _damaged(path, kind) from error
            raise

    def close(self) -> None:
        """Delete the temporary file."""
        if self._folder is not None:
            self._folder.cleanup()


def _damaged(path: Path, kind: str | None) -> UserError:
    return UserError(
        f"{path.name} is damaged: it cannot be unpacked by {kind}.", "Download or copy it again."
    )


def _open(kind: str, stream: IO[bytes], path: Path) -> IO[bytes]:
    """Open what is packed in a stream."""
    opened: Any
    if kind == "gzip":
        opened = gzip.GzipFile(fileobj=stream)
    elif kind == "bzip2":
        opened = bz2.BZ2File(stream)
    elif kind == "xz":
        opened = lzma.LZMAFile(stream)  # noqa: SIM115  (the caller closes it)
    elif kind == "zstd":
        packed: Any = pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")
        opened = io.BufferedReader(packed)
    else:
        opened = _only_member(stream, path)
    return cast("IO[bytes]", opened)


def _only_member(stream: IO[bytes], path: Path) -> IO[bytes]:
    """Open the one file in a zip archive."""
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile:
        raise UserError(
            f"{path.name} is a damaged zip archive.", "Download or copy it again."
        ) from None
    names = [item.filename for item in archive.infolist() if not item.is_dir()]
    names = [name for name in names if not name.startswith("__MACOSX/")]
    if any(name.startswith("xl/") for name in names):
        raise UserError(f"{path.name} is an Excel workbook.", "Save the sheet as CSV.")
    if len(names) != 1:
        raise UserError(
            f"{path.name} is a zip archive of {len(names)} files, not one table.",
            "Unpack it and choose one of its files.",
        )
    try:
        return archive.open(names[0])
    except (RuntimeError, NotImplementedError) as error:  # a password, or an odd method
        raise UserError(f"{path.name} cannot be unpacked: {error}.", "Unpack it first.") from None
