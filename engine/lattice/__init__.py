"""An acceleration field between the cells of a grid, and the mass density that follows."""

from engine.lattice.field import Lattice

__all__ = ["Lattice"]
