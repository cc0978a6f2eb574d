"""The page Model: whether the density model describes the stars."""

from __future__ import annotations

from functools import partial
from itertools import chain

import holoviews as hv
import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.live_figure import LiveFigure
from dashboard.components.parts import section, tile, tile_text
from dashboard.components.theme import figure_colours
from dashboard.pages.result_page import ResultPage
from dashboard.policy.verdicts import classifier_verdict, figures, pulls_verdict
from dashboard.services.results import MapResult
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.views.histograms import (
    PAIRS,
    QUANTITIES_1D,
    counts_plot,
    pair_maps,
    pulls_plot,
)
from dashboard.views.style import styled

__all__ = ["ModelPage"]

FRAME, COUNTS_HEIGHT, PULLS_HEIGHT, PAIR_SIZE = 290, 160, 56, 262
TITLES = {"stars": "Stars", "model": "Model", "pull": "Pull: (stars − model) / σ"}


class ModelPage(ResultPage):
    """Histograms of stars and model with their pulls, and the verdict of a classifier."""

    title = "Model"
    icon = "scatter_plot"
    slug = "model"
    cubes = ("model",)

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._histograms = {
            q: (LiveFigure(partial(self._counts, q)), LiveFigure(partial(self._pulls, q)))
            for q in QUANTITIES_1D
        }
        self._maps = {name: LiveFigure(partial(self._pair_map, name)) for name in TITLES}
        self._pair = pmui.RadioButtonGroup(
            label="",
            options=list(PAIRS),
            value=PAIRS[0],
            size="small",
            width=480,
            css_classes=["vo-pair"],
            sx={"& .MuiButtonBase-root": {"whiteSpace": "nowrap"}},
        )
        self._pair.param.watch(session.guarded(lambda _: self._draw_pair()), "value")

    def content(self) -> list[Viewable]:
        """Build the verdict and the figures."""
        self._verdict = pmui.Alert(
            object="",
            severity="info",
            margin=(4, 8),
            sizing_mode="stretch_width",
            css_classes=["vo-verdict"],
        )
        self._tiles = {
            "auc": tile("Area under the classifier's curve", css_class="vo-auc"),
            "pulls": tile("Spread of the pulls"),
            "stars": tile("Held-out stars tested"),
        }
        histograms = [
            pmui.Column(counts.pane, pulls.pane, margin=0)
            for counts, pulls in self._histograms.values()
        ]
        return [
            self._verdict,
            pmui.Row(*self._tiles.values(), sizing_mode="stretch_width", margin=0),
            section(
                "Two coordinates at a time",
                self._pair,
                pmui.FlexBox(*(figure.pane for figure in self._maps.values())),
                note="Stars and model share one colour scale.",
                css_class="vo-pairs",
            ),
            section(
                "Positions",
                pmui.FlexBox(*histograms[:3]),
                note="Stars filled, model as a line; below, how far apart they are in standard "
                "deviations. Pulls within the dotted lines at ±2 are what chance does.",
                css_class="vo-histograms",
            ),
            section("Velocities", pmui.FlexBox(*histograms[3:])),
        ]

    def show_result(self, result: MapResult) -> None:
        """Show verdict and figures of a run."""
        cube = result.cubes["model"]
        auc, sd = (float(cube.attrs.get(name, float("nan"))) for name in ("auc", "auc_sd"))
        severity, sentence = classifier_verdict(auc, sd)
        self._verdict.param.update(
            severity=severity,
            object=f"**{plain(sentence)}** It was trained to tell held-out stars from samples of "
            "the model; 0.5 means that it can only guess, 1 that it is never wrong.",
        )
        self._tiles["auc"].object = tile_text(
            "Area under the classifier's curve", figures(auc, sd), "0.5 is perfect"
        )
        value, note = pulls_verdict(cube["pull_1d"].to_numpy())
        self._tiles["pulls"].object = tile_text("Spread of the pulls", value, note)
        held_out = cube.attrs.get("n_held_out")
        self._tiles["stars"].object = tile_text(
            "Held-out stars tested",
            "—" if held_out is None else f"{int(held_out):,}",
            "stars that the model has not seen",
        )
        self._draw()

    def recolour(self) -> None:
        """Draw the lines in the colours of the session."""
        self._draw()

    def _draw(self) -> None:
        if self.result is not None:
            figures = [*self._maps.values(), *chain(*self._histograms.values())]
            self.draw([figure.update for figure in figures])

    def _draw_pair(self) -> None:
        if self.result is not None:
            self.draw([figure.update for figure in self._maps.values()])

    def _counts(self, quantity: str) -> hv.Overlay:
        colours = figure_colours(dark=self.session.dark)
        plot = counts_plot(self.result.cubes["model"], quantity, colours)
        return styled(plot, colours).opts(frame_width=FRAME, frame_height=COUNTS_HEIGHT, xlabel="")

    def _pulls(self, quantity: str) -> hv.Overlay:
        colours = figure_colours(dark=self.session.dark)
        plot = pulls_plot(self.result.cubes["model"], quantity, colours)
        return styled(plot, colours).opts(
            frame_width=FRAME, frame_height=PULLS_HEIGHT, toolbar=None
        )

    def _pair_map(self, name: str) -> hv.Element:
        element = pair_maps(self.result.cubes["model"], self._pair.value)[name]
        colours = figure_colours(dark=self.session.dark)
        return styled(element, colours, grid=False).opts(
            frame_width=PAIR_SIZE, frame_height=PAIR_SIZE, title=TITLES[name]
        )
