"""One member of an ensemble: an affine masked autoregressive flow with smooth scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
import zuko
from torch import Tensor, nn
from zuko.transforms import MonotonicAffineTransform

__all__ = ["FlowShape", "MemberFlow", "SmoothAffineTransform"]


class SmoothAffineTransform(MonotonicAffineTransform):  # type: ignore[misc]  # zuko is untyped
    """The affine map y = exp(a) x + b with a bounded by tanh.

    zuko bounds ``a`` by a/(1 + |a/c|), whose second derivative jumps at a = 0; accelerations
    need the first derivatives of ln p and densities the second, so here it is c tanh(a/c).

    Parameters
    ----------
    shift, scale
        b and the unbounded a, each of shape (...).
    slope
        The smallest factor that the map may have; c = -ln(slope).
    """

    def __init__(self, shift: Tensor, scale: Tensor, slope: float = 1e-3, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(shift, scale, slope, **kwargs)
        bound = -math.log(slope)
        self.log_scale = bound * torch.tanh(scale / bound)
        self.scale = self.log_scale.exp()


@dataclass(frozen=True)
class FlowShape:
    """The architecture of one flow.

    Parameters
    ----------
    features, context
        Number of coordinates, and of the coordinates that they are conditioned on.
    transforms
        Autoregressive layers, in ascending and descending order by turns.
    hidden
        Widths of the hidden layers of every conditioner.
    """

    features: int
    context: int = 0
    transforms: int = 6
    hidden: Sequence[int] = (64, 64)

    def to_dict(self) -> dict[str, Any]:
        """Give a plain dictionary, as checkpoints store it."""
        return {**asdict(self), "hidden": list(self.hidden)}


class MemberFlow(nn.Module):
    """An affine MAF with GELU conditioners (Papamakarios et al. 2017; arXiv 2205.01129).

    ``forward`` returns numbers, not a lazy distribution: under ``torch.func`` a distribution
    would evaluate its networks later, with parameters that are not the member's own.
    """

    def __init__(self, shape: FlowShape) -> None:
        super().__init__()
        self.shape = shape
        self.flow = zuko.flows.MAF(
            shape.features,
            shape.context,
            transforms=shape.transforms,
            hidden_features=tuple(shape.hidden),
            activation=nn.GELU,
            univariate=SmoothAffineTransform,
        )

    def forward(self, value: Tensor, context: Tensor | None = None) -> Tensor:
        """Give ln p(value given context), (...), for values (..., features)."""
        result: Tensor = self.flow(context).log_prob(value)
        return result

    def inverse(self, base: Tensor, context: Tensor | None = None) -> Tensor:
        """Map standard normal draws (..., features) to values (..., features)."""
        result: Tensor = self.flow(context).transform.inv(base)
        return result
