"""How the cost of a map grows with stars, members and cells: `benchmarks/density.py --scaling`.

The exponent p of cost ~ n^p is the slope of ln(cost) against ln(n). An epoch of a flow is timed
on some of its steps: every step takes a batch of the same size, so the rest costs the same;
ordering the stars and judging the held-out ones are timed in full. A smooth p(x) is fitted in
full to stars that are spread evenly.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.density.ensemble import StackedFlow
from engine.density.model import DensityModel
from engine.density.split import split_members
from engine.density.training import Training
from engine.estimators.potential.fit import fit_potential
from engine.estimators.solve import solve_positions
from engine.mapping.positions import fit_positions
from engine.mapping.presets import MapSettings
from engine.smoothing import Kernel

Floats = NDArray[np.float64]
Clock = Callable[[], float]

STARS = (100_000, 300_000, 1_000_000, 3_000_000)
MEMBERS = (1, 2, 4, 8)
CELLS = (64, 128, 256, 512)
_STEPS = 12


class EnoughError(Exception):
    """Enough steps are timed."""


def exponent(numbers: Sequence[float], costs: Sequence[float]) -> float:
    """Give the slope of ln(costs) against ln(numbers) by least squares."""
    return float(np.polyfit(np.log(numbers), np.log(costs), 1)[0])


def with_members(model: DensityModel, members: int) -> DensityModel:
    """Give a model with so many members, the old ones repeated."""
    rows = torch.arange(members) % model.members
    return DensityModel(model.position.pick(rows), model.velocity.pick(rows), model.coordinates)


def epoch_seconds(flow: StackedFlow, stars: int, settings: MapSettings, now: Clock) -> float:
    """Give the seconds of one epoch of a flow; the cost does not depend on the stars' values."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(stars, flow.shape.features, generator=generator)
    context = (
        torch.randn(stars, flow.shape.context, generator=generator) if flow.shape.context else None
    )
    split = split_members(stars, flow.members, settings.validation, 0, bootstrap=True)
    which = "velocity" if flow.shape.context else "position"
    training = Training(flow, values, context, split, settings.training(which, stars), seed=0)
    times = [now()]

    def on_step(_: float) -> None:
        times.append(now())
        if len(times) > _STEPS + 1:
            raise EnoughError

    with contextlib.suppress(EnoughError):
        training.run(lambda *_: None, on_step)
    step = float(np.median(np.diff(times)[1:]))
    ordering = max(0.0, times[1] - times[0] - step)
    started = now()
    training.validate()
    return ordering + training.steps_per_epoch * step + now() - started


def position_seconds(model: DensityModel, stars: int, settings: MapSettings, now: Clock) -> float:
    """Give the seconds of learning p(x): one epoch of a flow, or the fit of a smooth density."""
    if isinstance(model.position, StackedFlow):
        return epoch_seconds(model.position, stars, settings, now)
    split = split_members(stars, model.members, settings.validation, 0, bootstrap=True)
    places = torch.from_numpy(cell_points(model, stars)).float()
    started = now()
    fit_positions(
        places,
        stars,
        model.coordinates.ball,
        split,
        seed=0,
        always=True,
        on_epoch=lambda _: None,
        on_progress=lambda _: None,
    )
    return now() - started


def cell_points(model: DensityModel, count: int) -> Floats:
    """Give positions (count, 3) kpc, uniform in the inner 0.9 of the volume."""
    rng = np.random.default_rng(count)
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    ball = model.coordinates.ball
    radius = 0.9 * ball.radius * np.cbrt(rng.uniform(size=(count, 1)))
    points: Floats = ball.centre.double().numpy() + radius * direction
    return points


def solve_seconds(model: DensityModel, cells: int, settings: MapSettings, now: Clock) -> float:
    """Give the seconds of the pointwise solution at so many cells."""
    points, started = cell_points(model, cells), now()
    solve_positions(model, points, velocities=settings.velocities, seed=0, clip=settings.clip)
    return now() - started


def density_seconds(
    model: DensityModel, cells: Sequence[int], settings: MapSettings, now: Clock
) -> list[float]:
    """Give the seconds of averaging the density of a fitted potential at so many points."""
    points = cell_points(model, 128)
    found = solve_positions(
        model, points, velocities=settings.velocities, seed=0, clip=settings.clip
    )
    ball = model.coordinates.ball
    x, y, z = ball.centre.tolist()
    field = fit_potential(
        points,
        found.acceleration["boltzmann"],
        np.ones(len(points), dtype=bool),
        centre=(x, y, z),
        radius=ball.radius,
        seed=0,
    )
    offsets, weights = Kernel().nodes(64)
    seconds = []
    for count in cells:
        started = now()
        field.smoothed_density(cell_points(model, count), offsets, weights)
        seconds.append(now() - started)
    return seconds


def scaling(model: DensityModel, settings: MapSettings, now: Clock) -> dict[str, Any]:
    """Measure costs in seconds, and their exponents."""
    solve_seconds(model, 16, settings, now)  # the first call prepares what later ones reuse
    found: dict[str, tuple[Sequence[int], list[float]]] = {
        "epoch_by_stars": (
            STARS,
            [epoch_seconds(model.velocity, n, settings, now) for n in STARS],
        ),
        "epoch_by_members": (
            MEMBERS,
            [
                epoch_seconds(with_members(model, m).velocity, STARS[0], settings, now)
                for m in MEMBERS
            ],
        ),
        "positions_by_stars": (
            STARS,
            [position_seconds(model, n, settings, now) for n in STARS],
        ),
        "positions_by_members": (
            MEMBERS,
            [position_seconds(with_members(model, m), STARS[0], settings, now) for m in MEMBERS],
        ),
        "solve_by_members": (
            MEMBERS,
            [solve_seconds(with_members(model, m), CELLS[0], settings, now) for m in MEMBERS],
        ),
        "solve_by_cells": (CELLS, [solve_seconds(model, n, settings, now) for n in CELLS]),
        "density_by_cells": (
            [8 * n for n in CELLS],
            density_seconds(model, [8 * n for n in CELLS], settings, now),
        ),
    }
    return {
        name: {
            "numbers": list(numbers),
            "seconds": seconds,
            "exponent": exponent(numbers, seconds),
        }
        for name, (numbers, seconds) in found.items()
    }
