"""From a catalogue to its tracers, step by step, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["funnel", "seconds_in_words"]


def funnel(counts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Give the steps from the catalogue to the tracers.

    Parameters
    ----------
    counts
        Of a population: ``catalogue``, ``selected``, ``not_6d``, ``outside_volume``,
        ``tracers``.

    Returns
    -------
    list of (step, stars, share of the catalogue)
        What is kept, and indented what each step leaves out.
    """
    total = counts["catalogue"]
    steps = [
        ("In the catalogue", total),
        ("– not in the selection", total - counts["selected"]),
        ("Selected", counts["selected"]),
        *((f"– {reason}", n) for reason, n in counts["not_6d"].items()),
        ("– outside the volume", counts["outside_volume"]),
        ("Tracers", counts["tracers"]),
    ]
    return [(name, f"{n:,}", f"{n / total:.1%}") for name, n in steps]


def seconds_in_words(seconds: float) -> str:
    """Round a duration to what an estimate is worth: 40 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{max(round(seconds / 10) * 10, 10)} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{round(minutes)} min"
    return f"{minutes / 60:.1f} h"
