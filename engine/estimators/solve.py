"""The pointwise estimators at many positions, with bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.density.model import DensityModel, Scores
from engine.density.plan import MemberPlan
from engine.estimators.attenuation import unattenuated
from engine.estimators.boltzmann import (
    normal_draws,
    normalised,
    precision,
    solve_normal_equations,
)
from engine.estimators.conditional import solve_conditional
from engine.estimators.jeans import solve_moments

__all__ = ["POINTWISE", "PointwiseMap", "solve_positions"]

Floats = NDArray[np.float64]

POINTWISE = ("boltzmann", "jeans", "conditional")
"""Estimators that are solved at each position by itself."""

_EVALUATIONS = 32_768
"""Members x positions x velocities in one batch: about 0.3 GB with 6 layers of 2 x 64 units."""


@dataclass(frozen=True)
class PointwiseMap:
    """The pointwise solutions of every member at P positions.

    Parameters
    ----------
    boltzmann, jeans, conditional
        Acceleration of each member by each estimator, (M, P, 3) km2 s-2 kpc-1.
    condition, residual
        Of ``boltzmann``, (M, P); see ``PointwiseSolution``.
    density_gradient
        grad ln p(x) of the tracers that are seen, (M, P, 3) kpc^-1.
    true_gradient
        grad ln n of the true tracers as ``conditional`` finds it, (M, P, 3) kpc^-1.
    inflation
        Errors of ``conditional`` in those of ``boltzmann``, (M, P, 3).
    conditional_condition, conditional_residual
        (M, P), see ``ConditionalSolution``.
    """

    boltzmann: Floats
    jeans: Floats
    conditional: Floats
    condition: Floats
    residual: Floats
    density_gradient: Floats
    true_gradient: Floats
    inflation: Floats
    conditional_condition: Floats
    conditional_residual: Floats

    @property
    def members(self) -> int:
        """Number of members M."""
        return len(self.boltzmann)

    def of(self, estimator: str) -> Floats:
        """Give the members' accelerations by one of ``POINTWISE``, (M, P, 3)."""
        found: Floats = getattr(self, estimator)
        return found

    @property
    def mean(self) -> Floats:
        """Mean of the members' ``boltzmann`` accelerations, (P, 3)."""
        mean: Floats = self.boltzmann.mean(0)
        return mean

    def pick(self, members: slice) -> PointwiseMap:
        """Give the same of some members."""
        return PointwiseMap(**{f.name: getattr(self, f.name)[members] for f in fields(self)})


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
    names = [f.name for f in fields(PointwiseMap)]
    parts: dict[str, list[Tensor]] = {name: [] for name in names}
    for start in range(0, max(1, len(where)), batch):
        solved = _solve_batch(model, where[start : start + batch], base, plan)
        for name in names:
            parts[name].append(solved[name])
        on_batch(min(1.0, (start + batch) / max(1, len(where))))
    return PointwiseMap(
        **{name: torch.cat(column, 1).double().cpu().numpy() for name, column in parts.items()}
    )


def _solve_batch(
    model: DensityModel, x: Tensor, base: Tensor, plan: MemberPlan
) -> dict[str, Tensor]:
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
    scores = model.scores(x, v)
    grad_x = scores.space + scores.density[:, :, None]
    even = known.expand(members, -1, -1)
    own_weight = known * torch.exp(scores.log_velocity - torch.logsumexp(scores.log_velocity, 0))
    pointwise = solve_normal_equations(grad_x, scores.velocity, v, even)
    conditional = solve_conditional(scores.space, scores.velocity, v, even)
    found = {"boltzmann": pointwise.acceleration, "conditional": conditional.acceleration}
    if plan.base > 1:
        found = _without_noise(grad_x, scores, v, known[0], plan)
    return {
        **found,
        "jeans": solve_moments(grad_x, scores.velocity, v, own_weight),
        "condition": pointwise.condition,
        "residual": pointwise.residual,
        "density_gradient": scores.density,
        "true_gradient": conditional.gradient,
        "inflation": conditional.inflation,
        "conditional_condition": conditional.condition,
        "conditional_residual": conditional.residual,
    }


def _without_noise(
    grad_x: Tensor, scores: Scores, v: Tensor, known: Tensor, plan: MemberPlan
) -> dict[str, Tensor]:
    """Solve for (M, P, 3) by ``boltzmann`` and ``conditional``, each level of noise by itself."""
    wide = precision(grad_x)
    v, g = v.to(wide), scores.velocity.to(wide)
    total, inner = ((v * gradient.to(wide)).sum(-1) for gradient in (grad_x, scores.space))
    weight = normalised(known, total[0])
    both = torch.cat([g, v], -1)
    levels = [plan.level(index) for index in range(-1, len(plan.levels))]

    def solved(design: Tensor, target: Tensor) -> Tensor:
        parts = [
            unattenuated(
                design[level],
                target[level],
                weight,
                resampled=plan.bootstrap,
                twins=plan.twins,
            )
            for level in levels
        ]
        return torch.cat(parts)[..., :3]

    return {"boltzmann": solved(g, total), "conditional": solved(both, inner)}
