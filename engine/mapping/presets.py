"""Presets of a map, and how a user changes them."""

from __future__ import annotations

import difflib
import math
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from data.errors import UserError
from data.population import RADIUS
from engine.density.plan import MemberPlan
from engine.density.settings import TrainingSettings

__all__ = ["PRESETS", "MapSettings", "resolve"]


@dataclass(frozen=True)
class MapSettings:
    """Everything that a map can be asked for.

    Parameters
    ----------
    members
        Flows in the ensemble.
    bootstrap
        Whether each member learns from its own bootstrap sample.
    noise_levels
        For a catalogue with measurement errors: levels of additional noise, 0 to 3, at which
        every member is trained once more, so that the bias by the errors can be extrapolated
        away. Each level costs as much as the members themselves.
    validation
        Part of the stars that a member does not learn from.
    position_density
        What p(x) is: ``smooth`` (``engine.density.smooth``), a ``flow``, or ``auto``: smooth
        unless the stars have holes that it cannot follow.
    position_components, position_hidden, position_blocks, position_epochs
        Normals in each conditional, width and residual blocks of the network, and passes over
        the stars for p(x) as a flow.
    velocity_components, velocity_hidden, velocity_blocks, velocity_epochs
        The same for p(v|x).
    batch, learning_rate, patience, average
        See ``TrainingSettings``.
    velocities
        Velocities at each position in the pointwise solve.
    clip
        Radius in standard deviations beyond which the flow's base is not sampled.
    spacing
        Grid spacing in x and y, kpc, in the ball of 4 kpc and in smaller ones; in larger ones it
        grows with the radius unless it is given, see ``resolve``.
    z_cells
        Number of grid values in z, denser towards the plane.
    """

    members: int = 4
    bootstrap: bool = True
    noise_levels: int = 1
    validation: float = 0.1
    position_density: str = "auto"
    position_components: int = 12
    position_hidden: int = 96
    position_blocks: int = 1
    position_epochs: int = 8
    velocity_components: int = 6
    velocity_hidden: int = 96
    velocity_blocks: int = 1
    velocity_epochs: int = 8
    batch: int = 2048
    learning_rate: float = 5e-3
    patience: int = 8
    average: float = 0.99
    velocities: int = 512
    clip: float = 4.5
    spacing: float = 0.5
    z_cells: int = 33

    def training(self, flow: str, stars: int) -> TrainingSettings:
        """Give the training settings of the ``position`` or the ``velocity`` flow.

        The presets are made for 10^5 stars and more. Fewer stars are taken in smaller batches
        and more passes, so that every flow gets its 400 steps.
        """
        learning = max(1, round(stars * (1 - self.validation)))
        batch = min(self.batch, max(_LEAST_BATCH, learning // _STEPS_PER_EPOCH))
        epochs = self.position_epochs if flow == "position" else self.velocity_epochs
        return TrainingSettings(
            epochs=max(epochs, math.ceil(_LEAST_STEPS / max(1, learning // batch))),
            batch=batch,
            learning_rate=self.learning_rate,
            patience=self.patience,
            average=self.average,
        )

    def plan(self, *, errors: bool) -> MemberPlan:
        """Give the ensemble's layout, for a catalogue with or without measurement errors."""
        levels = _NOISE_LEVELS[self.noise_levels] if errors else ()
        return MemberPlan(self.members, levels, self.bootstrap)

    def to_dict(self) -> dict[str, Any]:
        """Give a plain dictionary for provenance."""
        return asdict(self)


PRESETS: dict[str, MapSettings] = {
    "quick": MapSettings(),
    "standard": MapSettings(
        members=8,
        position_epochs=16,
        velocity_hidden=128,
        velocity_epochs=16,
        velocities=768,
    ),
    "paper": MapSettings(
        members=10,
        position_components=16,
        position_hidden=128,
        position_blocks=2,
        position_epochs=40,
        velocity_components=8,
        velocity_hidden=192,
        velocity_blocks=2,
        velocity_epochs=40,
        velocities=10_000,
        noise_levels=3,
        spacing=0.25,
        z_cells=49,
    ),
}
"""``quick`` is a first look, ``standard`` the daily map, ``paper`` has the papers' 10,000
velocities at each position."""

_NOISE_LEVELS = ((), (1.0,), (0.75, 1.5), (0.5, 1.0, 1.5))
_STEPS_PER_EPOCH, _LEAST_STEPS, _LEAST_BATCH = 40, 400, 128

_CHOICES = {"position_density": ("auto", "smooth", "flow")}

_BOUNDS: dict[str, tuple[float, float]] = {
    "members": (1, 256),
    "noise_levels": (0, 3),
    "validation": (0.01, 0.9),
    "position_components": (1, 256),
    "position_hidden": (4, 4096),
    "position_blocks": (1, 32),
    "position_epochs": (1, 100_000),
    "velocity_components": (1, 256),
    "velocity_hidden": (4, 4096),
    "velocity_blocks": (1, 32),
    "velocity_epochs": (1, 100_000),
    "batch": (32, 10_000_000),
    "learning_rate": (1e-7, 1.0),
    "patience": (1, 100_000),
    "average": (0.0, 0.999999),
    "velocities": (16, 1_000_000),
    "clip": (1.0, 8.0),
    "spacing": (0.01, 100.0),
    "z_cells": (3, 2001),
}


def resolve(
    preset: str,
    overrides: Mapping[str, object] | None = None,
    radius: float | None = None,
) -> MapSettings:
    """Give the settings of a preset with a user's changes.

    Parameters
    ----------
    preset
        One of ``PRESETS``.
    overrides
        Field -> value, as text or number.
    radius
        Of the volume, kpc. In one beyond that of the presets the spacing grows with it, unless
        the overrides give it, so that the number of cells and the time of the solve stay as they
        are. The values of z are as many anyway, and reach further. None: as in the presets.

    Raises
    ------
    UserError
        For an unknown preset or field, or a value that the field cannot have.
    """
    if preset not in PRESETS:
        raise UserError(f"There is no preset {preset!r}.", f"Presets: {', '.join(PRESETS)}.")
    types = typing.get_type_hints(MapSettings)
    changes: dict[str, Any] = {}
    for key, value in (overrides or {}).items():
        if key not in types:
            near = difflib.get_close_matches(key, types, n=3) or sorted(types)
            raise UserError(f"There is no setting {key!r}.", f"Did you mean {', '.join(near)}?")
        changes[key] = _value(key, value, types[key])
    settings = replace(PRESETS[preset], **changes)
    if radius is None or radius <= RADIUS or "spacing" in changes:
        return settings
    return replace(settings, spacing=settings.spacing * radius / RADIUS)


def _value(key: str, value: object, kind: type) -> bool | int | float | str:
    text = str(value).strip().lower()
    if kind is str:
        if text not in _CHOICES[key]:
            known = ", ".join(_CHOICES[key])
            raise UserError(f"The setting {key} is one of {known}, not {value!r}.")
        return text
    if kind is bool:
        if text not in {"true", "false", "1", "0", "yes", "no"}:
            raise UserError(f"The setting {key} is true or false, not {value!r}.")
        return text in {"true", "1", "yes"}
    try:
        number = float(text)
    except ValueError:
        raise UserError(f"The setting {key} needs a number, not {value!r}.") from None
    if kind is int and not number.is_integer():
        raise UserError(f"The setting {key} needs a whole number, not {value!r}.")
    low, high = _BOUNDS[key]
    if not (math.isfinite(number) and low <= number <= high):
        raise UserError(f"The setting {key} lies between {low:g} and {high:g}, not {value!r}.")
    return int(number) if kind is int else number
