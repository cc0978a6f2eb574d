"""Choose a preset, see what it costs, start the run, and follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.policy.funnel import seconds_in_words
from dashboard.policy.pairs import parse_pairs
from dashboard.saved_views.controls import KEPT
from dashboard.session.guests import for_editors
from dashboard.session.staleness import differences
from data.errors import UserError
from engine.mapping.cost import estimate_cost, grid_size
from engine.mapping.presets import PRESET_SENTENCES, PRESETS, resolve
from engine.runs.folder.record import RunRecord

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["RunStarter"]


class RunStarter:
    """The run that the session's tracers would make.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self._tracers: int | None = None
        self._errors = False
        self._radius = 4.0
        self._seen = -1
        self._build()
        self._preset.param.watch(lambda _: self._write(), "value")
        self._write()

    def _build(self) -> None:
        self._preset = pmui.RadioButtonGroup(
            options={name.capitalize(): name for name in PRESETS},
            value="quick",
            size="small",
            color="primary",
            variant="outlined",
            margin=(4, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-preset"],
        )
        self._words = pmui.Typography(
            "", variant="body2", margin=(4, 10), sizing_mode="stretch_width",
            sx={"color": "text.secondary"}, css_classes=["vo-preset-words"],
        )  # fmt: skip
        self._cost = pmui.Typography(
            "",
            variant="body2",
            margin=(4, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-cost"],
        )
        self._seed = pmui.IntInput(
            label="Seed", value=0, start=0, size="small", margin=(7, 10),
            sizing_mode="stretch_width", css_classes=["vo-seed"],
        )  # fmt: skip
        self._settings = pmui.TextInput(
            label="Settings", value="", placeholder="members=8, spacing=0.5", size="small",
            margin=(7, 10), sizing_mode="stretch_width", css_classes=["vo-settings", KEPT],
            description="What is to be other than in the preset, as NAME=VALUE, ...",
        )  # fmt: skip
        self._settings.param.watch(lambda _: self._write(), "value")
        self._start = pmui.Button(
            label="Start the run",
            icon="play_arrow",
            variant="contained",
            margin=(10, 10),
            sizing_mode="stretch_width",
            disabled=True,
            css_classes=["vo-start"],
            on_click=self.session.guarded(lambda _: self._submit()),
        )
        for_editors(self.session.access, self._start)
        self._known = pmui.Alert(
            severity="info", visible=False, margin=(4, 10), sizing_mode="stretch_width",
            css_classes=["vo-known-run"],
        )  # fmt: skip
        self._open = pmui.Button(
            label="Open its map",
            variant="text",
            margin=(0, 10),
            visible=False,
            css_classes=["vo-open-map"],
            on_click=lambda _: self._show_known(),
        )

    def view(self) -> Viewable:
        """Give the widgets."""
        return pmui.Column(
            self._preset,
            self._words,
            self._cost,
            self._seed,
            self._settings,
            self._start,
            self._known,
            self._open,
            margin=0,
            sizing_mode="stretch_width",
        )

    def offer(self, tracers: int | None, radius: float, *, errors: bool = False) -> None:
        """Say what a run on so many tracers costs; None means that there can be none.

        With measurement ``errors`` members with additional noise are trained as well.
        """
        self._tracers, self._radius, self._errors = tracers, radius, errors
        self._start.disabled = tracers is None
        self._write()
        self._mark()

    def refresh(self) -> None:
        """Follow the runs: one for this very selection is pointed out."""
        if self.services.runs.version != self._seen:
            self._mark()

    def _write(self) -> None:
        preset = self._preset.value
        self._words.object = PRESET_SENTENCES.get(preset, "")
        if self._tracers is None:
            self._cost.object = "There are no tracers for a run."
            return
        try:
            settings = resolve(preset, self._overrides(), self._radius)
        except UserError as error:  # said again where the run is started
            self._cost.object = plain(f"{error.sentence} {error.hint}")
            return
        cost = estimate_cost(settings, self._tracers, self._radius, errors=self._errors)
        self._cost.object = (
            f"**About {seconds_in_words(cost.seconds)}** on two idle cores and "
            f"{cost.memory_gb:.1f} GB of memory for {self._tracers:,} tracers, on "
            f"{grid_size(settings, self._radius)}."
        )

    def _overrides(self) -> dict[str, str]:
        return parse_pairs(self._settings.value or "", "settings") or {}

    def _submit(self) -> None:
        session = self.session
        spec: dict[str, Any] = {
            "kind": "map",
            "catalogue": session.catalogue,
            "selection": session.selection,
            "volume": session.volume,
            "preset": self._preset.value,
            "overrides": self._overrides(),
            "seed": int(self._seed.value or 0),
            "device": "auto",
            "threads": None,
        }
        self._start.loading = True
        session.background(lambda: session.acts.submit(spec), self._started, self._not_started)

    def _started(self, record: RunRecord) -> None:
        self._start.loading = False
        self.services.runs.look()
        self.session.go("runs", run=record.id)

    def _not_started(self, error: BaseException) -> None:
        self._start.loading = False
        self.session.report(error)

    def _matching(self) -> RunRecord | None:
        """Give the newest map of exactly this catalogue, selection and volume."""
        if self.session.catalogue is None:
            return None
        sun = self.services.catalogues.open(self.session.catalogue).manifest.sun.position
        return next(
            (
                run
                for run in self.services.runs.list()
                if run.kind == "map" and not differences(self.session, run.spec, sun)
            ),
            None,
        )

    def _mark(self) -> None:
        """Say whether these tracers have a map already, or whether the maps are others'."""
        self._seen = self.services.runs.version
        maps = [r for r in self.services.runs.list() if r.kind == "map"]
        mine = self._matching()
        self._known.visible = bool(maps)
        self._open.visible = mine is not None
        if mine is None:
            self._known.severity = "warning"
            self._known.object = "These tracers have no map yet; all maps are of other cuts."
        else:
            self._known.severity = "info"
            self._known.object = f"These tracers have a run already; it is {plain(mine.state)}."
            self._open.label = "Open its map" if str(mine.state) == "done" else "Show the run"

    def _show_known(self) -> None:
        run = self._matching()
        if run is not None:
            page = "acceleration" if str(run.state) == "done" else "runs"
            self.session.go(page, run=run.id)
