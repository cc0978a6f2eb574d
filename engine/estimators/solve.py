"""The ``boltzmann`` estimator at many positions, with bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.density.model import DensityModel
from engine.draws import Draws
from engine.estimators.boltzmann import normal_draws, solve_normal_equations

__all__ = ["BoltzmannMap", "solve_positions"]

_EVALUATIONS = 32_768
"""Members x positions x velocities in one batch: about 0.3 GB with 6 layers of 2 x 64 units."""


@dataclass(frozen=True)
class BoltzmannMap:
    """The pointwise solution of every member at P positions.

    Parameters
    ----------
    acceleration
        (M, P, 3) km2 s-2 kpc-1.
    condition, residual
        Medians over the members, (P,); see ``PointwiseSolution``.
    """

    acceleration: NDArray[np.float64]
    condition: NDArray[np.float64]
    residual: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of the members' accelerations, (P, 3)."""
        mean: NDArray[np.float64] = self.acceleration.mean(0)
        return mean

    @property
    def draws(self) -> Draws:
        """The mean with the members' deviations as its errors, (P, 3).

        Each member has its own start and bootstrap sample. The sampling part of its scatter does
        not shrink when members are averaged, so that it is taken as the error of the mean as
        well. There are none with a single member.
        """
        members = len(self.acceleration)
        if members == 1:
            return Draws(self.mean, np.empty((0, *self.mean.shape)))
        return Draws(self.mean, (self.acceleration - self.mean) * np.sqrt(members / (members - 1)))

    @property
    def spread(self) -> NDArray[np.float64]:
        """Standard deviation over the members, (P, 3); NaN with a single member."""
        return self.draws.sd


def solve_positions(
    model: DensityModel,
    positions: NDArray[np.floating],
    *,
    velocities: int,
    seed: int,
    clip: float,
    on_batch: Callable[[float], None] = lambda _: None,
) -> BoltzmannMap:
    """Solve the Boltzmann equation at positions with every member.

    All members are asked at the same velocities, drawn in equal parts from each of them: the
    equation holds at any velocity, and drawing is as dear as differentiating. Draws beyond the
    velocities of the tracers are left out: the flow has learnt nothing there.

    Parameters
    ----------
    model
        The density model.
    positions
        (P, 3) kpc, inside the volume.
    velocities
        Velocities at each position.
    seed, clip
        See ``normal_draws``.
    on_batch
        Called with the finished part, 0 to 1.
    """
    members = model.members
    share = -(-velocities // members)
    base = normal_draws(share * members, seed, clip).to(model.device)
    # neighbours in a Sobol sequence belong together: every member gets every M-th draw
    base = base.view(share, members, 3).transpose(0, 1)
    batch = max(1, _EVALUATIONS // (members * share * members))
    where = torch.as_tensor(np.asarray(positions), dtype=torch.float32, device=model.device)
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for start in range(0, len(where), batch):
        parts.append(_solve_batch(model, where[start : start + batch], base))
        on_batch(min(1.0, (start + batch) / len(where)))
    if not parts:
        empty = np.zeros(0)
        return BoltzmannMap(np.zeros((members, 0, 3)), empty, empty)
    acceleration, condition, residual = (
        torch.cat(list(column), 1).cpu().numpy() for column in zip(*parts, strict=True)
    )
    return BoltzmannMap(acceleration, np.median(condition, axis=0), np.median(residual, axis=0))


def _solve_batch(model: DensityModel, x: Tensor, base: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    members, share = base.shape[:2]
    with torch.no_grad():
        wide = x[None, :, None].expand(members, -1, share, -1)
        own = model.velocities(wide, base[:, None].expand(-1, len(x), -1, -1))
    shared = own.transpose(0, 1).reshape(1, len(x), members * share, 3)
    known = model.coordinates.knows(x[None, :, None], shared)
    middle = model.coordinates.physical_velocity(
        x[None, :, None], torch.zeros_like(shared[:, :, :1])
    )
    safe = torch.where(known[..., None], shared, middle)
    v = safe.expand(members, -1, -1, -1)
    solution = solve_normal_equations(*model.scores(x, v), v, known.expand(members, -1, -1))
    return solution.acceleration, solution.condition, solution.residual
