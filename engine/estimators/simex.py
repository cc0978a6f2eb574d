"""Extrapolation in the level of noise: what a map would be without measurement errors.

With additional noise of l times the variance of the errors a result goes from f(0) to f(l);
a polynomial through the levels, continued to l = -1, is what it would be without any (simulation
and extrapolation, SIMEX: Cook & Stefanski 1994, JASA 89, 1314). One level gives a line, which
takes too little away where the bias grows slower than the variance; more give a parabola.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["extrapolate"]

Floats = NDArray[np.float64]


def extrapolate(values: Floats, levels: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Extrapolate to no noise.

    Parameters
    ----------
    values
        Results without and with additional noise, (1 + L, ...).
    levels
        Additional noise of all but the first, in units of the errors' variance, L positive
        numbers.

    Returns
    -------
    value, doubt
        The result at level -1, (...), and how far it depends on the form of the curve, (...):
        the difference between parabola and line, and with a single level half of the step.
    """
    if len(values) != 1 + len(levels):
        raise ValueError(f"{len(values)} results do not belong to {len(levels)} noise levels")
    if not levels:
        return values[0], np.zeros_like(values[0])
    line = _continued(values, levels, 1)
    if len(levels) == 1:
        return line, 0.5 * np.abs(line - values[0])
    curve = _continued(values, levels, 2)
    return curve, np.abs(curve - line)


def _continued(values: Floats, levels: tuple[float, ...], degree: int) -> Floats:
    """Fit a polynomial in the level by least squares and give its value at -1."""
    where = np.array([0.0, *levels])
    weights = np.array([-1.0]) ** np.arange(degree + 1) @ np.linalg.pinv(
        np.vander(where, degree + 1, increasing=True)
    )
    continued: Floats = np.tensordot(weights, values, 1)
    return continued
