"""One saved view in the list: its title and note, its place, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

from dashboard.components.escape import plain
from dashboard.pages.registry import PAGES
from dashboard.policy.access import Access
from dashboard.saved_views.opening import runs_of
from dashboard.saved_views.store import SavedView
from dashboard.session.guests import for_editors

__all__ = ["ViewCard"]

Act = Callable[[str, str], None]


class ViewCard:
    """A card of the list.

    Parameters
    ----------
    view
        The saved view.
    place, last
        Its number, from 0, and that of the last one.
    act
        Called with an action (``up``, ``down``, ``open``, ``show``, ``delete``) and the id.
    change
        Called with the id and the new ``title`` or ``note``.
    access
        What the session may.
    """

    def __init__(
        self,
        view: SavedView,
        place: int,
        last: int,
        act: Act,
        change: Callable[[str, dict[str, str]], None],
        access: Access,
    ) -> None:
        self._access = access
        self.view = pmui.Paper(
            pmui.Row(
                self._place(view, place, last, act),
                self._words(view, change),
                self._buttons(view, act),
                sizing_mode="stretch_width",
                margin=0,
            ),
            elevation=0,
            variant="outlined",
            margin=6,
            sizing_mode="stretch_width",
            css_classes=["vo-view-card"],
            sx={"padding": "4px 8px"},
        )

    def _place(self, view: SavedView, place: int, last: int, act: Act) -> pn.viewable.Viewable:
        up, down = (
            for_editors(
                self._access, _icon(name, icon, about, view, act, disabled=place == end)
            )
            for name, icon, about, end in (
                ("up", "arrow_upward", "Earlier", 0),
                ("down", "arrow_downward", "Later", last),
            )
        )  # fmt: skip
        number = pmui.Typography(
            str(place + 1), variant="h6", width=28, margin=(8, 4), sx={"textAlign": "center"}
        )
        return pmui.Row(number, pmui.Column(up, down, margin=0, width=36), margin=0, width=76)

    def _words(
        self, view: SavedView, change: Callable[[str, dict[str, str]], None]
    ) -> pn.viewable.Viewable:
        title = pmui.TextInput(
            label="Title", value=view.title, size="small", sizing_mode="stretch_width",
            margin=(8, 6), css_classes=["vo-card-title"],
        )  # fmt: skip
        note = pmui.TextAreaInput(
            label="Note", value=view.note, rows=2, size="small", sizing_mode="stretch_width",
            margin=(4, 6), css_classes=["vo-card-note"],
        )  # fmt: skip
        for field in (title, note):
            for_editors(self._access, field)
        title.param.watch(lambda event: change(view.id, {"title": event.new}), "value")
        note.param.watch(lambda event: change(view.id, {"note": event.new}), "value")
        about = pmui.Typography(
            about_view(view),
            variant="caption",
            margin=(0, 8, 4, 8),
            sx={"color": "text.secondary", "& a": {"color": "primary.main"}},
            css_classes=["vo-card-about"],
        )
        return pmui.Column(title, note, about, sizing_mode="stretch_width", margin=0)

    def _buttons(self, view: SavedView, act: Act) -> pn.viewable.Viewable:
        return pmui.Row(
            _icon("show", "slideshow", "Start here", view, act),
            _icon("open", "open_in_browser", "Open on its page", view, act),
            for_editors(self._access, _icon("delete", "delete_outline", "Delete", view, act)),
            margin=(4, 0),
            width=126,
        )


def about_view(view: SavedView) -> str:
    """Say what a view shows and where it opens; HTML of which only the link is markup."""
    titles = {entry.slug: entry.title for entry in PAGES}
    shows = [titles.get(view.page, view.page), *runs_of(view.document)]
    link = f'<a href="?view={view.id}" target="_blank">?view={view.id}</a>'
    return f"{' · '.join(plain(text) for text in shows)} · {link}"


def _icon(
    name: str, icon: str, about: str, view: SavedView, act: Act, *, disabled: bool = False
) -> pmui.IconButton:
    # A button that starts the full screen must be known to the browser itself.
    classes = [f"vo-card-{name}", *(["vo-present-start"] if name == "show" else [])]
    return pmui.IconButton(
        icon=icon,
        description=about,
        size="small",
        margin=0,
        disabled=disabled,
        on_click=lambda _: act(name, view.id),
        css_classes=classes,
    )
