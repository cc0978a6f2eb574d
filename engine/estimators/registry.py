"""The pointwise estimators of the application; a new one is a class and a line here."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.estimators.attenuation import solve_by_level
from engine.estimators.base import EstimatorRegistry, PointwiseResult, PointwiseScores
from engine.estimators.conditional import solve_conditional
from engine.estimators.jeans import solve_moments

__all__ = ["ESTIMATORS", "Boltzmann", "Conditional", "Jeans"]


@dataclass(frozen=True)
class Boltzmann:
    """Least squares on the Boltzmann equation, see ``engine.estimators.boltzmann``."""

    name: str = "boltzmann"
    error_scale: float = 1.1
    robust_to_selection: bool = False

    def solve(self, scores: PointwiseScores) -> PointwiseResult:
        """Solve; with two members or more free of attenuation by their noise."""
        plain = scores.normal_equations
        acceleration = plain.acceleration
        if scores.plan.base > 1:
            wide = scores.precision
            target = _along_velocity(scores, scores.space)
            acceleration = solve_by_level(scores, scores.velocity.to(wide), target)
        return PointwiseResult(acceleration, plain.condition, plain.residual)


@dataclass(frozen=True)
class Jeans:
    """The first velocity moment, see ``engine.estimators.jeans``."""

    name: str = "jeans"
    error_scale: float = 1.4
    robust_to_selection: bool = False

    def solve(self, scores: PointwiseScores) -> PointwiseResult:
        """Solve; condition and residual are those of the equation that the moment is taken of."""
        acceleration = solve_moments(scores.space, scores.velocity, scores.v, scores.own_weight)
        plain = scores.normal_equations
        return PointwiseResult(acceleration, plain.condition, plain.residual)


@dataclass(frozen=True)
class Conditional:
    """The acceleration from p(v|x) alone, see ``engine.estimators.conditional``."""

    name: str = "conditional"
    error_scale: float = 1.7
    robust_to_selection: bool = True

    def solve(self, scores: PointwiseScores) -> PointwiseResult:
        """Solve; with two members or more free of attenuation by their noise."""
        given_place = scores.space_given_place
        plain = solve_conditional(given_place, scores.velocity, scores.v, scores.weight)
        acceleration = plain.acceleration
        if scores.plan.base > 1:
            wide = scores.precision
            design = torch.cat([scores.velocity.to(wide), scores.v.to(wide)], -1)
            target = _along_velocity(scores, given_place)
            acceleration = solve_by_level(scores, design, target)[..., :3]
        extras = {
            "density_gradient": scores.density,
            "true_gradient": plain.gradient,
            "inflation": plain.inflation,
        }
        return PointwiseResult(acceleration, plain.condition, plain.residual, extras)


def _along_velocity(scores: PointwiseScores, gradient: Tensor) -> Tensor:
    """Give v . gradient, (M, P, V)."""
    wide = scores.precision
    along: Tensor = (scores.v.to(wide) * gradient.to(wide)).sum(-1)
    return along


ESTIMATORS = EstimatorRegistry()
"""Those that every map is solved by."""

for _estimator in (Boltzmann(), Jeans(), Conditional()):
    ESTIMATORS.register(_estimator)
