"""What a guest meets: everything to look at, and what would change something is off and says why.

A courtesy only: the rules are kept where things are done, see `dashboard.policy.access`.
"""

from __future__ import annotations

from typing import Any, TypeVar

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.policy.access import Access

__all__ = ["REASON", "for_editors", "who_is_here"]

REASON = "Guests can view everything and change nothing."

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


def _label(access: Access) -> str:
    """Say who is here and what that means."""
    role = "read only" if access.read_only else "guest"
    if access.user is None:
        return role.capitalize()
    return access.user if access.may_change else f"{access.user}, {role}"


def who_is_here(access: Access) -> list[Viewable]:
    """Say at the head of every page who one is and may do, with the way out; nothing if alone."""
    chip = pmui.Chip(
        label=_label(access),
        icon="visibility" if not access.may_change else "person",
        size="small",
        variant="outlined",
        visible=not access.may_change or access.user is not None,
        align="center",
        margin=(0, 8),
        css_classes=["vo-user" if access.may_change else "vo-guest"],
        sx={"color": "inherit", "borderColor": "currentcolor"},
    )
    out = pmui.Button(
        label="Log out",
        icon="logout",
        href="./logout",
        target="_self",
        variant="text",
        color="default",
        size="small",
        visible=access.user is not None,
        css_classes=["vo-log-out"],
        sx={"color": "inherit"},
    )
    return [chip, out]
