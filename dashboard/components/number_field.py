"""A text field for one number that may be left empty."""

from __future__ import annotations

import math
from collections.abc import Callable

import panel_material_ui as pmui

__all__ = ["NumberField"]


class NumberField:
    """One number, or nothing.

    Material's own number fields show an empty value as 0, and a cut at 0 is not no cut.

    Parameters
    ----------
    label, placeholder
        What the field is called, and what it shows while it is empty.
    on_change
        Called with the new number (None for an empty field) when the user has changed it.
    optional
        Whether it may be empty.
    low
        Numbers at or below it are refused.
    css_class
        Inert class by which tests find the field.
    """

    def __init__(
        self,
        label: str,
        on_change: Callable[[float | None], None],
        *,
        placeholder: str = "",
        optional: bool = True,
        low: float = -math.inf,
        css_class: str = "",
    ) -> None:
        self.value: float | None = None
        self._on_change, self._optional, self._low = on_change, optional, low
        self.view = pmui.TextInput(
            label=label,
            placeholder=placeholder,
            value="",
            size="small",
            margin=(7, 5),
            sizing_mode="stretch_width",
            css_classes=[css_class] if css_class else [],
        )
        self.view.param.watch(lambda event: self._typed(event.new), "value")

    def show(self, value: float | None) -> None:
        """Show a number without calling back."""
        self.value = value
        self.view.param.update(value="" if value is None else f"{value:.6g}", error_state=False)

    def _typed(self, text: str) -> None:
        number = _number(text)
        empty = not text.strip()
        wrong = (empty and not self._optional) or (
            not empty and (number is None or number <= self._low)
        )
        self.view.error_state = wrong
        if wrong or _shown(number) == _shown(self.value):
            return
        self.value = number
        self._on_change(number)


def _number(text: str) -> float | None:
    """Read a number; a decimal comma is understood."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
