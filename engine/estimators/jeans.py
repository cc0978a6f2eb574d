r"""The ``jeans`` estimator: the first velocity moment of the Boltzmann equation, from samples.

Multiplied by v_i - <v_i> and integrated over the velocities, the equation becomes the Jeans
equation (Binney & Tremaine 2008, 4.209), which in terms of the scores s = v . grad_x ln f and
g = grad_v ln f of a density model reads

    <(v_i - <v_i>) s> + <(v_i - <v_i>) g_j> a_j = 0,

with averages over p(v|x). The second average is -delta_ij by integration by parts; it is taken
from the same samples, so that their noise and the cut in velocity cancel. It is the same
equation as that of ``boltzmann``, tested with v where that is tested with g: fast stars count
for more, the shape of the distribution for less.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.estimators.boltzmann import normalised, precision

__all__ = ["solve_moments"]


def solve_moments(
    grad_x: Tensor, grad_v: Tensor, v: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Solve the Jeans equation for the acceleration at each position.

    Parameters
    ----------
    grad_x, grad_v
        Gradients of ln f, (..., V, 3), in kpc^-1 and (km/s)^-1.
    v
        Velocities (..., V, 3) km/s.
    weight
        (..., V), not negative, that make averages over the velocities those over p(v|x); by
        default 1, for velocities drawn from it.

    Returns
    -------
    Tensor
        (..., 3) km2 s-2 kpc-1; NaN where the second average is singular.
    """
    wide = precision(grad_x)
    v, g = v.to(wide), grad_v.to(wide)
    s = (v * grad_x.to(wide)).sum(-1)
    w = normalised(weight, s)
    moment = v - (w[..., None] * v).sum(-2, keepdim=True)
    left = torch.einsum("...v,...vi,...v->...i", w, moment, s)
    right = torch.einsum("...v,...vi,...vj->...ij", w, moment, g)
    inverse, info = torch.linalg.inv_ex(right)
    a = -torch.einsum("...ij,...j->...i", inverse, left)
    return torch.where((info == 0)[..., None], a, torch.full_like(a, torch.nan))
