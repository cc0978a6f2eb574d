"""The head of a panel of Explore: its axes, what its colours show, and whether they are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import panel_material_ui as pmui

from dashboard.policy.panels import STATISTICS, Preset
from dashboard.services.pictures import Look
from dashboard.views import sky

__all__ = ["PanelHeader"]

OTHER = "Other axes…"
#: Quantities that a mean begins with, the first that there is.
_FIRST_VALUES = ("v_phi", "v_R", "vz", "pmra", "bp_rp")
#: A narrow panel takes several lines; a wide one a line of 40 pixels.
_WRAP = {"flexWrap": "wrap", "minHeight": "40px"}

#: How columns are found: all of them on a click, then by any part of their names.
_FINDING = {
    "min_characters": 0,
    "search_strategy": "includes",
    "case_sensitive": False,
}


class PanelHeader:
    """Widgets that make a `Look`.

    Parameters
    ----------
    columns, presets
        What the choosers offer.
    look
        To begin with.
    kept
        Whether the colours are kept to begin with.
    on_look
        Called with a look of other axes or another statistic.
    on_keep
        Called with whether the colours are to be kept.
    """

    def __init__(
        self,
        columns: Sequence[str],
        presets: Sequence[Preset],
        look: Look,
        *,
        kept: bool,
        on_look: Callable[[Look], None],
        on_keep: Callable[[bool], None],
    ) -> None:
        self._look = look
        self._presets = {preset.label: preset for preset in presets}
        self._on_look = on_look
        self._busy = False
        self._columns = list(dict.fromkeys([*columns, *look.axes, *filter(None, [look.value])]))
        self._build_axes(look)
        self._build_statistic(look, kept=kept)
        self._keep.param.watch(lambda event: on_keep(event.new), "value")
        self._more = pmui.Toggle(
            label="Colour",
            icon="palette",
            value=look.shown is not None or kept,
            variant="text",
            size="small",
            margin=(4, 6),
            styles={"margin-left": "auto"},
            css_classes=["vo-panel-more"],
            sx={"textTransform": "none", "border": "none", "padding": "3px 8px"},
        )
        self._second.visible = self._more.value
        self._more.param.watch(lambda event: self._second.param.update(visible=event.new), "value")
        first = pmui.Row(
            self._chooser, self._x, self._y,
            self._more, sizing_mode="stretch_width", margin=0, sx=_WRAP,
        )  # fmt: skip
        self.view = pmui.Column(first, self._second, sizing_mode="stretch_width", margin=0)

    def forget_colours(self) -> None:
        """Show that the colours are no longer kept."""
        self._keep.value = False

    def _build_axes(self, look: Look) -> None:
        style = {"size": "small", "variant": "standard", "margin": (4, 10)}
        preset = next(
            (p for p in self._presets.values() if (p.axes, p.sky) == (look.axes, look.on_sky)),
            None,
        )
        self._chooser = pmui.Select(
            options=[*self._presets, OTHER],
            value=preset.label if preset else OTHER,
            width=180,
            css_classes=["vo-panel-preset"],
            sx={"& .MuiInput-underline:before": {"borderBottom": "none"}},
            **style,
        )
        self._x, self._y = (
            pmui.AutocompleteInput(
                options=self._columns,
                value=name,
                placeholder=side,
                width=120,
                **_FINDING,
                visible=preset is None,
                css_classes=[f"vo-axis-{side}"],
                **style,
            )
            for side, name in zip("xy", look.axes, strict=True)
        )
        self._chooser.param.watch(self._preset_chosen, "value")
        self._x.param.watch(self._axis_chosen, "value")
        self._y.param.watch(self._axis_chosen, "value")

    def _build_statistic(self, look: Look, *, kept: bool) -> None:
        style = {"size": "small", "variant": "standard", "margin": (0, 10)}
        self._statistic = pmui.Select(
            options={words: key for key, words in STATISTICS.items()},
            value=look.statistic,
            width=130,
            css_classes=["vo-statistic"],
            **style,
        )
        first = next((name for name in _FIRST_VALUES if name in self._columns), self._columns[0])
        self._value = pmui.AutocompleteInput(
            options=self._columns,
            value=look.value or first,
            width=120,
            **_FINDING,
            visible=look.shown is not None,
            css_classes=["vo-value"],
            **style,
        )
        self._keep = pmui.Checkbox(
            label="Keep colours",
            value=kept,
            size="small",
            margin=(0, 6),
            css_classes=["vo-keep-colours"],
            sx={"& .MuiFormControlLabel-label": {"fontSize": "0.78rem"}},
        )
        self._statistic.param.watch(self._statistic_chosen, "value")
        self._value.param.watch(self._statistic_chosen, "value")
        self._second = pmui.Row(
            self._statistic, self._value, self._keep, sizing_mode="stretch_width", margin=0,
            sx=_WRAP,
        )  # fmt: skip

    def _preset_chosen(self, _: object) -> None:
        preset = self._presets.get(self._chooser.value)
        self._x.visible = self._y.visible = preset is None
        if preset is not None:
            self._busy = True
            self._x.value, self._y.value = preset.axes
            self._busy = False
            self._change(replace(self._look, axes=preset.axes, sky=preset.sky, ranges=None))

    def _axis_chosen(self, _: object) -> None:
        axes = (self._x.value, self._y.value)
        if self._busy or self._chooser.value != OTHER or not all(axes):
            return
        # Two columns that somebody puts together are axes, a map of the sky is asked for.
        known = replace(self._look, axes=axes, sky=None, ranges=None)
        self._change(replace(known, sky=False) if sky.is_pair(axes) else known)

    def _statistic_chosen(self, _: object) -> None:
        statistic = self._statistic.value
        self._value.visible = statistic != "count"
        if statistic == "count":
            self._change(replace(self._look, statistic="count", value=None))
        elif self._value.value:
            self._change(replace(self._look, statistic=statistic, value=self._value.value))

    def _change(self, look: Look) -> None:
        known = ("axes", "on_sky", "statistic", "shown")
        if any(getattr(look, name) != getattr(self._look, name) for name in known):
            self._look = look
            self._on_look(look)
