"""Debian packages that a test needs, installed where that is possible."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["install", "may_install"]

#: Test processes beside each other wait for one another: apt itself refuses the second.
LOCK = Path(tempfile.gettempdir()) / "via-obscura-tests-apt.lock"


def may_install() -> bool:
    """Say whether this user can install Debian packages here."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def install(*packages: str) -> None:
    """Try to install; whether it worked is seen by looking again."""
    if not may_install():
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            try:
                subprocess.run(
                    ["apt-get", *command],
                    env=environment,
                    capture_output=True,
                    timeout=900,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired):
                return
