"""Presets of a map, and how a user changes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from data.declared import Settings, setting
from data.errors import UserError
from data.population.population import RADIUS
from engine.density.plan import MemberPlan
from engine.density.settings import TrainingSettings

__all__ = ["PRESETS", "PRESET_SENTENCES", "MapSettings", "Preset", "resolve"]


_WIDEST_SPACING = 100.0  # kpc


class MapSettings(Settings):
    """Everything that a map can be asked for, beside its stars."""

    thing: ClassVar[str] = "a map"

    members: int = setting(
        4,
        "flows in the ensemble; more improve the mean and its uncertainty",
        low=1,
        high=256,
        group="ensemble",
    )
    bootstrap: bool = setting(
        True,
        "each member is trained on its own bootstrap sample, so that the spread includes "
        "the sampling error",
        group="ensemble",
    )
    noise_levels: int = setting(
        1,
        "for stars with measurement errors: levels of additional noise at which every member "
        "is trained once more, 0 to 3; each costs as much as the members themselves",
        low=0,
        high=3,
        group="ensemble",
    )
    validation: float = setting(
        0.1,
        "fraction of the stars held out from each member's training",
        low=0.01,
        high=0.9,
        group="ensemble",
    )
    position_density: Literal["auto", "smooth", "flow"] = setting(
        "auto",
        "p(x) as a `smooth` density, as a `flow`, or `auto`: smooth unless the sample has "
        "gaps that it cannot follow",
        group="p(x)",
    )
    position_components: int = setting(
        12, "Gaussians in each conditional of p(x) as a flow", low=1, high=256, group="p(x)"
    )
    position_hidden: int = setting(96, "width of its network", low=4, high=4096, group="p(x)")
    position_blocks: int = setting(
        1, "residual blocks of two layers in it", low=1, high=32, group="p(x)"
    )
    position_epochs: int = setting(
        8, "maximum number of epochs for p(x)", low=1, high=100_000, group="p(x)"
    )
    velocity_components: int = setting(
        6, "Gaussians in each conditional of p(v given x)", low=1, high=256, group="p(v given x)"
    )
    velocity_hidden: int = setting(
        96, "width of its network", low=4, high=4096, group="p(v given x)"
    )
    velocity_blocks: int = setting(
        1, "residual blocks of two layers in it", low=1, high=32, group="p(v given x)"
    )
    velocity_epochs: int = setting(
        8, "maximum number of epochs for p(v given x)", low=1, high=100_000, group="p(v given x)"
    )
    batch: int = setting(
        2048,
        "maximum number of stars per member and step",
        low=32,
        high=10_000_000,
        group="training",
    )
    learning_rate: float = setting(
        5e-3, "peak of the one-cycle schedule", low=1e-7, high=1.0, group="training"
    )
    patience: int = setting(
        8,
        "training stops after this many epochs without a lower validation loss in any member",
        low=1,
        high=100_000,
        group="training",
    )
    average: float = setting(
        0.99,
        "decay per step of the running average of the weights that is kept",
        low=0.0,
        high=0.999999,
        group="training",
    )
    velocities: int = setting(
        512,
        "velocities per position in the pointwise solution",
        low=16,
        high=1_000_000,
        group="solution",
    )
    clip: float = setting(
        4.5,
        "the flow's base distribution is truncated at this many standard deviations",
        low=1.0,
        high=8.0,
        group="solution",
    )
    spacing: float = setting(
        0.5,
        "grid spacing in x and y for a radius of up to 4 kpc",
        low=0.01,
        high=_WIDEST_SPACING,
        unit="kpc",
        group="grid",
    )
    z_cells: int = setting(
        33, "grid values in z, denser towards the plane", low=3, high=2001, group="grid"
    )

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


@dataclass(frozen=True)
class Preset:
    """Settings with a name.

    Parameters
    ----------
    sentence
        What they are for.
    settings
        The settings.
    """

    sentence: str
    settings: MapSettings


_PRESETS: dict[str, Preset] = {
    "quick": Preset("A first look: a small ensemble on a coarse grid.", MapSettings()),
    "standard": Preset(
        "The daily map: twice the members, wider networks, longer training.",
        MapSettings(
            members=8,
            position_epochs=16,
            velocity_hidden=128,
            velocity_epochs=16,
            velocities=768,
        ),
    ),
    "paper": Preset(
        "As in the papers: 10,000 velocities per position, on a fine grid.",
        MapSettings(
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
    ),
}
"""A preset is declared here and nowhere else: pages, help and the guide's table follow."""

PRESETS: dict[str, MapSettings] = {name: preset.settings for name, preset in _PRESETS.items()}
PRESET_SENTENCES: dict[str, str] = {name: preset.sentence for name, preset in _PRESETS.items()}

_NOISE_LEVELS = ((), (1.0,), (0.75, 1.5), (0.5, 1.0, 1.5))
_STEPS_PER_EPOCH, _LEAST_STEPS, _LEAST_BATCH = 40, 400, 128


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
        raise UserError(f"Unknown preset {preset!r}.", f"Presets: {', '.join(PRESETS)}.")
    changes = dict(overrides or {})
    settings = PRESETS[preset].changed(changes)
    if radius is None or radius <= RADIUS or "spacing" in changes:
        return settings
    wider = min(_WIDEST_SPACING, settings.spacing * radius / RADIUS)
    return settings.changed({"spacing": wider})
