"""Classifiers that tell the stars of a window from its background, out of fold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from engine.streams.scores.settings import ScoreSettings

__all__ = ["log_odds"]

Floats = NDArray[np.float64]

_HIDDEN, _BATCH, _EPOCHS, _RATE = 64, 128, 100, 1e-3
"""CATHODE's network: three layers of 64, Adam at 1e-3, batches of 128, 100 epochs at most."""
_KEPT = 10

_BINS = 255
"""Of each coordinate, for trees."""
_LEAST_LEAVES, _SMALLEST_LEAF = 50, 5
"""Leaves that fill the window at least, so that small windows can be divided at all."""


def log_odds(
    stars: Floats,
    background: Floats,
    weight: Floats,
    asked: Floats,
    settings: ScoreSettings,
    seed: int,
) -> Floats:
    """Train on stars against background of the same total weight, and give ln R where asked.

    Parameters
    ----------
    stars, background
        (n, D) and (b, D).
    weight
        (b,) weights of the background, of any scale.
    asked
        (q, D), none of them among the stars.
    settings, seed
        See ``ScoreSettings``.

    Returns
    -------
    Floats
        ln p_star/p_background, (q,).
    """
    x = np.concatenate([stars, background])
    label = np.concatenate([np.ones(len(stars)), np.zeros(len(background))])
    weights = np.concatenate([np.ones(len(stars)), weight * (len(stars) / weight.sum())])
    if settings.classifier == "network":
        return _network(x, label, weights, asked, settings, seed)
    model = HistGradientBoostingClassifier(
        max_iter=settings.trees,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=min(settings.min_leaf, max(_SMALLEST_LEAF, len(x) // _LEAST_LEAVES)),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    # The trees keep to as many threads as torch was given.
    binned, where = _binned(x, asked)
    with threadpool_limits(torch.get_num_threads(), "openmp"):
        model.fit(binned, label, sample_weight=weights)
        odds: Floats = model.decision_function(where)
    return odds


def _binned(x: Floats, asked: Floats) -> tuple[Floats, Floats]:
    """Give both as numbers of bins with as many of x each.

    scikit-learn would sort all points once more for every edge where they have weights: five
    sixths of the time of a fit.
    """
    edges = np.quantile(x, np.linspace(0, 1, _BINS + 1)[1:-1], axis=0)
    pairs = ((part[:, d], edges[:, d]) for part in (x, asked) for d in range(x.shape[1]))
    numbers = [np.searchsorted(edge, values, "right").astype(np.float64) for values, edge in pairs]
    dimensions = x.shape[1]
    return np.stack(numbers[:dimensions], 1), np.stack(numbers[dimensions:], 1)


def _network(
    x: Floats, label: Floats, weights: Floats, asked: Floats, settings: ScoreSettings, seed: int
) -> Floats:
    """Train three layers of 64 and average the ten best epochs, as CATHODE does."""
    mean, scale = x[label > 0].mean(0), x[label > 0].std(0) + 1e-12
    points, where = (
        torch.from_numpy(((part - mean) / scale).astype(np.float32)) for part in (x, asked)
    )
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes = [x.shape[1], _HIDDEN, _HIDDEN, _HIDDEN, 1]
        layers = [torch.nn.Linear(before, after) for before, after in pairwise(sizes)]
    parameters = [p for layer in layers for p in (layer.weight, layer.bias)]

    def logits(values: Tensor) -> Tensor:
        for weight, bias in zip(parameters[0:-2:2], parameters[1:-2:2], strict=True):
            values = torch.relu_(torch.addmm(bias, values, weight.T))
        return torch.addmm(parameters[-1], values, parameters[-2].T)[:, 0]

    order = torch.randperm(len(points), generator=generator)
    held, rows = order[: len(points) // 5], order[len(points) // 5 :]
    label_t = torch.from_numpy(label.astype(np.float32))
    weight_t = torch.from_numpy((weights / weights.mean()).astype(np.float32))

    def loss(values: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(logits(values), truth, weight)

    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    affordable = round(settings.network_steps * _BATCH / len(rows))
    epochs = settings.epochs or min(_EPOCHS, max(5, affordable))
    done, kept = 0, []
    for _ in range(epochs):
        mixed = rows[torch.randperm(len(rows), generator=generator)]
        batches = (torch.split(part[mixed], _BATCH) for part in (points, label_t, weight_t))
        for batch in zip(*batches, strict=True):
            gradients = torch.autograd.grad(loss(*batch), parameters)
            done += 1
            with torch.no_grad():
                _adam_step(parameters, gradients, first, second, done)
        with torch.no_grad():
            lost = float(loss(points[held], label_t[held], weight_t[held]))
            kept.append((lost, torch.sigmoid(logits(where)).double()))
    best = sorted(kept, key=lambda pair: pair[0])[:_KEPT]
    p = torch.stack([odds for _, odds in best]).mean(0).clamp(1e-6, 1 - 1e-6)
    result: Floats = torch.logit(p).numpy()
    return result


def _adam_step(
    parameters: list[Tensor],
    gradients: tuple[Tensor, ...],
    first: list[Tensor],
    second: list[Tensor],
    done: int,
) -> None:
    """Move the parameters in place: Adam, all of them at a time."""
    torch._foreach_lerp_(first, gradients, 0.1)
    torch._foreach_mul_(second, 0.999)
    torch._foreach_addcmul_(second, gradients, gradients, 0.001)
    scales = torch._foreach_sqrt(second)
    torch._foreach_div_(scales, (1 - 0.999**done) ** 0.5)
    torch._foreach_add_(scales, 1e-8)
    torch._foreach_addcdiv_(parameters, first, scales, -_RATE / (1 - 0.9**done))
