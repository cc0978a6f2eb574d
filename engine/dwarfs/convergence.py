"""Whether chains agree: split r-hat and effective sample size (Gelman et al. 2013, BDA3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["effective_size", "split_r_hat"]

Floats = NDArray[np.float64]


def split_r_hat(chains: Floats) -> Floats:
    """Give r-hat of quantities (chains, draws, ...): 1 where all halves of all chains agree."""
    halves = _halves(chains)
    count = halves.shape[1]
    within = halves.var(axis=1, ddof=1).mean(0)
    between = halves.mean(1).var(axis=0, ddof=1)
    total = (count - 1) / count * within + between
    return np.asarray(np.sqrt(total / np.maximum(within, 1e-300)), dtype=np.float64)


def effective_size(chains: Floats) -> Floats:
    """Give how many independent draws quantities (chains, draws, ...) are worth."""
    halves = _halves(chains)
    sets, count = halves.shape[:2]
    within = halves.var(axis=1, ddof=1).mean(0)
    between = halves.mean(1).var(axis=0, ddof=1)
    total = np.maximum((count - 1) / count * within + between, 1e-300)
    centred = halves - halves.mean(1, keepdims=True)
    padded = np.fft.rfft(centred, 2 * count, axis=1)
    covariance = np.fft.irfft(padded * padded.conj(), axis=1)[:, :count].mean(0) / count
    correlation = 1 - (within - covariance * count / (count - 1)) / total
    correlation[0] = 1.0
    length = count - count % 2
    pairs = correlation[0:length:2] + correlation[1:length:2]
    positive = np.cumprod(pairs > 0, axis=0)
    pairs = np.minimum.accumulate(pairs, axis=0) * positive
    time = np.maximum(2 * pairs.sum(0) - 1, 1 / np.log10(max(sets * count, 11)))
    return np.asarray(sets * count / time, dtype=np.float64)


def _halves(chains: Floats) -> Floats:
    half = chains.shape[1] // 2
    return np.concatenate([chains[:, :half], chains[:, -half:]], 0)
