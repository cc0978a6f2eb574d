"""Numbers with correlated errors: a mean, and draws of how far the truth may be from it.

The errors of a map are correlated from cell to cell: a difference between north and south, an
average over a sphere or the slope of a profile needs their covariance, and with it every
derived number would need a formula of its own. A set of equally likely deviations carries the
covariance through any function (Monte-Carlo propagation, JCGM 101:2008).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draws", "map_draws"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Numbers with correlated errors.

    Parameters
    ----------
    mean
        The numbers, (...).
    deviations
        Equally likely deviations from the mean, (K, ...); the covariance of any two of the
        numbers is the mean over K of the products of their deviations. K = 0: no error is known.
    """

    mean: Floats
    deviations: Floats

    def __post_init__(self) -> None:
        if self.deviations.shape[1:] != self.mean.shape:
            raise ValueError(
                f"deviations {self.deviations.shape} do not belong to a mean {self.mean.shape}"
            )

    @property
    def count(self) -> int:
        """Number K of draws."""
        return len(self.deviations)

    @property
    def sd(self) -> Floats:
        """Standard errors, (...); NaN where there are no draws."""
        if not self.count:
            return np.full(self.mean.shape, np.nan)
        spread: Floats = np.sqrt(np.mean(self.deviations**2, axis=0))
        return spread

    @property
    def values(self) -> Floats:
        """The mean with each deviation added, (K, ...)."""
        values: Floats = self.mean + self.deviations
        return values

    def map(self, function: Callable[[Floats], Floats]) -> Draws:
        """Give a function of the numbers; see ``map_draws``."""
        return map_draws(function, self)

    def resized(self, count: int, seed: int = 0) -> Draws:
        """Give as many draws as asked for.

        The first ones where there are enough; else combinations Q d of the draws d, with the
        columns of Q orthogonal and of one length, so that every covariance stays as it is.
        Without draws there is nothing to combine, and none are given.
        """
        if not self.count or count <= self.count:
            return Draws(self.mean, self.deviations[:count])
        mixed = np.random.default_rng(seed).standard_normal((count, self.count))
        orthogonal = np.linalg.qr(mixed)[0] * np.sqrt(count / self.count)
        return Draws(self.mean, np.tensordot(orthogonal, self.deviations, 1))


def map_draws(function: Callable[..., Floats], *inputs: Draws) -> Draws:
    """Give a function of several sets of numbers with its errors.

    Inputs with the same number of draws must belong together draw by draw (the same draw of the
    same field) or be independent; both are propagated rightly. Inputs without draws count as
    exact.

    Parameters
    ----------
    function
        Takes one array for each input, gives an array.
    inputs
        The numbers.

    Raises
    ------
    ValueError
        If the inputs have different numbers of draws.
    """
    counts = {item.count for item in inputs if item.count}
    if len(counts) > 1:
        raise ValueError(f"inputs with {sorted(counts)} draws do not belong together")
    mean = np.asarray(function(*(item.mean for item in inputs)), dtype=np.float64)
    count = counts.pop() if counts else 0
    deviations = np.empty((count, *mean.shape))
    for k in range(count):
        drawn = (item.mean + item.deviations[k] if item.count else item.mean for item in inputs)
        deviations[k] = function(*drawn) - mean
    return Draws(mean, deviations)
