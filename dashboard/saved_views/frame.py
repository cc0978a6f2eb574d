"""What Share and Save view have in common: a button in the head of every page, and a dialog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.dialogs import dialog

__all__ = ["Screen", "frame_dialog", "head_button"]

Screen = Callable[[], tuple[str, Viewable, dict[str, Any]]]
"""Gives title, content and session document of the page on the screen."""


def head_button(
    label: str, icon: str, on_click: Callable[..., Any], css_class: str, *, margin: int = 0
) -> pmui.Button:
    """Give a quiet button for the head of every page."""
    return pmui.Button(
        label=label,
        icon=icon,
        variant="text",
        size="small",
        margin=(0, margin),
        on_click=on_click,
        css_classes=[css_class],
        sx={"color": "inherit"},
    )


def frame_dialog(title: str, *content: Viewable) -> pmui.Dialog:
    """Give a small dialog, closed."""
    return dialog(
        *content, title=title, title_variant="h6", close_on_click=True, width_option="sm"
    )
