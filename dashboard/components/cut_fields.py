"""Fields for the usual cuts and for the volume; all of them edit the session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.number_field import NumberField
from dashboard.policy.cuts import Cut, bound_of, cuts_for, set_bound
from dashboard.services.pictures import all_columns
from dashboard.services.populations import default_volume

if TYPE_CHECKING:
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

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
        self._fields: list[tuple[Cut, NumberField]] = []
        self._column = pmui.Column(margin=(0, 5), sizing_mode="stretch_width")
        session.param.watch(lambda _: self._write(), "selection")

    def view(self) -> Viewable:
        """Give the fields; empty until a catalogue is opened."""
        return self._column

    def open(self, catalogue: Catalogue) -> None:
        """Make the fields for a catalogue."""
        self._fields = [(cut, self._field(cut)) for cut in cuts_for(all_columns(catalogue))]
        self._column.objects = [field.view for _, field in self._fields]
        self._write()

    def _field(self, cut: Cut) -> NumberField:
        return NumberField(
            cut.label,
            self.session.guarded(partial(self._changed, cut)),
            placeholder=f"no cut ({cut.suggestion:g} is usual)",
            css_class=f"vo-cut-{cut.column}",
        )

    def _changed(self, cut: Cut, value: float | None) -> None:
        self.session.select(set_bound(self.session.selection, cut, value))

    def _write(self) -> None:
        """Show the bounds that the tree has now, whoever has set them."""
        for cut, field in self._fields:
            field.show(bound_of(self.session.selection, cut))


class VolumeFields:
    """Centre and radius of the ball that the tracers fill.

    Parameters
    ----------
    session
        Whose volume the fields show and edit.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._default: dict[str, Any] = {}
        changed = session.guarded(lambda _: self._changed())
        self._centre = [
            NumberField(f"{axis} (kpc)", changed, optional=False, css_class=f"vo-centre-{axis}")
            for axis in "xyz"
        ]
        self._radius = NumberField(
            "Radius (kpc)", changed, optional=False, low=0.0, css_class="vo-radius"
        )
        self._sun = pmui.Button(
            label="4 kpc around the Sun",
            variant="text",
            size="small",
            margin=(10, 5),
            on_click=lambda _: setattr(session, "volume", None),
        )
        session.param.watch(lambda _: self._write(), "volume")

    def view(self) -> Viewable:
        """Give the fields."""
        centre = [field.view for field in self._centre]
        return pmui.Column(
            pmui.Row(*centre, sizing_mode="stretch_width", margin=(0, 5)),
            pmui.Row(self._radius.view, self._sun, sizing_mode="stretch_width", margin=(0, 5)),
            sizing_mode="stretch_width",
            margin=0,
        )

    def open(self, catalogue: Catalogue) -> None:
        """Take the default of a catalogue, the ball round its Sun."""
        self._default = default_volume(catalogue)
        self._write()

    def _changed(self) -> None:
        centre = [field.value for field in self._centre]
        volume = {"centre": centre, "radius": self._radius.value}
        self.session.volume = None if volume == self._default else volume

    def _write(self) -> None:
        volume = self.session.volume or self._default
        if volume:
            for field, value in zip(self._centre, volume["centre"], strict=True):
                field.show(float(value))
            self._radius.show(float(volume["radius"]))
