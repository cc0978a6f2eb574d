"""What is asked of a map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from data.declared import Declared, Number, setting
from data.declared.describe import in_words
from engine.mapping.presets import PRESETS, resolve
from engine.runs.request import (
    Request,
    SelectionTree,
    SweepTag,
    device_setting,
    seed_setting,
    threads_setting,
)

if TYPE_CHECKING:
    from data.population.population import Population

__all__ = ["MapRequest", "VolumeRequest", "population_warnings"]


class VolumeRequest(Declared):
    """The ball that the tracers fill."""

    thing: ClassVar[str] = "a volume"

    centre: list[Number] = setting(
        ..., "Galactocentric x, y, z", unit="kpc", min_length=3, max_length=3,
        requirement="three numbers in kpc",
    )  # fmt: skip
    radius: Number = setting(4.0, "radius of the ball", above=0, unit="kpc")


class MapRequest(Request):
    """What is asked of a map."""

    kind: ClassVar[str] = "map"
    thing: ClassVar[str] = "a map"

    catalogue: str = setting(..., "id or name of a catalogue")
    selection: SelectionTree | None = setting(
        None,
        "the stars that are used as tracers, a tree of cuts; all by default",
        requirement="a tree of cuts",
    )
    volume: VolumeRequest | None = setting(
        None, "the ball that the tracers fill; 4 kpc around the Sun by default"
    )
    preset: str = setting(
        "quick", "set of settings to start from", choices=tuple(PRESETS), label="Preset"
    )
    overrides: dict[str, Any] = setting(
        {}, "settings that differ from the preset's", requirement="pairs of a name and a value"
    )
    seed: int = seed_setting()
    device: str = device_setting()
    threads: int | None = threads_setting()
    sweep: SweepTag | None = setting(None, "the sweep that it belongs to")

    @model_validator(mode="after")
    def _settings_exist(self) -> Self:
        resolve(self.preset, self.overrides)
        return self

    def population(self, home: Path) -> Population:
        """Take the tracers as the run will; their warnings are those of the map."""
        from data.catalogue.store import CatalogueStore
        from data.population.population import Volume, make_population

        catalogue = CatalogueStore(home).open(self.catalogue)
        ball = None if self.volume is None else Volume.from_dict(self.volume.to_dict())
        return make_population(catalogue, self.selection, ball)

    def complete(self, home: Path) -> dict[str, object]:
        """Give catalogue, selection and volume as the tracers have them, if these are enough."""
        population = self.population(home)
        return {
            "catalogue": population.catalogue_id,
            "selection": population.selection,
            "volume": population.volume.to_dict(),
            "sweep": self.sweep and self.sweep.to_dict(),
        }

    @classmethod
    def lines(cls, spec: Mapping[str, object]) -> list[tuple[str, str]]:
        """Give volume, preset, what differs from it, seed and device."""
        volume, overrides = spec.get("volume"), spec.get("overrides")
        where = "4 kpc around the Sun"
        if isinstance(volume, Mapping):
            centre = in_words(volume.get("centre")).strip("[]")
            where = f"{in_words(volume.get('radius'))} kpc around ({centre}) kpc"
        own = overrides.items() if isinstance(overrides, Mapping) else ()
        preset, *others = super().lines(spec)
        changes = [(str(key), in_words(value)) for key, value in own]
        return [("Volume", where), preset, *changes, *others]


def population_warnings(spec: Mapping[str, object], home: Path) -> list[dict[str, str]]:
    """Give the reasons to distrust the tracers of a map, before it is made.

    Parameters
    ----------
    spec
        Of a map; a catalogue, a selection and a volume are enough.
    home
        The home folder.

    Returns
    -------
    list of dict
        ``code`` and ``sentence`` of each; those that the map's result will have.
    """
    request = MapRequest.parse({key: value for key, value in spec.items() if key != "kind"})
    return [reason.to_dict() for reason in request.population(home).warnings]
