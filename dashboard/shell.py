"""The frame round the pages: header, navigation, messages, and the page on screen."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.util import edit_readonly
from param.parameterized import Event, Watcher

from dashboard.components.placeholder import placeholder
from dashboard.components.theme import theme_config
from dashboard.pages.base import Page
from dashboard.pages.present.save import SaveView
from dashboard.pages.registry import PAGES, PageEntry
from dashboard.saved_views.controls import Restoring, read_controls
from dashboard.saved_views.opening import document_on_screen, open_document
from dashboard.saved_views.share import ShareView
from dashboard.saved_views.store import SavedViews
from dashboard.services.services import Services
from dashboard.session.guests import who_is_here
from dashboard.session.session import Session

__all__ = ["Shell"]

#: Milliseconds between two looks at a page whose controls are to be set.
SOON_MS = 100


class Shell:
    """The window of one session: it builds pages when they are visited and keeps them.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services = services
        self.session = session
        self._entries = {entry.slug: entry for entry in PAGES}
        self._pages: dict[str, Page | None] = {}
        self._frames: dict[str, pmui.Column] = {}
        self._shown: str | None = None
        self._restoring: Restoring | None = None
        self._menu = self._build_menu()
        self._save = SaveView(services, session, self._screen)
        self._share = ShareView(services, session, self._screen)
        self._opening = pmui.Typography(
            "",
            css_classes=["vo-opening"],
            visible=False,
            margin=(80, 20),
            sx={"textAlign": "center", "color": "text.secondary"},
            sizing_mode="stretch_width",
        )
        self._main = pmui.Column(
            session.notices.column,
            self._opening,
            self._save.dialog,
            self._share.dialog,
            self._share.clipboard,
            sizing_mode="stretch_both",
            margin=0,
            css_classes=["vo-main"],
        )
        self.page = self._build_page()
        session.guarded(self._open_address)()
        session.param.watch(self._follow, "page")
        session.param.watch(session.guarded(lambda _: self._restore_controls()), "controls")
        self._show(session.page)
        self._restore_controls()
        session.read_controls = self._read_controls

    def refresh(self) -> None:
        """Let the visible page pull what has changed; called about once a second."""
        page = self._pages.get(self._shown or "")
        if page is not None:
            self.session.guarded(page.refresh)()
        self.session.guarded(self._set_controls)()

    # --- saved views ----------------------------------------------------------------------

    def _screen(self) -> tuple[str, pn.viewable.Viewable, dict[str, Any]]:
        """Give title, content and session document of the page on the screen."""
        slug = self._shown or self.session.page
        document = document_on_screen(self.session, self._pages[slug])
        return self._entries[slug].title, self._frames[slug], document

    def _read_controls(self) -> dict[str, Any]:
        return read_controls(self._frames[self._shown]) if self._shown else {}

    def _open_address(self) -> None:
        """Take the state from the view, or begin with the page, that the address names."""
        arguments = pn.state.session_args or {}
        page = arguments.get("page", [b""])[0].decode(errors="replace")
        if page in self._entries:
            self.session.page = page
        wanted = arguments.get("view")
        if wanted:
            view = SavedViews(self.services.home).get(wanted[0].decode(errors="replace"))
            open_document(view.document, self.services, self.session)

    def _restore_controls(self) -> None:
        """Begin to set the controls of the page on the screen, which may still be on its way."""
        controls = self.session.controls
        self._restoring = Restoring(controls) if controls else None
        self._soon()

    def _soon(self) -> None:
        document = pn.state.curdoc
        if document is not None and document.session_context is not None and self._restoring:
            document.add_timeout_callback(self.session.guarded(self._next_look), SOON_MS)

    def _next_look(self) -> None:
        self._set_controls()
        self._soon()

    def _set_controls(self) -> None:
        restoring, shown = self._restoring, self._shown
        if restoring is not None and shown is not None and restoring.step(self._frames[shown]):
            self._restoring = None

    def _build_menu(self) -> pmui.MenuList:
        menu = pmui.MenuList(
            items=[{"label": entry.title, "icon": entry.icon} for entry in PAGES],
            active=0,
            dense=False,
            css_classes=["vo-menu"],
            sizing_mode="stretch_width",
            sx={"& .MuiListItemButton-root": {"borderRadius": "6px", "mx": 1, "my": "2px"}},
        )
        menu.param.watch(self._menu_clicked, "active")
        return menu

    def _build_page(self) -> pmui.Page:
        watching = _watch_busy()
        page = pmui.Page(
            title="VIA OBSCURA",
            meta_name="Via Obscura",
            dark_theme=self.session.dark,
            theme_config=theme_config(),
            sidebar=[self._menu],
            sidebar_width=184,
            sidebar_resizable=False,
            header=[
                pn.Spacer(sizing_mode="stretch_width"),
                *who_is_here(self.session.access),
                self._share.button,
                self._save.button,
            ],
            main=[self._main],
            busy_indicator=None,
            css_classes=["vo-page"],
        )
        # Panel reports "busy" and "idle" around every event to the page's model, and each report
        # walks through every model of every screen: 70 ms an event, for a thin bar. What takes
        # long says so on its own screen instead.
        with edit_readonly(page):
            page.busy = False
        # The watchers that the page has put on the process for that would keep it, and with it
        # the session, for ever.
        for watcher in _watch_busy():
            if watcher not in watching:
                pn.state.param.unwatch(watcher)
        page.param.watch(lambda event: setattr(self.session, "dark", event.new), "dark_theme")
        self.session.param.watch(lambda event: setattr(page, "dark_theme", event.new), "dark")
        return page

    def _menu_clicked(self, event: Event) -> None:
        index = event.new[0] if isinstance(event.new, tuple) else event.new
        if index is not None:
            self.session.page = PAGES[index].slug

    def _follow(self, event: Event) -> None:
        """Show a page; one that is not built yet is announced first, as that takes a moment."""
        entry, document = self._entries.get(event.new), pn.state.curdoc
        live = document is not None and document.session_context is not None
        if entry is None or entry.slug in self._frames or not live:
            self._show(event.new)
            return
        self._mark(entry)
        self._opening.object = f"Opening {entry.title} …"
        for frame in self._frames.values():
            frame.visible = False
        self._opening.visible = True
        document.add_next_tick_callback(self.session.guarded(self._arrive))

    def _arrive(self) -> None:
        self._show(self.session.page)  # the user may have gone on meanwhile

    def _mark(self, entry: PageEntry) -> None:
        """Mark the page in the menu."""
        index = PAGES.index(entry)
        if self._menu.active not in (index, (index,)):
            self._menu.active = (index,)

    def _show(self, slug: str) -> None:
        entry = self._entries.get(slug)
        if entry is None:
            self.session.notify(f"Unknown page {slug!r}.", level="warning")
            return
        self._mark(entry)
        if slug == self._shown and self._frames[slug].visible:
            return
        if self._shown is not None:
            self._restoring = None  # the user has gone on
            self.session.notices.turn_the_page()
        before = self._pages.get(self._shown or "")
        if before is not None:
            self.session.guarded(before.on_hide)()
        if slug not in self._frames:
            self._build(entry)
        for name, frame in self._frames.items():
            frame.visible = name == slug
        self._opening.visible = False
        self._shown = slug
        page = self._pages[slug]
        if page is not None:
            self.session.guarded(page.on_show)()

    def _build(self, entry: PageEntry) -> None:
        """Build a page for the first time; a page that cannot be built says so calmly."""
        page: Page | None = None
        try:
            page = entry.load()(self.services, self.session)
            content: pn.viewable.Viewable = page.view()
        except ModuleNotFoundError as error:
            if error.name != entry.module:
                raise
            content = placeholder(entry.title)
        except Exception as error:  # the page's frame is the boundary
            page = None
            self.session.report(error)
            content = placeholder(entry.title)
        frame = pmui.Column(
            content,
            sizing_mode="stretch_both",
            margin=0,
            css_classes=[f"vo-page-{entry.slug}"],
            scroll="y-auto",
        )
        self._pages[entry.slug] = page
        self._frames[entry.slug] = frame
        self._main.append(frame)


def _watch_busy() -> list[Watcher]:
    """Give the watchers of whether the process is busy."""
    return list(pn.state.param.watchers.get("busy", {}).get("value", []))
