"""What all windows of a patch share of their background p(x given m): `window_background`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.density.ensemble import StackedFlow
from engine.device import choose_device
from engine.streams.scores.ranks import RankNormal
from engine.streams.scores.reference import draw, fold_numbers, fold_split, resampled, train_flow
from engine.streams.scores.settings import ScoreSettings
from engine.streams.scores.support import Support
from engine.streams.scores.tilt import Trunk, train_trunk

__all__ = ["Background", "prepare", "smooth_draws"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PROBES, _UNCUT, _LEAST_VISIBLE = 32, 0.97, 0.05
"""Values of m at which visibility is probed; mean from which on nothing is cut; the least."""

_LEVELS = 17
_BANK = 60_000
"""Reference points of a fold at least; a window's template takes its own from them."""


@dataclass
class Background:
    """What all windows of a patch share for one seed.

    Parameters
    ----------
    ranks
        Coordinates of the features.
    support
        Borders, or None.
    middle, spread
        t(m) = asinh((m - middle) / spread).
    flow, trunk
        One of each for every fold.
    fold
        (N,) the fold of each star.
    nodes
        (B,) nodes in t of what does not depend on the features.
    bank
        (K, B, F) draws from the reference flows in rank coordinates, whatever the borders.
    pool, pool_m
        (K, P, F) reference points in rank coordinates and (K, P) their m, inside the borders.
    """

    ranks: RankNormal
    support: Support | None
    middle: float
    spread: float
    flow: StackedFlow
    trunk: Trunk
    fold: NDArray[np.int64]
    bank: Tensor
    pool: Tensor
    pool_m: NDArray[np.float64]
    nodes: Tensor
    settings: ScoreSettings
    seed: int

    def time(self, m: Floats) -> Tensor:
        """Give t(m) as a tensor on the device of the flow."""
        scaled = np.arcsinh((m - self.middle) / self.spread)
        return torch.from_numpy(scaled).to(self.pool)

    def reference(self, member: int, number: int, seed: int) -> Tensor:
        """Give points of a fold's reference flow, (number, F), other ones for another seed."""
        bank = self.bank[member]
        start = int(np.random.default_rng([seed, 101, self.seed]).integers(len(bank)))
        rows = (start + np.arange(min(number, len(bank)))) % len(bank)
        return bank[torch.from_numpy(rows).to(bank.device)]

    def inside(self, z: Floats, m: Floats) -> Bools:
        """Tell which points, in rank coordinates, lie inside the borders."""
        return self.holds(self.ranks.inverse(z), m)

    def holds(self, features: Floats, m: Floats) -> Bools:
        """Tell which points lie inside the borders."""
        if self.support is None:
            return np.ones(len(m), bool)
        return self.support.contains(features, m)


def prepare(
    features: Floats,
    coordinate: Floats,
    settings: ScoreSettings,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Background:
    """Learn what the windows of a patch share: borders, reference flow, functions of the tilt.

    Parameters
    ----------
    features, coordinate
        (N, F) and (N,), all finite.
    settings, seed
        See ``score_windows``.
    on_progress
        Called with the finished part; may raise to stop.
    """
    device = choose_device(settings.device)
    ranks = RankNormal.fit(features)
    support, visible = _borders(features, coordinate) if settings.support else (None, None)
    z = torch.from_numpy(ranks.forward(features).astype(np.float32)).to(device)
    fold = fold_numbers(len(features), settings.folds, seed)
    split = fold_split(fold, settings.folds, seed)
    seen_as = split if visible is None else resampled(split, 1 / visible, seed)
    on_progress(0.05)
    flow = train_flow(
        z,
        None,
        seen_as,
        settings,
        seed=seed,
        on_progress=lambda part: on_progress(0.05 + 0.5 * part),
    )
    low, middle, high = np.quantile(coordinate, [0.16, 0.5, 0.84])
    background = Background(
        ranks=ranks,
        support=support,
        middle=float(middle),
        spread=float(max(0.5 * (high - low), 1e-12)),
        flow=flow,
        trunk=Trunk.initialise(
            settings.folds,
            features.shape[1],
            settings.trunk_hidden,
            settings.trunk_outputs,
            7 + 1009 * seed,
            device,
        ),
        fold=fold,
        bank=z[:0],
        pool=z[:0],
        pool_m=coordinate[:0],
        nodes=z[:0, 0],
        settings=settings,
        seed=seed,
    )
    levels = np.quantile(coordinate, np.linspace(0, 1, _LEVELS))
    background.nodes = torch.unique(background.time(levels))
    _fill_pool(background, coordinate)
    on_progress(0.65)
    background.trunk = train_trunk(
        z,
        background.time(coordinate),
        split.train,
        split.validation,
        background.pool,
        background.time(background.pool_m),
        background.trunk,
        background.nodes,
        order=settings.order,
        epochs=settings.trunk_epochs,
        batch=settings.training.batch,
        seed=seed,
        on_progress=lambda part: on_progress(0.65 + 0.35 * part),
    )
    return background


def _borders(features: Floats, coordinate: Floats) -> tuple[Support | None, Floats | None]:
    """Learn the borders, and which part of the coordinate is visible at each star, (N,).

    Where the borders cut next to nothing there are none. Where they do, stars close to a corner
    stand for those that would be there at other m: weighted by one over the visible part, the
    stars follow a density of x that does not know the borders, and is smooth.
    """
    support = Support.fit(features, coordinate)
    visible = np.zeros(len(coordinate))
    for m in np.quantile(coordinate, (np.arange(_PROBES) + 0.5) / _PROBES):
        visible += support.contains(features, np.full(len(coordinate), m))
    visible /= _PROBES
    if visible.mean() > _UNCUT:
        return None, None
    return support, np.clip(visible, _LEAST_VISIBLE, 1)


def _fill_pool(background: Background, coordinate: Floats) -> None:
    """Draw reference points: x from the flow, m from the stars, kept where stars can be."""
    settings, seed = background.settings, background.seed
    wanted = max(2000, round(settings.pool * len(coordinate)))
    background.bank = draw(background.flow, max(wanted, _BANK), 31 + 1009 * seed)
    kept, kept_m = [], []
    for member, z in enumerate(background.bank[:, :wanted]):
        m = smooth_draws(coordinate, wanted, [seed, 3, member])
        inside = background.inside(z.cpu().double().numpy(), m)
        kept.append(z[torch.from_numpy(inside).to(z.device)])
        kept_m.append(m[inside])
    least = min(map(len, kept))
    background.pool = torch.stack([part[:least] for part in kept])
    background.pool_m = np.stack([part[:least] for part in kept_m])


def smooth_draws(
    values: Floats, number: int, seed: list[int], low: float = -np.inf, high: float = np.inf
) -> Floats:
    """Draw from a smoothed distribution of values, (number,), reflected at a window's edges."""
    generator = np.random.default_rng(seed)
    chosen = generator.choice(values, number)
    width = 0.5 * np.std(values) * len(values) ** -0.2
    moved: Floats = chosen + width * generator.standard_normal(number)
    moved = np.where(moved < low, 2 * low - moved, moved)
    moved = np.where(moved >= high, 2 * high - moved, moved)
    return np.clip(moved, low, np.nextafter(high, low)) if np.isfinite(low) else moved
