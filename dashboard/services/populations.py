"""The tracer population that the session describes, and its pictures before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.policy.panels import axis_label, opening_range
from dashboard.services.pictures import equalise, unit_of
from dashboard.services.rasters import RasterCache
from dashboard.views.phase_space import Frame, Panel, counts
from data.columns.derived import column as column_of
from data.population.population import Volume, make_population

if TYPE_CHECKING:
    from data.catalogue.store import Catalogue
    from data.population.population import Population

__all__ = ["PLANES", "Tracers", "default_volume", "tracers"]

#: The planes in which Tracers shows the stars before and after.
PLANES = (("x", "y"), ("x", "z"))
#: Cells of each picture; the figures are small.
SIZE = (130, 110)
_CIRCLE = 181


@dataclass
class Tracers:
    """A population and what the page shows of it.

    Parameters
    ----------
    population
        What a run would be trained on.
    before, after
        One picture for each of ``PLANES``: all stars of the catalogue, and the tracers.
    """

    population: Population
    before: list[Panel]
    after: list[Panel]


def default_volume(catalogue: Catalogue) -> dict[str, Any]:
    """Give the ball round the Sun that fills a population where no volume is stated."""
    return Volume(catalogue.manifest.sun.position).to_dict()


def tracers(
    cache: RasterCache,
    catalogue: Catalogue,
    selection: dict[str, Any] | None,
    volume: dict[str, Any] | None,
) -> Tracers:
    """Make the population and count its stars, and all stars, in two planes.

    Raises
    ------
    UserError
        If there are not enough tracers; as ``make_population``.
    """
    population = make_population(catalogue, selection, volume)
    before, after = [], []
    for plane in PLANES:
        frame = _frame(cache, catalogue, plane)
        labels = tuple(axis_label(name, unit_of(catalogue, name)) for name in plane)
        circle = _circle(population.volume, plane)
        everything = cache.get(
            ("counts", catalogue.id, "all", plane, frame),
            lambda plane=plane, frame=frame: counts(
                column_of(catalogue, plane[0]), column_of(catalogue, plane[1]), frame
            ),
        )
        x, y = (np.ascontiguousarray(population.x[:, "xyz".index(name)]) for name in plane)
        kept = counts(x, y, frame)
        before.append(Panel(frame, everything, None, [circle], labels))  # type: ignore[arg-type]
        after.append(Panel(frame, kept, everything, [circle], labels))  # type: ignore[arg-type]
    return Tracers(population, before, after)


def _frame(cache: RasterCache, catalogue: Catalogue, plane: tuple[str, str]) -> Frame:
    x, y = cache.get(
        ("range", catalogue.id, plane),
        lambda: opening_range(plane, lambda name: column_of(catalogue, name)),
    )
    return equalise(Frame((x[0], x[1]), (y[0], y[1]), *SIZE))


def _circle(volume: Volume, plane: tuple[str, str]) -> np.ndarray:
    """Give the outline of the ball in a plane."""
    angle = np.linspace(0, 2 * np.pi, _CIRCLE)
    a, b = ("xyz".index(name) for name in plane)
    return np.column_stack(
        [
            volume.centre[a] + volume.radius * np.cos(angle),
            volume.centre[b] + volume.radius * np.sin(angle),
        ]
    )
