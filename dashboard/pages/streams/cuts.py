"""The sliders of a candidate: how many stars of highest R, and the cuts that they pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.parts import rows_table, table
from engine.streams.fiducial import FiducialCuts

__all__ = ["CutSliders"]

_STYLE: dict[str, Any] = {"sizing_mode": "stretch_width", "size": "small", "margin": (2, 14)}


class CutSliders:
    """Sliders and switches, and the cuts that they stand for.

    Parameters
    ----------
    moved
        Called when anything was moved, also while it is dragged.
    """

    def __init__(self, moved: Callable[[], None]) -> None:
        self._moved, self._quiet = moved, False
        self.top = pmui.IntSlider(
            label="Stars of highest R", start=20, end=500, step=10, value=100,
            css_classes=["vo-stream-top"], **_STYLE,
        )  # fmt: skip
        self._faint = pmui.FloatSlider(
            label="G brighter than [mag]", start=16.0, end=21.0, step=0.1, value=20.2,
            css_classes=["vo-stream-faint"], **_STYLE,
        )  # fmt: skip
        self._colour = pmui.RangeSlider(
            label="BP − RP [mag]", start=-0.5, end=3.0, step=0.05, value=(0.5, 1.0),
            css_classes=["vo-stream-colour"], **_STYLE,
        )  # fmt: skip
        self._slow = pmui.FloatSlider(
            label="A motion above [mas/yr]", start=0.0, end=6.0, step=0.1, value=2.0,
            css_classes=["vo-stream-slow"], **_STYLE,
        )  # fmt: skip
        self._inner = pmui.FloatSlider(
            label="Within [deg] of the centre", start=1.0, end=15.0, step=0.5, value=10.0,
            css_classes=["vo-stream-inner"], **_STYLE,
        )  # fmt: skip
        self._height = pmui.Switch(
            label="Without near disc stars", value=True, margin=(6, 12),
            css_classes=["vo-stream-height"],
        )  # fmt: skip
        self._on = {
            name: pmui.Checkbox(
                label="", value=True, size="small", width=34, margin=(14, 0, 0, 4),
                css_classes=[f"vo-stream-use-{name}"],
            )
            for name in ("faint", "colour", "slow", "inner")
        }  # fmt: skip
        self._counts = table(css_class="vo-stream-counts")
        sliders = (self.top, self._faint, self._colour, self._slow, self._inner, self._height)
        for widget in (*sliders, *self._on.values()):
            widget.param.watch(lambda _: self._tell(), "value")

    def view(self) -> Viewable:
        """Give the column."""
        rows = [
            pmui.Row(self._on[name], slider, margin=0, sizing_mode="stretch_width")
            for name, slider in (
                ("faint", self._faint), ("colour", self._colour), ("slow", self._slow),
                ("inner", self._inner),
            )
        ]  # fmt: skip
        return pmui.Column(
            self.top, *rows, self._height, self._counts, margin=0, sizing_mode="stretch_width"
        )

    def cuts(self) -> FiducialCuts:
        """Give what the sliders say."""
        on = {name: bool(box.value) for name, box in self._on.items()}
        low, high = self._colour.value
        return FiducialCuts(
            inner=float(self._inner.value) if on["inner"] else None,
            faintest=float(self._faint.value) if on["faint"] else None,
            colour=(float(low), float(high)) if on["colour"] else None,
            slow=float(self._slow.value) if on["slow"] else None,
            height=2.0 if self._height.value else None,
        )

    def set(self, cuts: FiducialCuts, top: int, radius: float) -> None:
        """Show the cuts of a search; nobody is told."""
        self._quiet = True
        try:
            for name, value in (
                ("faint", cuts.faintest), ("colour", cuts.colour), ("slow", cuts.slow),
                ("inner", cuts.inner),
            ):  # fmt: skip
                self._on[name].value = value is not None
            self._faint.value = 20.2 if cuts.faintest is None else cuts.faintest
            self._colour.value = (0.5, 1.0) if cuts.colour is None else cuts.colour
            self._slow.value = 2.0 if cuts.slow is None else cuts.slow
            inner = radius if cuts.inner is None else min(cuts.inner, radius)
            self._inner.param.update(end=max(1.5, radius), value=inner)
            self._height.value = cuts.height is not None
            self.top.value = top
        finally:
            self._quiet = False

    def say(self, rows: list[tuple[str, int]]) -> None:
        """Show how many stars each cut leaves."""
        self._counts.object = rows_table(("cut", "left"), [(what, f"{n:,}") for what, n in rows])

    def _tell(self) -> None:
        if not self._quiet:
            self._moved()
