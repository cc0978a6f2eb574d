"""Whether a candidate comes again when the scores are learnt again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.frames import Floats
from engine.streams.chain import Field
from engine.streams.lines import Line, best_line
from engine.streams.regions import Region, ScoredWindow, regions
from engine.streams.settings import SearchSettings
from engine.streams.stars import PatchStars

__all__ = ["Stability", "same_line", "stability"]

_DRAWN = 5
_SIGMA = 4.6
"""sigma_L that one region in a hundred without streams exceeds."""


@dataclass(frozen=True)
class Stability:
    """How often a line is found again.

    Parameters
    ----------
    fraction
        Of the seeds whose own scores lead to the same line; NaN for a single seed.
    seeds
        Number of seeds.
    basis
        ``seeds``; ``spread`` where only the standard deviation over them is known, so that
        scores are drawn from it, star by star; ``one seed``.
    sigma_sd
        Standard deviation of sigma_L over them.
    """

    fraction: float
    seeds: int
    basis: str
    sigma_sd: float


def same_line(
    theta1: float, r1: float, theta2: float, r2: float, *, turn: float, shift: float
) -> bool:
    """Tell whether two lines agree, theta + pi with -r being the same line.

    Parameters
    ----------
    theta1, r1, theta2, r2
        Directions (rad) and distances (deg).
    turn, shift
        Largest differences, rad and degrees.
    """
    apart = (theta1 - theta2 + np.pi / 2) % np.pi - np.pi / 2
    flipped = round((theta1 - theta2 - apart) / np.pi) % 2
    return bool(abs(apart) <= turn and abs(r1 - (-r2 if flipped else r2)) <= shift)


def stability(
    line: Line,
    region: Region,
    scored: Sequence[ScoredWindow],
    stars: PatchStars,
    field: Field,
    settings: SearchSettings,
) -> Stability:
    """Look for a candidate's line with the scores of each seed alone, in its best region.

    It is found again where the best line of that region lies within 9 deg and 1 deg of it and is
    more than chance makes in one region of a hundred.
    """
    scores = next(one for one in scored if one.window == region.window)
    sets, basis = _score_sets(scores)
    if len(sets) < 2:
        return Stability(np.nan, len(sets), "one seed", np.nan)
    again, sigma = [], []
    for values in sets:
        same = [
            other
            for other in regions([scores], stars, field.mask, settings, log_r=[values])
            if other.other == region.other
        ]
        if not same:
            again.append(False)
            continue
        rows = same[0].index
        found = best_line(field.grid, stars.lon[rows], stars.lat[rows])
        near = same_line(
            found.theta, found.r, line.theta, line.r, turn=np.radians(9.1), shift=1.01
        )
        again.append(near and found.sigma > _SIGMA)
        sigma.append(found.sigma)
    return Stability(
        float(np.mean(again)), len(sets), basis, float(np.std(sigma)) if sigma else np.nan
    )


def _score_sets(scores: ScoredWindow) -> tuple[list[npt.NDArray[Any]], str]:
    by_seed = getattr(scores, "by_seed", None)
    if by_seed is not None and len(by_seed) > 0:
        return list(np.asarray(by_seed)), "seeds"
    n_seeds = int(getattr(scores, "n_seeds", 1))
    spread: Floats = np.nan_to_num(np.asarray(scores.log_r_sd, dtype=np.float64))
    if n_seeds < 2 or not (spread > 0).any():
        return [np.asarray(scores.log_r)], "one seed"
    rng = np.random.default_rng(0)
    drawn = [scores.log_r + spread * rng.standard_normal(len(spread)) for _ in range(_DRAWN)]
    return drawn, "spread"
