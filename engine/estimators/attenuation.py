r"""Least squares without the pull towards zero by the noise of the scores.

The normal equations of a pointwise solve are averages of products of scores, <g g^T> and
<g s>. Noise of the scores adds its own variance to the first, so that the solution comes out too
small: errors in variables, or attenuation (Fuller 1987, Measurement Error Models). Members of an
ensemble are measurements with independent noise: with the scores of the others as instruments,

    a_m = -<h g_m^T>^{-1} <h s_m>,   h = mean of g over the other members,

the noise of the members drops out of the mean. What all members share, as they learn from one
sample, is as large as what resampling it changes (the bootstrap): their covariance less that of
twins, which differ by their start alone. It is taken from the normal equations of the mean scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.estimators.boltzmann import normalised

if TYPE_CHECKING:
    from engine.estimators.base import PointwiseScores

__all__ = ["solve_by_level", "unattenuated"]

_MOST = 0.3
"""The correction never takes more than this part of the information in any direction: where
noise makes more of it, nothing is known."""


def unattenuated(
    design: Tensor, target: Tensor, weight: Tensor, *, resampled: bool, twins: int = 0
) -> Tensor:
    """Solve t + d . u = 0 for u, with the noise of d and t that members show taken out.

    Parameters
    ----------
    design, target
        d (M, ..., V, K) and t (M, ..., V) of M >= 2 members at the same velocities.
    weight
        (..., V), sums to 1 over the velocities.
    resampled
        Whether members have learnt from bootstrap samples.
    twins
        Pairs of members, (0, 1), (2, 3) ..., that have learnt from the same one.

    Returns
    -------
    Tensor
        u of every member, (M, ..., K). Their mean is free of attenuation to first order, their
        scatter is that of the instrumental solutions; NaN where the problem is singular.
    """
    members = len(design)
    if members < 2:
        raise ValueError("the noise of a single member is not known")
    middle, level = design.mean(0), target.mean(0)
    square = torch.einsum("...v,...vi,...vj->...ij", weight, middle, middle)
    right = torch.einsum("...v,...v,...vi->...i", weight, level, middle)
    # each unknown in units that make the information of order one
    scale = torch.diagonal(square, dim1=-2, dim2=-1).sqrt()
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    middle, design = middle / scale[..., None, :], design / scale[..., None, :]
    square, right = square / (scale[..., :, None] * scale[..., None, :]), right / scale

    noise, cross = _moments(weight, design - middle, target - level, members - 1)
    part = 1 / members + resampled
    noise, cross = part * noise, part * cross
    if resampled and twins:
        pairs = slice(0, 2 * twins, 2), slice(1, 2 * twins, 2)
        apart, off = (each[pairs[0]] - each[pairs[1]] for each in (design, target))
        starts = _moments(weight, apart, off, 2 * twins)
        noise, cross = noise - starts[0], cross - starts[1]
    share = (_MOST / _ratio(noise, square).clamp_min(1e-9)).clamp_max(1.0)
    mean = -_solve(square - share[..., None, None] * noise, right - share[..., None] * cross)

    others = (members * middle - design) / (members - 1)
    instruments = torch.einsum("...v,m...vi,m...vj->m...ij", weight, others, design)
    single = -_solve(instruments, torch.einsum("...v,m...v,m...vi->m...i", weight, target, others))
    return (single - single.mean(0) + mean) / scale


def solve_by_level(scores: PointwiseScores, design: Tensor, target: Tensor) -> Tensor:
    """Solve t + d . u = 0 for every member, each level of additional noise by itself.

    Parameters
    ----------
    scores
        Of M members; its plan says which of them differ by noise alone.
    design, target
        d (M, P, V, K) and t (M, P, V).

    Returns
    -------
    Tensor
        u of every member, (M, P, K).
    """
    weight = normalised(scores.weight[0], target[0])
    parts = [
        unattenuated(
            design[level],
            target[level],
            weight,
            resampled=scores.plan.bootstrap,
            twins=scores.plan.twins,
        )
        for level in scores.levels
    ]
    return torch.cat(parts)


def _moments(weight: Tensor, design: Tensor, target: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Give sum_m <d d^T> / count and sum_m <t d> / count of deviations, (..., K, K), (..., K)."""
    square = torch.einsum("...v,m...vi,m...vj->...ij", weight, design, design)
    cross = torch.einsum("...v,m...v,m...vi->...i", weight, target, design)
    return square / count, cross / count


def _ratio(noise: Tensor, square: Tensor) -> Tensor:
    """Give the largest part of the information (..., K, K) that noise makes up, (...)."""
    factor, info = torch.linalg.cholesky_ex(square)
    factor = torch.where(
        (info == 0)[..., None, None], factor, torch.eye(square.shape[-1]).to(square)
    )
    half = torch.linalg.solve_triangular(factor, noise, upper=False)
    both = torch.linalg.solve_triangular(factor, half.mT, upper=False)
    largest: Tensor = torch.linalg.eigvalsh(torch.nan_to_num(both)).amax(-1)
    return largest


def _solve(matrix: Tensor, right: Tensor) -> Tensor:
    """Solve a system; NaN where the matrix is singular."""
    vector = right.dim() == matrix.dim() - 1
    found, info = torch.linalg.solve_ex(matrix, right[..., None] if vector else right)
    found = torch.where((info == 0)[..., None, None], found, torch.full_like(found, torch.nan))
    solved: Tensor = found[..., 0] if vector else found
    return solved
