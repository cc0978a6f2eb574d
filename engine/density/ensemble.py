"""An ensemble of flows of one shape, evaluated in one batched pass.

The members' parameters are stacked along a leading axis and the flow is mapped over it with
``torch.func``; a test holds values and gradients of every member against the loop.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap

from engine.density.mixture import MemberMixture, MixtureShape

__all__ = ["StackedFlow"]


class StackedFlow:
    """M flows of one shape.

    Parameters
    ----------
    shape
        Architecture of every member.
    parameters
        Parameter name -> tensor (M, ...).
    skeleton
        A module of the shape that lends its structure; made where none is given.
    """

    def __init__(
        self,
        shape: MixtureShape,
        parameters: Mapping[str, Tensor],
        skeleton: MemberMixture | None = None,
    ) -> None:
        self.shape = shape
        self.parameters = dict(parameters)
        self.members = next(iter(self.parameters.values())).shape[0]
        device = next(iter(self.parameters.values())).device
        if skeleton is None:
            with torch.random.fork_rng(devices=[]):
                skeleton = MemberMixture(shape).to(device).requires_grad_(requires_grad=False)
        self._skeleton = skeleton

    @classmethod
    def initialise(
        cls, shape: MixtureShape, seeds: list[int], device: torch.device
    ) -> StackedFlow:
        """Make untrained members, one from each seed, without touching the global generator."""
        with torch.random.fork_rng(devices=[]):
            flows = []
            for seed in seeds:
                torch.manual_seed(seed)
                flows.append(MemberMixture(shape))
        parameters, _ = stack_module_state(flows)
        return cls(shape, {name: p.detach().to(device) for name, p in parameters.items()})

    def member(self, index: int) -> MemberMixture:
        """Give one member as a module of its own."""
        module = copy.deepcopy(self._skeleton)
        module.load_state_dict({k: p[index] for k, p in self.parameters.items()}, strict=False)
        return module

    def with_parameters(self, parameters: Mapping[str, Tensor]) -> StackedFlow:
        """Give the same architecture with other parameters."""
        return StackedFlow(self.shape, parameters, self._skeleton)

    def pick(self, members: slice | Tensor) -> StackedFlow:
        """Give some of the members."""
        return self.with_parameters({k: p[members] for k, p in self.parameters.items()})

    def to_dict(self) -> dict[str, Any]:
        """Give a form that ``torch.load(weights_only=True)`` reads back."""
        return {"shape": self.shape.to_dict(), "parameters": self.parameters}

    @classmethod
    def from_dict(cls, stored: dict[str, Any], device: torch.device) -> StackedFlow:
        """Undo ``to_dict`` on a device."""
        parameters = {k: p.to(device) for k, p in stored["parameters"].items()}
        return cls(MixtureShape(**stored["shape"]), parameters)

    def log_prob(self, value: Tensor, context: Tensor | None = None) -> Tensor:
        """Evaluate every member.

        Parameters
        ----------
        value
            (M, ..., features), each member at its own values.
        context
            (M, ..., context) or None.

        Returns
        -------
        Tensor
            ln p, (M, ...).
        """
        return self._map(value, context, inverse=False)

    def inverse(self, base: Tensor, context: Tensor | None = None) -> Tensor:
        """Map standard normal draws (M, ..., features) to values, each by its own member."""
        return self._map(base, context, inverse=True)

    def _map(self, value: Tensor, context: Tensor | None, *, inverse: bool) -> Tensor:
        def one(
            parameters: dict[str, Tensor], value: Tensor, context: Tensor | None = None
        ) -> Tensor:
            method = _InverseCall(self._skeleton) if inverse else self._skeleton
            prefix = "module." if inverse else ""
            named = {prefix + name: p for name, p in parameters.items()}
            result: Tensor = functional_call(method, named, (value, context))
            return result

        if context is None:
            return vmap(one)(self.parameters, value)
        return vmap(one)(self.parameters, value, context)


class _InverseCall(torch.nn.Module):
    """Give ``MemberMixture.inverse`` the form that ``functional_call`` needs."""

    def __init__(self, module: MemberMixture) -> None:
        super().__init__()
        self.module = module

    def forward(self, base: Tensor, context: Tensor | None) -> Tensor:
        return self.module.inverse(base, context)
