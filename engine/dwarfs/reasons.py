"""Reasons for distrust in a fit, in short sentences; none where it is trusted."""

from __future__ import annotations

import numpy as np

from engine.dwarfs.fit import Fit
from engine.dwarfs.predictive import Predictive
from engine.dwarfs.profiles import Profiles

__all__ = ["converged", "reasons"]

MAX_R_HAT = 1.05
MIN_EFFECTIVE = 100
_FEW_STARS = 50
_ALIKE = 0.1  # weight from which a family has a say


def converged(fit: Fit) -> bool:
    """Say whether all families that count were sampled well enough for 95% limits."""
    return all(
        one.r_hat <= MAX_R_HAT and one.effective >= MIN_EFFECTIVE
        for one, weight in zip(fit.families, fit.weights, strict=True)
        if weight >= _ALIKE
    )


def reasons(fit: Fit, found: Profiles, predictive: list[Predictive]) -> list[str]:
    """Give the reasons.

    Parameters
    ----------
    fit
        The fit.
    found
        Its profiles.
    predictive
        The mock stars of each population.
    """
    sentences = []
    for one, weight in zip(fit.families, fit.weights, strict=True):
        if weight < _ALIKE:
            continue
        if one.r_hat > MAX_R_HAT or one.effective < MIN_EFFECTIVE:
            sentences.append(
                f"The {one.family} family has not converged: r-hat {one.r_hat:.2f}, "
                f"{one.effective:.0f} effective draws."
            )
    if _families_disagree(fit, found):
        sentences.append("Families of like evidence disagree on the density at 150 pc.")
    for check in predictive:
        bad = int(check.outside.sum())
        if bad >= 2:
            sentences.append(
                f"The kurtosis of the velocities is not that of the model in {bad} of "
                f"{len(check.count)} bins."
            )
    stars = sum(len(s.velocity) for s in fit.families[0].posterior.stars)
    if stars < _FEW_STARS:
        sentences.append(f"Only {stars} stars have a velocity: the prior decides much.")
    return sentences


def _families_disagree(fit: Fit, found: Profiles) -> bool:
    """Say whether two families that count differ by more than both of their 68% widths."""
    ln = np.log(found.at(found.density, 0.15, log=True))
    limits = [
        np.quantile(ln[found.family == i], [0.16, 0.5, 0.84])
        for i, weight in enumerate(fit.weights)
        if weight >= _ALIKE and (found.family == i).sum() >= 10
    ]
    return any(
        abs(a[1] - b[1]) > (a[2] - a[0]) / 2 + (b[2] - b[0]) / 2
        for i, a in enumerate(limits)
        for b in limits[:i]
    )
