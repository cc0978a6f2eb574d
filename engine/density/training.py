"""Training of an ensemble by maximum likelihood, all members in one batched pass."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from engine.density.ensemble import StackedFlow
from engine.density.memory import is_out_of_memory, release
from engine.density.settings import TrainingSettings
from engine.density.split import MemberSplit, epoch_permutations

__all__ = ["Epoch", "Training", "TrainingState"]


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave: mean negative log-likelihood of each member, rate, learning rate."""

    epoch: int
    train: list[float]
    validation: list[float]
    rate: float
    learning_rate: float


@dataclass
class TrainingState:
    """Everything that the next epoch depends on; ``to_dict`` holds tensors and numbers only."""

    parameters: dict[str, Tensor]
    average: dict[str, Tensor]
    best: dict[str, Tensor]
    best_loss: Tensor
    first: dict[str, Tensor]
    second: dict[str, Tensor]
    step: int = 0
    epoch: int = 0
    stale: int = 0
    history: list[Epoch] = field(default_factory=list)

    @classmethod
    def start(cls, flow: StackedFlow) -> TrainingState:
        """Begin from an untrained ensemble."""
        parameters = {k: p.detach().clone() for k, p in flow.parameters.items()}
        device = next(iter(parameters.values())).device

        def zeros() -> dict[str, Tensor]:
            return {k: torch.zeros_like(p) for k, p in parameters.items()}

        def copies() -> dict[str, Tensor]:
            return {k: p.clone() for k, p in parameters.items()}

        best_loss = torch.full((flow.members,), math.inf, device=device)
        return cls(parameters, copies(), copies(), best_loss, zeros(), zeros())

    def to_dict(self) -> dict[str, Any]:
        """Give a form that ``torch.load(weights_only=True)`` reads back."""
        return {**vars(self), "history": [vars(e) for e in self.history]}

    @classmethod
    def from_dict(cls, state: dict[str, Any], device: torch.device) -> TrainingState:
        """Undo ``to_dict``, moving every tensor to the device."""

        def move(value: Any) -> Any:  # noqa: ANN401
            if isinstance(value, Tensor):
                return value.to(device)
            if isinstance(value, dict):
                return {k: move(v) for k, v in value.items()}
            return value

        moved = {k: move(v) for k, v in state.items()}
        moved["history"] = [Epoch(**e) for e in state["history"]]
        return cls(**moved)


