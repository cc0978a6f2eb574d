"""How well the time of a map is estimated, for volumes of several radii.

    python benchmarks/map_cost.py [--radius 2 4 14] [--preset quick] [--json]

The flows are as they begin, which takes as long as trained ones. Some positions of each grid are
solved and some batches trained; processor seconds are scaled to the whole and halved, for two
cores, and compared with ``estimate_cost``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

# Run as a script, the folder of the benchmarks would stand first and hide the package coverage.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from data.frames import SolarParameters
from engine.cubes.grid import make_grid
from engine.density.ensemble import StackedFlow
from engine.density.mixture import MixtureShape
from engine.density.model import Coordinates, DensityModel
from engine.density.preprocess import BallMap
from engine.density.smooth.basis import Anova
from engine.density.smooth.coordinates import SmoothCoordinates
from engine.density.smooth.density import SmoothDensity
from engine.estimators.solve import solve_positions
from engine.mapping.cost import estimate_cost, grid_size
from engine.mapping.presets import MapSettings, resolve

SUN = SolarParameters().position
STARS = 20_000


def make_model(settings: MapSettings, radius: float) -> DensityModel:
    """Make a model of stars round the Sun whose flows have learnt nothing."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(STARS, 3, generator=generator) * torch.tensor([0.3, 0.3, 0.05]) * radius
    x = x[torch.linalg.vector_norm(x, dim=1) < radius] + torch.tensor(SUN)
    v = torch.randn(len(x), 3, generator=generator) * 30 + torch.tensor([0.0, -220.0, 0.0])
    coordinates = Coordinates.fit(x, v, BallMap(torch.tensor(SUN), radius))
    smooth = SmoothCoordinates.of(SUN, radius, x.double())
    basis, members = Anova.of(smooth.count), settings.members
    position = SmoothDensity(
        smooth,
        torch.zeros(members, len(basis), dtype=torch.float64),
        torch.zeros(members, dtype=torch.float64),
        basis,
    )
    shape = MixtureShape(
        3,
        coordinates.context(x[:2]).shape[1],
        settings.velocity_components,
        settings.velocity_hidden,
        settings.velocity_blocks,
    )
    flow = StackedFlow.initialise(shape, list(range(members)), torch.device("cpu"))
    return DensityModel(position, flow, coordinates)


def solve_seconds(settings: MapSettings, radius: float, solved: int) -> float:
    """Scale the processor seconds of some positions to all of the grid, on two cores."""
    size = grid_size(settings, radius)
    points = make_grid(SUN, radius, size.spacing, size.heights).points
    rng = np.random.default_rng(0)
    some = points[rng.permutation(len(points))[:solved]]
    model = make_model(settings, radius)
    start = time.process_time()
    solve_positions(model, some, velocities=settings.velocities, seed=0, clip=settings.clip)
    spent = time.process_time() - start
    return spent / len(some) * (len(points) + 3 * 81) / 2


def main() -> None:
    """Print a line for each radius."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--radius", type=float, nargs="+", default=[2.0, 4.0, 14.0])
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--positions", type=int, default=96)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    changes = dict(pair.split("=", 1) for pair in options.set)
    rows = []
    for radius in options.radius:
        settings = resolve(options.preset, changes, radius)
        measured = solve_seconds(settings, radius, options.positions)
        size, cost = grid_size(settings, radius), estimate_cost(settings, STARS, radius)
        rows.append(
            {
                "radius": radius, "spacing": size.spacing, "cells": size.cells,
                "estimated_s": cost.solve, "measured_s": measured,
                "ratio": measured / cost.solve,
            }
        )  # fmt: skip
    if options.json:
        print(json.dumps(rows))
        return
    print("radius  spacing   cells  solve: estimated  measured  ratio   (two idle cores)")
    for row in rows:
        print(
            f"{row['radius']:6.1f} {row['spacing']:8.3f} {row['cells']:7,d}"
            f" {row['estimated_s']:15.0f} s {row['measured_s']:7.0f} s {row['ratio']:6.2f}"
        )


if __name__ == "__main__":
    main()
