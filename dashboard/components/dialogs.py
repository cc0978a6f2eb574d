"""Dialogs: their content joins the page when they are opened first.

Closed dialogs were a third of the parts of a page, each built, written down and read for nothing.
"""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui
from panel.viewable import Viewable
from param.parameterized import Event

__all__ = ["dialog"]


def dialog(*content: Viewable, **look: Any) -> pmui.Dialog:  # noqa: ANN401  as Material has it
    """Give a closed dialog that takes its content in before it opens first.

    Parameters
    ----------
    *content
        What is in it.
    **look
        Other parameters of the dialog, such as ``title``.
    """
    made = pmui.Dialog(**look)

    def fill(event: Event) -> None:
        if event.new and not made.objects:
            made.objects = list(content)

    made.param.watch(fill, "open")
    return made
