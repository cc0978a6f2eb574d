"""Grids and fields with draws for the tests of dark matter."""

import numpy as np

from data.mocks.potentials import named
from data.mocks.truth import Truth
from engine.cubes.grid import make_grid
from engine.draws import Draws

SUN = (8.122, 0.0, 0.0208)


def ball(spacing=0.5, z_cells=33, radius=4.0, centre=SUN):
    return make_grid(centre, radius, spacing, z_cells)


def truth(name="milky-way"):
    return Truth(named(name))


def exact(values):
    """Numbers without an error."""
    values = np.asarray(values, dtype=np.float64)
    return Draws(values, np.empty((0, *values.shape)))


def noisy(values, sd, count=50, seed=0):
    """Numbers with independent errors, and a mean that is off by one of them."""
    rng = np.random.default_rng(seed)
    values = np.asarray(values, dtype=np.float64)
    deviations = sd * rng.standard_normal((count, *values.shape))
    return Draws(values + sd * rng.standard_normal(values.shape), deviations)
