"""Lengths of a map shrink with small volumes and are the usual ones in large ones."""

import numpy as np
import pytest

from engine.cubes.grid import make_grid
from engine.cubes.lengths import default_kernel, grid_step, neighbourhood, shrunk
from engine.mapping.cost import estimate_cost
from engine.mapping.presets import resolve
from engine.smoothing import BANDWIDTHS


@pytest.mark.parametrize("radius", [2.0, 4.0, 10.0])
def test_large_volumes_have_the_usual_lengths(radius):
    assert default_kernel(radius).bandwidths == BANDWIDTHS
    assert neighbourhood(radius) == 0.5
    assert grid_step(0.5, radius) == 0.5


@pytest.mark.parametrize("radius", [0.05, 0.3, 1.0])
def test_everything_fits_into_a_small_volume(radius):
    grid = make_grid((0.0, 0.0, 0.0), radius, grid_step(0.5, radius), 9)
    kernel = default_kernel(radius)
    distance = np.linalg.norm(grid.points, axis=1)
    # at least the middle half of the volume has a density
    assert kernel.reach <= radius / 2 + 1e-12
    assert np.count_nonzero(distance + kernel.reach < radius) > 30
    assert neighbourhood(radius) == pytest.approx(radius / 4)
    assert shrunk(1.0, radius) == pytest.approx(radius / 2)


def test_a_step_that_is_asked_for_stays_unless_it_skips_the_volume():
    assert grid_step(0.75, 4.0) == 0.75
    assert grid_step(0.02, 0.3) == 0.02
    assert grid_step(0.5, 0.3) == pytest.approx(0.075)


def test_the_cost_counts_the_cells_that_will_be_solved():
    small, large = (estimate_cost(resolve("quick", {}), 10_000, radius) for radius in (0.4, 1.0))
    assert small.solve == pytest.approx(large.solve, rel=1e-6)
