"""The tilt: how the density of stars changes with the coordinate of the scan.

ln of (density of stars at (x, m) over that of the reference) is

    s(x, m) = c(m) + sum_j sum_r theta_jr h_j(x) t(m)^r,

with functions h_j(x) from a network that never sees m, powers r up to a small order, and a
piecewise linear c(m) that takes whatever does not depend on x: scores are ratios of p(x|m), so
that numbers of stars along m do not enter. A family of distributions that moves like an
exponential family (means that drift, widths that change) is of this form, so that it goes
through a window from its sidebands as a polynomial does. The functions are learnt once for a
patch; the coefficients of a window are fitted again without its stars, a convex problem of some
tens of unknowns (`fit_heads`).

Stars are told from reference points by logistic regression, whose optimum is the log-ratio of
densities (noise-contrastive estimation; Gutmann & Hyvarinen 2012). Both are cut by the same
borders, so that truncation cancels: nothing has to be normalised over a slanted region.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

import torch
from torch import Tensor

__all__ = ["Trunk", "fit_heads", "hats", "powers", "train_trunk"]

_NEWTON_STEPS = 12
_CONVERGED = 1e-4


class Trunk:
    """Functions h(x) of K folds, (K, n, F) to (K, n, J), evaluated in one batch.

    Parameters
    ----------
    parameters
        Weights and biases of three layers, each (K, ...).
    """

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        self.parameters = dict(parameters)

    @classmethod
    def initialise(
        cls, folds: int, features: int, hidden: int, outputs: int, seed: int, device: torch.device
    ) -> Trunk:
        """Start at random."""
        generator = torch.Generator().manual_seed(seed)
        sizes = [features, hidden, hidden, outputs]
        made: dict[str, Tensor] = {}
        for layer, (before, after) in enumerate(pairwise(sizes)):
            spread = 1 / math.sqrt(before)
            made[f"w{layer}"] = spread * torch.randn(folds, before, after, generator=generator)
            made[f"b{layer}"] = 0.3 * torch.randn(folds, 1, after, generator=generator)
        return cls({name: value.to(device) for name, value in made.items()})

    def __call__(self, x: Tensor) -> Tensor:
        """Evaluate at x (K, n, F), each fold at its own points."""
        p = self.parameters
        hidden = torch.nn.functional.gelu(torch.baddbmm(p["b0"], x, p["w0"]))
        hidden = torch.nn.functional.gelu(torch.baddbmm(p["b1"], hidden, p["w1"]))
        # Bounded functions: the density never runs away where there were few stars.
        return 3 * torch.tanh(torch.baddbmm(p["b2"], hidden, p["w2"]) / 3)


def hats(m: Tensor, nodes: Tensor) -> Tensor:
    """Give the hat functions of increasing nodes (B,) at m (...), (..., B)."""
    place = torch.searchsorted(nodes, m.contiguous()).clamp(1, len(nodes) - 1)
    low, high = nodes[place - 1], nodes[place]
    part = ((m - low) / (high - low)).clamp(0, 1)[..., None]
    left = torch.nn.functional.one_hot(place - 1, len(nodes))
    right = torch.nn.functional.one_hot(place, len(nodes))
    return (1 - part) * left + part * right


def powers(m: Tensor, order: int) -> Tensor:
    """Give 1, m, ..., m^order of standardised values, (..., order + 1)."""
    return torch.stack([m**power for power in range(order + 1)], -1)


class _Adam:
    """Adam (Kingma & Ba 2015) on stacked parameters, with one cycle of the learning rate.

    ``torch.optim`` costs ten seconds to import, more than many a patch.
    """

    def __init__(self, parameters: dict[str, Tensor], steps: int, peak: float = 5e-3) -> None:
        self.parameters, self.steps, self.peak, self.done = parameters, steps, peak, 0
        self.first = {name: torch.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in parameters.items()}

    @torch.no_grad()
    def step(self, gradients: dict[str, Tensor]) -> None:
        part, self.done = self.done / self.steps, self.done + 1
        warm = min(1.0, part / 0.1 + 0.05)
        rate = self.peak * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part)))
        for name, gradient in gradients.items():
            first = self.first[name].lerp_(gradient, 0.1)
            second = self.second[name].lerp_(gradient**2, 0.001)
            scale = (second / (1 - 0.999**self.done)).sqrt_().add_(1e-8)
            self.parameters[name].addcdiv_(first, scale, value=-rate / (1 - 0.9**self.done))


def train_trunk(
    stars: Tensor,
    stars_m: Tensor,
    train: Tensor,
    validation: Tensor,
    reference: Tensor,
    reference_m: Tensor,
    trunk: Trunk,
    nodes: Tensor,
    *,
    order: int,
    epochs: int,
    batch: int,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Trunk:
    """Learn h(x) and common coefficients on the whole range of m; only h(x) is kept.

    Parameters
    ----------
    stars, stars_m
        (N, F) and (N,): all stars, standardised.
    train, validation
        (K, n) rows of each fold.
    reference, reference_m
        (K, P, F) and (K, P): each fold's reference points, inside the borders.
    trunk
        Untrained.
    nodes
        (B,) nodes of c(m).
    order, epochs, batch, seed, on_progress
        See ``ScoreSettings``; progress may raise to stop.
    """
    folds, device = len(train), stars.device
    outputs = trunk.parameters["w2"].shape[-1]
    parameters = {name: value.clone() for name, value in trunk.parameters.items()}
    parameters["theta"] = torch.zeros(folds, outputs, order + 1, device=device)
    parameters["c"] = torch.zeros(folds, len(nodes), 1, device=device)
    for value in parameters.values():
        value.requires_grad_()
    rows = train.shape[1]
    batch = min(batch, rows)
    steps = max(1, rows // batch) * epochs
    adam = _Adam(parameters, steps)
    generator = torch.Generator().manual_seed(seed)

    def loss(x: Tensor, m: Tensor, ref: Tensor, ref_m: Tensor) -> Tensor:
        each = []
        for points, where, sign in ((x, m, -1.0), (ref, ref_m, 1.0)):
            h = Trunk(parameters)(points)
            s = (torch.bmm(h, parameters["theta"]) * powers(where, order)).sum(-1)
            s = s + torch.bmm(hats(where, nodes), parameters["c"])[..., 0]
            each.append(torch.nn.functional.softplus(sign * s).mean(1))
        return each[0] + each[1]

    def take(index: Tensor) -> tuple[Tensor, Tensor]:
        index = index.to(device)
        return stars[index], stars_m[index]

    best = {name: value.detach().clone() for name, value in parameters.items()}
    best_loss = torch.full((folds,), math.inf, device=device)
    check = reference[:, : validation.shape[1]], reference_m[:, : validation.shape[1]]
    learn = reference[:, validation.shape[1] :], reference_m[:, validation.shape[1] :]
    member = torch.arange(folds)[:, None]
    for step in range(steps):
        chosen = torch.randint(rows, (folds, batch), generator=generator)
        against = torch.randint(learn[0].shape[1], (folds, batch), generator=generator)
        here = (member.to(device), against.to(device))
        total = loss(*take(train[member, chosen]), learn[0][here], learn[1][here])
        gradients = torch.autograd.grad(total.sum(), list(parameters.values()))
        adam.step(dict(zip(parameters, gradients, strict=True)))
        if (step + 1) % max(1, steps // max(epochs, 1)) == 0 or step + 1 == steps:
            with torch.no_grad():
                held = loss(*take(validation), *check)
                better = held < best_loss
                for name, value in best.items():
                    value[better] = parameters[name].detach()[better]
                best_loss = torch.where(better, held, best_loss)
            on_progress((step + 1) / steps)
    return Trunk({name: value for name, value in best.items() if name in trunk.parameters})


def fit_heads(
    h: Tensor,
    m: Tensor,
    weight: Tensor,
    is_star: Tensor,
    nodes: Tensor,
    *,
    order: int,
    ridge: float,
) -> Tensor:
    """Fit the coefficients of one fold: ridge-penalised logistic regression by Newton's steps.

    Parameters
    ----------
    h
        (n, J) functions at stars and reference points.
    m
        (n,) the coordinate there, standardised.
    weight
        (n,) weights; those of stars and of reference points have equal sums.
    is_star
        (n,) one for stars, zero for reference points.
    nodes
        (B,) nodes of c(m), which is fitted beside and not held back.
    order, ridge
        See ``ScoreSettings``.

    Returns
    -------
    Tensor
        theta, (J, order + 1).
    """
    tilt = (h[:, :, None] * powers(m, order)[:, None, :]).flatten(1)
    design = torch.cat([hats(m, nodes).to(tilt), tilt], 1)
    penalty = torch.full((design.shape[1],), ridge, dtype=torch.float64, device=h.device)
    penalty[: len(nodes)] = 1e-3
    theta = torch.zeros(design.shape[1], dtype=torch.float64, device=h.device)
    offset = torch.zeros_like(m)
    value = math.inf
    for _ in range(_NEWTON_STEPS):
        p = torch.sigmoid(offset)
        slope = design.T @ (weight * (is_star - p))
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design
        gradient = slope.double() - penalty * theta
        step = torch.linalg.solve(curvature.double() + torch.diag(penalty), gradient)
        scale = 1.0
        for _halving in range(6):
            trial = theta + scale * step
            moved = design @ trial.to(design.dtype)
            fit = torch.nn.functional.softplus(moved) - is_star * moved
            trial_value = float((weight * fit).double().sum() + 0.5 * (penalty * trial**2).sum())
            if trial_value <= value:
                break
            scale *= 0.5
        gain, value, theta, offset = value - trial_value, trial_value, trial, moved
        if gain < _CONVERGED * max(1.0, abs(value)) * 1e-2:
            break
    return theta[len(nodes) :].view(h.shape[1], order + 1).to(h.dtype)
