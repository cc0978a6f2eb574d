"""What a panel says about the point under the cursor."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from dashboard.views import sky

if TYPE_CHECKING:
    from dashboard.views.phase_space import Panel

__all__ = ["readout"]

_LABEL = re.compile(r"(.*) \((.*)\)")
_MINUS = str.maketrans("-", "−")


def readout(panel: Panel, x: float, y: float) -> str:
    """Say where a point is and what its cell holds (not escaped).

    Parameters
    ----------
    panel
        What is on screen.
    x, y
        On the panel, in the units of its axes or of the plane of the sky.

    Returns
    -------
    str
        Empty outside the frame and off the sky.
    """
    cell = panel.cell_at(x, y)
    if cell is None:
        return ""
    where = _on_sky(panel, x, y) if panel.is_sky else _on_axes(panel, x, y)
    return f"{where}: {_held(panel, cell)}" if where else ""


def _on_axes(panel: Panel, x: float, y: float) -> str:
    frame = panel.frame
    parts = []
    for value, label, span, cells in (
        (x, panel.labels[0], frame.x, frame.width),
        (y, panel.labels[1], frame.y, frame.height),
    ):
        symbol, unit = _taken(label)
        step = abs(span[1] - span[0]) / max(cells, 1)
        parts.append(f"{symbol} {_number(value, step)}{unit}")
    return ", ".join(parts)


def _on_sky(panel: Panel, x: float, y: float) -> str:
    if math.hypot(x / sky.HALF_WIDTH, y / sky.HALF_HEIGHT) > 1:
        return ""
    lon, lat = (float(v[0]) for v in sky.from_plane(np.array([x]), np.array([y])))
    names = [_taken(label)[0] for label in panel.labels]
    lon = lon if names[0].startswith("φ") else lon % 360
    step = 180 / max(panel.frame.height, 1)
    return f"{names[0]} {_number(lon, step)}°, {names[1]} {_number(lat, step)}°"


def _held(panel: Panel, cell: tuple[int, int]) -> str:
    kept = int(panel.selected[cell])
    text = f"{kept:,} {'star' if kept == 1 else 'stars'}"
    if panel.value is not None:
        value = float(panel.value[cell])
        name, unit = _taken(panel.words)
        shown = f"{_number(value, abs(value) / 500)}{unit}" if math.isfinite(value) else "none"
        return f"{name} {shown}, {text}"
    if panel.everything is not None:
        return f"{text} of {int(panel.everything[cell]):,}"
    return text


def _taken(label: str) -> tuple[str, str]:
    """Take a label like ``x (kpc)`` apart: the symbol, and the unit with a space before it."""
    found = _LABEL.fullmatch(label)
    return (found[1], f" {found[2]}") if found else (label, "")


def _number(value: float, step: float) -> str:
    digits = max(0, -math.floor(math.log10(step))) if step > 0 else 0
    return f"{value + 0.0:.{min(digits, 8)}f}".translate(_MINUS)
