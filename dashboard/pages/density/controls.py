"""What steers the maps and profiles of the page Density."""

from __future__ import annotations

from collections.abc import Callable

import panel_material_ui as pmui

from dashboard.components.parts import narrow, section, wide
from dashboard.policy.baryon_choice import BaryonChoice
from dashboard.services.density_map import DensityMap
from dashboard.views.density_slices import DENSITIES, DENSITY_UNITS, DensityAsked
from engine.cubes.slices import PLANES, grid_values, nearest
from engine.smoothing import BANDWIDTHS, Kernel

__all__ = ["DensityControls"]

_HORIZONTAL = (0.2, 1.0)
_VERTICAL = (0.05, 0.6)
_STEP = 0.05


class DensityControls:
    """The widgets beside the maps.

    Attributes
    ----------
    plane, index, quantity, unit, estimator
        Which numbers are drawn.
    across, up
        Bandwidths of the kernel along the plane and across it, kpc.
    logarithmic, relative, difference, show_untrusted
        How colours, errors and differences are expressed; whether doubtful cells are drawn.
    """

    def __init__(self) -> None:
        self.plane = pmui.RadioButtonGroup(
            label="", options=list(PLANES), value="x-z", **wide("vo-plane")
        )
        self.index = pmui.DiscreteSlider(label="y", options={"0": 0}, value=0, **wide("vo-slice"))
        self.quantity = pmui.Select(
            label="Density",
            options={q.label: q.key for q in DENSITIES.values()},
            value="total",
            **wide("vo-quantity"),
        )
        self.unit = pmui.Select(
            label="Unit",
            options={u.label: u.key for u in DENSITY_UNITS.values()},
            value="Msun/pc3",
            **wide("vo-unit"),
        )
        self.estimator = pmui.Select(
            label="Estimator", options=[], visible=False, **wide("vo-estimator")
        )
        self.across = pmui.FloatSlider(
            label="Bandwidth along the plane, kpc", value=0.5, start=_HORIZONTAL[0],
            end=_HORIZONTAL[1], step=0.05, **wide("vo-bandwidth-r"),
        )  # fmt: skip
        self.up = pmui.FloatSlider(
            label="Vertical bandwidth (kpc)", value=0.2, start=_VERTICAL[0],
            end=_VERTICAL[1], step=0.05, **wide("vo-bandwidth-z"),
        )  # fmt: skip
        self.logarithmic = pmui.Switch(
            label="Logarithmic colours", value=True, **wide("vo-logarithmic")
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
            value="sigma",
            **wide("vo-difference"),
        )
        self.show_untrusted = pmui.Switch(
            label="Show flagged cells", value=False, **wide("vo-show-untrusted")
        )
        self._densities: DensityMap | None = None
        self.plane.param.watch(lambda _: self._offer_slices(), "value")
        self.view = section(
            "Plane",
            self.plane,
            self.index,
            self.quantity,
            self.unit,
            self.estimator,
            self.across,
            self.up,
            self.logarithmic,
            self.relative,
            self.difference,
            self.show_untrusted,
            css_class="vo-map-controls",
        )
        narrow(self.view)

    NAMES = ("plane", "index", "quantity", "unit", "estimator", "across", "up", "logarithmic",
             "relative", "difference", "show_untrusted")  # fmt: skip

    def offer(self, densities: DensityMap) -> None:
        """Offer what a run has, with the bandwidths of its cube."""
        self._densities = densities
        names = densities.estimators
        kept = self.estimator.value if self.estimator.value in names else names[0]
        self.estimator.param.update(options=names, value=kept, visible=len(names) > 1)
        self.difference.visible = densities.truth is not None
        x, _, z = densities.kernel.bandwidths
        for slider, value, (low, high) in ((self.across, x, _HORIZONTAL), (self.up, z, _VERTICAL)):
            # small volumes have small kernels
            scale = min(1.0, x / BANDWIDTHS[0])
            slider.param.update(
                start=low * scale, end=high * scale, step=_STEP * scale, value=value
            )
        self._offer_slices()

    def watch(self, name: str, callback: Callable[[object], None]) -> None:
        """Call back when a widget changes."""
        getattr(self, name).param.watch(callback, "value")

    @property
    def at(self) -> int:
        """Index of the plane, also while the slider follows another plane's axis."""
        if self._densities is None:
            return 0
        count = grid_values(self._densities.acceleration, self.plane.value).size
        return min(int(self.index.value), count - 1)

    def asked(self, baryons: BaryonChoice) -> DensityAsked:
        """Give what is to be seen."""
        x, z = round(float(self.across.value), 3), round(float(self.up.value), 3)
        truncation = 2.0 if self._densities is None else self._densities.kernel.truncation
        return DensityAsked(
            quantity=self.quantity.value,
            unit=self.unit.value,
            estimator=str(self.estimator.value),
            kernel=Kernel((x, x, z), truncation),
            baryons=baryons,
        )

    def _offer_slices(self) -> None:
        """Let the slider run over the third axis, starting at the Sun."""
        if self._densities is None:
            return
        axis = PLANES[self.plane.value][2]
        values = grid_values(self._densities.acceleration, self.plane.value)
        self.index.param.update(
            label=axis,
            options={f"{value:+.2f} kpc": index for index, value in enumerate(values)},
            value=nearest(values, self._densities.start["xyz".index(axis)]),
        )
