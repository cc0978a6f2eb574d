"""How often chance makes such a line: p-values from null sets of maxima.

sigma_L is the largest of thousands of numbers, taken again over windows, regions and clusters.
What it is worth is told by the same search on skies without streams, whatever they are made of:

* ``scores``: positions of stars exchanged after the training. This allows for all boxes, regions
  and windows, but takes the scores as given, and scores have looked at positions.
* ``before training``: positions exchanged first, everything trained and searched again.
* ``mocks``: stream-free mock patches through the same chain.

A null set of N resolves no p below 1/(N + 1). Beyond, an exponential tail is fitted, and said so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from data.errors import UserError
from data.frames import Floats
from engine.streams.area import SkyArea
from engine.streams.lines import LineGrid, LineSettings, line_grid

__all__ = ["ENOUGH", "Basis", "PValue", "fit_tail", "null_lines", "p_value"]

Basis = Literal["scores", "before training", "mocks"]
Kind = Literal["counted", "fitted tail", "borrowed tail", "limit"]

_COUNTED = 10
"""Null values beyond the observed one from which on they are counted."""

ENOUGH = 20
"""Null values from which on a tail is fitted."""

_BORROWING = 3
"""Null values from which on the tail of others is borrowed."""

_BAND = 0.6827


@dataclass(frozen=True)
class PValue:
    """A p-value and what it rests on.

    Parameters
    ----------
    value, low, high
        The value and its 68% interval from the finite number of null values.
    kind
        ``counted``: (k + 1)/(N + 1); ``fitted tail``: see `fit_tail`; ``borrowed tail``: too few
        for a fit, so the form of the tail is that of other null values (see `p_value`);
        ``limit``: the value is 1/(N + 1) and only an upper limit.
    basis
        What the null values are: see the module.
    n_null
        N, how many there are.
    """

    value: float
    low: float
    high: float
    kind: Kind
    basis: Basis
    n_null: int

    @property
    def resolution(self) -> float:
        """The least p that counting can give, 1/(N + 1)."""
        return 1.0 / (self.n_null + 1)

    @property
    def conditional(self) -> bool:
        """Whether the scores were taken as given."""
        return self.basis == "scores"

    def to_dict(self) -> dict[str, Any]:
        """Give the form that is stored and printed."""
        return {**asdict(self), "resolution": self.resolution}

    def __str__(self) -> str:
        words = {
            "counted": "",
            "fitted tail": ", from a fitted tail",
            "borrowed tail": ", from the tail of another null set",
            "limit": ", an upper limit",
        }
        given = ", conditional on the scores" if self.conditional else ""
        return f"{self.value:.2g} ({self.low:.2g} to {self.high:.2g}{words[self.kind]}{given})"


def p_value(
    observed: float, null: Floats, *, basis: Basis = "scores", shape: Floats | None = None
) -> PValue:
    """Give the chance of a value as large as the observed one.

    Parameters
    ----------
    observed
        The statistic of the data.
    null
        The same statistic of N searches without streams, (N,).
    basis
        What these are.
    shape
        Many cheaper null values, (M,). With N from 3 to 19 they lend the form of their tail, moved
        and widened (never narrowed) so that mean and standard deviation are those of the N; what
        N values leave open about these is in the interval.

    Raises
    ------
    UserError
        If there are no null values, or some are not finite.
    """
    null = np.asarray(null, dtype=np.float64)
    if len(null) == 0 or not np.isfinite(null).all():
        raise UserError(
            "A p-value needs null values, all of them finite.",
            "Run the permutation search first.",
        )
    n, beyond = len(null), int((null >= observed).sum())
    if shape is not None and len(shape) >= ENOUGH and _BORROWING <= n < ENOUGH and not beyond:
        return _borrowed(observed, null, np.asarray(shape, dtype=np.float64), basis)
    if beyond >= _COUNTED or n < ENOUGH or np.ptp(null) < 1e-9:
        low = float(stats.beta(beyond, n - beyond + 1).ppf((1 - _BAND) / 2)) if beyond else 0.0
        high = float(stats.beta(beyond + 1, max(n - beyond, 1)).ppf((1 + _BAND) / 2))
        value = (beyond + 1) / (n + 1)
        kind: Kind = "counted" if beyond else "limit"
        return PValue(value, min(low, value), max(high, value), kind, basis, n)
    start, scale, share, used = fit_tail(null)
    values = [
        share * float(np.exp(-max(observed - start, 0.0) / (scale * (1.0 + error))))
        for error in (0.0, -1.0 / np.sqrt(used), 1.0 / np.sqrt(used))
    ]
    return PValue(values[0], values[1], values[2], "fitted tail", basis, n)


def _borrowed(observed: float, null: Floats, shape: Floats, basis: Basis) -> PValue:
    """Give p from the tail of other null values, moved to where these are."""
    n = len(null)
    width = max(float(np.std(null, ddof=1)), float(np.std(shape)))
    # At the upper end of what n values leave open about their mean and standard deviation.
    unsure = width / np.sqrt(n)
    wider = width * np.sqrt((n - 1) / stats.chi2(n - 1).ppf((1 - _BAND) / 2))

    def tail(mean: float, sd: float) -> float:
        at = float(np.mean(shape)) + (observed - mean) / sd * float(np.std(shape))
        start, scale, share, _ = fit_tail(shape)
        if at <= start:
            return float((1 + (shape >= at).sum()) / (len(shape) + 1))
        return share * float(np.exp(-(at - start) / scale))

    mean = float(np.mean(null))
    values = [tail(mean, width), tail(mean - unsure, width), tail(mean + unsure, wider)]
    return PValue(values[0], min(values), max(values), "borrowed tail", basis, n)


def fit_tail(values: Floats) -> tuple[float, float, float, int]:
    """Fit an exponential tail to the upper quarter of values.

    Every Gumbel distribution ends so. The quarter was chosen on 20,000 null fields of 100 stars:
    where 200 of them give p = 0.001, one in 2,000 is beyond; with 50 one in 900. A Gumbel
    distribution fitted to all of them is off by a factor of eight, to the safe side.

    Parameters
    ----------
    values
        Shape (n,).

    Returns
    -------
    start, scale, share, used
        p = share exp(-(x - start)/scale) for x > start; values that it rests on.
    """
    ordered = np.sort(values)
    used = max(len(values) // 4, min(10, len(values) - 1))
    start = float(ordered[-used - 1])
    return start, float(np.mean(ordered[-used:] - start)), used / len(values), used


def null_lines(
    area: SkyArea,
    n: int,
    draws: int,
    seed: int,
    *,
    settings: LineSettings | None = None,
    places: tuple[Floats, Floats] | None = None,
) -> Floats:
    """Give the best scores of lines through n stars without a stream.

    Parameters
    ----------
    area
        Where the boxes are.
    n
        Stars of each draw.
    draws
        Number of draws.
    seed
        Of the draws.
    settings
        Of the line finder.
    places
        Positions (deg) of many stars, (m,) each, of which n different ones are drawn: those of
        the region, so that gradients, strips and holes are in the null as in the data. Even in
        the area without.

    Raises
    ------
    UserError
        If fewer than n places are given.
    """
    grid: LineGrid = line_grid(area, settings or LineSettings())
    rng = np.random.default_rng(seed)
    if places is not None and len(places[0]) < n:
        raise UserError(
            f"Cannot draw {n} of {len(places[0])} stars.",
            "Use fewer stars per region, or loosen the cuts.",
        )
    found = np.empty(draws)
    for k in range(draws):
        if places is None:
            x, y = area.draw(n, rng)
        else:
            chosen = rng.choice(len(places[0]), n, replace=False)
            x, y = places[0][chosen], places[1][chosen]
        found[k] = grid.scores(grid.votes(x, y), n).max()
    return found
