"""The page Asymmetry: how symmetric a map is, and the circular velocity that it gives."""

from __future__ import annotations

import math

import numpy as np
import panel_material_ui as pmui
import xarray as xr
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.components.parts import pairs_table, rows_table, section, table, tile, tile_text
from dashboard.pages.asymmetry.curves import CircularVelocityPanel
from dashboard.pages.asymmetry.maps import AsymmetryMaps
from dashboard.pages.result_page import ResultPage
from dashboard.policy.asymmetries import (
    TESTS,
    answer,
    mean_text,
    p_text,
    read_tests,
    strongest,
    verdict,
    word,
)
from dashboard.policy.captions import provenance_sentence, trust_alert
from dashboard.policy.verdicts import figures
from dashboard.services.results import MapResult
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.views.asymmetry_maps import estimator_of
from engine.cubes.slices import sun_position

__all__ = ["AsymmetryPage", "joint_table"]

_NORTH_SOUTH = ("north_south", "north_south_x", "north_south_y", "north_south_z")

_AS_HIGH = {"boxSizing": "border-box", "minHeight": "96px"}
"""Tiles with one line of words are as high as those with two."""

_WIDE_QUESTIONS = {"overflowX": "auto", "& tr td:first-of-type": {"minWidth": "180px"}}
"""Questions are not pressed into a narrow column by the numbers beside them."""


class AsymmetryPage(ResultPage):
    """Whether the map differs from its mirror images, where, and the circular velocity."""

    title = "Asymmetry"
    icon = "balance"
    slug = "asymmetry"
    cubes = ("acceleration", "asymmetry")
    optional = ("circular_velocity",)

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(services, session)
        self._maps = AsymmetryMaps(session, self.draw)
        self._curves = CircularVelocityPanel(session, self.draw)

    def content(self) -> list[Viewable]:
        """Build the parts of the page."""
        self._trust = _alert("vo-trust")
        self._missing = _alert("vo-no-pairs")
        self._tiles = {
            "north_south": tile("North and south", css_class="vo-tile-north-south"),
            "azimuthal": tile("Round the axis", css_class="vo-tile-azimuthal"),
            "mirror_tilt": tile("Tilt", css_class="vo-tile-tilt"),
            "speed": tile("Circular speed", css_class="vo-tile-speed"),
        }
        for one in self._tiles.values():
            one.sx = {**one.sx, **_AS_HIGH}
        self._tests = table(css_class="vo-tests")
        self._tests.sx = {**self._tests.sx, **_WIDE_QUESTIONS}
        self._provenance = table(css_class="vo-provenance")
        return [
            self._trust,
            self._missing,
            pmui.Row(*self._tiles.values(), sizing_mode="stretch_width", margin=0),
            self._maps.view,
            section(
                "Significance tests",
                self._tests,
                note="Each row tests all trusted cells at once, with the correlation of their "
                "errors: p is the probability that errors alone look at least as uneven. "
                "The mean looks for an asymmetry of one sign and sees a smaller one.",
                css_class="vo-joint",
            ),
            self._curves.view,
            section("Provenance", self._provenance),
        ]

    def show_result(self, result: MapResult) -> None:
        """Show the asymmetries of a run."""
        cube, acceleration = result.cubes["asymmetry"], result.cubes["acceleration"]
        estimator = estimator_of(cube, acceleration)
        tests = read_tests(cube.attrs)
        scale = mean_size(acceleration.sel(estimator=estimator))
        self._show_trust(result)
        why = str(cube.attrs.get("north_south_missing", ""))
        self._missing.param.update(object=plain(why), visible=bool(why))
        self._tests.object = joint_table(tests, scale)
        for name, group in (
            ("north_south", _NORTH_SOUTH),
            ("azimuthal", ("azimuthal",)),
            ("mirror_tilt", ("mirror_tilt",)),
        ):
            self._show_tile(name, tests, group, scale)
        sun = sun_position(acceleration)
        self._maps.show(cube, acceleration, result.truth)
        by, *speed = self._curves.show(
            result.cubes.get("circular_velocity"), result.truth, math.hypot(sun[0], sun[1])
        )
        text = figures(*speed)
        self._tiles["speed"].object = tile_text(
            "Circular speed at the Sun's radius",
            text if text == "—" else f"{text} km/s",
            f"by {by}" if text != "—" else "no curve of this run there",
        )
        paths = {name: result.paths[name] for name in result.cubes}
        self._provenance.object = pairs_table(
            [
                ("Source", provenance_sentence(cube.attrs, result.catalogue_name)),
                ("Estimator of the acceleration", estimator),
                *((f"Cube {name}", str(path)) for name, path in paths.items()),
            ]
        )

    def recolour(self) -> None:
        """Draw the figures in the colours of the session."""
        self._maps.recolour()
        self._curves.recolour()

    def _show_trust(self, result: MapResult) -> None:
        """Say what speaks against the map as a whole; the page Acceleration has the rest."""
        message = trust_alert(result.cubes["acceleration"], result.warnings)
        if message is None or message[0] == "info":
            self._trust.visible = False
            return
        severity, sentence, _ = message
        why = " ".join(result.warnings) or "The page Acceleration lists the reasons."
        text = f"**{plain(sentence)}**<br>{plain(why)}"
        self._trust.param.update(severity=severity, object=text, visible=True)

    def _show_tile(
        self,
        name: str,
        tests: dict[str, dict[str, float | None]],
        group: tuple[str, ...],
        scale: float,
    ) -> None:
        label = {
            "north_south": "North and south",
            "azimuthal": "Round the axis",
            "mirror_tilt": "Tilt of the pull, north and south together",
        }[name]
        decisive = strongest(tests, group)
        if decisive is None:
            self._tiles[name].object = tile_text(label, "—", "not compared in this run")
            return
        test = tests[decisive]
        self._tiles[name].object = tile_text(
            label, word(name, test), verdict(decisive, test, scale)
        )


