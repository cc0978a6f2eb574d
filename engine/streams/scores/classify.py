"""Classifiers that tell the stars of a window from its background, out of fold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from engine.streams.scores.settings import ScoreSettings

__all__ = ["log_odds"]

Floats = NDArray[np.float64]

_HIDDEN, _BATCH, _EPOCHS, _RATE = 64, 128, 100, 1e-3
"""CATHODE's network: three layers of 64, Adam at 1e-3, batches of 128, 100 epochs."""
_KEPT = 10
_MOST_NETWORK_STEPS = 20_000

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
    with threadpool_limits(torch.get_num_threads(), "openmp"):
        model.fit(x, label, sample_weight=weights)
        odds: Floats = model.decision_function(asked)
    return odds


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
        layers: list[torch.nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
    order = torch.randperm(len(points), generator=generator)
    held, rows = order[: len(points) // 5], order[len(points) // 5 :]
    label_t = torch.from_numpy(label.astype(np.float32))
    weight_t = torch.from_numpy((weights / weights.mean()).astype(np.float32))

    def loss(index: torch.Tensor) -> torch.Tensor:
        s = model(points[index])[:, 0]
        each = torch.nn.functional.softplus(s) - label_t[index] * s
        mean: torch.Tensor = (weight_t[index] * each).mean()
        return mean

    parameters: list[torch.Tensor] = list(model.parameters())
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    epochs = settings.epochs or min(_EPOCHS, max(5, _MOST_NETWORK_STEPS * _BATCH // len(rows)))
    done, kept = 0, []
    for _ in range(epochs):
        mixed = rows[torch.randperm(len(rows), generator=generator)]
        for start in range(0, len(mixed), _BATCH):
            batch = mixed[start : start + _BATCH]
            gradients = torch.autograd.grad(loss(batch), parameters)
            done += 1
            with torch.no_grad():
                for p, g, one, two in zip(parameters, gradients, first, second, strict=True):
                    one.lerp_(g, 0.1)
                    two.lerp_(g**2, 0.001)
                    scale_ = (two / (1 - 0.999**done)).sqrt_().add_(1e-8)
                    p.addcdiv_(one, scale_, value=-_RATE / (1 - 0.9**done))
        with torch.no_grad():
            kept.append((float(loss(held)), torch.sigmoid(model(where)[:, 0]).double()))
    best = sorted(kept, key=lambda pair: pair[0])[:_KEPT]
    p = torch.stack([odds for _, odds in best]).mean(0).clamp(1e-6, 1 - 1e-6)
    result: Floats = torch.logit(p).numpy()
    return result
