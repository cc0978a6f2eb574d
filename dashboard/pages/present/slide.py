"""One slide: a page of its own, of which the figure alone is shown, with title and note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.theme import figure_colours
from dashboard.pages.present.figures import PageFigure, fit, page_figures
from dashboard.pages.registry import PAGES
from dashboard.policy.captions import provenance_sentence
from dashboard.saved_views.controls import Restoring
from dashboard.saved_views.opening import check_openable
from dashboard.saved_views.store import SavedView
from dashboard.session.session import Session
from data.errors import UserError

if TYPE_CHECKING:
    from dashboard.services.services import Services

__all__ = ["Slide"]

_WAIT = 300
"""Steps (of about 0.1 s) that a page may take to draw before the slide says that it waits."""


class Slide:
    """A saved view, large, and nothing else.

    The page behind it has a session of its own, so that what is shown to an audience never
    changes what the presenter works on.

    Parameters
    ----------
    services
        The long-lived services.
    view
        What to show.
    place
        Its number and how many there are, as in ``2 of 5``.
    dark
        Whether it is drawn dark.
    """

    def __init__(self, services: Services, view: SavedView, place: str, *, dark: bool) -> None:
        self.saved = view
        self._services, self._dark = services, dark
        self._page: Any = None
        self._root: Viewable | None = None
        self._figure: PageFigure | None = None
        self._restoring = Restoring(view.document.get("controls") or {})
        self._restored = False
        self._waited = 0
        self._natural: dict[str, Any] = {}
        self._size = (1440, 900)
        self.done = False
        self._build(place)
        try:
            check_openable(view.document, services)
            self._open()
        except UserError as error:
            self._say(error.sentence, error.hint)
        except Exception as error:  # noqa: BLE001, RUF100  a broken view must not stop a talk
            Session(services).report(error)
            self._say("This view cannot be shown.", "The details are in the log of the server.")

    # --- what the stage calls -------------------------------------------------------------

    def show(self, *, shown: bool) -> None:
        """Bring it to the front, or keep it ready behind."""
        self.view.styles = _styles(self._dark, shown=shown)

    def resize(self, width: int, height: int) -> None:
        """Fit the figure to a window."""
        self._size = (width, height)
        if self._figure is not None:
            lines = 1 + len(self.saved.note) // max(width // 14, 1) + self.saved.note.count("\n")
            room = 0 if not self.saved.note else 24 + 34 * lines
            fit(self._figure.parts, width - 60, height - 150 - room, self._natural)

    def step(self) -> None:
        """Go on preparing; called about ten times a second until it is done."""
        if self.done:
            return
        self._waited += 1
        if not self._restored:
            self._restored = self._restoring.step(self._root)
            return
        wanted = self._choose(page_figures(self._root, self.saved.page))
        if wanted is not None and wanted.drawn:
            self._put(wanted)
        elif wanted is None and self._waited > 20 and not self._loading():
            self._show_message()
        elif self._waited > _WAIT:
            self._say(
                "The figure of this view does not appear.", "Open it on its page to see why."
            )

    def refresh(self) -> None:
        """Let the page behind the slide follow what changes."""
        if self._page is not None and self.done:
            self._page.refresh()

    def close(self) -> None:
        """Let the page rest."""
        if self._page is not None:
            self._page.on_hide()

    # --- building -------------------------------------------------------------------------

    def _build(self, place: str) -> None:
        self._area = pn.Column(
            _text("One moment.", "body1", css_class="vo-loading"),
            sizing_mode="stretch_width",
            styles={
                "flex": "1 1 0",
                "min-height": "0",
                "justify-content": "center",
                "overflow": "hidden",
            },
            margin=0,
            css_classes=["vo-slide-figure"],
        )
        self._caption = _text("", "caption", size="0.95rem", css_class="vo-slide-caption")
        self._source = _text("", "caption", size="0.8rem", css_class="vo-slide-source")
        note = "<br>".join(plain(line) for line in self.saved.note.splitlines())
        self.view = pn.Column(
            _text(
                plain(self.saved.title), "h4", size="clamp(1.6rem, 2.5vw, 3rem)",
                css_class="vo-slide-title",
            ),
            self._area,
            self._caption,
            *([_text(note, "body1", size="clamp(1.1rem, 1.5vw, 1.9rem)", quiet=False,
                     css_class="vo-slide-note")] if note else []),
            pn.Row(
                self._source,
                _text(place, "body1", size="1.1rem", css_class="vo-slide-place", width=110),
                sizing_mode="stretch_width",
                margin=0,
            ),
            css_classes=["vo-slide"],
            styles=_styles(self._dark, shown=False),
        )  # fmt: skip

    def _open(self) -> None:
        session = Session(self._services)
        session.restore({**self.saved.document, "dark": self._dark})
        entry = next(entry for entry in PAGES if entry.slug == self.saved.page)
        self._page = entry.load()(self._services, session)
        self._root = self._page.view()
        self._page.on_show()

    def _choose(self, figures: list[PageFigure]) -> PageFigure | None:
        wanted = [figure for figure in figures if figure.key == self.saved.figure]
        return (wanted or figures or [None])[0]

    def _put(self, figure: PageFigure) -> None:
        """Take the figure out of its page and onto the slide."""
        for part in (inner for outer in figure.parts for inner in outer.select()):
            if isinstance(part, pn.FlexBox | pmui.FlexBox):
                part.justify_content = "center"
            elif isinstance(part, pn.pane.HoloViews):
                # Else they would share their ranges with the figures of every other page.
                part.linked_axes = False
        self._figure = figure
        self._area.objects = [*figure.parts]
        self._natural = {}
        if figure.caption is not None:
            self._caption.object = figure.caption.object
        result = getattr(self._page, "result", None)
        if result is not None:
            attrs = {**next(iter(result.cubes.values())).attrs, "run_id": result.record.id}
            self._source.object = plain(provenance_sentence(attrs, result.catalogue_name))
        self.done = True
        self.resize(*self._size)

    def _loading(self) -> bool:
        classes = [c for part in self._root.select() for c in getattr(part, "css_classes", ())]
        return "vo-loading" in classes

    def _show_message(self) -> None:
        """Show the page as it is: it says why it has no figure."""
        self._area.objects = [self._root]
        self.done = True

    def _say(self, sentence: str, hint: str) -> None:
        self._area.objects = [
            _text(f"**{plain(sentence)}**<br>{plain(hint)}", "body1", size="1.3rem",
                  css_class="vo-slide-refused")
        ]  # fmt: skip
        self.done = True


def _styles(dark: bool, *, shown: bool) -> dict[str, str]:
    """Give the look of a slide; one behind is laid out and drawn, but not seen."""
    colours = figure_colours(dark=dark)
    return {
        "position": "absolute",
        "top": "0",
        "left": "0",
        "width": "100vw",
        "height": "100vh",
        "display": "flex",
        "padding": "18px 30px 10px 30px",
        "box-sizing": "border-box",
        "overflow": "hidden",
        "background": colours["background"],
        "color": colours["text"],
        "visibility": "visible" if shown else "hidden",
        "z-index": "1" if shown else "0",
    }


def _text(
    text: str,
    variant: str,
    *,
    size: str = "1rem",
    css_class: str = "",
    quiet: bool = True,
    width: int | None = None,
) -> pmui.Typography:
    colour = "text.secondary" if quiet and variant != "h4" else "text.primary"
    layout: dict[str, Any] = {"width": width} if width else {"sizing_mode": "stretch_width"}
    return pmui.Typography(
        text,
        variant=variant,
        margin=(2, 10),
        css_classes=[css_class],
        sx={"fontSize": size, "color": colour, "lineHeight": 1.35,
            "textAlign": "right" if width else "left"},
        styles={"flex": "none"},
        **layout,
    )  # fmt: skip
