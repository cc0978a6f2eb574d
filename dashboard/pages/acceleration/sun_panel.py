"""The vector at the Sun beside published values, the reasons for doubt, and the provenance."""

from __future__ import annotations

import panel_material_ui as pmui

from dashboard.components.parts import pairs_table, rows_table, section, table
from dashboard.policy.captions import distrust_lines, provenance_sentence
from dashboard.policy.published import PUBLISHED, AtSun, pull
from dashboard.policy.verdicts import figures
from dashboard.services.results import MapResult
from engine.cubes.quantities import UNITS

__all__ = ["SunPanel"]


class SunPanel:
    """Three tables at the foot of the page."""

    def __init__(self) -> None:
        self._published = table(css_class="vo-published")
        self._vector = table(css_class="vo-at-sun")
        self._doubts = table(css_class="vo-doubts")
        self._provenance = table(css_class="vo-provenance")
        self.view = pmui.Column(
            pmui.Row(
                section("The acceleration at the Sun", self._vector, self._published),
                section("Flagged cells by reason", self._doubts),
                sizing_mode="stretch_width",
                margin=0,
            ),
            section("Provenance", self._provenance),
            sizing_mode="stretch_width",
            margin=0,
        )

    def show(self, result: MapResult, estimator: str) -> None:
        """Show the tables of a result by an estimator."""
        cube, sun = result.cubes["acceleration"], result.at_sun_by(estimator)
        self._vector.object = vector_table(sun)
        self._published.object = published_table(sun, estimator)
        reasons = [(text, "at the Sun") for text in (sun.reasons if sun else ())]
        lines = [*reasons, *distrust_lines(cube, estimator)]
        self._doubts.object = pairs_table(lines or [("None", "no cell of this map is flagged.")])
        self._provenance.object = pairs_table(
            [
                ("Source", provenance_sentence(cube.attrs, result.catalogue_name)),
                *((f"Cube {name}", str(path)) for name, path in result.paths.items()),
            ]
        )


def vector_table(at_sun: AtSun | None) -> str:
    """Give the components at the Sun in both units, as HTML."""
    if at_sun is None:
        return pairs_table([("The Sun", "lies outside the volume of this run.")])
    rows = [
        (
            name,
            *(
                figures(value * unit.factor, sd * unit.factor)
                for unit in UNITS.values()
            ),
        )
        for name, value, sd in zip(("a_x", "a_y", "a_z"), at_sun.acceleration, at_sun.sd,
                                   strict=True)
    ]  # fmt: skip
    return rows_table(("component", *(unit.label for unit in UNITS.values())), rows)


def published_table(at_sun: AtSun | None, estimator: str) -> str:
    """Give the size at the Sun next to published values, as HTML; ours in the first row."""
    factor = UNITS["1e-10 m/s2"].factor
    rows: list[tuple[str, ...]] = []
    ours = None
    if at_sun is not None:
        size, sd = at_sun.size
        ours = (size * factor, sd * factor)
        doubt = "" if at_sun.trusted else ", unreliable"
        rows.append((f"This run, {estimator}{doubt}", figures(*ours), "", ""))
    rows += [
        (
            published.label,
            figures(published.value, published.error),
            f"{pull(ours, published):+.1f} σ".replace("-", "−") if ours else "",
            published.reference,
        )
        for published in PUBLISHED
    ]
    head = ("|a| at the Sun", "10⁻¹⁰ m s⁻²", "this run − published", "source")
    return rows_table(head, rows, ours=0 if ours else None)
