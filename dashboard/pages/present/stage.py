"""The stage: slides over the whole window, the next one always ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel as pn
import panel_material_ui as pmui

from dashboard.components.theme import figure_colours
from dashboard.pages.present.keys import PresentKeys
from dashboard.pages.present.slide import Slide
from dashboard.saved_views.store import SavedView

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["Stage"]

_STEP_MS = 100


class Stage:
    """A presentation: at most three slides at once, the one on screen and its neighbours.

    Parameters
    ----------
    services, session
        As for a page.
    left
        Called when the presentation has ended.
    """

    def __init__(
        self, services: Services, session: Session, left: Callable[[], None] = lambda: None
    ) -> None:
        self._services, self._session, self._left = services, session, left
        self._views: list[SavedView] = []
        self._slides: dict[int, Slide] = {}
        self._beating = False
        self.at = 0
        self.keys = PresentKeys(session.guarded(self._act))
        self.keys.param.watch(session.guarded(self._resized), "size")
        self._room = pn.Column(sizing_mode="stretch_both", margin=0)
        self._buttons = pn.Row(
            *(
                pmui.IconButton(
                    icon=icon,
                    description=about,
                    size="small",
                    margin=0,
                    on_click=session.guarded(lambda _, name=name: self._act(name)),
                    css_classes=[f"vo-stage-{name}"],
                )
                for name, icon, about in (
                    ("previous", "chevron_left", "Previous (left arrow)"),
                    ("next", "chevron_right", "Next (right arrow)"),
                    ("leave", "close", "Leave (Esc)"),
                )
            ),
            styles={"position": "absolute", "top": "10px", "right": "16px", "z-index": "2",
                    "opacity": "0.55", "width": "auto"},
        )  # fmt: skip
        self.view = pn.Column(
            self._room, self._buttons, visible=False, margin=0, css_classes=["vo-stage"]
        )

    @property
    def running(self) -> bool:
        """Whether a presentation is on the screen."""
        return self.keys.active

    def start(self, views: list[SavedView], at: int = 0) -> None:
        """Show views one after the other, beginning with one of them."""
        if not views:
            return
        self._views = list(views)
        colours = figure_colours(dark=self._session.dark)
        self.view.styles = {
            "position": "fixed", "inset": "0", "width": "100vw", "height": "100vh",
            "z-index": "3000", "overflow": "hidden", "background": colours["background"],
        }  # fmt: skip
        self.view.visible = True
        self.keys.active = True
        self.go(at)

    def leave(self) -> None:
        """End the presentation."""
        self.keys.active = False
        self.view.visible = False
        for slide in self._slides.values():
            slide.close()
        self._slides = {}
        self._room.objects = []
        self._left()

    def go(self, at: int) -> None:
        """Bring a slide to the front and prepare its neighbours; beyond the ends nothing moves."""
        self.at = min(max(at, 0), len(self._views) - 1)
        near = [n for n in (self.at, self.at + 1, self.at - 1) if 0 <= n < len(self._views)]
        for number in [n for n in self._slides if n not in near]:
            self._slides.pop(number).close()
        self._make(self.at)
        for number, slide in self._slides.items():
            slide.show(shown=number == self.at)
        self._room.objects = [slide.view for slide in self._slides.values()]
        self._later()

    def refresh(self) -> None:
        """Let the slide on the screen follow what changes; called about once a second."""
        if self.running and self.at in self._slides:
            self._slides[self.at].refresh()

    def _make(self, number: int) -> None:
        place = f"{number + 1} of {len(self._views)}"
        if number not in self._slides:
            slide = Slide(self._services, self._views[number], place, dark=self._session.dark)
            slide.resize(*self.keys.size)
            self._slides[number] = slide

    def _act(self, name: str) -> None:
        """Do what a key or a button asks for."""
        if not self.running:
            return
        if name == "leave":
            self.leave()
            return
        places = {"next": self.at + 1, "previous": self.at - 1, "first": 0}
        self.go(places.get(name, len(self._views) - 1))

    def _resized(self, _: object) -> None:
        for slide in self._slides.values():
            slide.resize(*self.keys.size)

    def _later(self) -> None:
        """Go on preparing soon: the slide on the screen first, one of the others after it."""
        if self._beating:
            return
        document = pn.state.curdoc
        if document is None or document.session_context is None:
            return
        self._beating = True
        document.add_timeout_callback(self._session.guarded(self._beat), _STEP_MS)

    def _beat(self) -> None:
        self._beating = False
        if not self.running:
            return
        self.prepare()
        if any(not s.done for s in self._slides.values()) or self._missing() is not None:
            self._later()

    def prepare(self) -> None:
        """Do one step of what is to be prepared."""
        current = self._slides[self.at]
        if not current.done:
            current.step()
            return
        waiting = [slide for slide in self._slides.values() if not slide.done]
        if waiting:
            waiting[0].step()
            return
        number = self._missing()
        if number is not None:
            self._make(number)
            self._slides[number].show(shown=False)
            self._room.append(self._slides[number].view)

    def _missing(self) -> int | None:
        """Give the neighbour that is to be prepared next: the one after, then the one before."""
        near = [n for n in (self.at + 1, self.at - 1) if 0 <= n < len(self._views)]
        return next((n for n in near if n not in self._slides), None)
