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

__all__ = ["PointwiseSolution", "normal_draws", "solve_normal_equations"]


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
    wide = torch.float64 if grad_x.device.type != "mps" else torch.float32
    s = (v.to(wide) * grad_x.to(wide)).sum(-1)
    g = grad_v.to(wide)
    w = torch.ones_like(s) if weight is None else weight.to(wide)
    w = w / w.sum(-1, keepdim=True)
    information = torch.einsum("...v,...vi,...vj->...ij", w, g, g)
    b = torch.einsum("...v,...v,...vi->...i", w, s, g)
    scale = torch.diagonal(information, dim1=-2, dim2=-1).sqrt()
    scaled = information / (scale[..., :, None] * scale[..., None, :])
    inverse, info = torch.linalg.inv_ex(scaled)
    a = -torch.einsum("...ij,...j->...i", inverse, b / scale) / scale
    a = torch.where((info == 0)[..., None], a, torch.full_like(a, torch.nan))
    left = s + (g * a[..., None, :]).sum(-1)
    residual = ((w * left**2).sum(-1) / (w * s**2).sum(-1)).sqrt()
    return PointwiseSolution(a, torch.linalg.cond(torch.nan_to_num(scaled)), residual)
