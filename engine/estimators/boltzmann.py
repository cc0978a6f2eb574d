r"""The ``boltzmann`` estimator: pointwise least squares on the collisionless Boltzmann equation.

In equilibrium, v . grad_x f + a . grad_v f = 0 for every v at a position, while a does not
depend on v. With s = v . grad_x ln f and g = grad_v ln f each velocity gives one equation,
s + a . g = 0, and the least-squares solution is

    a = -A^{-1} b,   A = <g g^T>,   b = <s g>

over velocities drawn from p(v|x) (Buckley et al. 2023, arXiv 2205.01129; An et al. 2021,
arXiv 2106.05981 for its uniqueness where A is not singular).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import norm, qmc
from torch import Tensor

__all__ = [
    "LeastSquares",
    "PointwiseSolution",
    "least_squares",
    "normal_draws",
    "normalised",
    "precision",
    "solve_normal_equations",
]


@dataclass(frozen=True)
class PointwiseSolution:
    """What the least squares gives at each position; leading axes are those of the input.

    Parameters
    ----------
    acceleration
        (..., 3) km2 s-2 kpc-1.
    condition
        Condition number of the information matrix in units of its own diagonal, (...).
    residual
        rms of s + a . g over the rms of s, (...): 0 where the equation is fulfilled, 1 where an
        acceleration explains nothing. It measures disequilibrium and the errors of the flow.
    """

    acceleration: Tensor
    condition: Tensor
    residual: Tensor


def normal_draws(count: int, seed: int, clip: float = 4.5) -> Tensor:
    """Give scrambled Sobol draws of a standard normal inside a radius.

    Parameters
    ----------
    count
        Number of draws.
    seed
        Seed of the scrambling (Owen 1998).
    clip
        Draws beyond this radius are pulled back onto it, as flows are not to be trusted there.

    Returns
    -------
    Tensor
        (count, 3), float32.
    """
    exponent = int(np.ceil(np.log2(max(count, 2))))
    points = qmc.Sobol(3, scramble=True, rng=np.random.default_rng(seed)).random_base2(exponent)
    draws = norm.ppf(np.clip(points[:count], 1e-9, 1 - 1e-9))
    radius = np.linalg.norm(draws, axis=1, keepdims=True)
    draws *= np.minimum(1, clip / np.maximum(radius, 1e-12))
    return torch.from_numpy(draws.astype(np.float32))


def solve_normal_equations(
    grad_x: Tensor, grad_v: Tensor, v: Tensor, weight: Tensor | None = None
) -> PointwiseSolution:
    """Solve the Boltzmann equation for the acceleration at each position.

    Parameters
    ----------
    grad_x, grad_v
        Gradients of ln f, (..., V, 3), in kpc^-1 and (km/s)^-1.
    v
        Velocities (..., V, 3) km/s.
    weight
        (..., V), not negative; by default 1 (w = f^2 gives the form in f instead of ln f).

    Returns
    -------
    PointwiseSolution
        NaN where the information matrix is singular.
    """
    wide = precision(grad_x)
    s = (v.to(wide) * grad_x.to(wide)).sum(-1)
    found = least_squares(grad_v.to(wide), s, normalised(weight, s))
    return PointwiseSolution(found.solution, found.condition, found.residual)


def precision(tensor: Tensor) -> torch.dtype:
    """Give double precision where the device has it."""
    return torch.float64 if tensor.device.type != "mps" else torch.float32


def normalised(weight: Tensor | None, like: Tensor) -> Tensor:
    """Give weights (..., V) that sum to 1 over the velocities; equal ones for None."""
    w = torch.ones_like(like) if weight is None else weight.to(like)
    return w / w.sum(-1, keepdim=True)


@dataclass(frozen=True)
class LeastSquares:
    """Solution of <(t + d . u)^2> = min for the unknowns u.

    Parameters
    ----------
    solution
        u, (..., K); NaN where the problem is singular.
    condition, residual
        See ``PointwiseSolution``, (...).
    variance
        Diagonal of <d d^T>^-1, (..., K): what noise of t costs each unknown.
    """

    solution: Tensor
    condition: Tensor
    residual: Tensor
    variance: Tensor


def least_squares(design: Tensor, target: Tensor, weight: Tensor) -> LeastSquares:
    """Solve for u in t + d . u = 0 over velocities, each unknown scaled to order one.

    Parameters
    ----------
    design, target, weight
        d (..., V, K), t (..., V) and weights (..., V) that sum to 1, in one precision.
    """
    information = torch.einsum("...v,...vi,...vj->...ij", weight, design, design)
    b = torch.einsum("...v,...v,...vi->...i", weight, target, design)
    scale = torch.diagonal(information, dim1=-2, dim2=-1).sqrt()
    scaled = information / (scale[..., :, None] * scale[..., None, :])
    inverse, info = torch.linalg.inv_ex(scaled)
    u = -torch.einsum("...ij,...j->...i", inverse, b / scale) / scale
    u = torch.where((info == 0)[..., None], u, torch.full_like(u, torch.nan))
    left = target + (design * u[..., None, :]).sum(-1)
    size = (weight * target**2).sum(-1)
    residual = ((weight * left**2).sum(-1) / size).sqrt()
    variance = torch.diagonal(inverse, dim1=-2, dim2=-1) / scale**2
    return LeastSquares(u, torch.linalg.cond(torch.nan_to_num(scaled)), residual, variance)
