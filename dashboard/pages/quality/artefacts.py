"""Known artefacts, each with a switch that takes its stars out of the selection."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.policy.brushes import all_of, cuts
from dashboard.services.rasters import RasterCache
from data.quality.cuts import Artefact, artefacts_for
from data.selection.masks import count_bits

if TYPE_CHECKING:
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["Artefacts", "failing"]


def failing(
    cache: RasterCache, catalogue: Catalogue, tree: dict | None
) -> tuple[int, dict[str, int]]:
    """Count the stars of a selection, and those that each cut against an artefact takes out.

    The cut itself is left out of the selection that is asked.

    Returns
    -------
    selected, out
        Numbers of stars; ``out`` by the name of the artefact.
    """
    out = {}
    for artefact in artefacts_for(catalogue.columns):
        others = [cut for cut in cuts(tree) if cut.get("name") != artefact.name]
        bad = {"kind": "not", "of": artefact.tree}
        out[artefact.name] = count_bits(
            cache.masks.bits({"kind": "and", "of": [*others, bad]}, catalogue)
        )
    return count_bits(cache.masks.bits(tree, catalogue)), out


class Artefacts:
    """A switch for each artefact that the catalogue can be rid of.

    Parameters
    ----------
    session
        Whose selection the switches show and edit.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._switches: dict[str, pmui.Switch] = {}
        self._notes: dict[str, pmui.Typography] = {}
        self._artefacts: list[Artefact] = []
        self._writing = False
        self._column = pmui.Column(margin=0, sizing_mode="stretch_width")
        session.param.watch(lambda _: self._write(), "selection")

    def view(self) -> Viewable:
        """Give the switches; empty until a catalogue is opened."""
        return self._column

    def open(self, catalogue: Catalogue) -> None:
        """Make the switches for a catalogue."""
        self._artefacts = artefacts_for(catalogue.columns)
        self._switches, self._notes = {}, {}
        rows: list[Viewable] = []
        for artefact in self._artefacts:
            switch = pmui.Switch(
                label=_title(artefact.name), size="small", margin=(6, 10, 0, 10),
                css_classes=[f"vo-artefact-{_slug(artefact.name)}"],
            )  # fmt: skip
            note = pmui.Typography(
                _words(artefact), variant="caption", margin=(0, 10, 4, 10),
                sizing_mode="stretch_width", sx={"color": "text.secondary"},
            )  # fmt: skip
            switch.param.watch(self.session.guarded(partial(self._switched, artefact)), "value")
            self._switches[artefact.name], self._notes[artefact.name] = switch, note
            rows += [switch, note]
        nothing = pmui.Typography(
            "No columns in this catalogue allow this check.",
            variant="body2", margin=(4, 10), sx={"color": "text.secondary"},
        )  # fmt: skip
        self._column.objects = rows or [nothing]
        self._write()

    def count(self, selected: int, out: dict[str, int]) -> None:
        """Write how many of the selected stars each cut takes out."""
        for artefact in self._artefacts:
            number = out.get(artefact.name, 0)
            share = number / max(selected + number * self._switches[artefact.name].value, 1)
            verb = "are out" if self._switches[artefact.name].value else "would go"
            self._notes[
                artefact.name
            ].object = f"<b>{number:,} stars ({share:.1%}) {verb}.</b> {_words(artefact)}"

    def _switched(self, artefact: Artefact, event: object) -> None:
        if self._writing:
            return
        others = [c for c in cuts(self.session.selection) if c.get("name") != artefact.name]
        on = bool(event.new)  # type: ignore[attr-defined]
        self.session.select(all_of([*others, artefact.tree] if on else others))  # type: ignore[list-item]

    def _write(self) -> None:
        """Show which cuts the selection has."""
        there = {cut.get("name") for cut in cuts(self.session.selection)}
        self._writing = True
        for name, switch in self._switches.items():
            switch.value = name in there
        self._writing = False


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _slug(name: str) -> str:
    return "-".join(name.lower().split())


def _words(artefact: Artefact) -> str:
    return plain(f"{artefact.why} ({artefact.source})")
