"""The job behind ``via-obscura map``: population, density model, accelerations, cubes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from data.catalogue.store import CatalogueStore
from data.population.measurement_noise import has_errors
from data.population.population import Population, make_population
from data.selection import caption, selection_hash
from engine.cubes.assemble import provenance
from engine.cubes.store import write_cube
from engine.device import choose_device, limit_threads
from engine.mapping.cost import estimate_cost
from engine.mapping.mapping import map_population
from engine.mapping.presets import MapSettings, resolve
from engine.runs.context import RunContext

__all__ = ["run_map"]

_VERSIONS = ("via-obscura", "torch", "zuko", "numpy", "xarray")


@dataclass(frozen=True)
class _Stages:
    """Which part of the whole each stage is, from the expected cost."""

    starts: dict[str, tuple[float, float]]
    report: Callable[[float, str], None]

    @classmethod
    def of(cls, settings: MapSettings, population: Population, context: RunContext) -> _Stages:
        errors = population.catalogue is not None and has_errors(population.catalogue)
        cost = estimate_cost(
            settings, len(population.rows), population.volume.radius, errors=errors
        )
        total, begun, starts = cost.seconds, 0.0, {}
        for name in ("position", "velocity", "solve", "check"):
            length = getattr(cost, name) / total
            starts[name] = (begun, length)
            begun += length
        return cls(starts, context.progress)

    def __call__(self, name: str, done: float) -> None:
        begun, length = self.starts[name]
        self.report(begun + length * done, _TITLES[name])


_TITLES = {
    "position": "fitting p(x)",
    "velocity": "fitting p(v|x)",
    "solve": "solving for the acceleration",
    "check": "comparing the model with the stars",
}


def run_map(context: RunContext) -> dict[str, object]:
    """Train a density model on a tracer population and map the acceleration.

    Parameters
    ----------
    context
        The run; its spec is that of ``engine.mapping.request.MapRequest``.

    Returns
    -------
    dict
        ``cubes`` (paths), ``at_sun``, ``population`` (counts), ``warnings``, ``remarks``,
        ``timing`` (s).
    """
    spec: dict[str, Any] = dict(context.spec)
    threads = limit_threads(spec["threads"])
    device = choose_device(spec["device"])
    catalogue = CatalogueStore(context.home).open(spec["catalogue"])
    population = make_population(catalogue, spec["selection"], spec["volume"])
    settings = resolve(spec["preset"], spec["overrides"], population.volume.radius)
    plan = settings.plan(errors=has_errors(catalogue))
    context.log(
        f"{len(population.rows):,} tracers within {population.volume.radius:g} kpc; "
        f"{plan.total} members on {device} with {threads} thread{'s' * (threads != 1)}."
    )
    for warning in population.warnings:
        context.event("warning", code=warning.code, text=warning.sentence)
    for remark in population.remarks:
        context.event("warning", code=remark.code, text=remark.sentence)
    stages = _Stages.of(settings, population, context)
    result = map_population(
        population,
        settings,
        spec["seed"],
        device=device,
        checkpoints=context.checkpoints,
        reporter=context,
        on_progress=stages,
        attributes=_attributes(context, population, settings, spec),
    )
    paths = {n: str(write_cube(cube, context.cubes, n)) for n, cube in result.cubes.items()}
    stages("check", 1.0)
    return {
        "cubes": paths,
        "at_sun": result.at_sun,
        "population": population.counts,
        "warnings": [warning.to_dict() for warning in population.warnings],
        "remarks": [remark.to_dict() for remark in population.remarks],
        "timing": result.timing,
    }


def _attributes(
    context: RunContext, population: Population, settings: MapSettings, spec: dict[str, Any]
) -> dict[str, Any]:
    """Give what is needed to repeat the map."""
    return provenance(
        run_id=context.run_id,
        catalogue_id=population.catalogue_id,
        selection=population.selection,
        selection_hash=selection_hash(population.selection),
        selection_caption=caption(population.selection),
        sun=population.sun.to_dict(),
        volume=population.volume.to_dict(),
        tracers=len(population.rows),
        warnings=[warning.to_dict() for warning in population.warnings],
        remarks=[remark.to_dict() for remark in population.remarks],
        preset=spec["preset"],
        settings=settings.to_dict(),
        seed=spec["seed"],
        versions={name: version(name) for name in _VERSIONS},
    )
