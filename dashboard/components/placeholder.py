"""Empty states: an icon, a sentence, and what to do next."""

from __future__ import annotations

import panel_material_ui as pmui
from panel.viewable import Viewable

__all__ = ["empty_state", "placeholder"]


def empty_state(
    icon: str, title: str, sentence: str = "", *actions: Viewable, css_class: str = "vo-empty"
) -> pmui.Row:
    """Build a calm, centred message for a screen that has nothing to show yet.

    Parameters
    ----------
    icon
        Name of a Material icon.
    title, sentence
        What is missing and what it is for; text from outside must be escaped by the caller.
    *actions
        Buttons or other widgets below the sentence.
    css_class
        Inert class by which tests find the state.
    """
    parts: list[Viewable] = [
        pmui.Typography(
            f'<span class="material-icons-outlined" style="font-size:44px">{icon}</span>',
            sx={"opacity": 0.55, "textAlign": "center"},
            sizing_mode="stretch_width",
        ),
        pmui.Typography(
            title, variant="h5", sx={"textAlign": "center"}, sizing_mode="stretch_width"
        ),
    ]
    if sentence:
        parts.append(
            pmui.Typography(
                sentence,
                variant="body2",
                sx={"textAlign": "center", "color": "text.secondary"},
                sizing_mode="stretch_width",
            )
        )
    column = pmui.Column(
        *parts, *actions, max_width=560, margin=(80, 20, 40, 20), sizing_mode="stretch_width"
    )
    return pmui.Row(
        column,
        sizing_mode="stretch_width",
        margin=0,
        css_classes=[css_class],
        sx={"justifyContent": "center"},
    )


def placeholder(title: str) -> pmui.Row:
    """Build what stands where a page could not be shown."""
    return empty_state(
        "hourglass_empty",
        title,
        "This page is not available.",
        css_class="vo-placeholder",
    )
