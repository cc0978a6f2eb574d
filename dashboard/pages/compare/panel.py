"""Slices of two runs side by side, with their difference and their pull."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import holoviews as hv
import panel_material_ui as pmui
import xarray as xr

from dashboard.components.coalesced import Soon
from dashboard.components.live_figure import LiveFigure
from dashboard.components.map_controls import MapControls
from dashboard.components.parts import section, tile, tile_text
from dashboard.components.theme import figure_colours
from dashboard.policy.comparing import pull_words
from dashboard.policy.verdicts import figures
from dashboard.session.session import Session
from dashboard.views import compare_maps, cube_maps
from dashboard.views.style import styled
from engine.cubes.quantities import UNITS
from engine.cubes.slices import PLANES, MapSlice, sun_position, take_slice

__all__ = ["ComparePanel"]


class ComparePanel:
    """The maps of two cubes on one plane, and the numbers that sum up how they agree.

    Parameters
    ----------
    session
        The browser session.
    draw
        Draws figures, as `dashboard.pages.result_page.ResultPage.draw` does.
    """

    def __init__(
        self, session: Session, draw: Callable[[Sequence[Callable[[], None]]], None]
    ) -> None:
        self._session, self._draw = session, draw
        self._cubes: tuple[xr.Dataset, xr.Dataset] | None = None
        self.cuts: tuple[MapSlice, MapSlice] | None = None
        self._soon = Soon(session, lambda: self._cubes is not None, self._update)
        self.controls = MapControls()
        for widget in (self.controls.relative, self.controls.arrows):
            widget.visible = False
        self.tiles = {
            "trusted": tile("Reliable in both", css_class="vo-compare-trusted"),
            "difference": tile("Median of B − A", css_class="vo-compare-difference"),
            "pull": tile("Pulls, root mean square", css_class="vo-compare-pull"),
            "within": tile("Pulls within 1 σ", css_class="vo-compare-within"),
        }
        for one in self.tiles.values():
            one.min_width = 130  # all four beside the navigation in a window of 900 pixels
        self._figures = {
            "first": LiveFigure(lambda: self._styled("A", self._first), linked_axes=True),
            "second": LiveFigure(lambda: self._styled("B", self._second), linked_axes=True),
            "difference": LiveFigure(
                lambda: self._styled("B − A", compare_maps.difference_map), linked_axes=True
            ),
            "pull": LiveFigure(
                lambda: self._styled("Pull: (B − A) / error", compare_maps.pull_map),
                linked_axes=True,
            ),
        }
        self._caption = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-compare-caption"]
        )
        for name in ("plane", "index", "quantity", "unit", "estimator", "show_untrusted"):
            self.controls.watch(name, session.guarded(self._soon))
        self.view = pmui.Column(
            pmui.Row(*self.tiles.values(), sizing_mode="stretch_width", margin=0),
            pmui.Row(
                self.controls.view,
                section(
                    "Slice",
                    self._caption,
                    pmui.FlexBox(
                        *(figure.pane for figure in self._figures.values()),
                        sizing_mode="stretch_width",
                    ),
                    note="The error of the difference takes the two runs as independent. Runs "
                    "on the same stars share the chance of the sample: they differ less.",
                    css_class="vo-compare-maps",
                ),
                sizing_mode="stretch_width",
                margin=0,
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def show(self, first: xr.Dataset, second: xr.Dataset, estimators: Sequence[str]) -> None:
        """Show two cubes that can be compared.

        Parameters
        ----------
        first, second
            Acceleration cubes on one grid.
        estimators
            Names of the estimators that both have, the one to begin with first.
        """
        before = self._cubes
        self._cubes = None  # the widgets now change for cubes that are not here yet
        kept = self._place() if before is not None else None
        offered = first.sel(estimator=list(estimators))
        offered.attrs["default_estimator"] = estimators[0]
        self.controls.offer(offered, with_truth=False)
        if kept is not None and kept in self.controls.index.options.values():
            self.controls.index.value = kept
        self._cubes = (first, second)
        self._update()

    def redraw(self) -> None:
        """Draw again in the colours of the session."""
        if self._cubes is not None:
            self._update()

    def _place(self) -> int:
        return int(self.controls.index.value)

    def _update(self) -> None:
        if self._cubes is None:
            return
        self._take()
        self._sum_up()
        self._draw([figure.update for figure in self._figures.values()])

    def _take(self) -> None:
        at, (first, second) = self.controls, self._cubes
        a, b = (
            take_slice(
                cube,
                at.plane.value,
                at.index_in(first),
                at.quantity.value,
                at.unit.value,
                at.estimator.value,
            )
            for cube in (first, second)
        )
        self.cuts = (a, b)
        across = PLANES[a.plane][2]
        self._caption.object = (
            f"{a.quantity.label}: {a.quantity.description}, on the plane {across} = {a.at:+.2f} "
            "kpc. A and B share their colours. Grey: flagged cells; in the lower "
            "maps, not in at least one of the two. Point at one to see why."
        )

    def _sum_up(self) -> None:
        at = self.controls
        found = compare_maps.summary(
            *self._cubes, at.quantity.value, at.unit.value, at.estimator.value
        )
        unit = UNITS[at.unit.value].label
        label = self.cuts[0].quantity.label
        share = f"{100 * found.share:.0f}%" if found.share == found.share else "—"
        self.tiles["trusted"].object = tile_text(
            "Reliable in both", share, f"{found.cells:,} cells of the whole volume"
        )
        some = found.cells > 0
        self.tiles["difference"].object = tile_text(
            f"Median of B − A in {label}",
            f"{figures(found.median_difference, float('nan'))} {unit}" if some else "—",
            f"sizes differ by {100 * found.median_relative:.1f}% in the median" if some else "",
        )
        self.tiles["pull"].object = tile_text(
            "Pulls, root mean square",
            f"{found.rms_pull:.2f}" if found.rms_pull == found.rms_pull else "—",
            pull_words(found.rms_pull),
        )
        known = found.within_one == found.within_one
        self.tiles["within"].object = tile_text(
            "Pulls within 1 σ",
            f"{100 * found.within_one:.0f}%" if known else "—",
            "68% by pure chance",
        )

    def _styled(self, title: str, draw: Callable[..., hv.Element]) -> hv.Element:
        a, b = self.cuts
        cube = self._cubes[0]
        frame = cube_maps.frame_hook(
            a.plane, sun_position(cube), cube_maps.square_ranges(cube, a.plane)
        )
        colours = figure_colours(dark=self._session.dark)
        element = draw(a, b, show_untrusted=self.controls.show_untrusted.value)
        return styled(element, colours, grid=False, hooks=[frame]).opts(
            frame_width=cube_maps.FRAME,
            frame_height=cube_maps.FRAME,
            title=title,
            default_tools=["pan", "wheel_zoom", "reset", "save"],
        )

    @staticmethod
    def _first(a: MapSlice, b: MapSlice, *, show_untrusted: bool) -> hv.Element:
        return compare_maps.side_map(a, b, show_untrusted=show_untrusted)

    @staticmethod
    def _second(a: MapSlice, b: MapSlice, *, show_untrusted: bool) -> hv.Element:
        return compare_maps.side_map(b, a, show_untrusted=show_untrusted)
