"""Buttons that hand a JSON file to the browser, or take one from it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui

__all__ = ["open_button", "save_button", "send"]


def save_button(
    label: str, filename: str, css_class: str, on_click: Callable[[], Any], **style: object
) -> pmui.FileDownload:
    """Give a button that asks for a file when it is clicked; ``send`` then hands it over."""
    button = pmui.FileDownload(
        label=label,
        filename=filename,
        auto=True,
        icon="download",
        size="small",
        css_classes=[css_class],
        **style,
    )
    button.variant = "text"
    # Without a file of its own the button only counts clicks: the file comes when made.
    button.param.watch(lambda _: on_click(), "_clicks")
    return button


def send(button: pmui.FileDownload, filename: str, content: bytes) -> None:
    """Let the browser save a file."""
    # One after the other: the browser saves at the moment when it gets data, under the name
    # that it knows then; and data that are those of the last time would be no change.
    button.filename = filename
    button.data = None
    button.data = "data:application/json;base64," + b64encode(content).decode()


def open_button(
    label: str, css_class: str, on_file: Callable[[bytes], Any], **style: object
) -> pmui.FileInput:
    """Give a button that hands the content of a JSON file of the user's over."""
    button = pmui.FileInput(
        label=label, accept=".json", size="small", variant="text", css_classes=[css_class], **style
    )

    def opened(_: object) -> None:
        content = button.value
        if content:
            button.value = None  # the same file may be opened again
            on_file(bytes(content))

    button.param.watch(opened, "value")
    return button
