"""The page Dark matter: what the baryons leave of a map, against radius and at the Sun."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.baryon_controls import BaryonControls
from dashboard.components.escape import plain
from dashboard.components.export_menu import ExportMenu
from dashboard.components.live_figure import LiveFigure
from dashboard.components.parts import section, tile, tile_text
from dashboard.components.theme import figure_colours
from dashboard.export.density_figure import DensityView
from dashboard.pages.dark_matter.controls import DarkMatterControls
from dashboard.pages.dark_matter.panels import DarkMatterTables
from dashboard.pages.density.base import DensityResultPage
from dashboard.policy.baryon_choice import BaryonChoice, offered, said
from dashboard.policy.captions import trust_alert
from dashboard.policy.dark_matter_words import with_error
from dashboard.services.density_map import DensityMap
from dashboard.services.latest_only import LatestWork
from dashboard.services.results import MapResult
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.views.dark_matter_plots import RadialPlot, force_plot, radial_plot, ranges_hook
from dashboard.views.density_slices import DENSITY_UNITS
from dashboard.views.style import styled
from engine.cubes.quantities import Array
from engine.dark_matter.local import local_value
from engine.dark_matter.shells import shell_average
from engine.dark_matter.summary import Z_MAX, DarkMatter
from engine.draws import Draws

__all__ = ["DarkMatterPage", "Found", "find"]

FRAME = (760, 330)
FORCE_FRAME = (420, 260)


@dataclass(frozen=True)
class Wanted:
    """What is asked of the map."""

    estimator: str
    baryons: BaryonChoice
    axis_ratio: float
    z_min: float


@dataclass(frozen=True)
class Found:
    """What a map says, and for a mock the truth in the same cells.

    Parameters
    ----------
    wanted
        What was asked.
    dark
        What the map says.
    true_shells, true_local
        Averages of a mock's halo over the same kernel and cells, Msun/pc3.
    true_force
        Heights and K_z of a mock above the Sun's place.
    true_surface
        Surface density of a mock, all and dark, Msun/pc2.
    """

    wanted: Wanted
    dark: DarkMatter
    true_shells: Array | None = None
    true_local: float | None = None
    true_force: tuple[Array, Array] | None = None
    true_surface: tuple[float, float] | None = None


def find(densities: DensityMap, wanted: Wanted) -> Found:
    """Work everything out; safe in a thread."""
    dark = densities.dark_matter(
        wanted.estimator, wanted.baryons, axis_ratio=wanted.axis_ratio, z_min=wanted.z_min
    )
    truth = densities.truth
    if truth is None:
        return Found(wanted, dark)
    grid = densities.grid
    trusted = densities.words(wanted.estimator, densities.kernel) == 0
    halo = densities.true_density("dark", grid.points, densities.kernel)
    exact = Draws(halo, np.empty((0, halo.size)))
    shells = shell_average(exact, grid, dark.shells.edges, trusted=trusted, z_min=wanted.z_min)
    radius = float(np.linalg.norm(densities.sun))
    local = local_value(exact, grid, radius=radius, trusted=trusted, z_min=wanted.z_min)
    x, y, _ = densities.sun
    z = np.linspace(grid.z[0], grid.z[-1], 121)
    column = np.stack([np.full_like(z, x), np.full_like(z, y), z], 1)
    fine = np.linspace(-Z_MAX, Z_MAX, 801)
    inner = np.stack([np.full_like(fine, x), np.full_like(fine, y), fine], 1)
    surface = tuple(
        1e3 * float(np.trapezoid(densities.true_density(kind, inner, None), fine))
        for kind in ("total", "dark")
    )
    return Found(
        wanted,
        dark,
        np.where(np.isfinite(dark.shells.density.mean), shells.density.mean, np.nan),
        local.msun_pc3[0],
        (z, truth.acceleration(column)[:, 2]),
        (surface[0], surface[1]),
    )


class DarkMatterPage(DensityResultPage):
    """Averages over shells, halo fits, the local value, and what follows from the force."""

    title = "Dark matter"
    icon = "dark_mode"
    slug = "dark_matter"

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self.found: Found | None = None
        self._first: Found | None = None
        self._ready_for: DensityMap | None = None
        self._work = LatestWork(session, self._wish, self._show)
        self.controls = DarkMatterControls(session, self._work)
        self.baryons = BaryonControls(session, self._work)
        self.controls.unit.param.watch(session.guarded(lambda _: self._redraw()), "value")
        self._radial = LiveFigure(self._radial_plot)
        self._force = LiveFigure(self._force_plot)
        self._tables = DarkMatterTables()
        self._export = ExportMenu(
            session,
            lambda: self.result,
            DensityView,
            {"Averages and fits": "dark_matter"},
            script=False,
        )

    def prepare(self, densities: DensityMap) -> None:
        """Work out what is seen first."""
        super().prepare(densities)
        choice = BaryonChoice(next(iter(offered(densities.truth).values())))
        wanted = Wanted(
            densities.estimators[0], choice, self.controls.axis_ratio, self.controls.z_min
        )
        self._first = find(densities, wanted)

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
            for name in ("local", "truth", "surface", "speed")
        }
        self._caption = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-dark-caption"]
        )
        return [
            self._alert,
            pmui.Row(*self._tiles.values(), sizing_mode="stretch_width", margin=0),
            pmui.Row(
                pmui.Column(self.controls.view, self.baryons.view, margin=0, width=248),
                pmui.Column(
                    section(
                        "Dark matter against radius",
                        self._caption,
                        self._radial.pane,
                        self._tables.literature,
                        self._tables.fits,
                        note="Each point is the volume-weighted mean of the trusted cells of a "
                        "shell; bands hold 68% of the haloes that fit the spheres.",
                        css_class="vo-dark-profile",
                    ),
                    self._tables.believe,
                    section(
                        "The vertical force above the Sun",
                        pmui.FlexBox(
                            self._force.pane,
                            pmui.Column(self._tables.surface, width=400, margin=(8, 0)),
                            sizing_mode="stretch_width",
                        ),
                        css_class="vo-vertical",
                    ),
                    sizing_mode="stretch_width",
                    margin=0,
                ),
                sizing_mode="stretch_width",
                margin=0,
            ),
            self._export.view,
            self._tables.below,
        ]

    def show_result(self, result: MapResult) -> None:
        """Show what a run says of dark matter."""
        densities = self.densities
        if densities is None:
            return
        message = trust_alert(result.cubes["acceleration"], result.warnings)
        self._alert.visible = message is not None and message[0] == "warning"
        if message is not None:
            why = " ".join(result.warnings) or "The page Acceleration lists the reasons."
            self._alert.param.update(
                severity=message[0], object=f"**{plain(message[1])}**<br>{plain(why)}"
            )
        self._ready_for = None  # the widgets now change for a run that is not here yet
        self.controls.offer(densities.estimators)
        self.baryons.offer(densities.truth)
        self._ready_for = densities
        self._tables.offer(result)
        if self._first is not None and self._first.wanted == self._wanted():
            self._show(self._first)
        else:
            self._show(find(densities, self._wanted()))
        self._first = None

    def recolour(self) -> None:
        """Draw in the colours of the session."""
        if self.found is not None:
            self.draw([self._radial.update, self._force.update])

    def _wanted(self) -> Wanted:
        at = self.controls
        return Wanted(str(at.estimator.value), self.baryons.choice, at.axis_ratio, at.z_min)

    def _wish(self) -> Callable[[], Found] | None:
        if self._ready_for is None:
            return None
        return partial(find, self._ready_for, self._wanted())

    def _show(self, found: Found) -> None:
        self.found = found
        self._redraw()

    def _redraw(self) -> None:
        found = self.found
        if found is None or self._ready_for is None:
            return
        unit = DENSITY_UNITS[self.controls.unit.value]
        self._show_tiles(found)
        z_min = found.wanted.z_min
        kept = f", |z| below {z_min:g} kpc left out" if z_min else ""
        self._caption.object = plain(
            f"After {said(found.wanted.baryons)}; by the estimator {found.wanted.estimator}{kept}."
        )
        self._tables.show(found, unit, self._ready_for)
        self.draw([self._radial.update, self._force.update])

    def _show_tiles(self, found: Found) -> None:
        local = found.dark.local
        gev, msun = DENSITY_UNITS["GeV/cm3"], DENSITY_UNITS["Msun/pc3"]
        value, note = "—", found.dark.missing.get("local", "")
        if local is not None:
            value = f"{with_error(local.density, gev.factor)} GeV/cm³"
            note = f"{with_error(local.density, msun.factor)} M☉/pc³"
        self._tiles["local"].object = tile_text("Dark matter at the Sun's distance", value, note)
        known = found.true_local is not None and math.isfinite(found.true_local)
        self._tiles["truth"].visible = known
        if known:
            off = "—"
            if local is not None:
                off = f"{100 * (local.msun_pc3[0] / found.true_local - 1):+.1f}%"
            self._tiles["truth"].object = tile_text(
                "Error against the truth",
                off.replace("-", "−"),
                f"truth {found.true_local * gev.factor:.3f} GeV/cm³ in the same cells",
            )
        surface = found.dark.surface
        self._tiles["surface"].object = tile_text(
            f"All mass within {Z_MAX:g} kpc of the plane",
            "—" if surface is None else f"{with_error(surface.total)} M☉/pc²",
            "at the Sun's place" if surface is not None else found.dark.missing.get("surface", ""),
        )
        oort = found.dark.oort
        self._tiles["speed"].object = tile_text(
            "Circular speed at the Sun",
            "—" if oort is None else f"{with_error(oort.speed)} km/s",
            "of the local force" if oort is not None else found.dark.missing.get("oort", ""),
        )

    def _radial_plot(self) -> object:
        found, unit = self.found, DENSITY_UNITS[self.controls.unit.value]
        plot = RadialPlot(
            found.dark.shells, found.dark.ellipsoids, found.dark.fits, found.true_shells, unit
        )
        colours = figure_colours(dark=self.session.dark)
        hook = ranges_hook(plot.radii, plot.densities)
        return styled(radial_plot(plot, colours), colours, hooks=[hook]).opts(
            frame_width=FRAME[0], frame_height=FRAME[1], title=""
        )

    def _force_plot(self) -> object:
        found, colours = self.found, figure_colours(dark=self.session.dark)
        overlay = force_plot(found.dark.column, found.true_force, colours)
        z = 4.0 if self._ready_for is None else float(self._ready_for.grid.z[-1])
        return styled(overlay, colours, hooks=[ranges_hook((-z, z), None)]).opts(
            frame_width=FORCE_FRAME[0], frame_height=FORCE_FRAME[1], title=""
        )
