"""CATHODE's network of three layers, one for every fold, trained together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from engine.streams.scores.settings import ScoreSettings

__all__ = ["Problem", "network_odds"]

Floats = NDArray[np.float64]

_HIDDEN, _BATCH, _EPOCHS, _RATE = 64, 128, 100, 1e-3
"""Layers of 64, Adam at 1e-3, batches of 128, 100 epochs at most (Hallin+ 2022)."""
_KEPT = 10
"""Epochs of least held-out loss whose probabilities are averaged."""
_HELD = 5
"""One row of so many is held out."""


@dataclass(frozen=True)
class Problem:
    """What one classifier learns, and what it is asked.

    Parameters
    ----------
    stars, background
        (n, D) and (b, D).
    weight
        (b,) weights of the background, of any scale: its sum counts as much as the stars.
    asked
        (q, D), none of them among the stars.
    """

    stars: Floats
    background: Floats
    weight: Floats
    asked: Floats

    def table(self) -> tuple[Floats, Floats, Floats]:
        """Give points (n + b, D), labels and weights (n + b,), stars first."""
        ones, zeros = np.ones(len(self.stars)), np.zeros(len(self.background))
        scaled = self.weight * (len(self.stars) / self.weight.sum())
        points = np.concatenate([self.stars, self.background])
        return points, np.r_[ones, zeros], np.r_[ones, scaled]


def network_odds(
    problems: Sequence[Problem],
    settings: ScoreSettings,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> list[Floats]:
    """Train one network for each problem, and give ln p_star/p_background where asked.

    The problems have as many columns and about as many rows; all networks take each step
    together, as one of them is too small to keep a processor busy. What the longer problems have
    more than the shortest, by chance of the folds, is left out.

    Parameters
    ----------
    problems
        The folds of a window.
    settings
        ``epochs`` and ``network_steps``.
    seed
        Of starting weights, orders of rows and what is held out.
    on_progress
        Called with the finished part; may raise to stop.

    Returns
    -------
    list
        (q,) for each problem.
    """
    tables = [_standard(one) for one in problems]
    generator = torch.Generator().manual_seed(seed)
    least = min(len(label) for _, label, _, _ in tables)
    # Chance that folds share does not tell their stars apart: one start, one order for all.
    order = torch.randperm(max(len(label) for _, label, _, _ in tables), generator=generator)
    chosen = [order[order < len(label)][:least] for _, label, _, _ in tables]
    x, label, weight = (
        torch.stack([table[part][rows] for table, rows in zip(tables, chosen, strict=True)])
        for part in range(3)
    )
    longest = max(len(asked) for *_, asked in tables)
    where = torch.zeros(len(tables), longest, x.shape[2])
    for place, (*_, asked) in zip(where, tables, strict=True):
        place[: len(asked)] = asked
    held = least // _HELD
    network = _Network.drawn(len(tables), x.shape[2], seed)
    count = least - held
    affordable = round(settings.network_steps * _BATCH / count)
    epochs = settings.epochs or min(_EPOCHS, max(5, affordable))
    losses, kept = [], []
    for epoch in range(epochs):
        rows = held + torch.randperm(count, generator=generator)
        mixed = (torch.split(part[:, rows], _BATCH, 1) for part in (x, label, weight))
        for batch in zip(*mixed, strict=True):
            network.step(*batch)
        with torch.no_grad():
            losses.append(network.loss(x[:, :held], label[:, :held], weight[:, :held]))
            kept.append(torch.sigmoid(network.logits(where)).double())
        on_progress((epoch + 1) / epochs)
    best = torch.stack(losses).argsort(0)[:_KEPT]
    chances = torch.stack(kept)
    return [
        torch.logit(chances[best[:, k], k, : len(one.asked)].mean(0).clamp(1e-6, 1 - 1e-6)).numpy()
        for k, one in enumerate(problems)
    ]


def _standard(problem: Problem) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Give points, labels, weights of mean 1 and places asked, by mean and spread of the stars."""
    points, label, weight = problem.table()
    mean, scale = problem.stars.mean(0), problem.stars.std(0) + 1e-12
    parts = (
        (points - mean) / scale,
        label,
        weight / weight.mean(),
        (problem.asked - mean) / scale,
    )
    x, label_t, weight_t, asked = (torch.from_numpy(part.astype(np.float32)) for part in parts)
    return x, label_t, weight_t, asked


class _Network:
    """K networks of three layers, and the moments of their Adam."""

    def __init__(self, parameters: list[Tensor]) -> None:
        self.parameters = parameters
        self.first, self.second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
        self.done = 0

    @classmethod
    def drawn(cls, number: int, features: int, seed: int) -> _Network:
        """Draw starting weights, the same for every network."""
        sizes = [features, _HIDDEN, _HIDDEN, _HIDDEN, 1]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layers = [torch.nn.Linear(before, after) for before, after in pairwise(sizes)]
        drawn = [part for layer in layers for part in (layer.weight.T, layer.bias[None])]
        return cls([part.detach().repeat(number, 1, 1).requires_grad_() for part in drawn])

    def logits(self, values: Tensor) -> Tensor:
        """Give (K, n) at (K, n, D)."""
        pairs = list(zip(self.parameters[::2], self.parameters[1::2], strict=True))
        for weight, bias in pairs[:-1]:
            values = torch.relu_(torch.baddbmm(bias, values, weight))
        weight, bias = pairs[-1]
        return torch.baddbmm(bias, values, weight)[..., 0]

    def loss(self, values: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
        """Give the cross entropy of each network, (K,)."""
        each = binary_cross_entropy_with_logits(
            self.logits(values), truth, weight, reduction="none"
        )
        return each.mean(1)

    def step(self, values: Tensor, truth: Tensor, weight: Tensor) -> None:
        """Take one step of Adam, all parameters at a time and in place."""
        gradients = torch.autograd.grad(self.loss(values, truth, weight).sum(), self.parameters)
        self.done += 1
        with torch.no_grad():
            torch._foreach_lerp_(self.first, gradients, 0.1)
            torch._foreach_mul_(self.second, 0.999)
            torch._foreach_addcmul_(self.second, gradients, gradients, 0.001)
            scales = torch._foreach_sqrt(self.second)
            torch._foreach_div_(scales, (1 - 0.999**self.done) ** 0.5)
            torch._foreach_add_(scales, 1e-8)
            rate = -_RATE / (1 - 0.9**self.done)
            torch._foreach_addcdiv_(self.parameters, self.first, scales, rate)
