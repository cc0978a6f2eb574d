"""What a guest meets: everything to look at, and what would change something is off and says why.

A courtesy only: the rules are kept where things are done, see `dashboard.policy.access`.
"""

from __future__ import annotations

from typing import Any, TypeVar

import panel_material_ui as pmui

from dashboard.policy.access import Access

__all__ = ["REASON", "for_editors", "guest_chip"]

REASON = "Guests look at everything and change nothing."

Control = TypeVar("Control")


def for_editors(access: Access, control: Control) -> Control:
    """Give a control that is off, and stays off, where the session may only look.

    Parameters
    ----------
    access
        What the session may do.
    control
        A widget that can be disabled; whoever made it need not know of guests later on.
    """
    if not access.may_change:
        widget: Any = control
        widget.disabled = True
        if "description" in widget.param:
            widget.description = REASON
        widget.param.watch(
            lambda event: event.new or setattr(widget, "disabled", True), "disabled"
        )
    return control


def guest_chip(access: Access) -> pmui.Chip:
    """Say at the head of every page that one is here as a guest; hidden for others."""
    return pmui.Chip(
        label="Guest" if access.user is None else f"{access.user}, guest",
        icon="visibility",
        size="small",
        variant="outlined",
        visible=not access.may_change,
        align="center",
        margin=(0, 8),
        css_classes=["vo-guest"],
        sx={"color": "inherit", "borderColor": "currentcolor"},
    )