def _alert(css_class: str) -> pmui.Alert:
    return pmui.Alert(
        object="",
        severity="info",
        visible=False,
        margin=(4, 8),
        sizing_mode="stretch_width",
        css_classes=[css_class],
    )


def mean_size(acceleration: xr.Dataset) -> float:
    """Give the mean |a| of the trusted cells of a map by one estimator, km2 s-2 kpc-1.

    NaN where there are none.
    """
    vectors = acceleration["acceleration"].transpose("x", "y", "z", "component").to_numpy()
    trusted = acceleration["trusted"].transpose("x", "y", "z").to_numpy().astype(bool)
    sizes = np.linalg.norm(vectors[trusted], axis=-1)
    sizes = sizes[np.isfinite(sizes)]
    return float(sizes.mean()) if sizes.size else math.nan


def joint_table(tests: dict[str, dict[str, float | None]], scale: float) -> str:
    """Give the joint tests in plain words and numbers, as HTML."""
    rows = [
        (
            kind.question,
            answer(name, tests[name]),
            p_text(_number(tests[name], "p_value")).removeprefix("p ").removeprefix("= "),
            mean_text(name, tests[name], scale),
            mean_text(name, tests[name]) if kind.relative else "",
            _independent(tests[name]),
        )
        for name, kind in TESTS.items()
        if name in tests
    ]
    if not rows:
        return pairs_table([("Nothing", "was tested in this run.")])
    head = ("", "what is found", "p", "mean difference", "", "independent numbers")
    return rows_table(head, rows)


def _number(test: dict[str, float | None], name: str) -> float:
    value = test.get(name)
    return math.nan if value is None else float(value)


def _independent(test: dict[str, float | None]) -> str:
    modes, numbers = _number(test, "modes"), _number(test, "numbers")
    if not math.isfinite(numbers):
        return ""
    return f"{modes:,.0f} of {numbers:,.0f}" if math.isfinite(modes) else f"? of {numbers:,.0f}"
