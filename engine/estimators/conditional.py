r"""The ``conditional`` estimator: the acceleration from p(v|x) alone.

Dust, magnitude limits and wedges decide which stars are seen by where they are, not by how they
move: p(v|x) of the seen stars is that of all, their density n(x) is not. With the gradient
k = grad ln n of the true tracers as three more unknowns, the Boltzmann equation at a position,

    v . grad_x ln p(v|x) + v . k + a . grad_v ln p(v|x) = 0   for every v,

is linear in (a, k) and solved by least squares (the idea of Kalda & Green, arXiv 2512.02115,
here pointwise). Nothing is free: for one normal distribution of velocities the columns v and
grad_v ln p are the same but for the rotation, and the problem is singular; what several
populations leave is told by ``inflation``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.estimators.boltzmann import least_squares, normalised, precision

__all__ = ["ConditionalSolution", "solve_conditional"]


@dataclass(frozen=True)
class ConditionalSolution:
    """What the least squares gives at each position; leading axes are those of the input.

    Parameters
    ----------
    acceleration
        (..., 3) km2 s-2 kpc-1.
    gradient
        grad ln n of the true tracers, (..., 3) kpc^-1.
    condition, residual
        See ``engine.estimators.boltzmann.PointwiseSolution``, (...).
    inflation
        How much larger the errors of the acceleration are than with k known, (..., 3): the square
        root of the ratio of the variances that equal noise at each velocity gives.
    """

    acceleration: Tensor
    gradient: Tensor
    condition: Tensor
    residual: Tensor
    inflation: Tensor


def solve_conditional(
    grad_x: Tensor, grad_v: Tensor, v: Tensor, weight: Tensor | None = None
) -> ConditionalSolution:
    """Solve for the acceleration and the tracers' gradient at each position.

    Parameters
    ----------
    grad_x, grad_v
        Gradients of ln p(v|x), (..., V, 3), in kpc^-1 and (km/s)^-1.
    v
        Velocities (..., V, 3) km/s.
    weight
        (..., V), not negative; by default 1.

    Returns
    -------
    ConditionalSolution
        NaN where the problem is singular.
    """
    wide = precision(grad_x)
    v, g = v.to(wide), grad_v.to(wide)
    s = (v * grad_x.to(wide)).sum(-1)
    w = normalised(weight, s)
    both = least_squares(torch.cat([g, v], -1), s, w)
    known = least_squares(g, s, w)
    return ConditionalSolution(
        both.solution[..., :3],
        both.solution[..., 3:],
        both.condition,
        both.residual,
        (both.variance[..., :3] / known.variance).clamp_min(0).sqrt(),
    )
