"""Plain-language judgements of numbers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def classifier_verdict(auc: float, sd: float) -> tuple[str, str]:
    """Judge a classifier that was trained to tell held-out stars from samples of the model.

    0.5 is guessing, the best a model can ask for; 1 is a model that anybody can tell from the
    stars. What is indistinguishable within two standard deviations is called perfect; beyond
    that the size of the excess counts, not its significance: with enough stars every flaw is
    significant.

    Returns
    -------
    severity, sentence
        Level of a message (``success``, ``info``, ``warning``, ``error``) and the words.
    """
    if not math.isfinite(auc):
        return "info", "The classifier was not trained in this run."
    excess = abs(auc - 0.5)
    if excess <= 2 * sd:
        return "success", "The classifier cannot tell the model's stars from the real ones."
    if excess < 0.02:
        return "success", "The classifier barely does better than guessing: a very good model."
    if excess < 0.05:
        return (
            "info",
            "The classifier finds a small difference: good enough for a map, see the pulls.",
        )
    if excess < 0.1:
        return (
            "warning",
            "The classifier finds a clear difference: train longer or with a larger preset, "
            "and do not trust details of the map.",
        )
    return (
        "error",
        "The classifier tells model and stars apart easily: this density model does not "
        "describe the stars, and its map is unreliable.",
    )


def figures(value: float, sd: float) -> str:
    """Write a value and its error to two significant figures of the error.

    ``1.94 ± 0.22``; without a finite positive error the value has four figures.
    """
    if not math.isfinite(value):
        return "—"
    if not (math.isfinite(sd) and sd > 0):
        return f"{value:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(sd)))
    value = value or 0.0  # no minus sign before a zero
    return f"{value:,.{decimals}f} ± {sd:,.{decimals}f}".replace("-", "−")


def pulls_verdict(pulls: NDArray[np.floating]) -> tuple[str, str]:
    """Give the root mean square of the pulls and what it means; 1 is pure chance."""
    finite = pulls[np.isfinite(pulls)]
    if finite.size == 0:
        return "—", "no pulls in this run"
    spread = float(np.sqrt(np.mean(finite**2)))
    if spread < 1.3:
        note = "1 is pure chance"
    elif spread < 2.5:
        note = "1 is pure chance; small misfits show"
    else:
        note = "1 is pure chance; look where they are large"
    return f"{spread:.2f}", note