class Training:
    """Adam on stacked members, with bootstrap rows and per-member best weights.

    Parameters
    ----------
    flow
        The untrained ensemble.
    values, context
        All stars, (N, features) and (N, context) or None, on the device of the flow.
    split
        Rows of each member.
    settings
        See ``TrainingSettings``.
    seed
        Seed of the order of the batches.
    state
        A state to go on from; by default the beginning.
    on_memory
        Called with the number of stars that are passed at a time from now on, whenever the memory
        has made that smaller.
    """

    def __init__(
        self,
        flow: StackedFlow,
        values: Tensor,
        context: Tensor | None,
        split: MemberSplit,
        settings: TrainingSettings,
        *,
        seed: int,
        state: TrainingState | None = None,
        on_memory: Callable[[int], None] = lambda _: None,
    ) -> None:
        rows = split.train.shape[1]
        self.flow, self.values, self.context, self.split = flow, values, context, split
        self.settings = replace(settings, batch=min(settings.batch, rows))
        self.seed = seed
        self.state = state or TrainingState.start(flow)
        self.steps_per_epoch = max(1, rows // self.settings.batch)
        self.parts = 1
        self.on_memory = on_memory

    @property
    def finished(self) -> bool:
        """Tell whether the last epoch is done or the validation loss has settled."""
        return (
            self.state.epoch >= self.settings.epochs or self.state.stale >= self.settings.patience
        )

    def run(
        self,
        on_epoch: Callable[[Epoch, TrainingState], None],
        on_step: Callable[[float], None] = lambda _: None,
    ) -> StackedFlow:
        """Train to the end and give the ensemble with each member's best weights.

        Parameters
        ----------
        on_epoch
            Called after every epoch with its losses and the state to save.
        on_step
            Called after every step with the finished part of the training, 0 to 1; an exception
            that it raises ends the training (this is how a run is stopped).
        """
        while not self.finished:
            epoch = self._epoch(on_step)
            on_epoch(epoch, self.state)
        return self.flow.with_parameters(self.state.best)

    def _epoch(self, on_step: Callable[[float], None]) -> Epoch:
        state, settings, started = self.state, self.settings, time.perf_counter()
        rows = self.split.train.shape[1]
        streams = [self.split.stream(member) for member in range(self.flow.members)]
        order = epoch_permutations(self.seed, state.epoch, streams, rows)
        train = self.split.train.gather(1, order).to(self.values.device)
        losses = torch.zeros(self.flow.members, device=self.values.device)
        for index in range(self.steps_per_epoch):
            batch = train[:, index * settings.batch : (index + 1) * settings.batch]
            losses += self._step(batch)
            on_step((state.epoch + (index + 1) / self.steps_per_epoch) / settings.epochs)
        validation = self.validate()
        self._keep_best(validation)
        state.epoch += 1
        result = Epoch(
            epoch=state.epoch,
            train=(losses / self.steps_per_epoch).tolist(),
            validation=validation.tolist(),
            rate=self.flow.members * rows / (time.perf_counter() - started),
            learning_rate=self._learning_rate(state.step),
        )
        state.history.append(result)
        return result

    def _step(self, rows: Tensor) -> Tensor:
        parameters = {k: p.requires_grad_() for k, p in self.state.parameters.items()}
        loss, gradients = self._gradients_that_fit(parameters, rows)
        with torch.no_grad():
            self._adam(dict(zip(parameters, gradients, strict=True)))
        return loss

    def _gradients_that_fit(
        self, parameters: dict[str, Tensor], rows: Tensor
    ) -> tuple[Tensor, Sequence[Tensor]]:
        """Take a step's gradients in as many parts as the memory asks for.

        Where it does not suffice, the stars that are passed at a time are halved. The step stays
        what it was, as gradients of the parts add up to that of the whole: no result depends on
        the memory of a machine, but for the order of sums.
        """
        while True:
            try:
                return self._gradients(parameters, rows)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or 2 * self.parts > rows.shape[1]:
                    raise
            # Outside the handler, which holds on to the tensors of the failed pass.
            self.parts *= 2
            release(rows.device)
            self.on_memory(-(-rows.shape[1] // self.parts))

    def _gradients(
        self, parameters: dict[str, Tensor], rows: Tensor
    ) -> tuple[Tensor, Sequence[Tensor]]:
        """Give each member's mean loss, and the gradients of their sum."""
        flow, names = self.flow.with_parameters(parameters), list(parameters.values())
        total = torch.zeros(flow.members, device=self.values.device)
        gradients: Sequence[Tensor] = ()
        for part in rows.chunk(self.parts, 1):
            loss = -flow.log_prob(*self._take(part)).sum(1) / rows.shape[1]
            found = torch.autograd.grad(loss.sum(), names)
            total += loss.detach()
            gradients = [a.add_(b) for a, b in zip(gradients, found, strict=False)] or found
        return total, gradients

    def _take(self, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.values[rows], None if self.context is None else self.context[rows]

    def _learning_rate(self, step: int) -> float:
        total = self.settings.epochs * self.steps_per_epoch
        warm = max(1.0, self.settings.warm_up * total)
        if step < warm:
            return self.settings.learning_rate * (step + 1) / warm
        phase = min(1.0, (step - warm) / max(1.0, total - warm))
        return self.settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * phase)))

    def _adam(self, gradients: dict[str, Tensor]) -> None:
        """Take one step of Adam (Kingma & Ba 2015), each member's gradient clipped by itself."""
        state, settings = self.state, self.settings
        square = torch.stack([(g**2).flatten(1).sum(1) for g in gradients.values()]).sum(0)
        factor = (settings.clip / (square.sqrt() + 1e-12)).clamp_max(1.0)
        rate, step = self._learning_rate(state.step), state.step + 1
        decay = min(settings.average, step / (step + 10))
        for name, gradient in gradients.items():
            clipped = gradient * factor.view(-1, *[1] * (gradient.ndim - 1))
            first = state.first[name].lerp_(clipped, 0.1)
            second = state.second[name].lerp_(clipped**2, 0.001)
            scale = (second / (1 - 0.999**step)).sqrt_().add_(1e-8)
            parameter = state.parameters[name].detach_()
            parameter.addcdiv_(first, scale, value=-rate / (1 - 0.9**step))
            state.average[name].lerp_(parameter, 1 - decay)
        state.step = step

    @torch.no_grad()
    def validate(self) -> Tensor:
        """Give the mean negative log-likelihood of each member's held-out stars, (M,)."""
        flow = self.flow.with_parameters(self.state.average)
        rows = self.split.validation.to(self.values.device)
        chunk = max(self.settings.batch, 16384)
        total = torch.zeros(flow.members, device=self.values.device)
        for start in range(0, rows.shape[1], chunk):
            total -= flow.log_prob(*self._take(rows[:, start : start + chunk])).sum(1)
        return total / rows.shape[1]

    def _keep_best(self, validation: Tensor) -> None:
        state = self.state
        better = validation < state.best_loss
        for name, best in state.best.items():
            best[better] = state.average[name][better]
        state.best_loss = torch.where(better, validation, state.best_loss)
        state.stale = 0 if bool(better.any()) else state.stale + 1
