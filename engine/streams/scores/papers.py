"""The recipe of the papers: flows of its own for every window. The reference for cost and power.

Flow (CATHODE and ANODE, Hallin et al. 2022, arXiv 2109.00546; Nachman & Shih 2020, arXiv
2001.04990): 15 affine autoregressive layers with one hidden layer of 128, Adam at 1e-4 with
weight decay 1e-6, batches of 256, 100 epochs; features scaled to (0, 1), logit, standardised; the
probabilities of the ten epochs of lowest validation loss are averaged. Batch norm is left out.
Two changes: the numerator of ANODE is out of fold, as every score here; and the standardised
coordinates end at five: a patch holds stars at eighty, at which affine layers overflow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import zuko
from numpy.typing import NDArray
from torch import Tensor

from data.errors import UserError
from engine.device import choose_device
from engine.streams.scores.classify import log_odds
from engine.streams.scores.reference import fold_numbers
from engine.streams.scores.settings import ScoreSettings
from engine.streams.scores.task import WindowTask

__all__ = ["score"]

Floats = NDArray[np.float64]

_LAYERS, _HIDDEN, _BATCH, _RATE, _DECAY, _EPOCHS, _KEPT = 15, 128, 256, 1e-4, 1e-6, 100, 10
_CHUNK = 1 << 15
_FARTHEST = 5.0


@dataclass(frozen=True)
class _Scaling:
    """(0, 1), logit, standardised; ratios need no Jacobian."""

    low: Floats
    high: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def fit(cls, values: Floats) -> _Scaling:
        margin = 1e-3 * (values.max(0) - values.min(0))
        low, high = values.min(0) - margin, values.max(0) + margin
        u = (values - low) / (high - low)
        logit = np.log(u / (1 - u))
        return cls(low, high, logit.mean(0), logit.std(0))

    def forward(self, values: Floats) -> Tensor:
        u = np.clip((values - self.low) / (self.high - self.low), 1e-6, 1 - 1e-6)
        scaled = (np.log(u / (1 - u)) - self.mean) / self.spread
        return torch.from_numpy(np.clip(scaled, -_FARTHEST, _FARTHEST).astype(np.float32))

    def inverse(self, z: Tensor) -> Floats:
        logit = z.double().cpu().numpy() * self.spread + self.mean
        values: Floats = self.low + (self.high - self.low) / (1 + np.exp(-logit))
        return values


def _states(
    z: Tensor, t: Tensor, settings: ScoreSettings, seed: int, on_progress: Callable[[float], None]
) -> list[zuko.flows.MAF]:
    """Train one conditional flow and give it as it was after its ten best epochs."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        flow = zuko.flows.MAF(
            z.shape[1], context=1, transforms=_LAYERS, hidden_features=(_HIDDEN,)
        ).to(z.device)
    optimiser = torch.optim.Adam(flow.parameters(), lr=_RATE, weight_decay=_DECAY)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(z), generator=generator)
    held, rows = order[: len(z) // 5].to(z.device), order[len(z) // 5 :]
    epochs = settings.epochs or _EPOCHS
    kept: list[tuple[float, dict[str, Tensor]]] = []
    for epoch in range(epochs):
        mixed = rows[torch.randperm(len(rows), generator=generator)].to(z.device)
        batches = [mixed[start : start + _BATCH] for start in range(0, len(mixed), _BATCH)]
        for number, batch in enumerate(batches):
            loss = -flow(t[batch]).log_prob(z[batch]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            on_progress((epoch + (number + 1) / len(batches)) / epochs)
        with torch.no_grad():
            value = float(-flow(t[held]).log_prob(z[held]).mean())
        if not np.isfinite(value):
            raise UserError(
                f"A flow of the papers' recipe diverged in epoch {epoch + 1}.",
                "Use recipe=shared, or leave out the feature with the largest outliers.",
            )
        kept.append((value, {name: p.detach().clone() for name, p in flow.state_dict().items()}))
        kept = sorted(kept, key=lambda pair: pair[0])[:_KEPT]
    flows = []
    for _, state in kept:
        one = zuko.flows.MAF(
            z.shape[1], context=1, transforms=_LAYERS, hidden_features=(_HIDDEN,)
        ).to(z.device)
        one.load_state_dict(state)
        flows.append(one)
    return flows


@torch.no_grad()
def _log_mean(flows: list[zuko.flows.MAF], z: Tensor, t: Tensor) -> Tensor:
    """Give the log of the mean probability of several flows, (n,)."""
    each = []
    for flow in flows:
        parts = [
            flow(t[start : start + _CHUNK]).log_prob(z[start : start + _CHUNK])
            for start in range(0, len(z), _CHUNK)
        ]
        each.append(torch.cat(parts))
    result: Tensor = torch.logsumexp(torch.stack(each), 0) - np.log(len(flows))
    return result


@torch.no_grad()
def _samples(flows: list[zuko.flows.MAF], t: Tensor, seed: int) -> Tensor:
    """Draw one point for every condition, in turn from each of several flows."""
    parts = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for flow, piece in zip(flows, t.chunk(len(flows)), strict=False):
            parts.append(flow(piece).sample())
    return torch.cat(parts)


def score(method: str, task: WindowTask) -> Floats:
    """Give ln R of the stars of a window by ANODE or CATHODE as published, (n,).

    Parameters
    ----------
    method, task
        See ``score_once``.
    """
    features, m, settings, seed = task.features, task.m, task.settings, task.seed
    if settings.classifier == "both":
        settings = settings.changed(
            {"classifier": "network", "epochs": settings.epochs or _EPOCHS}
        )
    device, inside = choose_device(settings.device), task.inside
    scaling = _Scaling.fit(features)
    z = scaling.forward(features).to(device)
    scaled_m = np.clip((m - m.mean()) / m.std(), -_FARTHEST, _FARTHEST)
    t = torch.from_numpy(scaled_m.astype(np.float32))[:, None].to(device)
    outer, inner = (
        torch.from_numpy(np.flatnonzero(part)).to(device) for part in (~inside, inside)
    )
    control = _states(
        z[outer], t[outer], settings, 3 + 1009 * seed, lambda part: task.on_progress(0.6 * part)
    )
    fold = fold_numbers(len(inner), settings.folds, seed)
    scores = np.zeros(len(inner))
    below = _log_mean(control, z[inner], t[inner]).double().cpu().numpy()
    generator = np.random.default_rng([seed, 13])
    for k in range(settings.folds):
        learn, asked = fold != k, fold == k
        mine = inner[torch.from_numpy(learn).to(device)]
        theirs = inner[torch.from_numpy(asked).to(device)]
        done = 0.6 + 0.4 * k / settings.folds

        def tell(part: float, done: float = done) -> None:
            task.on_progress(done + 0.4 * part / settings.folds)

        if method == "anode":
            signal = _states(z[mine], t[mine], settings, 17 + k + 1009 * seed, tell)
            above = _log_mean(signal, z[theirs], t[theirs]).double().cpu().numpy()
            scores[asked] = above - below[asked]
            continue
        number = round(settings.template * len(mine))
        drawn = t[mine][torch.from_numpy(generator.integers(len(mine), size=number)).to(device)]
        drawn = drawn + 0.01 * torch.from_numpy(
            generator.standard_normal((number, 1)).astype(np.float32)
        ).to(device)
        points = scaling.inverse(_samples(control, drawn, 23 + k + 1009 * seed))
        scores[asked] = log_odds(
            features[inside][learn],
            points,
            np.ones(len(points)),
            features[inside][asked],
            settings,
            97 * seed + k,
        )
        tell(1.0)
    return scores
