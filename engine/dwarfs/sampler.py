"""Posterior sampling by Hamiltonian Monte Carlo, many chains at once, and the evidence.

Chains move in coordinates in which the posterior is about a unit sphere: first by the curvature at
the mode, then by the covariance that the warm-up has seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from torch import Tensor

__all__ = ["Samples", "Sampling", "bridge_evidence", "find_mode", "sample"]

Floats = NDArray[np.float64]
Density = Callable[[Tensor], Tensor]
Progress = Callable[[float], None]

_TARGET = 0.8  # share of accepted moves
_BAD = -1e12


@dataclass(frozen=True)
class Sampling:
    """How long to sample.

    Parameters
    ----------
    chains
        Chains side by side.
    warmup
        Moves of each chain that are thrown away.
    draws
        Moves of each chain that are kept.
    path
        Length of a move in standard deviations.
    evidence
        Points at which the evidence is estimated.
    """

    chains: int = 6
    warmup: int = 60
    draws: int = 80
    path: float = 1.9
    evidence: int = 300


@dataclass(frozen=True)
class Samples:
    """What sampling gave.

    Parameters
    ----------
    z
        Parameters, (chains, draws, D).
    log_density
        Of each, (chains, draws).
    accepted
        Share of accepted moves.
    """

    z: Floats
    log_density: Floats
    accepted: float

    @property
    def flat(self) -> Floats:
        """All draws, (chains draws, D), chain after chain."""
        return self.z.reshape(-1, self.z.shape[-1])


def value_and_gradient(density: Density, z: Floats) -> tuple[Floats, Floats]:
    """Give ln p (B,) and its gradient at points (B, D); what is not finite is very small."""
    point = torch.tensor(z, requires_grad=True)
    value = density(point)
    (gradient,) = torch.autograd.grad(value.sum(), point)
    p, g = value.detach().numpy().copy(), gradient.numpy().copy()
    bad = ~np.isfinite(p) | ~np.isfinite(g).all(1)
    p[bad], g[bad] = _BAD, 0.0
    return p, g


def log_values(density: Density, z: Floats, batch: int = 32) -> Floats:
    """Give ln p (n,) at points (n, D)."""
    with torch.no_grad():
        parts = [density(torch.tensor(z[i : i + batch])).numpy() for i in range(0, len(z), batch)]
    values = np.concatenate(parts)
    return np.where(np.isfinite(values), values, _BAD)


def find_mode(density: Density, start: Floats, check: Callable[[], None]) -> tuple[Floats, Floats]:
    """Find the mode and a square root of the inverse curvature there.

    Parameters
    ----------
    density
        ln p of (B, D).
    start
        Where to begin, (D,).
    check
        Called now and then; may raise to stop.

    Returns
    -------
    mode, root
        (D,), and (D, D) with root root^T the covariance.
    """

    def loss(z: Floats) -> tuple[float, Floats]:
        check()
        p, g = value_and_gradient(density, z[None])
        return -float(p[0]), -g[0]

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80})
    mode, step = np.asarray(found.x, dtype=np.float64), 0.05
    points = mode + step * np.concatenate([np.eye(len(mode)), -np.eye(len(mode))])
    gradients = []
    for i in range(0, len(points), 8):
        check()
        gradients.append(value_and_gradient(density, points[i : i + 8])[1])
    up, down = np.split(np.concatenate(gradients), 2)
    curvature = -(up - down) / (2 * step)
    values, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
    # the prior alone has the curvature 1; a kink of the tables must not make it less
    return mode, vectors / np.sqrt(np.maximum(values, 0.8))


def sample(
    density: Density,
    mode: Floats,
    root: Floats,
    sampling: Sampling,
    rng: np.random.Generator,
    progress: Progress,
) -> Samples:
    """Sample.

    Parameters
    ----------
    density
        ln p of (B, D).
    mode, root
        What `find_mode` gave.
    sampling
        How long.
    rng
        Source of all random numbers.
    progress
        Called with the fraction done after each move; may raise to stop.
    """
    count, size = sampling.chains, len(mode)
    z = mode + 0.5 * rng.normal(size=(count, size)) @ root.T
    state = (z, *value_and_gradient(density, z))
    total = sampling.warmup + sampling.draws
    turn = sampling.warmup // 2
    step, seen = _StepSize(0.6), []
    kept_z, kept_p, accepted = [], [], []
    for move in range(total):
        state, probability = _move(density, state, root, step.current(rng), sampling.path, rng)
        if move < sampling.warmup:
            step.learn(float(probability.mean()))
            if turn // 3 <= move:
                seen.append(state[0].copy())
            if move == turn:
                root = _whiten(np.concatenate(seen), root)
                step.restart()
        else:
            kept_z.append(state[0].copy())
            kept_p.append(state[1].copy())
            accepted.append(float(probability.mean()))
        progress((move + 1) / total)
    return Samples(np.stack(kept_z, 1), np.stack(kept_p, 1), float(np.mean(accepted)))


State = tuple[Floats, Floats, Floats]


def _move(
    density: Density,
    state: State,
    root: Floats,
    step: float,
    path: float,
    rng: np.random.Generator,
) -> tuple[State, Floats]:
    """Move all chains once: their new state, and the probabilities with which they did."""
    z, p, g = state
    momentum = rng.normal(size=z.shape)
    steps = max(1, round(path * rng.uniform(0.7, 1.3) / step))
    before = p - 0.5 * (momentum**2).sum(1)
    new_z, new_p, new_g = z, p, g
    moving = momentum + 0.5 * step * new_g @ root
    for i in range(steps):
        new_z = new_z + step * moving @ root.T
        new_p, new_g = value_and_gradient(density, new_z)
        moving = moving + (step if i < steps - 1 else 0.5 * step) * new_g @ root
    after = new_p - 0.5 * (moving**2).sum(1)
    probability = np.exp(np.minimum(after - before, 0.0))
    taken = rng.uniform(size=len(z)) < probability
    pick = taken[:, None]
    return (
        np.where(pick, new_z, z),
        np.where(taken, new_p, p),
        np.where(pick, new_g, g),
    ), probability


class _StepSize:
    """Dual averaging of the step (Hoffman & Gelman 2014, JMLR 15, 1593)."""

    def __init__(self, first: float) -> None:
        self._step = self._mean = first
        self.restart()

    def restart(self) -> None:
        """Forget, starting from the present step."""
        self._centre = np.log(1.2 * self._mean)
        self._error, self._count = 0.0, 0

    def learn(self, probability: float) -> None:
        """Take in how probable the last moves were."""
        self._count += 1
        share = 1 / (self._count + 5)
        self._error = (1 - share) * self._error + share * (_TARGET - probability)
        ln = self._centre - np.sqrt(self._count) / 0.1 * self._error
        self._step = float(np.clip(np.exp(ln), 0.02, 1.3))
        weight = self._count**-0.75
        self._mean = float(np.exp(weight * np.log(self._step) + (1 - weight) * np.log(self._mean)))

    def current(self, rng: np.random.Generator) -> float:
        """Give the step of the next move, scattered lest paths close on themselves."""
        return self._mean * float(rng.uniform(0.85, 1.15))


def _whiten(seen: Floats, root: Floats) -> Floats:
    """Turn the positions seen into a better root, drawn towards the one before."""
    white = np.linalg.solve(root, (seen - seen.mean(0)).T)
    weight = len(seen) / (len(seen) + 5 * len(root))
    covariance = weight * np.cov(white) + (1 - weight) * np.eye(len(root))
    return np.asarray(root @ np.linalg.cholesky(covariance), dtype=np.float64)


def bridge_evidence(
    density: Density, samples: Samples, count: int, rng: np.random.Generator
) -> float:
    """Estimate ln of the integral of p by bridge sampling (Meng & Wong 1996, Stat. Sinica 6, 831).

    A Gaussian is fitted to the first half of each chain; the other halves and `count` points drawn
    from it are bridged.
    """
    half = samples.z.shape[1] // 2
    first = samples.z[:, :half].reshape(-1, samples.z.shape[-1])
    second = samples.z[:, half:].reshape(-1, samples.z.shape[-1])
    p_second = samples.log_density[:, half:].ravel()
    mean, size = first.mean(0), first.shape[1]
    spread = np.cov(first.T) + 1e-6 * np.eye(size)
    shrunk = 0.95 * spread + 0.05 * np.diag(np.diag(spread))
    factor = np.linalg.cholesky(shrunk)
    drawn = mean + rng.normal(size=(count, size)) @ factor.T

    def proposal(z: Floats) -> Floats:
        white = np.linalg.solve(factor, (z - mean).T)
        ln = np.log(np.diag(factor)).sum() + 0.5 * size * np.log(2 * np.pi)
        return np.asarray(-0.5 * (white**2).sum(0) - ln, dtype=np.float64)

    at_second = p_second - proposal(second)
    at_drawn = log_values(density, drawn) - proposal(drawn)
    n1, n2 = len(second), count
    s1, s2 = np.log(n1 / (n1 + n2)), np.log(n2 / (n1 + n2))
    value = float(np.median(at_second))
    for _ in range(200):
        up = logsumexp(at_drawn - np.logaddexp(s1 + at_drawn, s2 + value)) - np.log(n2)
        down = logsumexp(-np.logaddexp(s1 + at_second, s2 + value)) - np.log(n1)
        new = float(up - down)
        if abs(new - value) < 1e-6:
            break
        value = new
    return value
