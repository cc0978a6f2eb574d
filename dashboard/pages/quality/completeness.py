"""The completeness tool: which stars a magnitude limit and a largest distance keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.density_pair import DensityGrid
from dashboard.components.escape import plain
from dashboard.components.live_figure import LiveFigure
from dashboard.components.number_field import NumberField
from dashboard.components.parts import one_by_one, tile, tile_text
from dashboard.components.theme import figure_colours
from dashboard.saved_views.controls import KEPT
from dashboard.services.completeness import (
    BANDS,
    PLANES,
    Assessment,
    Question,
    bands_of,
    dust_columns,
    usual_limit,
    with_cut,
)
from dashboard.views.completeness_maps import completeness_slice
from data.errors import UserError

if TYPE_CHECKING:
    from dashboard.session.session import Session
    from data.catalogue.store import Catalogue

__all__ = ["CompletenessTool"]

_NO_DUST = "none"
_TILES = {
    "absolute": "Faintest absolute magnitude",
    "kept": "Stars kept",
    "before": "Seen of the selected kinds",
    "after": "Seen of those kept",
}


class CompletenessTool:
    """A form, what its answer is in numbers and pictures, and a button that takes it.

    Parameters
    ----------
    session
        Whose selection is looked at and edited.
    ask
        Called when the question has changed.
    """

    def __init__(self, session: Session, ask: Callable[[], None]) -> None:
        self.session, self._ask = session, ask
        self._answer: Assessment | None = None
        self._opening = False
        changed = session.guarded(lambda _=None: self._changed())
        self._band = pmui.Select(
            label="Magnitude", options={}, size="small", width=130, margin=(7, 5),
            css_classes=["vo-band"],
        )  # fmt: skip
        self._limit = NumberField("Limit (mag)", changed, optional=False, css_class="vo-limit")
        self._distance = NumberField(
            "Maximum distance (kpc)", changed, optional=False, low=0.0, css_class="vo-max-distance"
        )
        self._dust = pmui.Select(
            label="Extinction in that band", options=[_NO_DUST], value=_NO_DUST, size="small",
            width=190, margin=(7, 5), css_classes=["vo-dust"],
        )  # fmt: skip
        for field, width in ((self._limit, 110), (self._distance, 180)):
            field.view.param.update(sizing_mode="fixed", width=width)
            field.view.css_classes = [*field.view.css_classes, KEPT]
        for widget in (self._band, self._dust):
            widget.param.watch(changed, "value")
        self._take = pmui.Button(
            label="Apply cut", variant="contained", size="small", margin=(10, 10),
            disabled=True, css_classes=["vo-keep-complete"],
            on_click=session.guarded(lambda _: self._keep()),
        )  # fmt: skip
        self._refusal = pmui.Alert(
            severity="info", visible=False, margin=6, sizing_mode="stretch_width",
            css_classes=["vo-completeness-error"],
        )  # fmt: skip
        self._tiles = {
            name: tile(label, css_class=f"vo-tile-{name}") for name, label in _TILES.items()
        }
        self._grid = DensityGrid(("Selected now", "Kept"), frame=(208, 176))
        self._maps = {
            (which, plane): LiveFigure(lambda which=which, plane=plane: self._map(which, plane))
            for which in ("before", "after")
            for plane in PLANES
        }
        for shown in self._tiles.values():
            shown.min_width = 126
        self._shown = pmui.Column(
            self._tiles_row(), self._grid.view, self._maps_view(), visible=False, margin=0,
            sizing_mode="stretch_width", css_classes=["vo-completeness-shown"],
        )  # fmt: skip

    def _tiles_row(self) -> Viewable:
        return pmui.FlexBox(*self._tiles.values(), sizing_mode="stretch_width", margin=0)

    def _maps_view(self) -> Viewable:
        words = {
            "before": "Share of the selected kinds of stars that is seen",
            "after": "Share of the kinds kept that is seen",
        }
        return pmui.Row(
            *(
                pmui.Column(
                    pmui.Typography(
                        text, variant="overline", margin=(4, 10, 0, 10),
                        sx={"color": "text.secondary"},
                    ),
                    *(self._maps[which, plane].pane for plane in PLANES),
                    sizing_mode="stretch_width", margin=0,
                )
                for which, text in words.items()
            ),
            sizing_mode="stretch_width", margin=0, css_classes=["vo-completeness-maps"],
        )  # fmt: skip

    def view(self) -> list[Viewable]:
        """Give form, numbers and pictures."""
        form = pmui.Row(
            self._band, self._limit.view, self._distance.view, self._dust, self._take,
            sizing_mode="stretch_width", margin=0, sx={"flexWrap": "wrap"},
        )  # fmt: skip
        return [form, self._refusal, self._shown]

    def open(self, catalogue: Catalogue, distance: float) -> None:
        """Offer the magnitudes of a catalogue; `question` then gives what to ask."""
        self._opening = True
        bands = bands_of(catalogue)
        keep = self._band.value if self._band.value in bands.values() else None
        self._band.param.update(options=bands, value=keep or next(iter(bands.values()), None))
        self._dust.param.update(options=[_NO_DUST, *dust_columns(catalogue)], value=_NO_DUST)
        if self._band.value is not None:
            self._limit.show(usual_limit(catalogue, self._band.value))
        self._distance.show(distance)
        self._opening = False
        self._answer = None
        if not bands:
            self.refuse(UserError(
                "This catalogue has no magnitudes, so nothing is known about its limit.",
                "Completeness needs " + " or ".join(BANDS) + ", which can be joined by source_id.",
            ))  # fmt: skip

    @property
    def question(self) -> Question | None:
        """What the form asks; None where nothing can be asked."""
        band, limit, distance = self._band.value, self._limit.value, self._distance.value
        if band is None or limit is None or distance is None:
            return None
        dust = None if self._dust.value == _NO_DUST else self._dust.value
        return Question(band, limit, distance, dust)

    def show(self, answer: Assessment) -> None:
        """Write numbers and draw pictures."""
        self._answer = answer
        self._refusal.visible = False
        self._take.disabled = False
        for name, text in _numbers(answer).items():
            self._tiles[name].object = tile_text(*text)
        self._shown.visible = True
        self.draw()

    def draw(self) -> None:
        """Draw in the colours of the session, one figure after the other."""
        answer = self._answer
        if answer is None:
            return
        how, dark = self.session.colour, self.session.dark
        one_by_one(
            self.session.background.on_loop,
            [
                lambda: self._grid.show([answer.before, answer.after], how=how, dark=dark),
                *(figure.update for figure in self._maps.values()),
            ],
        )

    def refuse(self, error: UserError) -> None:
        """Say in place why there is no answer."""
        self._answer = None
        self._take.disabled = True
        self._shown.visible = False
        self._refusal.object = f"**{plain(error.sentence)}** {plain(error.hint)}"
        self._refusal.visible = True

    def _map(self, which: str, plane: tuple[str, str]) -> Any:  # noqa: ANN401
        assert self._answer is not None  # noqa: S101  drawn with an answer only
        completeness = getattr(self._answer, f"complete_{which}")
        return completeness_slice(completeness, plane, figure_colours(dark=self.session.dark))

    def _changed(self) -> None:
        if not self._opening:
            self._ask()

    def _keep(self) -> None:
        """Make the cut part of the selection, and the distance the radius of the volume."""
        answer = self._answer
        if answer is None:
            return
        volume = self.session.volume
        radius = answer.question.distance
        if volume is None and radius != 4.0:
            catalogue = self.session.services.catalogues.open(self.session.catalogue)
            centre = [float(c) for c in catalogue.manifest.sun.position]
            self.session.volume = {"centre": centre, "radius": radius}
        elif volume is not None:
            self.session.volume = {**volume, "radius": radius}
        self.session.select(with_cut(self.session.selection, answer.question))
        self.session.notify(
            f"The cut is part of the selection now, and {radius:g} kpc is the radius of the "
            "volume on Tracers: the selection alone keeps stars beyond it.",
            level="success",
        )


def _percent(share: float, error: float) -> str:
    """Give a share with its error; neither is written as a zero that it is not."""
    whole = f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share:.1%}"
    return f"{whole} ± {error:.1%}" if error >= 0.0005 else f"{whole} (± below 0.1%)"


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "\u2212")


def _numbers(answer: Assessment) -> dict[str, tuple[str, str, str]]:
    """Give label, value and remark of each tile."""
    words = BANDS[answer.question.band][0]
    far = f"{answer.question.distance:g} kpc"
    before, after = answer.complete_before, answer.complete_after
    dust = "extinction taken into account" if answer.question.dust else "without extinction"
    remarks = {
        "absolute": (_signed(answer.absolute) + " mag", f"M_{words}, seen to {far}, {dust}"),
        "kept": (f"{answer.kept:,}", f"of {answer.selected:,} within {far}"),
        "before": (_percent(before.mean, before.mean_error),
                   f"at worst {before.lowest:.0%} (to M_{words} = {before.faintest:.1f})"),
        "after": (_percent(after.mean, after.mean_error), f"at worst {after.lowest:.0%}"),
    }  # fmt: skip
    return {name: (_TILES[name], *remark) for name, remark in remarks.items()}
