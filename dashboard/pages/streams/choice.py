"""Which search is on the page Streams, how far it is, and the buttons that stop or resume it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.policy.run_states import percent_together
from dashboard.policy.streams import group_label, search_line
from dashboard.session.guests import for_editors
from engine.streams.search.reading import Found
from engine.streams.search.sweep import PatchRuns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.session.session import Session

__all__ = ["SearchChoice"]

_ACTIONS = {"cancel": ("Stop", "stop"), "resume": ("Resume", "play_arrow")}


class SearchChoice:
    """A list of searches with what is going on in the chosen one.

    Parameters
    ----------
    session
        The browser session.
    chosen
        Called when another search is chosen.
    acted
        Called when runs were stopped or resumed.
    """

    def __init__(
        self, session: Session, chosen: Callable[[], None], acted: Callable[[], None]
    ) -> None:
        self._session, self._acted = session, acted
        self._groups: Sequence[PatchRuns] = ()
        self._run: str | None = None
        self._select = pmui.Select(
            label="Search", options={}, size="small", width=470, css_classes=["vo-stream-select"]
        )
        self._select.param.watch(session.guarded(lambda _: chosen()), "value")
        self._line = pmui.Typography(
            "", variant="body2", margin=(14, 10, 2, 10), sizing_mode="stretch_width",
            css_classes=["vo-stream-line"],
        )  # fmt: skip
        self._bar = pmui.LinearProgress(
            value=0, sizing_mode="stretch_width", margin=(4, 12), height=6
        )
        self._buttons = {
            action: pmui.Button(
                label=label, icon=icon, variant="outlined", size="small", margin=(12, 4),
                visible=False, css_classes=[f"vo-stream-{action}"],
                on_click=session.guarded(lambda _, action=action: self._act(action)),
            )
            for action, (label, icon) in _ACTIONS.items()
        }  # fmt: skip
        for button in self._buttons.values():
            for_editors(session.access, button)
        self._problem = pmui.Alert(
            object="", severity="error", variant="outlined", visible=False, margin=(4, 10),
            sizing_mode="stretch_width", css_classes=["vo-stream-problem"],
        )  # fmt: skip

    def view(self) -> list[Viewable]:
        """Give the parts, from top to bottom."""
        row = pmui.Row(
            self._select, self._line, *self._buttons.values(), margin=0,
            sizing_mode="stretch_width", sx={"flexWrap": {"xs": "wrap", "md": "nowrap"}},
        )  # fmt: skip
        return [row, self._bar, self._problem]

    @property
    def group(self) -> PatchRuns | None:
        """The chosen search."""
        return next((g for g in self._groups if g.name == self._select.value), None)

    def choose(self, name: str) -> None:
        """Choose a search by the name of its runs together."""
        self._select.value = name

    def offer(
        self, groups: Sequence[PatchRuns], catalogues: Mapping[str, str], run: str | None
    ) -> None:
        """Offer searches.

        Parameters
        ----------
        groups
            The searches, the newest first.
        catalogues
            Names by id.
        run
            The run that the session names: its search is chosen when it is a new one.
        """
        self._groups = groups
        options = {}
        for group in groups:
            catalogue = catalogues.get(group.runs[0].catalogue or "", "a deleted catalogue")
            options[group_label(group, catalogue)] = group.name
        known = list(options.values())
        value = self._select.value if self._select.value in known else next(iter(known), None)
        if run != self._run:  # not again, when the user has chosen another one since
            self._run = run
            value = next((g.name for g in groups if run in {r.id for r in g.runs}), value)
        if options != self._select.options or value != self._select.value:
            self._select.param.update(options=options, value=value)

    def say(self, group: PatchRuns, found: Found | None) -> None:
        """Say how far a search is, and what went wrong."""
        runs = group.runs
        if found is not None and found.runs[0][0].id == runs[0].id:
            self._line.object = plain(search_line(found, runs, time.time()))
        active = any(run.active for run in runs)
        share = percent_together(runs)
        self._bar.param.update(
            visible=active,
            value=-1 if share is None else share,
            variant="indeterminate" if share is None else "determinate",
        )
        self._buttons["cancel"].visible = active
        self._buttons["resume"].visible = any(run.resumable for run in runs)
        errors = [run.error for run in runs if run.error and not run.active]
        self._problem.visible = bool(errors)
        if errors:
            words = errors[0]
            sentence, hint = words.get("sentence", ""), words.get("hint", "")
            self._problem.object = f"**{plain(sentence)}** {plain(hint)}"

    def _act(self, action: str) -> None:
        """Stop or resume all runs of the search for which that can be done."""
        group, acts = self.group, self._session.acts
        if group is None:
            return
        work = {"cancel": acts.cancel, "resume": acts.resume}[action]
        fits = [r.id for r in group.runs if (r.active if action == "cancel" else r.resumable)]

        def run() -> None:
            for name in fits:
                work(name)

        self._session.background(run, lambda _: self._acted())
