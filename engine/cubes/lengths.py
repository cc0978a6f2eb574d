"""The lengths of a map: how fine its grid is, over what its averages are taken.

They are those of the 4 kpc ball round the Sun, in whose disc forces change over some 0.3 kpc.
A volume with a radius below 2 kpc, a dwarf galaxy or the surroundings of the Sun, holds finer
structure or nothing at all at these lengths, so they shrink with it.
"""

from __future__ import annotations

from engine.smoothing import BANDWIDTHS, Kernel

__all__ = ["default_kernel", "grid_step", "neighbourhood", "shrunk"]

_FULL_RADIUS = 2.0
"""kpc; from this radius on all lengths are the usual ones."""

_FEWEST_STEPS = 4
"""Of the grid, from the middle of a volume to its edge."""

_NEIGHBOURHOOD = 0.5
"""kpc, radius of the ball in which tracers are counted."""


def shrunk(length: float, radius: float) -> float:
    """Give a length that is right for large volumes in one of a radius (both kpc)."""
    return length * min(1.0, radius / _FULL_RADIUS)


def grid_step(spacing: float, radius: float) -> float:
    """Give the grid's step in x and y, kpc: as asked for, but four to the edge at least."""
    return min(spacing, radius / _FEWEST_STEPS)


def neighbourhood(radius: float) -> float:
    """Give the radius, kpc, of the ball in which tracers are counted round a position."""
    return shrunk(_NEIGHBOURHOOD, radius)


def default_kernel(radius: float) -> Kernel:
    """Give the kernel that densities are averaged with in a volume of a radius, kpc."""
    x, y, z = (shrunk(bandwidth, radius) for bandwidth in BANDWIDTHS)
    return Kernel((x, y, z))
