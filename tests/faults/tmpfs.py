"""A small file system of its own, for disks that are full and homes that cannot be written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def can_mount() -> bool:
    """Say whether this user may mount here at all."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@contextmanager
def mounted(place: Path, megabytes: float) -> Iterator[Path]:
    """Mount an empty file system of this size; nothing where that is not allowed.

    Raises
    ------
    PermissionError
        This container may not mount.
    """
    place.mkdir(parents=True, exist_ok=True)
    size = f"size={round(megabytes * 1024)}k"
    done = _run("mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place))
    if done.returncode:
        raise PermissionError(done.stderr)
    try:
        yield place
    finally:
        _run("umount", "-l", str(place))


def make_read_only(place: Path) -> None:
    """Let nobody write to a mounted file system, not even root."""
    done = _run("mount", "-o", "remount,ro", str(place))
    assert done.returncode == 0, done.stderr


def fill(place: Path, but_kilobytes: int) -> None:
    """Fill a file system but for some room."""
    status = os.statvfs(place)
    free = status.f_bavail * status.f_frsize - 1024 * but_kilobytes
    if free > 0:
        (place / "filler").write_bytes(bytes(free))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
