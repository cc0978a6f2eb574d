"""The luminosity function behind a sample that ends at an apparent magnitude.

Lynden-Bell (1971, MNRAS 155, 95): of stars with absolute magnitude M and distance modulus mu that
are seen only if M + mu <= m_lim, the cumulative luminosity function follows from the sample
itself, whatever law their number obeys in space. Only one thing is assumed: that M and mu are
independent, so that the stars are of the same kinds everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.compiled import compiled
from data.errors import UserError
from data.frames import Floats

__all__ = ["LuminosityFunction", "luminosity_function"]

_FEWEST = 100
_ENOUGH = 1_000_000  # of more stars, evenly spaced rows are asked


@dataclass(frozen=True)
class LuminosityFunction:
    """How many stars are brighter than an absolute magnitude, up to a factor.

    Parameters
    ----------
    magnitude
        Ascending, in mag, shape (n,): those of the stars.
    brighter
        Number of stars up to and including each, with those that are missed, shape (n,).
    variance
        Of the logarithm of ``brighter``, from the bright end, shape (n,).
    limit
        The limit in apparent magnitude behind which stars are missed.
    """

    magnitude: Floats
    brighter: Floats
    variance: Floats
    limit: float

    def share(self, bright: Floats, faint: float) -> tuple[Floats, Floats]:
        """Give the share of the stars up to ``faint`` that are brighter than ``bright``.

        Parameters
        ----------
        bright
            Absolute magnitudes, any shape; NaN gives NaN.
        faint
            The faintest magnitude of the population.

        Returns
        -------
        share, error
            Between 0 and 1, and the standard error from the number of stars; shape of
            ``bright``.
        """
        limits = np.minimum(np.asarray(bright, dtype=np.float64), faint)
        at = np.searchsorted(self.magnitude, limits, side="right") - 1
        whole = int(np.searchsorted(self.magnitude, faint, side="right")) - 1
        if whole < 0:
            return np.full(limits.shape, np.nan), np.full(limits.shape, np.nan)
        there = at >= 0
        found = np.where(there, self.brighter[at] / self.brighter[whole], 0.0)
        spread = np.maximum(self.variance[whole] - np.where(there, self.variance[at], 0.0), 0.0)
        error = found * np.sqrt(spread)
        unknown = np.isnan(limits)
        found[unknown] = error[unknown] = np.nan
        return found, error


def luminosity_function(
    magnitude: npt.NDArray[np.floating], modulus: npt.NDArray[np.floating], limit: float
) -> LuminosityFunction:
    """Find the luminosity function of stars that are seen to an apparent magnitude.

    With the stars ordered by M and C_i the number of stars before the i-th with
    mu <= m_lim - M_i, the cumulative function grows by the factor 1 + 1/C_i at M_i. Where
    C_i is 0 nothing links the brighter stars to the fainter ones. At the bright end, where all
    stars are seen, it then begins again with their number; at the faint end it stops, so that
    the last magnitude may be brighter than the faintest star.

    Parameters
    ----------
    magnitude
        Absolute magnitudes M, shape (n,); stars with missing numbers are left out.
    modulus
        Effective distance moduli, 5 log10(d / 10 pc) + A, shape (n,).
    limit
        Apparent magnitude to which all stars are seen.

    Raises
    ------
    UserError
        If fewer than 100 stars are brighter than the limit.
    """
    m, mu = (np.asarray(a, dtype=np.float64) for a in (magnitude, modulus))
    seen = np.flatnonzero(np.isfinite(m) & np.isfinite(mu) & (m + mu <= limit))
    seen = seen[:: max(1, -(-seen.size // _ENOUGH))]
    if seen.size < _FEWEST:
        raise UserError(
            f"Only {seen.size} stars are brighter than {limit:g} mag, too few to estimate the "
            "completeness.",
            "Raise the limit, or select more stars.",
        )
    order = seen[np.argsort(m[seen], kind="stable")]
    m, mu = m[order], mu[order]
    ranked = np.sort(mu)
    place = np.searchsorted(ranked, mu, side="left")
    reach = np.searchsorted(ranked, limit - m, side="right")
    comparable = _counted_before(place, reach)
    broken = np.flatnonzero(comparable == 0)  # the first star of all is compared with none
    best = int(np.argmax(comparable))
    last = int(broken[broken <= best][-1])
    end = int(broken[broken > best][0]) if np.any(broken > best) else m.size
    m, comparable = m[:end], comparable[:end]
    with np.errstate(divide="ignore"):
        growth = np.where(comparable > 0, np.log1p(1.0 / comparable), 0.0)
        variance = np.where(comparable > 0, 1.0 / (comparable * (comparable + 1.0)), 0.0)
    logarithm = np.cumsum(growth)
    logarithm += np.log(last + 1.0) - logarithm[last]
    logarithm[:last] = np.log(np.arange(1.0, last + 1.0))
    variance[: last + 1] = 0.0
    return LuminosityFunction(m, np.exp(logarithm), np.cumsum(variance), limit)


@compiled
def _counted_before(
    place: npt.NDArray[np.int64], reach: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Count, for each i, the j < i with place[j] < reach[i] (a binary indexed tree).

    Parameters
    ----------
    place, reach
        Shape (n,), ranks between 0 and n.
    """
    n = place.size
    tree = np.zeros(n + 1, dtype=np.int64)
    found = np.zeros(n)
    for i in range(n):
        total = 0
        k = reach[i]
        while k > 0:
            total += tree[k]
            k -= k & -k
        found[i] = total
        k = place[i] + 1
        while k <= n:
            tree[k] += 1
            k += k & -k
    return found
