"""The maps and profiles of the page Density, and what steers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import holoviews as hv
import panel_material_ui as pmui
from bokeh.events import Tap

from dashboard.components.baryon_controls import BaryonControls
from dashboard.components.escape import plain
from dashboard.components.live_figure import LiveFigure
from dashboard.components.parts import section
from dashboard.components.theme import figure_colours
from dashboard.pages.density.controls import DensityControls
from dashboard.policy.baryon_choice import said
from dashboard.services.density_map import DensityMap
from dashboard.services.latest_only import LatestWork
from dashboard.session.session import Session
from dashboard.views import cube_maps
from dashboard.views.density_slices import (
    DensityAsked,
    density_map,
    density_overlay,
    take_density,
    take_density_profile,
)
from dashboard.views.profiles import LINES, Profile, profile_plot
from dashboard.views.style import styled
from data.frames import DEFAULT_SUN
from engine.cubes.slices import PLANES, MapSlice
from engine.cubes.trust_words import doubt_sentence
from engine.dark_matter.local import LocalValue

__all__ = ["DensityPanel", "DensityShown"]

PROFILE_FRAME = (212, 190)


@dataclass(frozen=True)
class DensityShown:
    """Everything that is on the screen.

    Parameters
    ----------
    asked
        What was asked for.
    cut
        The slice.
    profiles
        By line.
    through
        Where the profiles pass, kpc.
    local
        Total and dark density at the Sun's distance from the centre, with the cube's kernel.
    """

    asked: DensityAsked
    cut: MapSlice
    profiles: dict[str, Profile]
    through: tuple[float, float, float]
    local: dict[str, LocalValue]


def work_out_map(
    densities: DensityMap,
    asked: DensityAsked,
    plane: str,
    index: int,
    through: tuple[float, float, float],
) -> DensityShown:
    """Work out a slice and the local values, without profiles; safe in a thread."""
    cut = take_density(densities, asked, plane, index)
    return DensityShown(asked, cut, {}, through, densities.local(asked.estimator, asked.baryons))


def work_out_profiles(densities: DensityMap, shown: DensityShown) -> DensityShown:
    """Add the profiles; safe in a thread."""
    lines = {
        line: take_density_profile(densities, shown.asked, line, shown.through) for line in LINES
    }
    return replace(shown, profiles=lines)


def work_out(
    densities: DensityMap,
    asked: DensityAsked,
    plane: str,
    index: int,
    through: tuple[float, float, float],
) -> DensityShown:
    """Work out everything that is to be seen; safe in a thread."""
    return work_out_profiles(densities, work_out_map(densities, asked, plane, index, through))


class DensityPanel:
    """Maps of a density on one plane, and profiles through a place.

    Parameters
    ----------
    session
        The browser session.
    draw
        Draws figures, as `ResultPage.draw` does.
    shown
        Called with what is on the screen when it has changed.
    """

    def __init__(
        self,
        session: Session,
        draw: Callable[[Sequence[Callable[[], None]]], None],
        shown: Callable[[DensityShown], None],
    ) -> None:
        self._session, self._draw, self._tell = session, draw, shown
        self._densities: DensityMap | None = None
        self._through = DEFAULT_SUN.position
        self.shown: DensityShown | None = None
        # the maps follow the hand; the profiles, which take longer, follow the maps
        self._work = LatestWork(session, self._wish, self._show)
        self._lines = LatestWork(session, self._wish_lines, self._show_lines)
        self.controls = DensityControls()
        self.baryons = BaryonControls(session, self._work)
        self.figures = {
            "value": LiveFigure(lambda: self._map("Measured", self._value), linked_axes=True),
            "error": LiveFigure(lambda: self._map("Error", self._error), linked_axes=True),
            "truth": LiveFigure(lambda: self._map("Truth", self._true), linked_axes=True),
            "difference": LiveFigure(
                lambda: self._map("Measured − truth", self._difference), linked_axes=True
            ),
        }
        self.profiles = {line: LiveFigure(partial(self._profile, line)) for line in LINES}
        self._caption = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-map-caption"]
        )
        self._where = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-profile-caption"]
        )
        self._back = pmui.Button(
            label="Back to the Sun",
            variant="text",
            size="small",
            visible=False,
            margin=(0, 8),
            css_classes=["vo-back-to-sun"],
        )
        self._back.param.watch(session.guarded(lambda _: self.go_through(None)), "clicks")
        for name in self.controls.NAMES:
            self.controls.watch(name, session.guarded(self._work))
        maps = pmui.FlexBox(
            *(figure.pane for figure in self.figures.values()), sizing_mode="stretch_width"
        )
        lines = pmui.FlexBox(*(figure.pane for figure in self.profiles.values()))
        self.view = pmui.Row(
            pmui.Column(self.controls.view, self.baryons.view, margin=0, width=248),
            pmui.Column(
                section("Slice", self._caption, maps, css_class="vo-maps"),
                section(
                    "Profiles",
                    pmui.Row(self._where, self._back, margin=0),
                    lines,
                    note="Bands hold 68% and 95% of the probability by the errors of the run; "
                    "the dashed line is the truth of a mock, averaged in the same way.",
                    css_class="vo-profiles",
                ),
                sizing_mode="stretch_width",
                margin=0,
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def show(self, densities: DensityMap) -> None:
        """Show another run; at once, so that the figures are there before their places."""
        self._densities = None  # the widgets now change for a run that is not here yet
        self.controls.offer(densities)
        self.baryons.offer(densities.truth)
        self._densities, self._through = densities, densities.start
        self._back.visible = False
        for name in ("truth", "difference"):
            self.figures[name].pane.visible = densities.truth is not None
        work = self._wish()
        if work is not None:
            self._say(work_out_profiles(densities, work()))
            self._redraw()

    def recolour(self) -> None:
        """Draw in the colours of the session."""
        if self.shown is not None:
            self._redraw()

    def go_through(self, place: tuple[float, float, float] | None) -> None:
        """Let the profiles pass through another place; None is where they began."""
        if self._densities is None:
            return
        self._through = place or self._densities.start
        self._back.visible = place is not None
        self._work()

    def _wish(self) -> Callable[[], DensityShown] | None:
        if self._densities is None:
            return None
        at = self.controls
        asked = at.asked(self.baryons.choice)
        return partial(
            work_out_map, self._densities, asked, str(at.plane.value), at.at, self._through
        )

    def _wish_lines(self) -> Callable[[], DensityShown] | None:
        if self._densities is None or self.shown is None:
            return None
        return partial(work_out_profiles, self._densities, self.shown)

    def _show(self, shown: DensityShown) -> None:
        """Show new maps over the profiles of before, and ask for new ones."""
        self._say(replace(shown, profiles=self.shown.profiles if self.shown else {}))
        self._draw([f.update for f in self.figures.values() if f.pane.visible])
        self._lines()

    def _show_lines(self, shown: DensityShown) -> None:
        if self.shown is not None:
            self.shown = replace(self.shown, profiles=shown.profiles)
            self._draw([figure.update for figure in self.profiles.values()])

    def _say(self, shown: DensityShown) -> None:
        self.shown = shown
        cut, (across_plane, _, up) = shown.cut, shown.asked.kernel.bandwidths
        across = PLANES[cut.plane][2]
        what = cut.quantity.description
        if cut.quantity.key != "total":
            what += f" ({said(shown.asked.baryons)})"
        self._caption.object = plain(
            f"{cut.quantity.label}: {what}, on the plane {across} = {cut.at:+.2f} kpc, averaged "
            f"over {across_plane:g} kpc along the plane and {up:g} kpc across it. "
            + doubt_sentence(show_untrusted=self.controls.show_untrusted.value)
        )
        x, y, z = shown.through
        self._where.object = (
            f"Through x = {x:.2f}, y = {y:.2f}, z = {z:.2f} kpc. Click into the measured map to "
            "move the lines."
        )
        self._tell(shown)

    def _redraw(self) -> None:
        figures = [*self.figures.values(), *self.profiles.values()]
        self._draw([figure.update for figure in figures if figure.pane.visible])

    def _map(self, title: str, draw: Callable[[MapSlice], hv.Overlay]) -> hv.Overlay:
        cut, densities = self.shown.cut, self._densities
        ranges = cube_maps.square_ranges(densities.acceleration, cut.plane)
        hooks = [cube_maps.frame_hook(cut.plane, densities.sun, ranges)]
        if title == "Measured":
            hooks.append(self._tapped)
        colours = figure_colours(dark=self._session.dark)
        return styled(draw(cut), colours, grid=False, hooks=hooks).opts(
            frame_width=cube_maps.FRAME,
            frame_height=cube_maps.FRAME,
            title=title,
            default_tools=["pan", "wheel_zoom", "reset", "save"],
        )

    def _tapped(self, plot: Any, _: object) -> None:  # noqa: ANN401  HoloViews' plots are untyped
        """Let a click into the map move the profiles; a figure listens once."""
        if not plot.handles.get("listens"):
            plot.handles["listens"] = True
            plot.state.on_event(Tap, self._session.guarded(self._click))

    def _click(self, event: Tap) -> None:
        cut = self.shown.cut
        place = dict(zip(PLANES[cut.plane], (event.x, event.y, cut.at), strict=True))
        self.go_through((float(place["x"]), float(place["y"]), float(place["z"])))

    @property
    def _doubtful(self) -> bool:
        return bool(self.controls.show_untrusted.value)

    def _value(self, cut: MapSlice) -> hv.Overlay:
        return self._density(cut, true=False)

    def _true(self, cut: MapSlice) -> hv.Overlay:
        return self._density(cut, true=True)

    def _density(self, cut: MapSlice, *, true: bool) -> hv.Overlay:
        logarithmic = bool(self.controls.logarithmic.value)
        return density_map(cut, true=true, logarithmic=logarithmic, show_untrusted=self._doubtful)

    def _error(self, cut: MapSlice) -> hv.Overlay:
        relative = self.controls.relative.value == "percent"
        element = cube_maps.error_map(cut, relative=relative, show_untrusted=self._doubtful)
        unit = "%" if relative else cut.unit.label
        return density_overlay(element, cut, f"σ({cut.quantity.label})", unit)

    def _difference(self, cut: MapSlice) -> hv.Overlay:
        how = self.controls.difference.value
        element = cube_maps.difference_map(cut, how=how, show_untrusted=self._doubtful)
        if how == "percent":  # densities are ten times harder than accelerations
            element = element.opts(clim=(-30.0, 30.0))
        unit = "σ" if how == "sigma" else "%"
        return density_overlay(element, cut, f"{cut.quantity.label} − truth", unit)

    def _profile(self, line: str) -> hv.Overlay:
        colours = figure_colours(dark=self._session.dark)
        plot = profile_plot(self.shown.profiles[line], colours, show_untrusted=self._doubtful)
        return styled(plot, colours).opts(
            frame_width=PROFILE_FRAME[0], frame_height=PROFILE_FRAME[1], title=_TITLES[line]
        )


_TITLES = {"x": "Along x", "z": "Up and down", "arc": "Round the axis"}
