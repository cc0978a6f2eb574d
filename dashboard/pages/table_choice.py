"""Which table of a file to read, where it holds several."""

from __future__ import annotations

import panel_material_ui as pmui
from panel.viewable import Viewable

__all__ = ["TableChoice"]


class TableChoice:
    """A select that appears when a file was not read because it holds several tables.

    Parameters
    ----------
    css_class
        For tests in the browser.
    """

    def __init__(self, css_class: str) -> None:
        self._select = pmui.Select(
            label="This file holds several tables: read",
            options=[],
            visible=False,
            size="small",
            sizing_mode="stretch_width",
            margin=(6, 10),
            css_classes=[css_class],
        )

    @property
    def view(self) -> Viewable:
        """The select."""
        return self._select

    @property
    def value(self) -> str:
        """The table that was chosen; empty where there is nothing to choose."""
        return str(self._select.value or "") if self._select.visible else ""

    def offer(self, tables: list[str]) -> None:
        """Offer tables by name; none hides the select."""
        first = tables[0] if tables else None
        self._select.param.update(options=tables, value=first, visible=bool(tables))
