"""Run pip install and condense what it prints to lines of progress.

    python tools/pip_progress.py --packages 70 --megabytes 600 [arguments of pip install ...]

Errors and warnings of pip go to standard error unchanged, and its exit status is returned. On a
terminal the progress is one line that is rewritten, otherwise a line every ten seconds. Needs
nothing but the standard library: it runs in an environment where nothing is installed yet.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

DOWNLOADED = re.compile(
    r"(?:Downloading|Using cached) (\S+\.(?:whl|tar\.gz|zip)) \(([\d.]+) (\w+)\)"
)
LOCAL = re.compile(r"Processing (\S+\.(?:whl|tar\.gz|zip))")
INSTALLING = "Installing collected packages: "
UNITS = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}
DOWNLOAD_SHARE = 0.6  # of the time, at the speed of a usual connection
EVERY = 10.0  # seconds between two lines where they cannot be rewritten


class Progress:
    """What pip has done so far, read off its lines.

    Parameters
    ----------
    packages
        Packages that are expected.
    megabytes
        Their expected size.
    site
        The folder in which they are installed.
    """

    def __init__(self, packages: int, megabytes: float, site: Path) -> None:
        self.packages, self.megabytes, self.site = packages, megabytes, site
        self.fetched: dict[str, float] = {}
        self.current = ""
        self.installing = 0
        self._before = 0

    def read(self, line: str) -> None:
        """Take one line of pip's output."""
        if match := DOWNLOADED.search(line):
            self._fetch(match[1], float(match[2]) * UNITS.get(match[3], 0.0))
        elif match := LOCAL.search(line):
            path = Path(match[1])
            self._fetch(path.name, path.stat().st_size / 1e6 if path.is_file() else 0.0)
        elif line.startswith(INSTALLING):
            self.installing = line.removeprefix(INSTALLING).count(",") + 1
            self._before = self._installed()

    def _fetch(self, file: str, megabytes: float) -> None:
        self.current = re.split(r"-\d", file)[0]
        self.fetched[file] = megabytes

    def _installed(self) -> int:
        return sum(1 for _ in self.site.glob("*.dist-info"))

    def state(self) -> tuple[float, str]:
        """Give the fraction done and a sentence."""
        if self.installing:
            number = min(max(self._installed() - self._before, 0), self.installing)
            share = DOWNLOAD_SHARE + (1.0 - DOWNLOAD_SHARE) * number / self.installing
            return share, f"installing: {number} of {self.installing} packages"
        size = sum(self.fetched.values())
        share = DOWNLOAD_SHARE * min(1.0, size / self.megabytes)
        if not self.fetched:
            return share, "looking up packages"
        number = len(self.fetched)
        total = max(self.packages, number)
        return share, (
            f"downloading: package {number} of about {total} ({self.current}), "
            f"{size:.0f} of about {max(self.megabytes, size):.0f} MB"
        )


def span(seconds: float) -> str:
    """Write a time span."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def line_of(progress: Progress, elapsed: float) -> str:
    """Describe the state, with the time elapsed and the time that is left."""
    share, text = progress.state()
    line = f"{text}; {span(elapsed)} elapsed"
    if elapsed > 20 and share > 0.1:
        line += f", about {span(elapsed / share - elapsed)} left"
    return line


def show(text: str) -> None:
    """Write to standard output at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def follow(command: list[str], progress: Progress) -> int:
    """Run a command, show its progress, and give its exit status."""
    process = subprocess.Popen(  # noqa: S603 - pip of this very Python
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace"
    )

    def read() -> None:
        for line in process.stdout or ():
            progress.read(line.strip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    began, shown, rewrite = time.monotonic(), 0.0, sys.stdout.isatty()
    while reader.is_alive():
        reader.join(1.0)
        elapsed = time.monotonic() - began
        if rewrite:
            width = shutil.get_terminal_size().columns - 1
            show(f"\r{f'    {line_of(progress, elapsed)}'[:width]}\x1b[K")
        elif elapsed - shown >= EVERY:
            shown = elapsed
            show(f"    {line_of(progress, elapsed)}\n")
    if rewrite:
        show("\r\x1b[K")
    status = process.wait()
    if status == 0:
        show(f"    done in {span(time.monotonic() - began)}\n")
    return status


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=int, required=True)
    parser.add_argument("--megabytes", type=float, required=True)
    known, arguments = parser.parse_known_args()
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    site = Path(sysconfig.get_paths()["purelib"])
    try:
        return follow(
            [*pip, "--progress-bar", "off", *arguments],
            Progress(known.packages, known.megabytes, site),
        )
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
