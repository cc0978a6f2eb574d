"""The pointwise estimators at many positions, with bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.density.model import DensityModel
from engine.density.plan import MemberPlan
from engine.estimators.base import PointwiseResult, PointwiseScores
from engine.estimators.boltzmann import normal_draws
from engine.estimators.registry import ESTIMATORS

__all__ = ["PointwiseMap", "solve_positions"]

Floats = NDArray[np.float64]

_EVALUATIONS = 32_768
"""Members x positions x velocities in one batch: about 0.3 GB with 6 layers of 2 x 64 units."""


@dataclass(frozen=True)
class PointwiseMap:
    """The pointwise solutions of every member at P positions.

    Parameters
    ----------
    acceleration
        Of each member by estimator, (M, P, 3) km2 s-2 kpc-1.
    condition, residual
        By estimator, (M, P); see ``engine.estimators.base.PointwiseResult``.
    extras
        Further fields of estimators, (M, P) or (M, P, 3): ``density_gradient`` and
        ``true_gradient`` (grad ln n of the tracers as seen, and as ``conditional`` gives it,
        kpc^-1) and ``inflation`` (errors of ``conditional`` in those of ``boltzmann``).
    """

    acceleration: dict[str, Floats]
    condition: dict[str, Floats]
    residual: dict[str, Floats]
    extras: dict[str, Floats]

    @property
    def members(self) -> int:
        """Number of members M."""
        return len(next(iter(self.acceleration.values())))

    def to_arrays(self) -> dict[str, Floats]:
        """Give everything as arrays under names of two words, for a file."""
        return {
            f"{group.name}/{name}": values
            for group in fields(self)
            for name, values in getattr(self, group.name).items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> PointwiseMap:
        """Read what `to_arrays` gave."""
        groups: dict[str, dict[str, Floats]] = {field.name: {} for field in fields(cls)}
        for key, values in arrays.items():
            group, _, name = key.partition("/")
            groups[group][name] = values
        return cls(**groups)

    def pick(self, members: slice) -> PointwiseMap:
        """Give the same of some members."""
        return PointwiseMap(
            *(
                {name: values[members] for name, values in group.items()}
                for group in (self.acceleration, self.condition, self.residual, self.extras)
            )
        )


def solve_positions(
    model: DensityModel,
    positions: NDArray[np.floating],
    *,
    velocities: int,
    seed: int,
    clip: float,
    plan: MemberPlan | None = None,
    on_batch: Callable[[float], None] = lambda _: None,
) -> PointwiseMap:
    """Solve the Boltzmann equation at positions with every member, in all pointwise ways.

    All members are asked at the same velocities, drawn in equal parts from each of them: the
    equation holds at any velocity, and drawing is as dear as differentiating. For averages over
    p(v|x) of one member, which ``jeans`` needs, each velocity has the weight p_m / mean_k p_k.
    Draws beyond the velocities of the tracers are left out: the flow has learnt nothing there.

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
    plan
        Who the members are; by default they have learnt from bootstrap samples of their own. It
        says which of them differ by noise alone, which ``boltzmann`` and ``conditional`` are
        freed of (``engine.estimators.attenuation``) where there are two or more.
    on_batch
        Called with the finished part, 0 to 1.
    """
    members = model.members
    plan = plan or MemberPlan(members, (), bootstrap=True)
    share = -(-velocities // members)
    base = normal_draws(share * members, seed, clip).to(model.device)
    # neighbours in a Sobol sequence belong together: every member gets every M-th draw
    base = base.view(share, members, 3).transpose(0, 1)
    batch = max(1, _EVALUATIONS // (members * share * members))
    where = torch.as_tensor(np.asarray(positions), dtype=torch.float32, device=model.device)
    parts: list[dict[str, PointwiseResult]] = []
    for start in range(0, max(1, len(where)), batch):
        parts.append(ESTIMATORS.solve(_scores(model, where[start : start + batch], base, plan)))
        on_batch(min(1.0, (start + batch) / max(1, len(where))))
    return _joined(parts)


def _scores(model: DensityModel, x: Tensor, base: Tensor, plan: MemberPlan) -> PointwiseScores:
    """Evaluate every member at the velocities that all of them have drawn."""
    members, share = base.shape[:2]
    with torch.no_grad():
        wide = x[None, :, None].expand(members, -1, share, -1)
        own = model.velocities(wide, base[:, None].expand(-1, len(x), -1, -1))
    shared = own.transpose(0, 1).reshape(1, len(x), members * share, 3)
    inside = model.coordinates.knows(x[None, :, None], shared)
    middle = model.coordinates.physical_velocity(
        x[None, :, None], torch.zeros_like(shared[:, :, :1])
    )
    safe = torch.where(inside[..., None], shared, middle)
    v = safe.expand(members, -1, -1, -1)
    scores = model.scores(x, v)
    relative = torch.exp(scores.log_velocity - torch.logsumexp(scores.log_velocity, 0))
    return PointwiseScores(
        space=scores.space + scores.density[:, :, None],
        space_given_place=scores.space,
        velocity=scores.velocity,
        density=scores.density,
        v=v,
        weight=inside.expand(members, -1, -1),
        own_weight=inside * relative,
        plan=plan,
    )


def _joined(parts: list[dict[str, PointwiseResult]]) -> PointwiseMap:
    """Put batches of positions together, as doubles on the CPU."""

    def joined(column: list[Tensor]) -> Floats:
        values: Floats = torch.cat(column, 1).double().cpu().numpy()
        return values

    names = parts[0]
    return PointwiseMap(
        {n: joined([part[n].acceleration for part in parts]) for n in names},
        {n: joined([part[n].condition for part in parts]) for n in names},
        {n: joined([part[n].residual for part in parts]) for n in names},
        {
            key: joined([part[n].extras[key] for part in parts])
            for n in names
            for key in names[n].extras
        },
    )
