"""ANODE on the shared background: the flow of a window over the flow of its background.

With ``numerator="residual"`` the density of the window is (1 - w) p_bg + w p_res, and a flow is
fitted to the residual p_res with the background frozen (R-ANODE; Das, Kasieczka & Shih 2023,
arXiv 2312.11629). What the background explains need not be learnt again, so that the ratio is
not the difference of two noisy fits. With ``"flow"`` it is a flow of all stars of the window,
as in the papers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.density.ensemble import StackedFlow
from engine.density.mixture import MixtureShape
from engine.density.split import MemberSplit, epoch_permutations
from engine.density.training import Training
from engine.streams.scores.settings import ScoreSettings

__all__ = ["window_log_ratio"]

Floats = NDArray[np.float64]

_HELD_OUT = 0.15
_LEAST_STEPS = 300
_START = 0.05
"""Part of the residual where training begins."""


def window_log_ratio(
    z: Tensor,
    context: Tensor,
    log_background: Tensor,
    fold: NDArray[np.int64],
    settings: ScoreSettings,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Floats:
    """Give ln p_SR(x|m) / p_CR(x|m) of the stars of a window, out of fold.

    Parameters
    ----------
    z, context
        (n, F) and (n, 1): stars of the window, standardised.
    log_background
        (K, n) ln p_CR(x|m) under the models of each fold, in the coordinates z.
    fold
        (n,) fold of each star.
    settings, seed, on_progress
        As elsewhere.
    """
    folds = len(log_background)
    settings = _with_enough_steps(settings, len(z) * (folds - 1) // folds)
    generator = np.random.default_rng([seed, 11])
    rows = [generator.permutation(np.flatnonzero(fold != k)) for k in range(folds)]
    least = min(map(len, rows))
    stacked = torch.from_numpy(np.stack([part[:least] for part in rows]))
    held = max(1, round(_HELD_OUT * least))
    split = MemberSplit(stacked[:, held:], stacked[:, :held])
    shape = MixtureShape(
        z.shape[1], 1, settings.flow_components, settings.flow_hidden, settings.flow_blocks
    )
    flow = StackedFlow.initialise(shape, [5 + 1009 * seed + k for k in range(folds)], z.device)
    if settings.numerator == "flow":
        trained = Training(flow, z, context, split, settings.training, seed=seed).run(
            lambda _e, _s: None, on_progress
        )
        part = None
    else:
        trained, part = _fit_residual(
            flow, z, context, log_background, split, settings, seed, on_progress
        )
    own = torch.from_numpy(fold).to(z.device)
    with torch.no_grad():
        log_p = trained.log_prob(
            z.expand(folds, *z.shape), context.expand(folds, *context.shape)
        ).gather(0, own[None])[0]
        log_b = log_background.gather(0, own[None])[0]
        if part is None:
            ratio = log_p - log_b
        else:
            share = part[own]
            ratio = torch.logaddexp(torch.log1p(-share), torch.log(share) + log_p - log_b)
    result: Floats = ratio.double().cpu().numpy()
    return result


def _with_enough_steps(settings: ScoreSettings, stars: int) -> ScoreSettings:
    """Give small windows smaller batches and more passes, so that a flow has time to learn."""
    training = settings.training
    batch = max(1, min(training.batch, max(128, stars // 8)))
    steps = max(1, int(stars * (1 - _HELD_OUT)) // batch)
    epochs = max(training.epochs, math.ceil(_LEAST_STEPS / steps))
    patience = max(training.patience, epochs // 6)
    return settings.changed({"batch": batch, "flow_epochs": epochs, "flow_patience": patience})


def _fit_residual(
    flow: StackedFlow,
    z: Tensor,
    context: Tensor,
    log_background: Tensor,
    split: MemberSplit,
    settings: ScoreSettings,
    seed: int,
    on_progress: Callable[[float], None],
) -> tuple[StackedFlow, Tensor]:
    """Maximise the likelihood of (1 - w) p_bg + w p_res in p_res and w; best epoch of each."""
    folds, device = flow.members, z.device
    parameters = {name: value.clone() for name, value in flow.parameters.items()}
    start = math.log(_START / (1 - _START))
    parameters["share"] = torch.full((folds, 1), start, device=device)
    first = {name: torch.zeros_like(value) for name, value in parameters.items()}
    second = {name: torch.zeros_like(value) for name, value in parameters.items()}
    member = torch.arange(folds, device=device)[:, None]

    def loss(named: dict[str, Tensor], rows: Tensor) -> Tensor:
        inner = {name: value for name, value in named.items() if name != "share"}
        log_p = flow.with_parameters(inner).log_prob(z[rows], context[rows])
        log_b = log_background[member, rows]
        mixed = torch.logaddexp(
            torch.nn.functional.logsigmoid(-named["share"]) + log_b,
            torch.nn.functional.logsigmoid(named["share"]) + log_p,
        )
        return -(mixed - log_b).mean(1)

    rows = split.train.to(device)
    held = split.validation.to(device)
    training = settings.training
    batch = min(training.batch, rows.shape[1])
    steps = max(1, rows.shape[1] // batch)
    total, done = steps * training.epochs, 0
    best = {name: value.clone() for name, value in parameters.items()}
    best_loss, stale = torch.full((folds,), math.inf, device=device), 0
    for epoch in range(training.epochs):
        order = epoch_permutations(seed, epoch, list(range(folds)), rows.shape[1]).to(device)
        mixed = rows.gather(1, order)
        for index in range(steps):
            named = {name: value.requires_grad_() for name, value in parameters.items()}
            here = mixed[:, index * batch : (index + 1) * batch]
            gradients = torch.autograd.grad(loss(named, here).sum(), list(named.values()))
            rate = training.learning_rate * min(1.0, (done + 1) / (0.1 * total + 1))
            rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done / total))
            done += 1
            with torch.no_grad():
                for name, gradient in zip(named, gradients, strict=True):
                    one = first[name].lerp_(gradient, 0.1)
                    two = second[name].lerp_(gradient**2, 0.001)
                    scale = (two / (1 - 0.999**done)).sqrt_().add_(1e-8)
                    value = parameters[name].detach_()
                    value.addcdiv_(one, scale, value=-rate / (1 - 0.9**done))
            on_progress(done / total)
        with torch.no_grad():
            now = loss(parameters, held)
            better = now < best_loss
            for name, value in best.items():
                value[better] = parameters[name].detach()[better]
            best_loss = torch.where(better, now, best_loss)
            stale = 0 if bool(better.any()) else stale + 1
        if stale >= training.patience:
            break
    share = torch.sigmoid(best.pop("share")[:, 0])
    return flow.with_parameters(best), share
