"""What steers the page Dark matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import panel_material_ui as pmui

from dashboard.components.parts import narrow, section, wide
from dashboard.session.session import Session
from dashboard.views.density_slices import DENSITY_UNITS
from engine.dark_matter.summary import AXIS_RATIO

__all__ = ["DarkMatterControls"]


class DarkMatterControls:
    """Estimator, unit, and how the averages are taken.

    Parameters
    ----------
    session
        The browser session.
    changed
        Called when numbers have to be worked out again.
    """

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self.unit = pmui.Select(
            label="Unit",
            options={u.label: u.key for u in DENSITY_UNITS.values()},
            value="GeV/cm3",
            **wide("vo-unit"),
        )
        self.estimator = pmui.Select(
            label="Estimator", options=[], visible=False, **wide("vo-estimator")
        )
        self._ratio = pmui.FloatSlider(
            label="Axis ratio q of the ellipsoids", value=AXIS_RATIO, start=0.4, end=1.2,
            step=0.05, **wide("vo-axis-ratio"),
        )  # fmt: skip
        self._height = pmui.FloatSlider(
            label="Leave out |z| below, kpc", value=0.0, start=0.0, end=1.5, step=0.1,
            **wide("vo-z-min"),
        )  # fmt: skip
        for widget in (self.estimator, self._ratio, self._height):
            widget.param.watch(session.guarded(lambda _: changed()), "value")
        self.view = section(
            "Averages",
            self.unit,
            self.estimator,
            self._ratio,
            self._height,
            css_class="vo-dark-controls",
        )
        narrow(self.view)

    @property
    def axis_ratio(self) -> float:
        """Axis ratio of the ellipsoidal shells."""
        return round(float(self._ratio.value), 3)

    @property
    def z_min(self) -> float:
        """Height below which cells are left out, kpc."""
        return round(float(self._height.value), 3)

    def offer(self, estimators: Sequence[str]) -> None:
        """Offer the estimators of a run."""
        names = list(estimators)
        kept = self.estimator.value if self.estimator.value in names else names[0]
        self.estimator.param.update(options=names, value=kept, visible=len(names) > 1)
