"""What is asked of a spec before a run begins, so that nobody waits for a mistake to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from data.errors import UserError

__all__ = ["check_map"]

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


def _check_population(spec: Mapping[str, object], home: Path) -> dict[str, object]:
    """Take the tracers as the run will, and give what was chosen in its full form."""
    from data.population import Volume, make_population
    from data.store import CatalogueStore

    name, volume = spec["catalogue"], spec["volume"]
    if not isinstance(name, str):
        raise UserError("A map needs a catalogue.", "Give its id or its name.")
    catalogue = CatalogueStore(home).open(name)
    ball = None if volume is None else Volume.from_dict(_mapping(volume))
    population = make_population(catalogue, spec["selection"], ball)
    return {
        "catalogue": catalogue.id,
        "selection": population.selection,
        "volume": population.volume.to_dict(),
    }


def _mapping(volume: object) -> Mapping[str, object]:
    if not isinstance(volume, Mapping):
        raise UserError('A volume has the form {"centre": [x, y, z], "radius": r}, in kpc.')
    return volume


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
