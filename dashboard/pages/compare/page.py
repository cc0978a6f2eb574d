"""The page Compare: two runs side by side, their difference and their pull."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import panel_material_ui as pmui
import xarray as xr
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.parts import headline, one_by_one, rows_table, section, table
from dashboard.components.placeholder import empty_state
from dashboard.pages.base import Page
from dashboard.pages.compare.panel import ComparePanel
from dashboard.policy.comparing import choose_pair, differing, run_labels
from dashboard.services.results import MapResult, load_map
from dashboard.services.services import Services
from dashboard.session.session import Session
from data.errors import UserError
from engine.cubes.compare import check_comparable
from engine.runs.folder.record import RunRecord

__all__ = ["ComparePage"]

_CUBE = "acceleration"
Pair = tuple[MapResult, MapResult]

_WORDS = {"& td.number": {"whiteSpace": "normal", "overflowWrap": "anywhere"}}
"""Cells hold sentences as well as numbers: they wrap, and the table keeps within the window."""


class ComparePage(Page):
    """Two selectors, and everything in which the two runs differ, or why they cannot be told.

    The selectors stay on the screen whatever happens, so that a pair that is refused can be
    changed.
    """

    title = "Compare"
    icon = "compare"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._ready: tuple[RunRecord, ...] = ()
        self._key: tuple[object, ...] = ("never",)
        self._pair: tuple[str, str] | None = None
        self._placed = False
        self._offering = False
        self._dark = session.dark
        self._on_screen = False
        self.first, self.second = (
            pmui.Select(
                label=f"Run {name}",
                options={},
                width=360,
                size="small",
                css_classes=[f"vo-compare-{name.lower()}"],
            )
            for name in "AB"
        )
        swap = pmui.IconButton(
            icon="swap_horiz",
            description="Swap runs",
            on_click=session.guarded(lambda _: self._swap()),
            align="center",
            css_classes=["vo-compare-swap"],
        )
        for selector in (self.first, self.second):
            selector.param.watch(session.guarded(self._picked), "value")
        self._selectors = pmui.FlexBox(self.first, swap, self.second, align_items="center")
        self._selectors.visible = False
        self._state = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._content = pmui.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self._panel = ComparePanel(session, self._draw)
        self._table = table(css_class="vo-compare-table")
        self._table.sx = {**self._table.sx, **_WORDS}
        session.param.watch(session.guarded(lambda _: self._recolour()), "dark")

    def view(self) -> Viewable:
        """Build the screen."""
        return pmui.Column(
            headline(self.title),
            self._selectors,
            self._state,
            self._content,
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=["vo-compare"],
        )

    def on_show(self) -> None:
        """Look for runs, and catch up with the colours of the page."""
        self._on_screen = True
        self.services.runs.look()
        self.refresh()
        self._recolour()

    def on_hide(self) -> None:
        """Rest: a page that nobody sees draws nothing."""
        self._on_screen = False

    def refresh(self) -> None:
        """Follow the runs: draw only what has changed."""
        runs = [run for run in self.services.runs.list() if run.kind == "map"]
        ready = tuple(run for run in runs if str(run.state) == "done")
        active = sum(run.active for run in runs)
        key = (tuple((run.id, run.ended) for run in ready), active if len(ready) < 2 else 0)
        if key == self._key:
            return
        self._key, self._ready = key, ready
        pair = choose_pair(ready, self.first.value, self.second.value, self.session.run)
        self._selectors.visible = pair is not None
        if pair is None:
            self._pair = None
            self._say(self._too_few(len(ready), active))
            return
        self._offer(pair)

    def _offer(self, pair: tuple[str, str]) -> None:
        """Offer the finished maps on both sides; a run is not compared with itself."""
        labels = run_labels(self._ready, time.time())
        self._offering = True  # what now changes is not the user's choice
        for selector, value, other in zip(
            (self.first, self.second), pair, reversed(pair), strict=True
        ):
            options = {label: run for label, run in labels.items() if run != other}
            selector.param.update(options=options, value=value)
        self._offering = False
        if pair != self._pair:
            self._load(pair)

    def _picked(self, _: object) -> None:
        if not self._offering and self.first.value and self.second.value:
            self._offer((self.first.value, self.second.value))

    def _swap(self) -> None:
        if self._pair is not None:
            first, second = self._pair
            self._offer((second, first))

    def _load(self, pair: tuple[str, str]) -> None:
        self._pair = pair
        if not self._placed or not self._content.visible:
            self._say(empty_state("hourglass_empty", "Reading the maps", "One moment.",
                                  css_class="vo-loading"))  # fmt: skip
        by_id = {run.id: run for run in self._ready}
        records = [by_id[run] for run in pair]

        def work() -> tuple[Pair, list[str]]:
            first, second = (
                self._read(name, record) for name, record in zip("AB", records, strict=True)
            )
            a, b = first.cubes[_CUBE], second.cubes[_CUBE]
            for variable in ("acceleration", "acceleration_sd"):
                check_comparable(a, b, variable)
            return (first, second), _estimators(a, b)

        self.session.background(
            work, partial(self._loaded, pair), lambda error: self._failed(pair, error)
        )

    def _read(self, name: str, record: RunRecord) -> MapResult:
        """Read one of the two; what goes wrong says which."""
        try:
            return load_map(self.services.home, record, self.services.catalogues, (_CUBE,))
        except UserError as error:
            raise UserError(f"Run {name} cannot be read. {error.sentence}", error.hint) from error

    def _loaded(self, pair: tuple[str, str], found: tuple[Pair, list[str]]) -> None:
        if pair != self._pair:
            return  # the user has gone on to other runs meanwhile
        (first, second), estimators = found
        try:
            self._show(first, second, estimators)
        except Exception as error:  # a cube of another layout than this page knows
            self._failed(pair, error)

    def _show(self, first: MapResult, second: MapResult, estimators: list[str]) -> None:
        self._panel.show(first.cubes[_CUBE], second.cubes[_CUBE], estimators)
        rows = differing(
            *((side.catalogue_name, side.record, side.cubes[_CUBE].attrs)
              for side in (first, second))
        )  # fmt: skip
        same = [("All settings", "the same", "the same")]
        self._table.object = rows_table(("", "A", "B"), rows or same)
        self._state.param.update(visible=False, objects=[])
        self._content.visible = True
        if self._placed:
            return
        # The figures are drawn before their surroundings are there, as on the other pages.
        self._placed = True
        parts = [
            self._panel.view,
            section("What differs", self._table, css_class="vo-compare-differs"),
        ]
        jobs = [partial(self._content.append, part) for part in parts]
        one_by_one(self.session.background.on_loop, jobs)

    def _draw(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Draw figures: at once before the page is on the screen, then one by one."""
        if self._placed:
            one_by_one(self.session.background.on_loop, jobs)
            return
        for job in jobs:
            job()

    def _failed(self, pair: tuple[str, str], error: BaseException) -> None:
        if pair != self._pair:
            return
        if not isinstance(error, UserError):
            self.session.report(error)
            error = UserError("These two runs cannot be shown beside one another.")
        self._say(
            empty_state(
                "difference",
                plain(error.sentence),
                plain(error.hint),
                css_class="vo-compare-refused",
            )
        )

    def _say(self, message: Viewable) -> None:
        self._content.visible = False
        self._state.param.update(objects=[message], visible=True)

    def _recolour(self) -> None:
        if self._on_screen and self._dark != self.session.dark:
            self._dark = self.session.dark
            if self._content.visible:
                self._panel.redraw()

    def _too_few(self, ready: int, active: int) -> Viewable:
        have = "There is none yet" if ready == 0 else "There is one"
        coming = f", and {active} on the way" if active else ""
        return empty_state(
            "compare",
            "Two finished maps are needed",
            f"{have}{coming}. Another seed, selection, preset or catalogue makes a map to compare "
            "with: start it on the page Tracers.",
            pmui.Button(
                label="Go to Tracers",
                align="center",
                on_click=lambda _: self.session.go("tracers"),
                css_classes=["vo-go-tracers"],
            ),
            css_class="vo-compare-too-few",
        )


def _estimators(first: xr.Dataset, second: xr.Dataset) -> list[str]:
    """Give the estimators that both cubes have, the default of the first before the others."""
    ours, theirs = ([str(name) for name in cube["estimator"].to_numpy()]
                    for cube in (first, second))  # fmt: skip
    both = [name for name in ours if name in theirs]
    if not both:
        raise UserError(
            f"The two runs have no estimator in common: {', '.join(ours)} and "
            f"{', '.join(theirs)}.",
            "Choose another run.",
        )
    return sorted(both, key=lambda name: name != first.attrs["default_estimator"])
