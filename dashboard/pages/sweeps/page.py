"""The page Sweeps: one request, a map for each value of a cut, drawn as result against cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import holoviews as hv
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.catalogue_chooser import CatalogueChooser
from dashboard.components.escape import plain
from dashboard.components.live_figure import LiveFigure
from dashboard.components.parts import headline, rows_table, section, table
from dashboard.components.theme import figure_colours
from dashboard.pages.base import Page
from dashboard.policy.funnel import seconds_in_words
from dashboard.policy.sweeps import RESULTS, numbers, points, rows, suggested_cut, varied, verdict
from dashboard.services.pictures import all_columns, has_velocities
from dashboard.services.services import Services
from dashboard.session.guests import for_editors
from dashboard.session.session import Session
from dashboard.views.style import styled
from dashboard.views.sweeps import sweep_plot
from engine.mapping.presets import PRESETS
from engine.runs.sweeps import Sweep, find_sweeps

if TYPE_CHECKING:
    from data.catalogue.store import Catalogue

__all__ = ["SweepsPage"]


class SweepsPage(Page):
    """A form that starts a sweep of the session's tracers, and the sweeps that there are."""

    title = "Sweeps"
    icon = "stacked_line_chart"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._seen = -1
        self._sweeps: list[Sweep] = []
        self._dark = session.dark
        self._catalogues = CatalogueChooser(
            services, session, "vo-sweep-catalogue", lambda manifest: manifest.with_6d > 0
        )
        self._suggested = suggested_cut(["parallax_over_error"])
        self._cut = pmui.TextInput(
            label="Cut expression ({} = value)",
            value=self._suggested[0],
            size="small",
            width=300,
            css_classes=["vo-sweep-cut"],
        )
        self._values = pmui.TextInput(
            label="Values",
            value=self._suggested[1],
            placeholder="3 5 10, or 2:10:5 for five values",
            size="small",
            width=230,
            css_classes=["vo-sweep-values"],
        )
        self._preset = pmui.Select(
            label="Preset", options=list(PRESETS), value="quick", size="small", width=130
        )
        self._start = pmui.Button(
            label="Start the sweep",
            icon="play_arrow",
            variant="contained",
            margin=(14, 10),
            css_classes=["vo-sweep-start"],
            on_click=session.guarded(lambda _: self._submit()),
        )
        for_editors(session.access, self._start)
        self._chosen = pmui.Select(
            label="Sweep", options={}, size="small", width=420, css_classes=["vo-sweep-select"]
        )
        self._result = pmui.Select(
            label="Result",
            options={name: key for key, (name, _) in RESULTS.items()},
            value="size",
            size="small",
            width=220,
        )
        for widget in (self._chosen, self._result):
            widget.param.watch(session.guarded(lambda _: self._draw()), "value")
        self._about = pmui.Typography(
            "", variant="body2", margin=(4, 12), sizing_mode="stretch_width"
        )
        self._verdict = pmui.Alert(
            object="", severity="info", margin=(4, 8), sizing_mode="stretch_width",
            css_classes=["vo-sweep-verdict"],
        )  # fmt: skip
        self._figure = LiveFigure(self._plot)
        self._rows = table(css_class="vo-sweep-rows")
        self._shown = pmui.Column(sizing_mode="stretch_width", margin=0, visible=False)
        session.param.watch(session.guarded(lambda _: self._recolour()), "dark")
        session.param.watch(session.guarded(lambda _: self._reopened()), "catalogue")

    def view(self) -> Viewable:
        """Build the screen."""
        self._shown.objects = [
            section(
                "Result against cut",
                pmui.Row(self._chosen, self._result, margin=0),
                self._verdict,
                pn.FlexBox(self._figure.pane, self._rows),
                note="Hollow points are unreliable. Runs of a sweep share most of their "
                "stars, so that chance moves them by less than their errors.",
            )
        ]
        return pmui.Column(
            headline(self.title),
            section(
                "A map for each value of a cut",
                self._catalogues.view,
                self._about,
                pmui.Row(self._cut, self._values, self._preset, self._start, margin=0),
                note="A result that changes with a cut that it should not depend on is a result "
                "of the cut. Each value is a run of its own on the page Runs.",
            ),
            self._shown,
            sizing_mode="stretch_width",
            margin=(4, 10),
            css_classes=["vo-sweeps"],
        )

    def on_show(self) -> None:
        """Say whose tracers a sweep would take, and look for sweeps."""
        self.services.runs.look()
        self._offer()
        self.refresh()

    def _reopened(self) -> None:
        if self.session.page == "sweeps":  # else when it is shown
            self._offer()

    def _offer(self) -> None:
        """Say whose tracers a sweep would take."""
        self._catalogues.refresh()
        there = self.session.catalogue
        catalogue = self.services.catalogues.open(there) if there is not None else None
        moving = catalogue is not None and has_velocities(catalogue)
        self._start.disabled = not moving
        if catalogue is None and not self._catalogues.view.visible:
            self._about.object = (
                "No catalogue here has stars with full 6D data. The page "
                "Explore makes and reads them."
            )
        elif catalogue is None:
            self._about.object = "Choose a catalogue, or bring one in on the page Explore."
        elif not moving:
            self._about.object = (
                f"The stars of **{plain(catalogue.name)}** have no velocities in space, "
                "and without them there is no map of gravity. Choose another catalogue."
            )
        else:
            self._about.object = (
                "The tracers are those of the page Tracers, of the catalogue "
                f"**{plain(catalogue.name)}**, with the cut added."
            )
            self._suggest(catalogue)

    def _suggest(self, catalogue: Catalogue) -> None:
        """Put a cut into the form that the catalogue has, unless the user has written one."""
        if (self._cut.value, self._values.value) != self._suggested:
            return
        self._suggested = suggested_cut(all_columns(catalogue))
        self._cut.value, self._values.value = self._suggested

    def refresh(self) -> None:
        """Follow the store and the runs."""
        self._catalogues.refresh()
        if self.services.runs.version == self._seen:
            return
        self._seen = self.services.runs.version
        self._sweeps = find_sweeps(self.services.runs.list())
        options = {_label(sweep): sweep.name for sweep in self._sweeps}
        if options != self._chosen.options:
            keep = self._chosen.value if self._chosen.value in options.values() else None
            first = next(iter(options.values()), None)
            self._chosen.param.update(options=options, value=keep or first)
        self._shown.visible = bool(options)
        self._draw()

    def _sweep(self) -> Sweep | None:
        return next((s for s in self._sweeps if s.name == self._chosen.value), None)

    def _draw(self) -> None:
        sweep = self._sweep()
        if sweep is None:
            return
        name, unit = RESULTS[self._result.value]
        self._verdict.object = plain(verdict(points(sweep, self._result.value), varied(sweep)))
        lines = rows(sweep, self._result.value)
        self._rows.object = rows_table((_at(sweep), "tracers", f"{name} [{unit}]", "state"), lines)
        self._figure.update()

    def _plot(self) -> hv.Overlay:
        sweep, colours = self._sweep(), figure_colours(dark=self.session.dark)
        name, unit = RESULTS[self._result.value]
        found, cut = (points(sweep, self._result.value), sweep.cut) if sweep else ([], "the cut")
        plot = sweep_plot(found, cut, name, unit, colours)
        return styled(plot, colours).opts(frame_width=560, frame_height=320)

    def _recolour(self) -> None:
        if self._dark != self.session.dark:
            self._dark = self.session.dark
            self._draw()

    def _submit(self) -> None:
        session = self.session
        values, cut = numbers(self._values.value), self._cut.value.strip()
        spec: dict[str, Any] = {
            "kind": "map",
            "catalogue": session.catalogue,
            "selection": session.selection,
            "volume": session.volume,
            "preset": self._preset.value,
            "overrides": {},
            "seed": 0,
            "device": "auto",
            "threads": None,
        }
        self._start.loading = True
        session.background(
            lambda: session.acts.sweep(spec, cut, values), self._started, self._not_started
        )

    def _started(self, sweep: Sweep) -> None:
        self._start.loading = False
        self.services.runs.look()
        self.refresh()
        self._chosen.value = sweep.name
        waiting = [run for _, run in sweep.runs if run.active]
        seconds = sum(float(str(run.needs.get("seconds", 0.0))) for run in waiting)
        takes = f" They take about {seconds_in_words(seconds)} together." if seconds else ""
        self.session.notify(f"{len(sweep.runs)} runs have been started.{takes}", level="success")

    def _not_started(self, error: BaseException) -> None:
        self._start.loading = False
        self.session.report(error)


def _label(sweep: Sweep) -> str:
    values = [value for value, _ in sweep.runs]
    done = sum(str(run.state) == "done" for _, run in sweep.runs)
    return (
        f"{sweep.cut}, {values[0]:g} to {values[-1]:g}, {done} of {len(values)} done"
        f" ({sweep.name[9:15]})"
    )


def _at(sweep: Sweep) -> str:
    """Head the column of values."""
    what = varied(sweep)
    return "cut at" if what == "cut" else what
