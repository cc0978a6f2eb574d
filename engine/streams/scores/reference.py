"""Reference points: draws from a smooth flow p(x) of a patch, one flow for each fold of stars.

They are what stars are compared with when the background of a window is learnt, and what the
background is made of in the end, weighted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.density.ensemble import StackedFlow
from engine.density.mixture import MixtureShape
from engine.density.split import MemberSplit
from engine.density.training import Training
from engine.streams.scores.settings import ScoreSettings

__all__ = ["draw", "fold_numbers", "fold_split", "resampled", "train_flow"]

Floats = NDArray[np.float64]

_HELD_OUT = 0.1
_MOST_AT_ONCE = 1 << 15


def fold_numbers(stars: int, folds: int, seed: int) -> NDArray[np.int64]:
    """Deal stars to folds of equal size at random, (N,)."""
    numbers: NDArray[np.int64] = np.arange(stars) % folds
    return np.random.default_rng([seed, 1]).permutation(numbers)


def fold_split(fold: NDArray[np.int64], folds: int, seed: int) -> MemberSplit:
    """Give the stars that each fold's models learn from: all but its own.

    Members have equal numbers of rows, since they are trained in one batch.
    """
    generator = np.random.default_rng([seed, 2])
    rows = [generator.permutation(np.flatnonzero(fold != k)) for k in range(folds)]
    least = min(map(len, rows))
    held = max(1, round(_HELD_OUT * least))
    stacked = torch.from_numpy(np.stack([part[:least] for part in rows]))
    return MemberSplit(stacked[:, held:], stacked[:, :held])


def resampled(split: MemberSplit, weight: Floats, seed: int) -> MemberSplit:
    """Draw each fold's rows again, with replacement, by weights of the stars (N,)."""
    generator = torch.Generator().manual_seed(41 + 1009 * seed)
    weights = torch.from_numpy(weight)

    def again(rows: Tensor) -> Tensor:
        chosen = torch.multinomial(
            weights[rows], rows.shape[1], replacement=True, generator=generator
        )
        return rows.gather(1, chosen)

    return MemberSplit(again(split.train), again(split.validation))


def train_flow(
    values: Tensor,
    context: Tensor | None,
    split: MemberSplit,
    settings: ScoreSettings,
    *,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> StackedFlow:
    """Train one flow for each fold, all in one batched pass.

    Parameters
    ----------
    values, context
        All stars, (N, F) and (N, C) or None, standardised, on the device.
    split
        Rows of each fold's flow.
    settings
        Shape and training of the flows.
    seed
        Of starts and batches.
    on_progress
        Called with the finished part, 0 to 1; an exception that it raises ends the training.
    """
    members = split.train.shape[0]
    shape = MixtureShape(
        values.shape[1],
        0 if context is None else context.shape[1],
        settings.flow_components,
        settings.flow_hidden,
        settings.flow_blocks,
    )
    flow = StackedFlow.initialise(
        shape, [1009 * seed + member for member in range(members)], values.device
    )
    training = Training(flow, values, context, split, settings.training, seed=seed)
    return training.run(lambda _epoch, _state: None, on_progress)


@torch.no_grad()
def draw(flow: StackedFlow, number: int, seed: int) -> Tensor:
    """Draw points from every member of a flow without context, (M, number, F)."""
    features, device = flow.shape.features, next(iter(flow.parameters.values())).device
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for start in range(0, number, _MOST_AT_ONCE):
        several = min(_MOST_AT_ONCE, number - start)
        base = torch.randn(flow.members, several, features, generator=generator)
        parts.append(flow.inverse(base.to(device)))
    return torch.cat(parts, 1)
