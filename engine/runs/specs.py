"""What is asked of a spec before a run begins, so that nobody waits for a mistake to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError

if TYPE_CHECKING:
    from data.population import Population

__all__ = ["check_map", "population_warnings"]

_MAP_DEFAULTS: Mapping[str, object] = {
    "catalogue": None,
    "selection": None,
    "volume": None,
    "preset": "quick",
    "overrides": {},
    "seed": 0,
    "device": "auto",
    "threads": None,
    "sweep": None,
}
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_MAX_SEED = 2**31 - 1


def check_map(spec: dict[str, object], home: Path) -> dict[str, object]:
    """Check the spec of a map, and give it in its full form.

    Parameters
    ----------
    spec
        ``catalogue`` (an id or a name) and any of ``selection`` (a tree), ``volume``
        (``{"centre": [x, y, z], "radius": r}``, kpc), ``preset``, ``overrides``, ``seed``,
        ``device``, ``threads``, ``sweep`` (which it belongs to, see ``engine.runs.sweeps``).
    home
        The folder that holds catalogues and runs.

    Returns
    -------
    dict
        The spec with every key, the catalogue by its id, the volume in numbers.

    Raises
    ------
    UserError
        Something in it cannot be: an unknown catalogue, preset or setting, a selection or a
        volume that leaves too few tracers, a seed that is no number.
    """
    unknown = sorted(spec.keys() - _MAP_DEFAULTS.keys() - {"kind"})
    if unknown:
        raise UserError(
            f"Unknown setting {unknown[0]!r} of a map.", f"Known: {', '.join(_MAP_DEFAULTS)}."
        )
    full = {"kind": "map", **_MAP_DEFAULTS, **spec}
    _check_numbers(full)
    _check_settings(full)
    _check_sweep(full["sweep"])
    return {**full, **_check_population(full, home)}


def _check_numbers(spec: Mapping[str, object]) -> None:
    seed, threads, device = spec["seed"], spec["threads"], spec["device"]
    if not _is_int(seed) or not 0 <= seed <= _MAX_SEED:  # type: ignore[operator]
        raise UserError(f"The seed must be an integer from 0 to {_MAX_SEED}, not {seed!r}.")
    if threads is not None and (not _is_int(threads) or not 1 <= threads <= 1024):  # type: ignore[operator]
        raise UserError(f"The number of threads must be a positive integer, not {threads!r}.")
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise UserError(f"Unknown device {device!r}.", "Known: auto, cpu, cuda, cuda:N, mps.")


def _check_settings(spec: Mapping[str, object]) -> None:
    from engine.mapping.presets import resolve

    preset, overrides = spec["preset"], spec["overrides"]
    if not isinstance(preset, str) or not isinstance(overrides, dict):
        raise UserError(
            "The preset must be a name, and overrides must be pairs of a key and a value."
        )
    resolve(preset, overrides)


def _check_sweep(sweep: object) -> None:
    if sweep is None:
        return
    if not isinstance(sweep, Mapping) or set(sweep) - {"label"} != {"name", "cut", "value"}:
        raise UserError("A sweep needs a name, a cut and a value.")
    texts = all(isinstance(sweep.get(part, ""), str) for part in ("name", "cut", "label"))
    value = sweep["value"]
    if not texts or isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError("The name and the cut of a sweep must be strings, its value a number.")


def population_warnings(spec: Mapping[str, object], home: Path) -> list[dict[str, str]]:
    """Give the reasons to distrust the tracers of a map, before it is made.

    Parameters
    ----------
    spec, home
        As of `check_map`; a catalogue, a selection and a volume are enough.

    Returns
    -------
    list of dict
        ``code`` and ``sentence`` of each; those that the map's result will hold.
    """
    return [reason.to_dict() for reason in _population(spec, home).warnings]


def _population(spec: Mapping[str, object], home: Path) -> Population:
    """Take the tracers as the run will."""
    from data.population import Volume, make_population
    from data.store import CatalogueStore

    name, volume = spec["catalogue"], spec["volume"]
    if not isinstance(name, str):
        raise UserError("A map needs a catalogue.", "Give its id or its name.")
    catalogue = CatalogueStore(home).open(name)
    ball = None if volume is None else Volume.from_dict(_mapping(volume))
    return make_population(catalogue, spec["selection"], ball)


def _check_population(spec: Mapping[str, object], home: Path) -> dict[str, object]:
    """Give what was chosen in its full form, if it leaves tracers enough."""
    population = _population(spec, home)
    return {
        "catalogue": population.catalogue_id,
        "selection": population.selection,
        "volume": population.volume.to_dict(),
    }


def _mapping(volume: object) -> Mapping[str, object]:
    if not isinstance(volume, Mapping):
        raise UserError('A volume has the form {"centre": [x, y, z], "radius": r}, in kpc.')
    return volume


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
