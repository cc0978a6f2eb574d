"""What an estimator is: the protocol, what it is given, what it gives, and the registry.

An estimator that is registered here is solved, gets errors by source, is flagged, written into
the cubes and shown on the pages. The suite in ``tests/engine/estimators`` holds each of them
against analytic models.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from engine.density.plan import MemberPlan
from engine.estimators.boltzmann import PointwiseSolution, precision, solve_normal_equations

__all__ = ["DEFAULT", "Estimator", "EstimatorRegistry", "PointwiseResult", "PointwiseScores"]

DEFAULT = "boltzmann"
"""The pointwise estimator that a complete sample is mapped with."""


@dataclass(frozen=True)
class PointwiseScores:
    """Scores of M members at P positions, V velocities each, the same for all members.

    Parameters
    ----------
    space, space_given_place
        grad_x of ln f and of ln p(v|x), (M, P, V, 3) kpc^-1.
    velocity
        grad_v ln f, (M, P, V, 3) (km/s)^-1.
    density
        grad ln p(x) of the tracers that are seen, (M, P, 3) kpc^-1.
    v
        Velocities, (M, P, V, 3) km/s.
    weight
        (M, P, V): 1 inside the velocities of the tracers, 0 beyond.
    own_weight
        (M, P, V): weights that make averages over the velocities those over p(v|x) of a member.
    plan
        Which members differ by noise alone.
    """

    space: Tensor
    space_given_place: Tensor
    velocity: Tensor
    density: Tensor
    v: Tensor
    weight: Tensor
    own_weight: Tensor
    plan: MemberPlan

    @cached_property
    def normal_equations(self) -> PointwiseSolution:
        """The plain least squares of the Boltzmann equation, which several estimators use."""
        return solve_normal_equations(self.space, self.velocity, self.v, self.weight)

    @cached_property
    def levels(self) -> list[slice]:
        """The members of each level of additional noise, the one without first."""
        return [self.plan.level(index) for index in range(-1, len(self.plan.levels))]

    @cached_property
    def precision(self) -> torch.dtype:
        """The precision in which equations are solved."""
        return precision(self.space)


@dataclass(frozen=True)
class PointwiseResult:
    """What an estimator gives for every member.

    Parameters
    ----------
    acceleration
        (M, P, 3) km2 s-2 kpc-1; NaN where it is not determined.
    condition
        Condition number of the equations in units of their own diagonal, (M, P).
    residual
        rms of what is left of the Boltzmann equation over that of v . grad_x ln f, (M, P).
    extras
        Further fields for the cube, (M, P) or (M, P, 3), by name.
    """

    acceleration: Tensor
    condition: Tensor
    residual: Tensor
    extras: dict[str, Tensor] = field(default_factory=dict)


class Estimator(Protocol):
    """A way from a density model to an acceleration, solved at each position by itself."""

    @property
    def name(self) -> str:
        """The word in cubes, on pages and on the command line."""
        ...

    @property
    def error_scale(self) -> float:
        """Factor on the errors that the members show, measured by ``benchmarks/coverage``."""
        ...

    @property
    def robust_to_selection(self) -> bool:
        """Whether a selection by place or brightness leaves the acceleration unbiased."""
        ...

    def solve(self, scores: PointwiseScores) -> PointwiseResult:
        """Solve at every position of a batch."""
        ...


class EstimatorRegistry:
    """Estimators by name, in the order in which cubes list them."""

    def __init__(self) -> None:
        self._by_name: dict[str, Estimator] = {}

    def register(self, estimator: Estimator) -> None:
        """Add an estimator.

        Raises
        ------
        ValueError
            If there is one of this name.
        """
        if estimator.name in self._by_name:
            raise ValueError(f"there is an estimator {estimator.name} already")
        self._by_name[estimator.name] = estimator

    def __getitem__(self, name: str) -> Estimator:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._by_name)

    def solve(self, scores: PointwiseScores) -> dict[str, PointwiseResult]:
        """Solve a batch by every estimator."""
        return {name: estimator.solve(scores) for name, estimator in self._by_name.items()}

    def for_population(self, *, selected: bool) -> str:
        """Name the estimator that a potential is fitted to.

        Parameters
        ----------
        selected
            Whether the tracers are selected by place or brightness.
        """
        if not selected:
            return DEFAULT
        return next(name for name, each in self._by_name.items() if each.robust_to_selection)
