"""What a map will cost, before it is started."""

from __future__ import annotations

from dataclasses import dataclass

from engine.mapping.presets import MapSettings

__all__ = ["Cost", "estimate_cost"]

_TRAIN_RATE = 1.5e10
_SCORE_RATE = 2.5e10
"""Weights passed a second on two cores (6 layers of 2 x 64 units: 250,000 and 400,000 stars/s),
measured; other machines scale both alike."""

_FIXED_SECONDS = 15.0
"""Start of the process, the check by samples and a classifier, and writing."""


@dataclass(frozen=True)
class Cost:
    """Seconds on two idle cores by stage, and the largest memory in GB."""

    position: float
    velocity: float
    solve: float
    check: float
    memory_gb: float

    @property
    def seconds(self) -> float:
        """All stages together."""
        return self.position + self.velocity + self.solve + self.check


def estimate_cost(settings: MapSettings, tracers: int, radius: float = 4.0) -> Cost:
    """Estimate the cost of a map.

    Parameters
    ----------
    settings
        The resolved settings.
    tracers
        Number of tracers.
    radius
        Radius of the volume, kpc.
    """
    stars = tracers * (1 - settings.validation) * settings.members
    weights = {
        "position": _weights(settings.position_transforms, settings.position_hidden, 3),
        "velocity": _weights(settings.velocity_transforms, settings.velocity_hidden, 6),
    }
    epochs = {flow: settings.training(flow, tracers).epochs for flow in weights}
    cells = 0.55 * (2 * radius / settings.spacing + 1) ** 2 * settings.z_cells
    evaluations = cells * settings.velocities * settings.members
    return Cost(
        position=stars * epochs["position"] * weights["position"] / _TRAIN_RATE,
        velocity=stars * epochs["velocity"] * weights["velocity"] / _TRAIN_RATE,
        solve=evaluations * weights["velocity"] / _SCORE_RATE,
        check=_FIXED_SECONDS,
        memory_gb=0.6 + tracers * (6 * 4 * 3 + settings.members * 24) / 1e9,
    )


def _weights(transforms: int, hidden: int, inputs: int) -> float:
    """Weights of a flow's conditioners, and what its elementwise work is worth in weights."""
    return transforms * (hidden * hidden + hidden * (inputs + 6) + 50 * 2 * hidden)
