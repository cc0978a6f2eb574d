"""One member of an ensemble: an autoregressive flow whose conditionals are normal mixtures.

ln p(y|c) = sum_i ln sum_k w_ik N(y_i; m_ik, s_ik), where weights, means and widths of the i-th
conditional are smooth functions of y_1 ... y_(i-1) and of the context c, given by one masked
network (MADE, Germain et al. 2015, arXiv 1502.03509; its residual form as in arXiv 2205.01129).
As a flow, each conditional maps y_i to the standard normal by its own distribution function
(an autoregressive flow with mixture transforms: Huang et al. 2018, arXiv 1804.00779).

Stars are mixtures of populations, nearly normal each: a few normals say in one layer what affine
layers say in many. Scores are analytic everywhere and bounded by the widths, so that the model
does not extrapolate exponentially in the tails, as affine layers do.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from zuko.nn import MaskedMLP

__all__ = ["MemberMixture", "MixtureShape"]

_WIDEST = 4.0
"""Bound of |ln s| in standardised units."""

_BISECTIONS, _NEWTON_STEPS, _REACH = 12, 3, 6.0


@dataclass(frozen=True)
class MixtureShape:
    """The architecture of one autoregressive mixture.

    Parameters
    ----------
    features, context
        Number of coordinates, and of the coordinates that they are conditioned on.
    components
        Normals in each conditional.
    hidden
        Width of the masked network.
    blocks
        Its residual blocks, of two layers each.
    """

    features: int
    context: int = 0
    components: int = 6
    hidden: int = 96
    blocks: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Give a plain dictionary, as checkpoints store it."""
        return asdict(self)


class MemberMixture(nn.Module):
    """An autoregressive mixture of normals; see the module's text.

    The first blow of training decides which normal takes which stars: means begin spread over
    the standardised data and differ from member to member, weights begin equal.
    """

    def __init__(self, shape: MixtureShape) -> None:
        super().__init__()
        self.shape = shape
        features, context = shape.features, shape.context
        outputs = 3 * shape.components
        earlier = torch.ones(features, features, dtype=torch.bool).tril(-1)
        given = torch.ones(features, context + 1, dtype=torch.bool)
        # The last input is a constant one, so that the first conditional has something to see.
        adjacency = torch.cat([earlier, given], 1).repeat_interleave(outputs, 0)
        self.network = MaskedMLP(
            adjacency, (shape.hidden,) * shape.blocks, activation=nn.GELU, residual=True
        )
        last = self.network[-1]
        with torch.no_grad():
            last.weight.mul_(0.1)
            bias = last.bias.view(features, 3, shape.components)
            bias[:, 0] = 0.0
            bias[:, 1] = torch.randn(features, shape.components)
            bias[:, 2] = 0.3 * torch.randn(features, shape.components)

    def conditionals(self, value: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Give ln w, m and ln s of every conditional, (..., features, components) each."""
        one = torch.ones_like(value[..., :1])
        parts = [value, one] if context is None else [value, context, one]
        given: Tensor = self.network(torch.cat(parts, -1))
        given = given.reshape(*given.shape[:-1], self.shape.features, 3, self.shape.components)
        weight, mean, width = given.unbind(-2)
        return torch.log_softmax(weight, -1), mean, _WIDEST * torch.tanh(width / _WIDEST)

    def forward(self, value: Tensor, context: Tensor | None = None) -> Tensor:
        """Give ln p(value given context), (...), for values (..., features)."""
        weight, mean, width = self.conditionals(value, context)
        score = (value[..., None] - mean) * torch.exp(-width)
        each = torch.logsumexp(weight - width - 0.5 * score**2, -1)
        result: Tensor = each.sum(-1) - 0.5 * self.shape.features * math.log(2 * math.pi)
        return result

    def inverse(self, base: Tensor, context: Tensor | None = None) -> Tensor:
        """Map standard normal draws (..., features) to values (..., features).

        Each coordinate in turn is the root of its conditional's distribution function: some
        bisections, then Newton's steps inside the bracket. Smooth in base and context.
        """
        known: list[Tensor] = []
        for index in range(self.shape.features):
            blank = torch.zeros_like(base[..., index:])
            value = torch.cat([torch.stack(known, -1), blank], -1) if known else blank
            parts = (part[..., index, :] for part in self.conditionals(value, context))
            known.append(_quantile(base[..., index], *parts))
        return torch.stack(known, -1)


def _quantile(base: Tensor, weight: Tensor, mean: Tensor, width: Tensor) -> Tensor:
    """Solve F(y) = Phi(base) for y, with F the mixture (..., components)."""
    target, w, s = torch.special.ndtr(base), weight.exp(), width.exp()
    low, high = (mean - _REACH * s).amin(-1), (mean + _REACH * s).amax(-1)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        below = (w * torch.special.ndtr((middle[..., None] - mean) / s)).sum(-1) < target
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    y = 0.5 * (low + high)
    for _ in range(_NEWTON_STEPS):
        z = (y[..., None] - mean) / s
        density = (w / s * torch.exp(-0.5 * z**2)).sum(-1) / math.sqrt(2 * math.pi)
        excess = (w * torch.special.ndtr(z)).sum(-1) - target
        y = torch.clamp(y - excess / density.clamp_min(1e-12), low, high)
    return y
