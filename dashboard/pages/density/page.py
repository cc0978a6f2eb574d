"""The page Density: total, baryonic and dark mass density of a run, at any bandwidth."""

from __future__ import annotations

import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.export_menu import ExportMenu
from dashboard.components.parts import pairs_table, section, table, tile, tile_text
from dashboard.export.density_figure import DensityView
from dashboard.pages.density.base import DensityResultPage
from dashboard.pages.density.maps import DensityPanel, DensityShown
from dashboard.policy.baryon_choice import said
from dashboard.policy.captions import provenance_sentence, trust_alert
from dashboard.policy.density_words import BELIEVE, local_text, share_trusted, truth_errors
from dashboard.policy.verdicts import figures
from dashboard.services.density_map import DensityMap
from dashboard.services.results import MapResult
from dashboard.services.services import Services
from dashboard.session.session import Session
from engine.cubes.trust_words import shares

__all__ = ["DensityPage"]


class DensityPage(DensityResultPage):
    """Slices and profiles of a density, with its errors and, for a mock, the truth."""

    title = "Density"
    icon = "grain"
    slug = "density"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._panel = DensityPanel(session, self.draw, self._show_local)
        self._export = ExportMenu(
            session,
            lambda: self.result,
            self._on_screen_now,
            {"Slice and its cube": "density"},
            script=False,
        )
        self._truth: np.ndarray = np.empty(0)

    def prepare(self, densities: DensityMap) -> None:
        """Work out what the tiles compare."""
        super().prepare(densities)
        self._truth = truth_errors(densities, densities.estimators[0])

    def content(self) -> list[Viewable]:
        """Build the parts of the page."""
        self._alert = pmui.Alert(
            object="",
            severity="info",
            visible=False,
            margin=(4, 8),
            sizing_mode="stretch_width",
            css_classes=["vo-trust"],
        )
        self._tiles = {
            name: tile(name, css_class=f"vo-tile-{name}")
            for name in ("total", "dark", "trusted", "truth")
        }
        self._doubts = table(css_class="vo-doubts")
        self._provenance = table(css_class="vo-provenance")
        return [
            self._alert,
            pmui.Row(*self._tiles.values(), sizing_mode="stretch_width", margin=0),
            self._panel.view,
            self._export.view,
            pmui.Row(
                section(
                    "Caveats",
                    pmui.Typography(BELIEVE, variant="body2", margin=(4, 10)),
                    css_class="vo-believe",
                ),
                section("Flagged cells by reason", self._doubts),
                sizing_mode="stretch_width",
                margin=0,
            ),
            section("Provenance", self._provenance),
        ]

    def show_result(self, result: MapResult) -> None:
        """Show the densities of a run."""
        densities = self.densities
        if densities is None:
            return
        message = trust_alert(result.cubes["acceleration"], result.warnings)
        self._alert.visible = message is not None and message[0] == "warning"
        if message is not None:
            why = " ".join(result.warnings) or "The reasons are listed at the foot of the page."
            self._alert.param.update(
                severity=message[0], object=f"**{plain(message[1])}**<br>{plain(why)}"
            )
        self._show_tiles(densities)
        self._panel.show(densities)
        flags = result.cubes["density"]["trust_flags"].transpose("x", "y", "z")
        lines = [
            (text, f"{100 * share:.0f}% of the volume" if share >= 0.005 else "under 1%")
            for text, share in shares(flags, densities.grid.inside)
        ]
        self._doubts.object = pairs_table(lines or [("None", "no cell is flagged.")])
        cube = result.cubes["density"]
        self._provenance.object = pairs_table(
            [
                ("Source", provenance_sentence(cube.attrs, result.catalogue_name)),
                ("Cube density", str(result.paths["density"])),
                ("Draws of the errors", str(result.paths["draws"])),
            ]
        )

    def recolour(self) -> None:
        """Draw the lines and frames in the colours of the session."""
        self._panel.recolour()

    def _on_screen_now(self) -> DensityView:
        """Give what the maps show, for an export of the same."""
        shown = self._panel.shown
        return DensityView(
            cut=None if shown is None else shown.cut,
            profiles=() if shown is None else tuple(shown.profiles.values()),
            caption=str(self._panel._caption.object),
            show_untrusted=bool(self._panel.controls.show_untrusted.value),
            relative=self._panel.controls.relative.value == "percent",
        )

    def _show_local(self, shown: DensityShown) -> None:
        """Say what the chosen estimator and baryons give at the Sun's distance."""
        for kind, label in (
            ("total", "Total density at the Sun's radius"),
            ("dark", "Dark matter at the Sun's radius"),
        ):
            first, second = local_text(*shown.local[kind].msun_pc3)
            note = second or "too few trusted cells there"
            if kind == "dark" and second:
                note += f", after {said(shown.asked.baryons)}"
            self._tiles[kind].object = tile_text(label, first, note)

    def _show_tiles(self, densities: DensityMap) -> None:
        share = share_trusted(densities, densities.estimators[0])
        self._tiles["trusted"].object = tile_text(
            "Reliable volume",
            f"{100 * share:.0f}%",
            "cells whose kernel lies inside the surveyed volume",
        )
        self._tiles["truth"].visible = densities.truth is not None
        if self._truth.size:
            median, high = np.percentile(self._truth, [50, 95])
            self._tiles["truth"].object = tile_text(
                "Median error of the total above 0.3 kpc",
                f"{100 * median:.1f}%",
                f"95% of the reliable cells within {100 * high:.0f}%",
            )
        else:
            self._tiles["truth"].object = tile_text(
                "Median error of the total", figures(np.nan, np.nan), "no reliable cells"
            )
