"""The page Acceleration: the map of a run, with its errors and, for a mock, the truth."""

from __future__ import annotations

import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.export_menu import ExportMenu
from dashboard.components.map_panel import MapPanel
from dashboard.components.parts import tile, tile_text
from dashboard.components.profile_line import DrawnLine
from dashboard.components.profile_panel import ProfilePanel
from dashboard.export.view import View
from dashboard.pages.acceleration.diagnostics_panel import DiagnosticsPanel
from dashboard.pages.acceleration.sun_panel import SunPanel
from dashboard.pages.result_page import ResultPage
from dashboard.policy.captions import provenance_sentence, trust_alert, trusted_share
from dashboard.policy.verdicts import figures
from dashboard.services.results import MapResult, truth_errors
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.session.staleness import stale_sentence
from engine.cubes.quantities import UNITS
from engine.cubes.slices import grid_values, sun_position

__all__ = ["AccelerationPage"]


class AccelerationPage(ResultPage):
    """Numbers to take away, slices, profiles, and what to believe."""

    title = "Acceleration"
    icon = "explore"
    slug = "acceleration"
    cubes = ("acceleration", "profiles")

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        line = DrawnLine(session)
        self._maps = MapPanel(session, self.draw, line)
        self._profiles = ProfilePanel(session, self._maps.controls, self.draw, line)
        self._diagnostics = DiagnosticsPanel(session, self.draw, self._maps.controls)
        self._sun = SunPanel()
        self._export = ExportMenu(
            session,
            lambda: self.result,
            self._on_screen_now,
            {"Slice and its cube": "acceleration", "Profiles": "profiles"},
        )
        session.param.watch(
            session.guarded(lambda *_: self._show_staleness()),
            ["catalogue", "selection", "volume"],
        )
        self._maps.controls.watch("estimator", session.guarded(self._chosen))

    def content(self) -> list[Viewable]:
        """Build the parts of the page."""
        self._alert = _alert("vo-trust")
        self._stale = _alert("vo-stale")
        self._tiles = {
            "size": tile("|a| at the Sun", css_class="vo-tile-size"),
            "speed": tile("Circular speed at the Sun", css_class="vo-tile-speed"),
            "trusted": tile("Reliable volume", css_class="vo-tile-trusted"),
            "truth": tile("Median error against the truth", css_class="vo-tile-truth"),
        }
        self._caption = pmui.Typography(
            "",
            variant="caption",
            margin=(2, 12),
            sizing_mode="stretch_width",
            sx={"color": "text.secondary"},
            css_classes=["vo-caption"],
        )
        return [
            self._stale,
            self._alert,
            pmui.Row(*self._tiles.values(), sizing_mode="stretch_width", margin=0),
            self._maps.view,
            self._caption,
            self._export.view,
            self._profiles.view,
            self._diagnostics.view,
            self._sun.view,
        ]

    def show_result(self, result: MapResult) -> None:
        """Show the map of a run."""
        cube = result.cubes["acceleration"]
        _say(self._alert, trust_alert(cube, result.warnings))
        self._show_staleness()
        self._caption.object = plain(provenance_sentence(cube.attrs, result.catalogue_name))
        self._profiles.clear()  # it follows widgets that now change for another cube
        self._maps.show(cube, result.truth)
        self._show_numbers(result)
        self._profiles.show(result.cubes["profiles"], cube, result.truth)
        self._diagnostics.show(cube)

    def recolour(self) -> None:
        """Draw lines and frames in the colours of the session; cells have colours of their own."""
        self._maps.recolour()
        self._profiles.recolour()
        self._diagnostics.recolour()

    def _on_screen_now(self) -> View:
        """Give what the maps show, for an export of the same."""
        at = self._maps.controls
        cube = self.result.cubes["acceleration"]
        return View(
            plane=at.plane.value,
            at=float(grid_values(cube, at.plane.value)[at.index_in(cube)]),
            quantity=at.quantity.value,
            unit=at.unit.value,
            estimator=at.estimator.value,
            show_untrusted=at.show_untrusted.value,
            relative=at.relative.value == "percent",
            difference=at.difference.value,
            arrows=at.arrows.value,
        )

    def _show_staleness(self) -> None:
        """Mark a map that no longer belongs to what is selected."""
        if self.result is None:
            return
        cube = self.result.cubes["acceleration"]
        sentence = stale_sentence(self.session, self.result.record, sun_position(cube))
        hint = "Start a run on the page Tracers to map the stars that are selected now."
        _say(self._stale, ("warning", sentence, hint) if sentence else None)

    def _chosen(self, _: object) -> None:
        """Let the numbers follow the estimator that the maps show."""
        if self.result is not None:
            self._show_numbers(self.result)

    def _show_numbers(self, result: MapResult) -> None:
        estimator = str(self._maps.controls.estimator.value)
        if estimator in result.cubes["acceleration"]["estimator"].values:
            self._show_tiles(result, estimator)
            self._sun.show(result, estimator)

    def _show_tiles(self, result: MapResult, estimator: str) -> None:
        cube, sun = result.cubes["acceleration"], result.at_sun_by(estimator)
        unit = UNITS["1e-10 m/s2"]
        doubt = "" if sun is None or sun.trusted else "unreliable"
        size = speed = "—"
        if sun is not None:
            size = f"{figures(*(part * unit.factor for part in sun.size))} × {unit.label}"
            speed = figures(*sun.circular_speed)
            speed = speed if speed == "—" else f"{speed} km/s"
        note = doubt or ("published: 1.94 ± 0.22 and 2.32 ± 0.16" if sun else "not in the volume")
        self._tiles["size"].object = tile_text("|a| at the Sun", size, note)
        self._tiles["speed"].object = tile_text(
            "Circular speed at the Sun, √(R |a_x|)", speed, doubt or "published: 229.0 ± 0.2 km/s"
        )
        self._tiles["trusted"].object = tile_text(
            "Reliable volume",
            f"{100 * trusted_share(cube, estimator):.0f}%",
            f"cells without a doubt, by {estimator}",
        )
        self._tiles["truth"].visible = result.truth is not None
        if result.truth is not None:
            self._tiles["truth"].object = truth_tile(truth_errors(cube, result.truth, estimator))


def truth_tile(errors: np.ndarray) -> str:
    """Give the HTML of the tile that compares the trusted cells with the truth."""
    label = "Median error against the truth"
    if errors.size == 0:
        return tile_text(label, "—", "no reliable cells")
    median, high = np.percentile(errors, [50, 95])
    note = f"95% of the reliable cells within {100 * high:.1f}%"
    return tile_text(label, f"{100 * median:.1f}%", note)


def _alert(css_class: str) -> pmui.Alert:
    return pmui.Alert(
        object="",
        severity="info",
        visible=False,
        margin=(4, 8),
        sizing_mode="stretch_width",
        css_classes=[css_class],
    )


def _say(alert: pmui.Alert, message: tuple[str, str, str] | None) -> None:
    """Show a message (severity, sentence, hint), or nothing."""
    if message is None:
        alert.visible = False
        return
    severity, sentence, hint = message
    text = f"**{plain(sentence)}**<br>{plain(hint)}" if hint else plain(sentence)
    alert.param.update(severity=severity, object=text, visible=True)
