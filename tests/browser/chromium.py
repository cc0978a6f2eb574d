"""Find a chromium for the browser tests, or say why there is none."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from tests.helpers import apt

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Found:
    """A browser (``path`` is None for Playwright's own), or the reason why there is none."""

    there: bool
    path: str | None = None
    reason: str = ""


@functools.cache
def find() -> Found:
    """Take a chromium that is there, else Debian's where it may be installed, else Playwright's.

    VIA_OBSCURA_CHROMIUM names one outright.
    """
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return Found(False, reason="the Python package playwright is not installed")
    named = os.environ.get("VIA_OBSCURA_CHROMIUM")
    path = named or _on_path()
    if path is None and apt.may_install():
        apt.install("chromium")
        path = _on_path()
    if path is not None:
        reason = _why_not(path)
        return Found(not reason, path, reason)
    if _why_not(None):
        _run([sys.executable, "-m", "playwright", "install", "chromium"])
    reason = _why_not(None)
    return Found(not reason, None, reason)


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _run(command: list[str]) -> None:
    """Try to install; whether it worked is seen by looking again."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, env=environment, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return


def _why_not(path: str | None) -> str:
    """Start the browser once; the empty string where it starts."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            playwright.chromium.launch(executable_path=path, args=list(FLAGS)).close()
    except Error as error:
        first = str(error).strip().splitlines()[0]
        return f"{path or 'a chromium of Playwright'} does not start: {first}"
    return ""
