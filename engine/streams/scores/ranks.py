"""Coordinates in which every feature by itself is standard normal.

A feature may end at a hard edge (a strip's border, a magnitude limit) or in long tails (a
parallax); its rank does not care. A density ratio is the same in any coordinates, so that no
Jacobian enters a score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = ["RankNormal"]

Floats = NDArray[np.float64]

_KNOTS = 256


@dataclass(frozen=True)
class RankNormal:
    """z_j = Phi^-1(F_j(x_j)), with F_j the distribution function of feature j.

    Parameters
    ----------
    knots
        Quantiles of every feature at the same levels, (F, K), increasing.
    levels
        The levels, (K,), inside (0, 1).
    """

    knots: Floats
    levels: Floats

    @classmethod
    def fit(cls, values: Floats) -> RankNormal:
        """Fit to values (N, F), all finite, none of them constant.

        Knots stand closer where the tails are, in equal steps of z. Beyond the outermost star
        there is nothing: values are clipped.
        """
        stars = len(values)
        reach = float(ndtri(1 - 0.5 / (stars + 1)))
        levels = ndtr(np.linspace(-reach, reach, min(_KNOTS, max(3, stars // 8))))
        levels[0], levels[-1] = 0.5 / (stars + 1), 1 - 0.5 / (stars + 1)
        inner = np.quantile(values, np.clip(levels, 0, 1), axis=0).T
        inner[:, 0], inner[:, -1] = values.min(0), values.max(0)
        # Equal values (rounded magnitudes) must not make the map many-valued.
        steps = np.arange(len(levels)) * 1e-9
        spread = (inner[:, -1:] - inner[:, :1]) * steps
        return cls(np.maximum.accumulate(inner, 1) + spread, levels)

    def forward(self, values: Floats) -> Floats:
        """Give z (N, F) of values (N, F)."""
        columns = [
            ndtri(np.interp(values[:, j], knots, self.levels))
            for j, knots in enumerate(self.knots)
        ]
        return np.stack(columns, 1)

    def inverse(self, z: Floats) -> Floats:
        """Undo ``forward``."""
        columns = [
            np.interp(ndtr(z[:, j]), self.levels, knots) for j, knots in enumerate(self.knots)
        ]
        return np.stack(columns, 1)
