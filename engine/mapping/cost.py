"""What a map will cost, before it is started."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.cubes.grid import grid_heights
from engine.cubes.lengths import grid_step
from engine.mapping.presets import MapSettings

__all__ = ["Cost", "GridSize", "estimate_cost", "grid_size"]

_TRAIN_RATE = 1.27e10
_SCORE_RATE = 0.7e10
"""Weights passed a second on two cores (6 normals and a block of 96 units: 285,000 stars/s in
training), measured; other machines scale both alike."""

_SMOOTH_SECONDS, _SMOOTH_RATE = 6.0, 4.0e5
"""A smooth p(x): its fits, and stars a second whose functions are added up."""

_FIXED_SECONDS = 35.0
"""Start of the process, the potential and what follows from it, the check by samples and a
classifier, and writing."""


_LINE_POINTS = 3 * 81
"""Positions of the profiles, which are solved as cells are."""


@dataclass(frozen=True)
class GridSize:
    """How fine the grid of a map is.

    Parameters
    ----------
    spacing
        Step in x and y, kpc.
    across, heights
        Values in x and in y, and in z.
    cells
        Cells inside the volume, about.
    """

    spacing: float
    across: int
    heights: int
    cells: int

    def __str__(self) -> str:
        """Say it in words, for people who are about to start a map."""
        return (
            f"a grid of {self.across} x {self.across} x {self.heights} values, {self.spacing:.3g}"
            f" kpc apart in x and y, with about {self.cells:,} cells in the volume"
        )


def grid_size(settings: MapSettings, radius: float) -> GridSize:
    """Give the size of the grid in a volume of a radius, kpc, about the Galactic plane.

    A column of the grid at height z holds pi (r^2 - z^2) / step^2 cells.
    """
    step = grid_step(settings.spacing, radius)
    heights = grid_heights(0.0, radius, settings.z_cells)
    cells = float(np.pi * np.maximum(radius**2 - heights**2, 0.0).sum() / step**2)
    across = 2 * max(1, int(radius / step + 1e-9)) + 1
    return GridSize(step, across, settings.z_cells, max(1, round(cells)))


@dataclass(frozen=True)
class Cost:
    """Seconds on two idle cores by stage, and the largest memory in GB."""

    position: float
    velocity: float
    solve: float
    check: float
    memory_gb: float

    @property
    def seconds(self) -> float:
        """All stages together."""
        return self.position + self.velocity + self.solve + self.check


def estimate_cost(
    settings: MapSettings, tracers: int, radius: float = 4.0, *, errors: bool = False
) -> Cost:
    """Estimate the cost of a map.

    Parameters
    ----------
    settings
        The settings, resolved for the volume.
    tracers
        Number of tracers.
    radius
        Radius of the volume, kpc.
    errors
        Whether the catalogue tells measurement errors, so that noisy members are trained, too.
    """
    members = settings.plan(errors=errors).total
    stars = tracers * (1 - settings.validation) * members
    weights = {
        flow: _weights(
            getattr(settings, f"{flow}_components"),
            getattr(settings, f"{flow}_hidden"),
            getattr(settings, f"{flow}_blocks"),
        )
        for flow in ("position", "velocity")
    }
    epochs = {flow: settings.training(flow, tracers).epochs for flow in weights}
    positions = grid_size(settings, radius).cells + _LINE_POINTS
    evaluations = positions * settings.velocities * members
    learnt = stars * epochs["position"] * weights["position"] / _TRAIN_RATE
    smooth = _SMOOTH_SECONDS + (3 if errors else 2) * tracers / _SMOOTH_RATE
    return Cost(
        position=learnt if settings.position_density == "flow" else smooth,
        velocity=stars * epochs["velocity"] * weights["velocity"] / _TRAIN_RATE,
        solve=evaluations * weights["velocity"] / _SCORE_RATE,
        check=_FIXED_SECONDS,
        memory_gb=0.6 + tracers * (6 * 4 * 3 + members * (24 + 40 * errors)) / 1e9,
    )


def _weights(components: int, hidden: int, blocks: int) -> float:
    """Weights of a flow's network, and what its elementwise work is worth in weights.

    Measured: an output of a mixture costs as much as 300 weights, a unit as much as 20.
    """
    outputs = 9 * components
    return 2 * blocks * hidden * (hidden + 20) + hidden * (8 + outputs) + 300 * outputs
