"""How a flow is trained; free of torch, so that a request is checked without importing it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TrainingSettings"]


@dataclass(frozen=True)
class TrainingSettings:
    """How a flow is trained.

    Parameters
    ----------
    epochs
        Passes over the training stars at most.
    batch
        Stars of each member in a step.
    learning_rate
        Peak of the one-cycle schedule of Adam: linear warm-up, then a cosine to 1% of it.
    warm_up
        Part of all steps spent on the warm-up.
    patience
        Epochs without a better validation loss in any member after which training stops.
    average
        Decay per step of the running average of the weights that is evaluated and kept.
    clip
        Largest norm of a member's gradient.
    """

    epochs: int = 20
    batch: int = 4096
    learning_rate: float = 4e-3
    warm_up: float = 0.1
    patience: int = 5
    average: float = 0.99
    clip: float = 5.0
