"""What the pages of results share: which run is shown, and every state on the way to it."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.parts import headline, one_by_one
from dashboard.components.placeholder import empty_state
from dashboard.pages.base import Page
from dashboard.policy import run_states
from dashboard.policy.map_choice import Choice, choose
from dashboard.services.results import MapResult, MissingCubeError, load_map
from dashboard.services.services import Services
from dashboard.session.session import Session
from data.errors import UserError
from engine.runs.folder.record import RunRecord

__all__ = ["ResultPage"]


class ResultPage(Page):
    """A page that shows the result of one map.

    It follows the session's run, loads its cubes off the event loop, and shows a calm message
    while there is nothing to show: no map yet, one on its way, one that ended without a
    result, or one whose cubes cannot be read.
    """

    #: Inert class of the page, the cubes that it reads, and those that it can do without.
    slug: ClassVar[str]
    cubes: ClassVar[tuple[str, ...]]
    optional: ClassVar[tuple[str, ...]] = ()

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._key: tuple[object, ...] = ()
        self._shown: str | None = None
        self.result: MapResult | None = None
        self._runs = pmui.Select(
            label="Run",
            options={},
            width=330,
            size="small",
            visible=False,
            css_classes=["vo-run-select"],
        )
        self._runs.param.watch(self._picked, "value")
        self._state = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._content = pmui.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self._waiting_line: pmui.Typography | None = None
        self._placed = False
        self._on_screen = False
        self._dark = session.dark
        session.param.watch(session.guarded(lambda _: self.refresh()), "run")
        session.param.watch(session.guarded(lambda _: self._recolour()), "dark")

    @abstractmethod
    def content(self) -> list[Viewable]:
        """Build the parts that show a result, from top to bottom; called once."""

    @abstractmethod
    def show_result(self, result: MapResult) -> None:
        """Show a result that was just loaded."""

    def view(self) -> Viewable:
        """Build the screen."""
        return pmui.Column(
            pmui.Row(
                headline(self.title),
                pn.Spacer(sizing_mode="stretch_width"),
                self._runs,
                sizing_mode="stretch_width",
                margin=0,
            ),
            self._state,
            self._content,
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=[f"vo-{self.slug}"],
        )

    def on_show(self) -> None:
        """Look for the run to show, and catch up with the colours of the page."""
        self._on_screen = True
        self.services.runs.look()
        self.refresh()
        self._recolour()

    def on_hide(self) -> None:
        """Rest: a page that nobody sees draws nothing."""
        self._on_screen = False

    def recolour(self) -> None:
        """Draw again in the colours of the session; called when they have changed."""

    def _recolour(self) -> None:
        if self._on_screen and self._dark != self.session.dark:
            self._dark = self.session.dark
            self.recolour()

    def refresh(self) -> None:
        """Follow the runs: draw only what has changed."""
        choice = choose(self.services.runs.list(), self.session.run)
        run = choice.run
        key = (choice.state, run and run.id, run and run.ended, tuple(r.id for r in choice.ready))
        if key != self._key:
            self._key = key
            self._offer(choice)
            self._enter(choice)
        elif choice.state == "waiting" and run is not None and self._waiting_line is not None:
            self._waiting_line.object = waiting_text(run)

    def _offer(self, choice: Choice) -> None:
        """Offer the finished maps, newest first."""
        now = time.time()
        options = {_option(run, now): run.id for run in choice.ready}
        shown = choice.run.id if choice.run is not None and choice.state == "ready" else None
        self._runs.param.update(
            options=options, value=shown, visible=len(options) > (choice.state == "ready")
        )

    def _picked(self, event: object) -> None:
        value = self._runs.value
        if value and value != (self._key[1] if self._key else None):
            self.session.run = value

    def _enter(self, choice: Choice) -> None:
        run = choice.run
        if run is None:
            self._say(self._nothing())
        elif choice.state == "waiting":
            self._say(self._waiting(run))
        elif choice.state == "unfinished":
            self._say(self._unfinished(run))
        elif run.id != self._shown:
            self._load(run)
        else:
            self._reveal()

    def _load(self, run: RunRecord) -> None:
        self._say(
            empty_state(
                "hourglass_empty", "Reading the map", "One moment.", css_class="vo-loading"
            )
        )
        self.session.background(
            lambda: load_map(
                self.services.home, run, self.services.catalogues, self.cubes, self.optional
            ),
            self._loaded,
            self._unreadable,
        )

    def _loaded(self, result: MapResult) -> None:
        if self._key[1] != result.record.id:
            return  # the user has gone on to another run meanwhile
        self.result = result
        try:
            self._place(result)
        except Exception as error:  # a cube of another layout than this page knows
            self._unreadable(error)
            return
        self._shown = result.record.id

    def _place(self, result: MapResult) -> None:
        """Put a result on the screen.

        The first time the figures are there before their surroundings are: a figure that is
        exchanged while the browser still puts what is round it in place breaks the layout.
        The parts follow one another, so that other sessions are served in between.
        """
        if self._placed:
            self._reveal()
            self.show_result(result)
            return
        parts = self.content()
        self.show_result(result)
        self._placed = True
        self._reveal()
        jobs = [partial(self._content.append, part) for part in parts]
        one_by_one(self.session.background.on_loop, jobs)

    def draw(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Draw figures: at once before the page is on the screen, then one by one."""
        if self._placed:
            one_by_one(self.session.background.on_loop, jobs)
            return
        for job in jobs:
            job()

    def _unreadable(self, error: BaseException) -> None:
        if isinstance(error, MissingCubeError):
            self._shown = None
            self._say(self._made_without())
            return
        if not isinstance(error, UserError):
            self.session.report(error)
            error = UserError("The map cannot be shown.")
        self._shown = None
        self._say(
            empty_state(
                "broken_image",
                plain(error.sentence),
                plain(error.hint),
                self._link("Go to Runs", "runs"),
                css_class="vo-unreadable",
            )
        )

    def _reveal(self) -> None:
        self._state.param.update(visible=False, objects=[])
        self._content.visible = True

    def _say(self, message: Viewable) -> None:
        self._content.visible = False
        self._state.param.update(objects=[message], visible=True)

    def _nothing(self) -> Viewable:
        return empty_state(
            "explore",
            "No map yet",
            "A map is made by a run: choose the stars on the page Tracers and start one there.",
            self._link("Go to Tracers", "tracers"),
            css_class="vo-no-map",
        )

    def _made_without(self) -> Viewable:
        return empty_state(
            "history",
            "Made before this page was there",
            "This run was made without the cubes that this page shows. Nothing is wrong with it: "
            "a new run of the same stars makes them.",
            self._link("Go to Tracers", "tracers"),
            css_class="vo-made-without",
        )

    def _waiting(self, run: RunRecord) -> Viewable:
        self._waiting_line = pmui.Typography(
            waiting_text(run),
            variant="body1",
            sx={"textAlign": "center"},
            sizing_mode="stretch_width",
        )
        return empty_state(
            "hourglass_top",
            "The map is being made",
            "It appears here by itself as soon as the run is done.",
            self._waiting_line,
            self._link("Watch the run", "runs"),
            css_class="vo-map-waiting",
        )

    def _unfinished(self, run: RunRecord) -> Viewable:
        sentence, hint = run_states.sentence(run)
        return empty_state(
            "error_outline",
            plain(sentence),
            plain(hint),
            self._link("Look at the run", "runs", run=run.id),
            css_class="vo-map-unfinished",
        )

    def _link(self, label: str, page: str, **state: str) -> pmui.Button:
        return pmui.Button(
            label=label,
            align="center",
            on_click=lambda _: self.session.go(page, **state),
            css_classes=[f"vo-go-{page}"],
        )


def waiting_text(run: RunRecord) -> str:
    """Say how far a run is, escaped."""
    parts = [run_states.progress_line(run, time.time()), run.stage]
    return plain(" · ".join(part for part in parts if part))


def _option(run: RunRecord, now: float) -> str:
    """Name a run in a list of choices; a select shows text, so nothing needs escaping."""
    preset = run.spec.get("preset", "")
    return f"{run.catalogue} · {preset} · {run_states.age(run.created, now)} · {run.id[-4:]}"
