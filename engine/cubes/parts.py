"""What every cube on a grid is made of: its axes and the attributes of flags."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.cubes.grid import Grid
from engine.cubes.trust import FLAGS

__all__ = ["COMPONENTS", "axes", "flag_attributes", "note"]

COMPONENTS = ["x", "y", "z"]


def axes(grid: Grid) -> dict[str, tuple[str, NDArray[np.floating], dict[str, str]]]:
    """Give the coordinates x, y and z with their attributes."""
    return {
        name: (
            name,
            values,
            {"units": "kpc", "long_name": f"Galactocentric {name}", "axis": name.upper()},
        )
        for name, values in (("x", grid.x), ("y", grid.y), ("z", grid.z))
    }


def note(meaning: str) -> dict[str, str]:
    """Give the attributes of a number without unit."""
    return {"units": "1", "long_name": meaning}


def flag_attributes() -> dict[str, Any]:
    """Give the CF attributes of ``trust_flags``."""
    return {
        "long_name": "reasons against trusting a cell; 0: none, -1: outside the volume",
        "flag_masks": [bit for bit, _ in FLAGS.values()],
        "flag_meanings": " ".join(FLAGS),
        "flag_descriptions": json.dumps({name: text for name, (_, text) in FLAGS.items()}),
    }
