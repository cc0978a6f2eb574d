"""Progress on standard error: a line that moves on a terminal, sparse lines in a log."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

from dashboard.cli.output import duration, printable

__all__ = ["ProgressLine"]

_BAR = 24  # characters
_QUIET = 10.0  # seconds between two lines of one stage in a log


class ProgressLine:
    """Shows progress, as a context manager.

    Parameters
    ----------
    stream
        Where to; standard error by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._moving = self._stream.isatty()
        self._stage = ""
        self._said = float("-inf")
        self._drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._drawn:  # leave the terminal's line to what comes next
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, fraction: float, stage: str, eta_s: float | None = None) -> None:
        """Show how far it is."""
        left = f", {duration(eta_s)} left" if eta_s else ""
        stage = stage.rstrip(".")
        if self._moving:
            self._draw(fraction, f"{stage}{left}")
            return
        now = time.monotonic()
        if stage != self._stage or now - self._said > _QUIET:
            self._stage, self._said = stage, now
            self._stream.write(f"{fraction:4.0%} {printable(stage)}{left}\n")
            self._stream.flush()

    def _draw(self, fraction: float, text: str) -> None:
        full = round(_BAR * min(1.0, max(0.0, fraction)))
        line = f"[{'#' * full}{'.' * (_BAR - full)}] {fraction:4.0%} {printable(text)}"
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(f"\r{line[:width]}\x1b[K")
        self._stream.flush()
        self._drawn = True
