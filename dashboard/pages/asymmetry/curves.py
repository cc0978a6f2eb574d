"""Circular velocity on the page Asymmetry: this run's curves beside published ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import holoviews as hv
import numpy as np
import panel_material_ui as pmui
import xarray as xr

from dashboard.components.live_figure import LiveFigure
from dashboard.components.parts import pairs_table, rows_table, section, table
from dashboard.components.theme import figure_colours
from dashboard.policy.verdicts import figures
from dashboard.session.session import Session
from dashboard.views.rotation_curves import (
    RadiusCurve,
    at_radius,
    curve_plot,
    range_hook,
    take_curves,
    true_curve,
    view_ranges,
)
from dashboard.views.style import styled
from data.literature.rotation_curves import RotationCurve, published_curve, published_curves
from engine.cubes.slices import Field

__all__ = ["CircularVelocityPanel", "sun_table"]

FRAME = (620, 330)
"""Width and height of the figure in pixels."""


@cache
def _published() -> tuple[RotationCurve, ...]:
    """Load the curves that come with the program, once."""
    return tuple(published_curve(name) for name in published_curves())


class CircularVelocityPanel:
    """The figure, the values at the Sun's radius, and the citations.

    Parameters
    ----------
    session
        The browser session.
    draw
        Draws figures, as `ResultPage.draw` does.
    """

    def __init__(
        self, session: Session, draw: Callable[[Sequence[Callable[[], None]]], None]
    ) -> None:
        self._session = session
        self._draw = draw
        self._curves: list[RadiusCurve] = []
        self._truth: Field | None = None
        self._radii = pmui.RadioButtonGroup(
            label="",
            options={"radii of this map": "own", "all radii": "all"},
            value="own",
            size="small",
            width=270,
            margin=(6, 10),
            css_classes=["vo-radii"],
        )
        self._radii.param.watch(session.guarded(lambda _: self.recolour()), "value")
        self._figure = LiveFigure(self._plot)
        self._missing = pmui.Alert(
            object="This run has no circular-velocity curve of its own: its map does not reach "
            "the plane z = 0 in trusted cells, or it was made before curves were.",
            severity="info",
            visible=False,
            margin=(4, 8),
            sizing_mode="stretch_width",
            css_classes=["vo-no-curve"],
        )
        self._sun = table(css_class="vo-curve-sun")
        self._citations = table(css_class="vo-curve-citations")
        self.view = section(
            "Circular velocity",
            self._missing,
            self._radii,
            pmui.FlexBox(
                self._figure.pane,
                pmui.Column(self._sun, width=370, margin=(8, 0)),
                sizing_mode="stretch_width",
            ),
            self._citations,
            note="Bands hold 68% and 95% of the probability by the errors of the run. The map "
            "needs no model of the stars' orbits; the Jeans equation takes the galaxy as round "
            "and steady. Published errors are formal.",
            css_class="vo-curves",
        )

    def show(
        self, cube: xr.Dataset | None, truth: Field | None, sun_radius: float
    ) -> tuple[str, float, float]:
        """Show the curves of a run; give its first curve's label, speed at the Sun and error."""
        self._curves = [] if cube is None else take_curves(cube)
        self._truth = truth
        self._missing.visible = not self._curves
        self._radii.visible = bool(self._curves)
        self._sun.object = sun_table(self._curves, _published(), truth, sun_radius)
        self._citations.object = pairs_table(
            (curve.label, _citation(curve)) for curve in _published()
        )
        self._draw([self._figure.update])
        for curve in self._curves:
            return curve.label, *at_radius(curve.R, curve.v, curve.sd, sun_radius)
        return "", np.nan, np.nan

    def recolour(self) -> None:
        """Draw again in the colours of the session."""
        if self._sun.object:
            self._draw([self._figure.update])

    def _plot(self) -> hv.Overlay:
        colours = figure_colours(dark=self._session.dark)
        everything = self._radii.value == "all"
        ranges = view_ranges(self._curves, _published(), everything=everything)
        truth = None
        if self._truth is not None:
            R = np.linspace(max(ranges[0][0], 0.2), ranges[0][1], 120)  # noqa: N806
            truth = (R, true_curve(self._truth, R))
        plot = curve_plot(self._curves, _published(), colours, truth)
        return styled(plot, colours, hooks=[range_hook(ranges)]).opts(
            frame_width=FRAME[0], frame_height=FRAME[1], title="", framewise=True
        )


def sun_table(
    curves: Sequence[RadiusCurve],
    published: Sequence[RotationCurve],
    truth: Field | None,
    radius: float,
) -> str:
    """Give the speeds at the Sun's radius, as HTML; this run's first curve is set off.

    The third column is the first curve's difference from each in their common error.
    """
    own = [(c.label, *at_radius(c.R, c.v, c.sd, radius)) for c in curves]
    theirs = [
        (c.label, *at_radius(c.R, c.v_circ, 0.5 * (c.minus + c.plus), radius)) for c in published
    ]
    known = [] if truth is None else [("truth", float(true_curve(truth, [radius])[0]), 0.0)]
    rows = [
        (label, figures(v, sd), _pull(own[0][1:], (v, sd)) if own and number else "")
        for number, (label, v, sd) in enumerate([*own, *theirs, *known])
    ]
    head = (f"at R = {radius:.2f} kpc", "km/s", "first − it")
    return rows_table(head, rows, ours=0 if own else None)


def _pull(ours: tuple[float, float], theirs: tuple[float, float]) -> str:
    error = np.hypot(ours[1], np.nan_to_num(theirs[1]))
    if not (np.isfinite(ours[0] - theirs[0]) and error > 0):
        return ""
    return f"{(ours[0] - theirs[0]) / error:+.1f} σ".replace("-", "−")


def _citation(curve: RotationCurve) -> str:
    parts = [curve.citation]
    if curve.meta.get("arxiv"):
        parts.append(f"arXiv:{curve.meta['arxiv']}")
    text = ", ".join(parts)
    return f"{text}. {curve.meta.get('systematics', '')}".strip()
