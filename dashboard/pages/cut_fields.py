"""Fields for the usual cuts and for the volume; all of them edit the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.pictures import all_columns
from dashboard.policy.cuts import Cut, bound_of, cuts_for, set_bound
from dashboard.populations import default_volume

if TYPE_CHECKING:
    from dashboard.session import Session
    from data.store import Catalogue

__all__ = ["CutFields", "VolumeFields"]


class CutFields:
    """One number field for each usual cut that the catalogue allows; empty means no cut.

    Parameters
    ----------
    session
        Whose selection the fields show and edit.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.volume = VolumeFields(session)
        self._fields: list[tuple[Cut, pmui.FloatInput]] = []
        self._writing = False
        self._column = pmui.Column(margin=0, sizing_mode="stretch_width")
        session.param.watch(lambda _: self._write(), "selection")

    def view(self) -> Viewable:
        """Give the fields; empty until a catalogue is opened."""
        return self._column

    def open(self, catalogue: Catalogue) -> None:
        """Make the fields for a catalogue."""
        self._fields = [(cut, self._field(cut)) for cut in cuts_for(all_columns(catalogue))]
        self._column.objects = [field for _, field in self._fields]
        self.volume.open(catalogue)
        self._write()

    def _field(self, cut: Cut) -> pmui.FloatInput:
        field = pmui.FloatInput(
            label=cut.label,
            placeholder=f"no cut; {cut.suggestion:g} is usual",
            value=None,
            step=cut.step,
            size="small",
            margin=(7, 10),
            sizing_mode="stretch_width",
            css_classes=[f"vo-cut-{cut.column}"],
        )
        field.param.watch(self.session.guarded(lambda e: self._changed(cut, e.new)), "value")
        return field

    def _changed(self, cut: Cut, value: float | None) -> None:
        if not self._writing and value != bound_of(self.session.selection, cut):
            self.session.select(set_bound(self.session.selection, cut, value))

    def _write(self) -> None:
        """Show the bounds that the tree has now, whoever has set them."""
        self._writing = True
        try:
            for cut, field in self._fields:
                bound = bound_of(self.session.selection, cut)
                if field.value != bound:
                    field.value = bound
        finally:
            self._writing = False


class VolumeFields:
    """Centre and radius of the ball that the tracers fill.

    Parameters
    ----------
    session
        Whose volume the fields show and edit.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._default: dict[str, object] = {}
        self._writing = False
        style = {"size": "small", "margin": (7, 5), "sizing_mode": "stretch_width"}
        self._centre = [
            pmui.FloatInput(
                label=f"{axis} (kpc)", value=0.0, css_classes=[f"vo-centre-{axis}"], **style
            )
            for axis in "xyz"
        ]
        self._radius = pmui.FloatInput(
            label="Radius (kpc)", value=4.0, start=0.05, step=0.5, css_classes=["vo-radius"],
            **style,
        )  # fmt: skip
        self._sun = pmui.Button(
            label="4 kpc round the Sun",
            variant="text",
            size="small",
            margin=(10, 5),
            on_click=lambda _: setattr(session, "volume", None),
        )
        for field in (*self._centre, self._radius):
            field.param.watch(session.guarded(lambda _: self._changed()), "value")
        session.param.watch(lambda _: self._write(), "volume")

    def view(self) -> Viewable:
        """Give the fields."""
        return pmui.Column(
            pmui.Row(*self._centre, sizing_mode="stretch_width", margin=(0, 5)),
            pmui.Row(self._radius, self._sun, sizing_mode="stretch_width", margin=(0, 5)),
            sizing_mode="stretch_width",
            margin=0,
        )

    def open(self, catalogue: Catalogue) -> None:
        """Take the default of a catalogue, the ball round its Sun."""
        self._default = default_volume(catalogue)
        self._write()

    def _changed(self) -> None:
        numbers = [field.value for field in self._centre]
        if self._writing or None in (*numbers, self._radius.value):
            return
        volume = {"centre": numbers, "radius": self._radius.value}
        self.session.volume = None if volume == self._default else volume

    def _write(self) -> None:
        volume = self.session.volume or self._default
        if not volume:
            return
        self._writing = True
        try:
            for field, value in zip(self._centre, volume["centre"], strict=True):
                field.value = float(value)
            self._radius.value = float(volume["radius"])
        finally:
            self._writing = False
