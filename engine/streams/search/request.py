"""What is asked of a search for streams, checked before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import UserError
from data.selection import columns as named_columns
from data.selection import validate
from data.store import Catalogue, CatalogueStore
from engine.streams.patches import Patch
from engine.streams.search.places import patch_of, patches_of
from engine.streams.search.table import FEATURES, HIDDEN, available_features, kept_rows

__all__ = ["COORDINATES", "METHODS", "check_streams", "read_patches"]

METHODS = ("anode", "cathode", "cwola")
COORDINATES = ("mu_lat", "mu_lon")
"""Proper motions of a patch in which windows are cut: along its latitude, along its longitude."""

_DEFAULTS: Mapping[str, object] = {
    "catalogue": None,
    "selection": None,
    "patches": None,
    "method": "cathode",
    "features": None,
    "coordinates": list(COORDINATES),
    "width": 6.0,
    "step": 1.0,
    "least": 0.02,
    "seeds": [0, 1],
    "search": {},
    "scores": {},
    "permutations": 0,
    "group": None,
    "threads": None,
}
_MOST_PATCHES, _MOST_SEEDS, _MOST_PERMUTATIONS = 500, 20, 10_000
_FEWEST_STARS = 1_000
_MAX_SEED = 2**31 - 1
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_streams(spec: dict[str, object], home: Path) -> dict[str, object]:
    """Check the spec of a search, and give it in its full form.

    Parameters
    ----------
    spec
        ``catalogue`` (an id or a name) and any of ``selection`` (a tree), ``patches`` (None for
        one round the stars or all that hold stars, ``"all"``, or a list of names,
        ``[ra, dec, radius]`` or what ``Patch`` is made of), ``method``, ``features``,
        ``coordinates``, ``width`` and ``step`` of the windows (mas/yr), ``least`` (share of a
        patch's stars that a window must hold), ``seeds``, ``search`` and ``scores`` (settings
        that are not as usual), ``permutations`` (searches with exchanged positions, for
        p-values), ``group`` (a name that several runs share), ``threads``.
    home
        The folder that holds catalogues and runs.

    Returns
    -------
    dict
        The spec with every key, the catalogue by its id, each patch in numbers.

    Raises
    ------
    UserError
        Something in it cannot be.
    """
    unknown = sorted(spec.keys() - _DEFAULTS.keys() - {"kind"})
    if unknown:
        raise UserError(
            f"A search for streams has no setting {unknown[0]!r}.",
            f"Known: {', '.join(_DEFAULTS)}.",
        )
    full = {"kind": "streams", **_DEFAULTS, **spec}
    _check_method(full)
    _check_windows(full)
    _check_counts(full)
    _check_settings(full)
    catalogue = _open(full["catalogue"], home)
    full["catalogue"] = catalogue.id
    full["selection"] = _blind(full["selection"])
    rows = kept_rows(catalogue, full["selection"])
    full["features"] = _features(full["features"], catalogue)
    patches = read_patches(full["patches"], catalogue, rows)
    full["patches"] = [asdict(patch) for patch in patches]
    return full


def read_patches(
    given: object, catalogue: Catalogue, rows: np.ndarray[Any, np.dtype[np.int64]]
) -> list[Patch]:
    """Give the patches of a request, those that hold too few stars left out.

    Raises
    ------
    UserError
        If a patch is none, or has too few of the stars.
    """
    ra = catalogue.column("ra")[rows]
    dec = catalogue.column("dec")[rows]
    if given is None or given == "all":
        return patches_of(ra, dec, everywhere=given == "all", fewest=_FEWEST_STARS)
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise UserError("Patches are given as a list.", "Or 'all' for every patch of the sky.")
    if len(given) > _MOST_PATCHES:
        raise UserError(f"{len(given)} patches are too many.", f"At most {_MOST_PATCHES}.")
    patches = [patch_of(one) for one in given]
    names = [patch.name for patch in patches]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise UserError(f"The patch {again[0]} is asked for twice.")
    for patch in patches:
        inside = int(np.sum(patch.contains(ra, dec)))
        if inside < _FEWEST_STARS:
            raise UserError(
                f"The patch {patch.name} holds {inside:,} of the stars; "
                f"a search needs {_FEWEST_STARS:,} at least.",
                f"Its centre is at ra {patch.centre[0]:.2f}, dec {patch.centre[1]:.2f}.",
            )
    return patches


def _open(name: object, home: Path) -> Catalogue:
    if not isinstance(name, str):
        raise UserError("A search needs a catalogue.", "Give its id or its name.")
    catalogue = CatalogueStore(home).open(name)
    if catalogue.manifest.kind != "astrometry":
        raise UserError(
            f"The catalogue {catalogue.name} is a simulation, without proper motions on the sky.",
            "Streams are searched in tables with ra, dec, pmra and pmdec.",
        )
    return catalogue


def _blind(tree: object) -> object:
    """Refuse selections that use what is known about the answer."""
    valid = validate(tree)
    used = HIDDEN & set(named_columns(valid)) if valid is not None else set()
    if used:
        raise UserError(
            f"The selection uses {sorted(used)[0]}, which says which stars belong to a stream.",
            "A search must not know that.",
        )
    return valid


def _features(given: object, catalogue: Catalogue) -> list[str] | None:
    there = available_features(catalogue)
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise UserError("Features are given as a list of names.")
    for name in given:
        if name not in FEATURES:
            raise UserError(
                f"There is no feature {name!r}.", f"Choose among {', '.join(FEATURES)}."
            )
        if name not in there:
            raise UserError(
                f"The catalogue {catalogue.name} has nothing for the feature {name}.",
                f"It needs {' and '.join(FEATURES[str(name)])}.",
            )
    return [str(name) for name in given]


def _check_method(spec: Mapping[str, Any]) -> None:
    if spec["method"] not in METHODS:
        raise UserError(
            f"There is no method {spec['method']!r}.", f"Choose among {', '.join(METHODS)}."
        )
    chosen = spec["coordinates"]
    if not isinstance(chosen, list) or not chosen or set(chosen) - set(COORDINATES):
        raise UserError(
            "Windows are cut in mu_lat, mu_lon or both.",
            "These are the proper motions along a patch's own latitude and longitude.",
        )


def _check_windows(spec: Mapping[str, Any]) -> None:
    for name, low, high, unit in (
        ("width", 0.1, 50.0, " mas/yr"), ("step", 0.05, 50.0, " mas/yr"), ("least", 0.0, 0.9, ""),
    ):  # fmt: skip
        value = spec[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise UserError(
                f"The {name} of the windows cannot be {value!r}.",
                f"Choose {low:g} to {high:g}{unit}.",
            )
    if spec["step"] > spec["width"]:
        raise UserError(
            f"Windows {spec['width']:g} mas/yr wide and {spec['step']:g} apart leave gaps.",
            "The step may be as large as the width.",
        )


def _check_counts(spec: Mapping[str, Any]) -> None:
    seeds = spec["seeds"]
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= _MOST_SEEDS:
        raise UserError(f"A search needs 1 to {_MOST_SEEDS} seeds.")
    if any(not _is_int(s) or not 0 <= s <= _MAX_SEED for s in seeds) or len(set(seeds)) < len(
        seeds
    ):
        raise UserError(f"Seeds are different whole numbers from 0 to {_MAX_SEED}.")
    if not _is_int(spec["permutations"]) or not 0 <= spec["permutations"] <= _MOST_PERMUTATIONS:
        raise UserError(
            f"The number of permutations cannot be {spec['permutations']!r}.",
            f"Choose 0 to {_MOST_PERMUTATIONS:,}.",
        )
    threads = spec["threads"]
    if threads is not None and (not _is_int(threads) or not 1 <= threads <= 1024):
        raise UserError(f"The number of threads must be a whole number above 0, not {threads!r}.")
    group = spec["group"]
    if group is not None and not (isinstance(group, str) and _GROUP.fullmatch(group)):
        raise UserError("The group of a search is a short name of letters, digits and - . _")


def _check_settings(spec: Mapping[str, Any]) -> None:
    from engine.streams.scores.settings import ScoreSettings
    from engine.streams.settings import SearchSettings

    for name in ("search", "scores"):
        if not isinstance(spec[name], dict):
            raise UserError(f"The settings {name!r} are pairs of a name and a value.")
    ScoreSettings().changed(spec["scores"])
    SearchSettings.of(spec)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
