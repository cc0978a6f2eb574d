"""Compile the loops that the first picture and the first cut need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dashboard.views import binning, sky
from data.selection import mask

__all__ = ["warm"]


class _Stars:
    """Eight stars: enough for the compiler."""

    n_rows = 8

    def has(self, name: str) -> bool:
        """Say whether the column is there."""
        return name in {"x", "ra"}

    def column(self, name: str) -> npt.NDArray[np.floating]:
        """Give a column of the type in which the store keeps it."""
        return np.linspace(0, 1, self.n_rows, dtype=np.float32 if name == "x" else np.float64)


def warm() -> None:
    """Compile, or read from disk what an earlier process has compiled; in a thread."""
    binning.warm()
    for dtype in (np.float32, np.float64):
        sky.plane_columns(np.zeros(2, dtype), np.zeros(2, dtype))
    stars = _Stars()
    for column in ("x", "ra"):
        mask({"kind": "range", "column": column, "min": 0.2, "max": None}, stars)
    triangle = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    for pair in (["x", "x"], ["ra", "ra"], ["x", "ra"]):
        mask({"kind": "polygon", "columns": pair, "points": triangle}, stars)
