"""The form that starts a search for streams, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.catalogue_chooser import CatalogueChooser
from dashboard.components.escape import plain
from dashboard.components.parts import section
from dashboard.policy.funnel import seconds_in_words
from dashboard.services.latest_only import LatestWork
from dashboard.session.guests import for_editors
from data.errors import UserError
from engine.runs.folder.record import RunRecord
from engine.runs.kinds import find_kind

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["SearchStarter"]

_METHODS = {"CATHODE": "cathode", "ANODE": "anode", "CWoLa": "cwola"}
_ABOUT = {
    "cathode": "Learns the background beside the window, and tells the window's stars from it.",
    "anode": "Compares the density of the window's stars with that of the background.",
    "cwola": "Tells the window's stars from those beside it.",
}


class SearchStarter:
    """A form: method, patches, windows; and the button that starts.

    Parameters
    ----------
    services, session
        As for a page.
    started
        Called with the record of the new run.
    """

    def __init__(
        self, services: Services, session: Session, started: Callable[[RunRecord], None]
    ) -> None:
        self.services, self.session, self._started = services, session, started
        self._catalogues = CatalogueChooser(
            services, session, "vo-stream-catalogue", lambda m: m.kind == "astrometry"
        )
        self._method = pmui.RadioButtonGroup(
            options=_METHODS, value="cathode", size="small", color="primary", variant="outlined",
            margin=(4, 10), css_classes=["vo-stream-method"],
        )  # fmt: skip
        self._patches = pmui.TextInput(
            label="Patches", value="", placeholder="around the stars", size="small", width=250,
            css_classes=["vo-stream-patches"],
        )  # fmt: skip
        self._width = _number("Window [mas/yr]", 6.0, "vo-stream-width")
        self._step = _number("Step [mas/yr]", 1.0, "vo-stream-step")
        self._seeds = pmui.IntInput(
            label="Trainings", value=2, start=1, end=20, size="small", width=105,
            css_classes=["vo-stream-seeds"],
        )  # fmt: skip
        self._null = pmui.IntInput(
            label="Exchanged", value=0, start=0, end=10_000, size="small", width=105,
            css_classes=["vo-stream-null"],
        )  # fmt: skip
        self._apart = pmui.Switch(
            label="A run for each patch", size="small", margin=(10, 10),
            css_classes=["vo-stream-apart"],
        )  # fmt: skip
        self._start = pmui.Button(
            label="Start the search", icon="play_arrow", variant="contained", margin=(6, 10),
            disabled=True, css_classes=["vo-stream-start"],
            on_click=session.guarded(lambda _: self._submit()),
        )  # fmt: skip
        for_editors(session.access, self._start)
        self._about = pmui.Typography(
            "", variant="body2", margin=(4, 12), sizing_mode="stretch_width",
            css_classes=["vo-stream-about"],
        )  # fmt: skip
        self._words = pmui.Typography(
            "", variant="caption", margin=(0, 12, 6, 12), sizing_mode="stretch_width",
            sx={"color": "text.secondary"},
        )  # fmt: skip
        self._cost = pmui.Typography(
            "", variant="body2", margin=(0, 12, 6, 12), sizing_mode="stretch_width",
            css_classes=["vo-stream-cost"],
        )  # fmt: skip
        self._estimate = LatestWork(session, self._to_estimate, self._tell, self._cannot)
        self._offered: Catalogue | None = None
        for field in (
            self._method, self._patches, self._width, self._step, self._seeds, self._null
        ):  # fmt: skip
            field.param.watch(session.guarded(self._estimate), "value")
        self._method.param.watch(session.guarded(lambda _: self._describe()), "value")
        self._describe()

    def view(self) -> Viewable:
        """Give the form."""
        row = pmui.Row(
            self._method, self._patches, self._width, self._step, self._seeds, self._null,
            margin=0, sx={"flexWrap": "wrap"}, sizing_mode="stretch_width",
        )  # fmt: skip
        return section(
            "Search",
            self._catalogues.view,
            self._about,
            row,
            self._words,
            self._cost,
            pmui.Row(self._start, self._apart, margin=0),
            note="Blind: every window of proper motion is searched, in both directions, and no "
            "label is read. Patches: empty for one around the stars, all, names such as "
            "l195.0b+33.7, or RA,DEC,RADIUS in degrees.",
            css_class="vo-stream-form",
        )

    def refresh(self) -> None:
        """Follow the store."""
        self._catalogues.refresh()

    def offer(self, catalogue: Catalogue | None) -> None:
        """Say what a search would take."""
        self.refresh()
        reason = _reason(catalogue)
        self._start.disabled = bool(reason)
        self._offered = None if reason else catalogue
        self._cost.visible = not reason
        self._estimate()
        if catalogue is None or reason:
            self._about.object = plain(reason)
            return
        name, every = plain(catalogue.name), f"its {catalogue.n_rows:,} stars are searched."
        some = "the stars that the selection of Explore keeps are searched."
        self._about.object = f"**{name}**: {some if self.session.selection else every}"

    def _describe(self) -> None:
        self._words.object = (
            f"{_ABOUT[self._method.value]} Trainings: how often each window is scored anew; what "
            "comes back each time is stable. Exchanged: searches of the same stars with their "
            "places exchanged, from which p-values follow; each costs as much as the search. "
            "A run for each patch: as many patches at a time as there are cores, here or on a "
            "cluster."
        )

    def _spec(self) -> dict[str, Any]:
        """Give what is asked for."""
        words = self._patches.value.split()
        return {
            "kind": "streams",
            "catalogue": self.session.catalogue,
            "selection": self.session.selection,
            "patches": None if not words else "all" if words == ["all"] else words,
            "method": self._method.value,
            "width": float(self._width.value or 6.0),
            "step": float(self._step.value or 1.0),
            "seeds": list(range(int(self._seeds.value or 1))),
            "permutations": int(self._null.value or 0),
        }

    def _to_estimate(self) -> Callable[[], dict[str, float]] | None:
        """Give the work that finds out what the search would take; none where there is none."""
        if self._offered is None:
            return None
        spec, home = self._spec(), self.services.home
        if not self._cost.object:
            self._cost.object = "Estimating run time …"
        return partial(_estimated, spec, home)

    def _tell(self, cost: dict[str, float]) -> None:
        self._start.disabled = self._offered is None or not cost["windows"]
        if not cost["windows"]:
            self._cost.object = (
                f"No window holds enough of the {cost['stars']:,.0f} stars. Choose wider windows, "
                "or more stars."
            )
            return
        patches = int(cost["patches"])
        where = "one patch" if patches == 1 else f"{patches:,} patches"
        self._cost.object = (
            f"**About {seconds_in_words(cost['seconds'])}** on one idle core and "
            f"{cost['memory_gb']:.1f} GB of memory for {cost['windows']:,.0f} windows in {where} "
            f"with {cost['stars']:,.0f} stars."
        )

    def _cannot(self, error: BaseException) -> None:
        """Say beside the fields what cannot be: the user may be in the midst of typing."""
        if not isinstance(error, UserError):
            self.session.report(error)
            return
        self._cost.object = plain(" ".join(filter(None, (error.sentence, error.hint))))

    def _submit(self) -> None:
        session, spec = self.session, self._spec()
        self._start.loading = True
        apart = self._apart.value

        def work() -> RunRecord:
            return session.acts.search_apart(spec).runs[0] if apart else session.acts.submit(spec)

        session.background(work, self._done, self._failed)

    def _done(self, record: RunRecord) -> None:
        self._start.loading = False
        self.services.runs.look()
        self._started(record)

    def _failed(self, error: BaseException) -> None:
        self._start.loading = False
        self.session.report(error)


def _estimated(spec: dict[str, Any], home: Path) -> dict[str, float]:
    """Check a request and estimate it."""
    kind = find_kind("streams")
    return kind.estimate(kind.check(spec, home), home)


def _number(label: str, value: float, css_class: str) -> pmui.FloatInput:
    return pmui.FloatInput(
        label=label, value=value, start=0.05, end=50.0, size="small", width=130,
        css_classes=[css_class],
    )  # fmt: skip


def _reason(catalogue: Catalogue | None) -> str:
    """Say why a catalogue cannot be searched; empty if it can."""
    if catalogue is None:
        return "Choose a catalogue with proper motions, or bring one in on the page Explore."
    if catalogue.manifest.kind != "astrometry":
        return f"{catalogue.name} is a simulation: it has no proper motions on the sky."
    missing = [name for name in ("pmra", "pmdec") if not catalogue.has(name)]
    if missing:
        raise UserError(f"{catalogue.name} has no {missing[0]}.")
    return ""
