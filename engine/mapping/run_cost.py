"""What a run will take, from its spec and from how fast this machine was before."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.population.measurement_noise import has_errors
from data.population.population import make_population
from engine.mapping.cost import estimate_cost, grid_size
from engine.mapping.presets import resolve
from engine.runs.folder.record import RunRecord
from engine.runs.process import host_name

__all__ = ["map_cost", "measured_factor"]

_LAST = 10  # runs that tell how fast this machine is
_BYTES_OF_A_WEIGHT = 4 * 7  # a checkpoint keeps weights, average, best and Adam's moments
_FIXED_GB = 0.05  # cubes and profiles of the usual grids, log and events
_BYTES_OF_A_CELL = 4 * 160  # of all cubes together, with draws and errors by source


def map_cost(spec: dict[str, object], home: Path) -> dict[str, float]:
    """Estimate a map.

    Parameters
    ----------
    spec
        Of a map, in its full form.
    home
        The folder that holds catalogues and runs; the maps in it tell how fast this machine is.

    Returns
    -------
    dict
        ``seconds``, ``memory_gb``, ``disk_gb``, ``tracers``; ``spacing`` (kpc), ``across``,
        ``heights`` and ``cells`` of the grid, as in ``GridSize``.
    """
    from engine.runs.launch import list_runs

    full: dict[str, Any] = spec
    catalogue = CatalogueStore(home).open(full["catalogue"])
    population = make_population(catalogue, full["selection"], full["volume"])
    tracers = len(population.rows)
    seconds, memory, disk = _estimate(
        full, tracers, population.volume.radius, errors=has_errors(catalogue)
    )
    settings = resolve(full["preset"], full["overrides"], population.volume.radius)
    return {
        **asdict(grid_size(settings, population.volume.radius)),
        "seconds": seconds * measured_factor(list_runs(home), home),
        "memory_gb": memory,
        "disk_gb": disk,
        "tracers": float(tracers),
    }


def measured_factor(records: Iterable[RunRecord], home: Path) -> float:
    """Give how much longer maps took on this machine than on the one of the estimate.

    Parameters
    ----------
    records
        Runs, the newest first; the median of the last maps that were done here at one go counts.
        1 where there is none.
    home
        The folder that holds catalogues and runs.
    """
    ratios: list[float] = []
    for record in records:
        if record.kind != "map" or not record.ended_well or record.host != host_name():
            continue
        counts = (record.result or {}).get("population")
        timing = (record.result or {}).get("timing")
        if (
            record.attempt > 1
            or not isinstance(counts, Mapping)
            or not isinstance(timing, Mapping)
        ):
            continue
        spec: dict[str, Any] = record.spec
        try:
            noisy = has_errors(CatalogueStore(home).open(spec["catalogue"]))
        except UserError:  # the catalogue is gone by now
            continue
        expected = _estimate(spec, int(counts["tracers"]), spec["volume"]["radius"], errors=noisy)
        ratios.append(sum(map(float, timing.values())) / expected[0])
        if len(ratios) == _LAST:
            break
    return statistics.median(ratios) if ratios else 1.0


def _estimate(
    spec: Mapping[str, Any], tracers: int, radius: float, *, errors: bool
) -> tuple[float, float, float]:
    """Give seconds (on the machine of the estimate), memory (GB) and disk (GB) of a map."""
    settings = resolve(spec["preset"], spec["overrides"], radius)
    cost = estimate_cost(settings, tracers, radius, errors=errors)
    members = settings.plan(errors=errors).total
    weights = sum(
        2 * getattr(settings, f"{flow}_blocks") * getattr(settings, f"{flow}_hidden") ** 2
        + getattr(settings, f"{flow}_hidden") * 9 * getattr(settings, f"{flow}_components")
        for flow in ("position", "velocity")
    )
    grid = grid_size(settings, radius)
    cells = grid.across**2 * grid.heights  # those outside of the volume are stored as well
    disk = members * weights * _BYTES_OF_A_WEIGHT + cells * _BYTES_OF_A_CELL
    return cost.seconds, cost.memory_gb, _FIXED_GB + disk / 1e9
