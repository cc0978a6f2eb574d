"""A line of the user's own: drawn on a map, dragged at its ends, or typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, PointDrawTool

from dashboard.components.theme import ACCENT
from dashboard.saved_views.controls import KEPT
from dashboard.session.session import Session
from engine.cubes.slices import PLANES

__all__ = ["DrawnLine", "place_of", "text_of"]

Place = tuple[float, float, float]

_REACH = (3.0, 1.5)
"""Half lengths, along the two axes of a plane, of the line that is offered first; kpc."""


class DrawnLine:
    """Two ends in space: as text fields, and as two handles on a map.

    The fields are the truth: handles write into them, so that a line can also be typed, saved
    with a view, and leave the plane of the map.

    Parameters
    ----------
    session
        The browser session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changed: Callable[[], None] = lambda: None
        self._handles: ColumnDataSource | None = None
        self._figure: Any = None
        self._parts: list[Any] = []
        self._tool: PointDrawTool | None = None
        self._at: tuple[str, float] = ("x-y", 0.0)
        self._setting = False
        self.on = pmui.Switch(
            label="A line of your own", value=False, size="small", margin=(10, 10),
            css_classes=["vo-line-on"],
        )  # fmt: skip
        self.start, self.end = (
            pmui.TextInput(
                label=label, value="", width=190, size="small", visible=False,
                css_classes=[f"vo-line-{name}", KEPT],
            )
            for name, label in (("from", "from x, y, z [kpc]"), ("to", "to x, y, z [kpc]"))
        )  # fmt: skip
        self.on.param.watch(session.guarded(self._switched), "value")
        for field in (self.start, self.end):
            field.param.watch(session.guarded(self._typed), "value")

    def watch(self, changed: Callable[[], None]) -> None:
        """Call back when the line has come, gone or moved."""
        self._changed = changed

    def offer(self, sun: Place) -> None:
        """Lay the first line through the Sun, where there is none yet."""
        if place_of(self.start.value) is None or place_of(self.end.value) is None:
            plane = self._at[0]
            middle = np.array(sun)
            reach = np.zeros(3)
            for axis, length in zip(PLANES[plane][:2], _REACH, strict=True):
                reach["xyz".index(axis)] = length
            self._set(tuple(middle - reach), tuple(middle + reach))

    @property
    def ends(self) -> tuple[Place, Place] | None:
        """The two ends, kpc, or None where there is no line."""
        start, end = place_of(self.start.value), place_of(self.end.value)
        if not self.on.value or start is None or end is None or start == end:
            return None
        return start, end

    def hook(self, plane: str, at: float) -> Callable[[Any, Any], None]:
        """Give a hook of HoloViews that keeps the handles on a map of a plane."""

        def handles(plot: Any, _: object) -> None:  # noqa: ANN401  HoloViews' plots are untyped
            self._at = (plane, at)
            if self._figure is not plot.state:
                self._add(plot.state)
            self._show()

        return handles

    def _add(self, figure: Any) -> None:  # noqa: ANN401
        """Put line, handles and the tool that moves them on a figure."""
        self._figure = figure
        self._handles = ColumnDataSource({"h": [], "v": []})
        line = figure.line(
            "h", "v", source=self._handles, line_color=ACCENT, line_width=2.5, level="overlay"
        )
        ends = figure.scatter(
            "h", "v", source=self._handles, size=18, fill_color=ACCENT, line_color="#17171c",
            line_width=1.5, level="overlay",
        )  # fmt: skip
        self._parts = [line, ends]
        self._tool = PointDrawTool(renderers=[ends], num_objects=2, description="Draw a line")
        figure.add_tools(self._tool)
        self._handles.on_change("data", self._session.guarded(self._drawn))

    def _show(self) -> None:
        """Put the handles where the ends are, seen from the plane."""
        if self._handles is None:
            return
        ends = self.ends
        for part in self._parts:
            part.visible = ends is not None
        toolbar = self._figure.toolbar
        wanted = self._tool if ends is not None else None
        if toolbar.active_multi is not wanted:
            toolbar.active_multi = wanted
        if ends is None:
            return
        axes = ["xyz".index(axis) for axis in PLANES[self._at[0]][:2]]
        data = {name: [end[axis] for end in ends] for name, axis in zip("hv", axes, strict=True)}
        if {name: list(self._handles.data[name]) for name in "hv"} != data:
            self._setting = True
            self._handles.data = data
            self._setting = False

    def _drawn(self, _: str, __: object, data: Any) -> None:  # noqa: ANN401
        """Take the ends from the handles that the user has moved or set."""
        if self._setting or len(data["h"]) != 2:
            return
        plane, at = self._at
        names = PLANES[plane]
        ends = []
        for h, v in zip(data["h"], data["v"], strict=True):
            place = dict(zip(names, (float(h), float(v), at), strict=True))
            ends.append((place["x"], place["y"], place["z"]))
        self._set(*ends)
        self._show()
        self._changed()

    def _set(self, start: tuple[float, ...], end: tuple[float, ...]) -> None:
        self._setting = True
        self.start.param.update(value=text_of(start), error_state=False)
        self.end.param.update(value=text_of(end), error_state=False)
        self._setting = False

    def _typed(self, _: object) -> None:
        for field in (self.start, self.end):
            field.error_state = place_of(field.value) is None
        if not self._setting:
            self._show()
            self._changed()

    def _switched(self, _: object) -> None:
        self.start.visible = self.end.visible = self.on.value
        self._show()
        self._changed()


def place_of(text: str) -> Place | None:
    """Read ``x, y, z``; None where that is no place."""
    parts = text.replace(";", ",").split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if len(numbers) != 3 or not all(abs(number) < 1000 for number in numbers):
        return None
    return numbers[0], numbers[1], numbers[2]


def text_of(place: tuple[float, ...]) -> str:
    """Write a place as it can be typed."""
    return ", ".join(f"{number:.2f}" for number in place)
