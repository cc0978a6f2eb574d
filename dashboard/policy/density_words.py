"""What the page Density says in words and numbers."""

from __future__ import annotations

import numpy as np

from dashboard.policy.verdicts import figures
from dashboard.services.density_map import DensityMap
from data.constants import GEV_PER_CM3

__all__ = ["BELIEVE", "local_text", "share_trusted", "truth_errors"]

BELIEVE = (
    "A density is a derivative of the map: its errors are several times those of the "
    "acceleration. It is an average over the kernel, so a thin disc is smeared: within about two "
    "vertical bandwidths of the plane the total and the baryons are lower than they are at a "
    "point, both alike. Cells whose kernel reaches out of the volume are grey, since nothing was "
    "seen out there. The potential's density cannot be negative by much; the other estimators "
    "may go negative; where they differ by more than their errors, trust neither."
)


def local_text(value: float, sd: float) -> tuple[str, str]:
    """Give a density for a tile: in Msun/pc3, and below in GeV/cm3."""
    first = figures(value, sd)
    unit = "" if first == "—" else " M☉/pc³"
    second = figures(value * GEV_PER_CM3, sd * GEV_PER_CM3)
    return first + unit, "" if second == "—" else f"{second} GeV/cm³"


def share_trusted(densities: DensityMap, estimator: str) -> float:
    """Share of the cells inside the volume whose density is trusted, 0 to 1."""
    words = densities.words(estimator, densities.kernel)
    return float(np.mean(words == 0)) if words.size else 0.0


def truth_errors(densities: DensityMap, estimator: str) -> np.ndarray:
    """Give |rho - truth| / truth of the total at the trusted cells above 0.3 kpc, (n,)."""
    z = densities.grid.points[:, 2]
    cells = (densities.words(estimator, densities.kernel) == 0) & (np.abs(z) > 0.3)
    if densities.truth is None or not cells.any():
        return np.empty(0)
    found = densities.field(estimator, densities.kernel).mean[cells]
    points = densities.grid.points[cells]
    exact = densities.true_density("total", points, densities.kernel)
    return np.asarray(np.abs(found / exact - 1))
