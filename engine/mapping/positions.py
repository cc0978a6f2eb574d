"""p(x) of a map: smooth where the stars let it be, else a flow."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine.density.preprocess import BallMap
from engine.density.smooth.coordinates import SmoothCoordinates
from engine.density.smooth.density import SmoothDensity
from engine.density.smooth.fit import Effects, SmoothFit, excess_scatter
from engine.density.split import MemberSplit
from engine.density.training import Epoch

__all__ = ["fit_positions"]

_HOLES = 0.1
"""Relative scatter of the stars' counts beyond chance, above which a density is not smooth."""


def fit_positions(
    x: Tensor,
    tracers: int,
    ball: BallMap,
    split: MemberSplit,
    *,
    seed: int,
    always: bool,
    on_epoch: Callable[[Epoch], None],
    on_progress: Callable[[float], None],
) -> SmoothDensity | None:
    """Fit a smooth p(x) to the stars of every member.

    The sizes of its effects are chosen by the evidence of all tracers once, and kept: a member
    differs from the others by its stars alone.

    Parameters
    ----------
    x
        All tables of stars, (N, 3) kpc, the tracers first.
    tracers
        Rows of the first table.
    ball
        The volume.
    split
        Rows of each member.
    seed
        Of the draws that the stars are compared with.
    always
        Keep the density even where the stars have holes.
    on_epoch
        Takes the members' losses at the start and at the end.
    on_progress
        Called with the finished part, 0 to 1; may raise to stop.

    Returns
    -------
    SmoothDensity or None
        None where the stars have holes that it cannot follow: edges of a survey, dust.
    """
    started = time.perf_counter()
    cx, cy, cz = ball.centre.tolist()
    fit = SmoothFit(SmoothCoordinates.of((cx, cy, cz), ball.radius, x[:tracers]))
    everyone = fit.sums(x[:tracers], torch.ones(1, tracers))[0]
    common = fit.tuned(everyone, tracers, lambda done: on_progress(0.5 * done))
    if not always and excess_scatter(fit.density([common]), x[:tracers], seed) > _HOLES:
        return None
    counts = [_counts(rows, len(x)) for rows in (split.train, split.validation)]
    train, validation = (fit.sums(x, count) for count in counts)
    learning, held_out = (part.shape[1] for part in (split.train, split.validation))
    members = []
    for index, sums in enumerate(train):
        on_progress(0.5 + 0.5 * index / len(train))
        members.append(fit.fitted(sums, learning, common))

    def losses(found: list[Effects]) -> tuple[list[float], list[float]]:
        sides = ((train, learning), (validation, held_out))
        return tuple(  # type: ignore[return-value]
            [e.log_norm - float(s @ e.coefficients) / n for s, e in zip(sums, found, strict=True)]
            for sums, n in sides
        )

    rate = learning * len(train) / (time.perf_counter() - started)
    for number, found in enumerate(([common] * len(members), members)):
        on_epoch(Epoch(number + 1, *losses(found), rate, 0.0))
    return fit.density(members)


def _counts(rows: Tensor, stars: int) -> Tensor:
    """Count how often each member has each star, (M, N) float32."""
    table = np.stack([np.bincount(row, minlength=stars) for row in rows.numpy()])
    return torch.from_numpy(table.astype(np.float32))
