"""What one panel of Explore looks at: axes, size, statistic and ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.policy.brushes import SKY
from dashboard.policy.panels import STATISTICS, preset_of
from dashboard.views import sky
from dashboard.views.phase_space import Frame, Ranges

__all__ = ["Look", "equalise", "has_equal_axes", "look_of", "resized"]

#: Scales of two axes that differ by no more than this factor are the same: a figure's size is
#: a whole number of pixels, and the ranges that a browser tells are rounded.
SAME_SCALE = 1.02


@dataclass(frozen=True)
class Look:
    """What one panel looks at: axes, size, statistic, and ranges where the user chose them.

    Parameters
    ----------
    axes
        Columns of x and y.
    width, height
        Pixels.
    ranges
        Of x and y; None for those that show the bulk of the stars.
    sky
        Draw the axes, a longitude and a latitude, as a map of the sky; None for l and b alone.
    statistic, value
        ``count``, or ``mean`` or ``spread`` of the column ``value``.
    """

    axes: tuple[str, str]
    width: int = 420
    height: int = 320
    ranges: Ranges | None = None
    sky: bool | None = None
    statistic: str = "count"
    value: str | None = None

    @property
    def on_sky(self) -> bool:
        """Whether the panel is a map of the sky."""
        return self.axes == SKY if self.sky is None else self.sky

    @property
    def shown(self) -> str | None:
        """The column whose statistic is shown; None for counts."""
        return None if self.statistic == "count" else self.value


def look_of(panel: Mapping[str, Any], width: int = 420, height: int = 320) -> Look:
    """Read a panel of a session document (``x``, ``y`` and what else is said)."""
    axes = (str(panel["x"]), str(panel["y"]))
    statistic, value = panel.get("statistic"), panel.get("value")
    known = statistic in STATISTICS and isinstance(value, str)
    chosen = panel.get("sky")
    on_sky = bool(chosen) and sky.is_pair(axes) if isinstance(chosen, bool) else None
    return Look(axes, width, height, _ranges(panel.get("ranges")), on_sky,
                str(statistic) if known else "count", str(value) if known else None)  # fmt: skip


def _ranges(said: object) -> Ranges | None:
    """Read the ranges of a panel of a document; None for anything that is none."""
    if not isinstance(said, list | tuple) or len(said) != 2:
        return None
    spans = []
    for span in said:
        if not isinstance(span, list | tuple) or len(span) != 2:
            return None
        if not all(isinstance(end, int | float) and math.isfinite(end) for end in span):
            return None
        if not span[0] < span[1]:
            return None
        spans.append((float(span[0]), float(span[1])))
    return spans[0], spans[1]


def has_equal_axes(look: Look) -> bool:
    """Say whether a unit is to be as long in x as in y."""
    preset = preset_of(look.axes, on_sky=look.on_sky)
    return look.on_sky or (preset is not None and preset.equal)


def resized(look: Look, width: int, height: int, asked: Ranges | None) -> Look:
    """Give a look for a figure of another size.

    What a figure shows follows from its size and from what was asked for, by whatever sizes it
    came there: another browser that has the same size shows the same.

    Parameters
    ----------
    look
        Until now.
    width, height
        Pixels.
    asked
        Ranges that the user chose, on a figure of whatever size; None for none. They are shown
        as they are, but for equal axes: there one of them is widened where the other size asks
        for it, so that what is round stays round.
    """
    look = replace(look, width=width, height=height, ranges=asked)
    if asked is None or not has_equal_axes(look):
        return look
    per_pixel = [
        (high - low) / size for (low, high), size in zip(asked, (width, height), strict=True)
    ]
    if max(per_pixel) <= SAME_SCALE * min(per_pixel):
        return look
    frame = equalise(Frame(*asked, width, height))
    return replace(look, ranges=(frame.x, frame.y))


def equalise(frame: Frame) -> Frame:
    """Widen one range so that a unit is as long in x as in y."""
    per_pixel = max(
        (frame.x[1] - frame.x[0]) / frame.width, (frame.y[1] - frame.y[0]) / frame.height
    )
    x_middle, y_middle = sum(frame.x) / 2, sum(frame.y) / 2
    half_x, half_y = per_pixel * frame.width / 2, per_pixel * frame.height / 2
    return replace(
        frame,
        x=(x_middle - half_x, x_middle + half_x),
        y=(y_middle - half_y, y_middle + half_y),
    )
