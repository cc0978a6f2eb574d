"""How good scores are where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import UserError

__all__ = ["Quality", "area_under_curve", "improvement", "purity", "quality"]

Floats = NDArray[np.float64]

LEAST_BACKGROUND = 10
TOP = (50, 100, 200)


@dataclass(frozen=True)
class Quality:
    """Area under the curve, largest improvement, and purity of the top 50, 100 and 200."""

    auc: float
    max_sic: float
    purity: tuple[float, ...]


def area_under_curve(score: ArrayLike, signal: ArrayLike) -> float:
    """Give the chance that a signal star outranks a background star; ties count half.

    The rank sum of Mann & Whitney (1947).
    """
    values, truth = np.asarray(score, float), np.asarray(signal, bool)
    _both(truth)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    upper = np.cumsum(counts)
    rank = (upper - 0.5 * (counts - 1))[place]
    signals, others = int(truth.sum()), int((~truth).sum())
    return float((rank[truth].sum() - 0.5 * signals * (signals + 1)) / (signals * others))


def improvement(
    score: ArrayLike, signal: ArrayLike, least_background: int = LEAST_BACKGROUND
) -> float:
    """Give the largest eps_S / sqrt(eps_B) over all cuts that leave enough background.

    Parameters
    ----------
    score, signal
        (n,) and (n,) bool.
    least_background
        Background stars above a cut below which it does not count; without such a floor the
        ratio diverges. Stars of equal score are cut together.
    """
    values, truth = np.asarray(score, float), np.asarray(signal, bool)
    _both(truth)
    order = np.argsort(-values, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    found = np.cumsum(truth[order])[ends] / truth.sum()
    beside = np.cumsum(~truth[order])[ends]
    enough = beside >= min(least_background, int((~truth).sum()))
    part = beside / (~truth).sum()
    return float((found[enough] / np.sqrt(part[enough])).max())


def purity(score: ArrayLike, signal: ArrayLike, top: int) -> float:
    """Give the share of signal among the stars of highest score."""
    values, truth = np.asarray(score, float), np.asarray(signal, bool)
    return float(truth[np.argsort(-values, kind="stable")[:top]].mean())


def quality(score: ArrayLike, signal: ArrayLike) -> Quality:
    """Give all figures of merit of one set of scores."""
    return Quality(
        area_under_curve(score, signal),
        improvement(score, signal),
        tuple(purity(score, signal, top) for top in TOP),
    )


def _both(truth: NDArray[np.bool_]) -> None:
    if truth.all() or not truth.any():
        raise UserError(
            "Scores can only be evaluated with stars of both kinds.",
            "Choose a window with labelled and unlabelled stars.",
        )
