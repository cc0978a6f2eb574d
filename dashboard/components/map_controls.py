"""What steers the slices of a map."""

from __future__ import annotations

from collections.abc import Callable

import panel_material_ui as pmui
import xarray as xr
from panel.viewable import Viewable

from dashboard.components.parts import narrow, section, wide
from engine.cubes.quantities import QUANTITIES, UNITS
from engine.cubes.slices import PLANES, grid_values, nearest, start_position

__all__ = ["MapControls"]


class MapControls:
    """The widgets beside the maps.

    Attributes
    ----------
    plane, index, quantity, unit, estimator
        Which numbers are drawn; the options of ``index`` are the grid values of the cube.
    relative, difference
        How errors and differences are expressed.
    arrows, show_untrusted
        What is drawn on top, and whether doubtful cells are drawn at all.
    """

    def __init__(self) -> None:
        self.plane = pmui.RadioButtonGroup(
            label="", options=list(PLANES), value="x-y", **wide("vo-plane")
        )
        self.index = pmui.DiscreteSlider(label="z", options={"0": 0}, value=0, **wide("vo-slice"))
        self.quantity = pmui.Select(
            label="Quantity",
            options={q.label: q.key for q in QUANTITIES.values()},
            value="abs",
            **wide("vo-quantity"),
        )
        self.unit = pmui.Select(
            label="Unit",
            options={u.label: u.key for u in UNITS.values()},
            value="km2/s2/kpc",
            **wide("vo-unit"),
        )
        self.estimator = pmui.Select(
            label="Estimator", options=[], visible=False, **wide("vo-estimator")
        )
        self.relative = pmui.RadioButtonGroup(
            label="",
            options={"σ in units": "absolute", "σ in %": "percent"},
            value="percent",
            **wide("vo-relative"),
        )
        self.difference = pmui.RadioButtonGroup(
            label="",
            options={"difference in σ": "sigma", "in %": "percent"},
            value="percent",
            **wide("vo-difference"),
        )
        self.arrows = pmui.Switch(label="Arrows", value=False, **wide("vo-arrows"))
        self.show_untrusted = pmui.Switch(
            label="Show flagged cells", value=False, **wide("vo-show-untrusted")
        )
        self._cube: xr.Dataset | None = None
        self.plane.param.watch(lambda _: self._offer_slices(), "value")
        self.view = section("Plane", *self._widgets(), css_class="vo-map-controls")
        narrow(self.view)

    def offer(self, cube: xr.Dataset, *, with_truth: bool) -> None:
        """Offer what a cube has."""
        self._cube = cube
        names = [str(name) for name in cube["estimator"].to_numpy()]
        self.estimator.param.update(
            options=names, value=cube.attrs["default_estimator"], visible=len(names) > 1
        )
        self.difference.visible = with_truth
        self._offer_slices()

    def watch(self, name: str, callback: Callable[[object], None]) -> None:
        """Call back when a widget changes."""
        getattr(self, name).param.watch(callback, "value")

    def index_in(self, cube: xr.Dataset) -> int:
        """Give the index of the plane, also while the slider follows another plane's axis."""
        return min(int(self.index.value), grid_values(cube, self.plane.value).size - 1)

    def _offer_slices(self) -> None:
        """Let the slider run over the third axis, starting at the Sun or in the middle."""
        if self._cube is None:
            return
        axis = PLANES[self.plane.value][2]
        values = grid_values(self._cube, self.plane.value)
        self.index.param.update(
            label=f"{axis}",
            options={f"{value:+.2f} kpc": index for index, value in enumerate(values)},
            value=nearest(values, start_position(self._cube)["xyz".index(axis)]),
        )

    def _widgets(self) -> list[Viewable]:
        return [
            self.plane,
            self.index,
            self.quantity,
            self.unit,
            self.estimator,
            self.relative,
            self.difference,
            self.arrows,
            self.show_untrusted,
        ]
