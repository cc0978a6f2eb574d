"""What the last lines of a test run say of tests that could not run here."""

from __future__ import annotations

from typing import Any

__all__ = ["say_skipped"]


def say_skipped(terminalreporter: Any, mark: str, title: str, advice: str) -> None:
    """Say in the last lines how many tests were skipped, and what would let them run.

    Parameters
    ----------
    terminalreporter
        Of pytest.
    mark
        Words in the reason of those that count.
    title, advice
        What to call them, and what to do.
    """
    reports = terminalreporter.stats.get("skipped", [])
    number = sum(mark in str(report.longrepr) for report in reports)
    if number:
        terminalreporter.write_line(f"{title} SKIPPED ({number}): {advice}", yellow=True)
