"""What steers the maps of the page Asymmetry."""

from __future__ import annotations

from collections.abc import Callable

import panel_material_ui as pmui
import xarray as xr

from dashboard.components.parts import narrow, section, wide
from dashboard.policy.asymmetries import ASYMMETRIES
from dashboard.views.asymmetry_maps import offered, planes_with_values
from data.frames import DEFAULT_SUN
from engine.cubes.slices import PLANES, grid_values, nearest, start_position

__all__ = ["AsymmetryControls"]

_HEIGHT = 0.5
"""Height in kpc of the horizontal plane that is shown first of what has values at z > 0 only."""


class AsymmetryControls:
    """The widgets beside the maps.

    Attributes
    ----------
    plane, index, quantity
        Which numbers are drawn; the options of ``index`` are the planes that have values.
    beside
        What stands beside the asymmetry: ``error``, ``significance`` or ``truth``.
    show_untrusted
        Whether doubtful cells are drawn.
    """

    def __init__(self) -> None:
        # north against south is seen in a plane that is cut along z
        self.plane = pmui.RadioButtonGroup(
            label="", options=list(PLANES), value="x-z", **wide("vo-plane")
        )
        self.index = pmui.DiscreteSlider(label="y", options={"0": 0}, value=0, **wide("vo-slice"))
        self.quantity = pmui.Select(
            label="Asymmetry", options={}, value=None, **wide("vo-quantity")
        )
        self.beside = pmui.RadioButtonGroup(
            label="", options=["error"], value="error", orientation="vertical",
            **wide("vo-beside"),
        )  # fmt: skip
        self.show_untrusted = pmui.Switch(
            label="Show flagged cells", value=False, **wide("vo-show-untrusted")
        )
        self._cube: xr.Dataset | None = None
        self._start = DEFAULT_SUN.position
        for widget in (self.plane, self.quantity):
            widget.param.watch(lambda _: self._offer_planes(), "value")
        self.view = section(
            "Plane",
            self.plane,
            self.index,
            self.quantity,
            pmui.Typography(
                "Beside it",
                variant="caption",
                margin=(2, 10, 0, 10),
                sx={"color": "text.secondary"},
            ),
            self.beside,
            self.show_untrusted,
            css_class="vo-map-controls",
        )
        narrow(self.view)

    def offer(self, cube: xr.Dataset, acceleration: xr.Dataset, *, with_truth: bool) -> None:
        """Offer what a cube has."""
        self._cube, self._start = cube, start_position(acceleration)
        keys = offered(cube)
        chosen = self.quantity.value if self.quantity.value in keys else keys[0]
        if "north_south_missing" in cube.attrs and ASYMMETRIES[chosen].northern:
            chosen = next((key for key in keys if not ASYMMETRIES[key].northern), chosen)
        self.quantity.param.update(
            options={ASYMMETRIES[key].quantity.label: key for key in keys}, value=chosen
        )
        beside = ["error", "significance", *(["truth"] if with_truth else [])]
        kept = self.beside.value if self.beside.value in beside else "error"
        self.beside.param.update(options=beside, value=kept)
        self._offer_planes()

    def watch(self, name: str, callback: Callable[[object], None]) -> None:
        """Call back when a widget changes."""
        getattr(self, name).param.watch(callback, "value")

    def index_in(self, cube: xr.Dataset) -> int:
        """Give the index of the plane, also while the slider follows another plane's axis."""
        indices = planes_with_values(cube, self.plane.value, self.quantity.value)
        wanted = int(self.index.value)
        return wanted if wanted in indices else int(indices[len(indices) // 2])

    def _offer_planes(self) -> None:
        """Let the slider run over the planes that have values; stay where it is if it may."""
        if self._cube is None or self.quantity.value is None:
            return
        axis = PLANES[self.plane.value][2]
        values = grid_values(self._cube, self.plane.value)
        indices = planes_with_values(self._cube, self.plane.value, self.quantity.value)
        options = {f"{values[index]:+.2f} kpc": int(index) for index in indices}
        if self.index.label == axis and dict(self.index.options) == options:
            return
        start = self._start["xyz".index(axis)] if len(indices) == len(values) else _HEIGHT
        chosen = int(indices[nearest(values[indices], start)])
        self.index.param.update(label=axis, options=options, value=chosen)
