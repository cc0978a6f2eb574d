"""What a map will cost, before it is started."""

from __future__ import annotations

from dataclasses import dataclass

from engine.cubes.lengths import grid_step
from engine.mapping.presets import MapSettings

__all__ = ["Cost", "estimate_cost"]

_TRAIN_RATE = 1.27e10
_SCORE_RATE = 0.7e10
"""Weights passed a second on two cores (6 normals and a block of 96 units: 285,000 stars/s in
training), measured; other machines scale both alike."""

_SMOOTH_SECONDS, _SMOOTH_RATE = 6.0, 4.0e5
"""A smooth p(x): its fits, and stars a second whose functions are added up."""

_FIXED_SECONDS = 35.0
"""Start of the process, the potential and what follows from it, the check by samples and a
classifier, and writing."""


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


def estimate_cost(
    settings: MapSettings, tracers: int, radius: float = 4.0, *, errors: bool = False
) -> Cost:
    """Estimate the cost of a map.

    Parameters
    ----------
    settings
        The resolved settings.
    tracers
        Number of tracers.
    radius
        Radius of the volume, kpc.
    errors
        Whether the catalogue tells measurement errors, so that noisy members are trained, too.
    """
    members = settings.plan(errors=errors).total
    stars = tracers * (1 - settings.validation) * members
    weights = {
        flow: _weights(
            getattr(settings, f"{flow}_components"),
            getattr(settings, f"{flow}_hidden"),
            getattr(settings, f"{flow}_blocks"),
        )
        for flow in ("position", "velocity")
    }
    epochs = {flow: settings.training(flow, tracers).epochs for flow in weights}
    cells = 0.55 * (2 * radius / grid_step(settings.spacing, radius) + 1) ** 2 * settings.z_cells
    evaluations = cells * settings.velocities * members
    learnt = stars * epochs["position"] * weights["position"] / _TRAIN_RATE
    smooth = _SMOOTH_SECONDS + (3 if errors else 2) * tracers / _SMOOTH_RATE
    return Cost(
        position=learnt if settings.position_density == "flow" else smooth,
        velocity=stars * epochs["velocity"] * weights["velocity"] / _TRAIN_RATE,
        solve=evaluations * weights["velocity"] / _SCORE_RATE,
        check=_FIXED_SECONDS,
        memory_gb=0.6 + tracers * (6 * 4 * 3 + members * (24 + 40 * errors)) / 1e9,
    )


def _weights(components: int, hidden: int, blocks: int) -> float:
    """Weights of a flow's network, and what its elementwise work is worth in weights.

    Measured: an output of a mixture costs as much as 300 weights, a unit as much as 20.
    """
    outputs = 9 * components
    return 2 * blocks * hidden * (hidden + 20) + hidden * (8 + outputs) + 300 * outputs
