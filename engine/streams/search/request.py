"""What is asked of a search for streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from data.catalogue.store import Catalogue, CatalogueStore
from data.declared import Number, setting
from data.errors import UserError
from data.selection import columns as named_columns
from data.selection import validate
from engine.runs.request import MAX_SEED, Request, SelectionTree, threads_setting
from engine.streams.patches import Patch
from engine.streams.search.places import patch_of, patches_of
from engine.streams.search.table import FEATURES, HIDDEN, available_features, kept_rows

__all__ = ["COORDINATES", "StreamsRequest", "read_patches"]

Coordinate = Literal["mu_lat", "mu_lon"]
COORDINATES: tuple[Coordinate, ...] = ("mu_lat", "mu_lon")
"""Proper motions of a patch in which windows are cut: along its latitude, along its longitude."""

_MOST_PATCHES, _MOST_SEEDS, _MOST_PERMUTATIONS = 500, 20, 10_000
_FEWEST_STARS = 1_000
_NAMED = 4  # patches that a run's record names
_WIDEST = 50.0


class StreamsRequest(Request):
    """What is asked of a search for streams."""

    kind: ClassVar[str] = "streams"
    thing: ClassVar[str] = "a search for streams"

    catalogue: str = setting(..., "id or name of a catalogue")
    selection: SelectionTree | None = setting(
        None,
        "the stars that are searched, a tree of cuts; all by default",
        requirement="a tree of cuts",
    )
    patches: Any = setting(
        None,
        "`all`, or a list of names such as l195.0b+33.7, of RA,DEC[,RADIUS] in degrees, or "
        "of patches in full; by default one patch around the stars if they fit into it, else all "
        "that hold stars",
        requirement="all, or a list of patches",
    )
    method: Literal["anode", "cathode", "cwola"] = setting(
        "cathode", "how stars are scored", label="Method"
    )
    features: list[str] | None = setting(
        None,
        "what scores look at; by default position, the other proper motion, magnitude and "
        "colour, if available",
        requirement="a list of names",
        min_length=1,
    )
    coordinates: list[Coordinate] = setting(
        list(COORDINATES),
        "proper motions in which windows are cut, along a patch's own latitude and longitude",
        requirement="mu_lat, mu_lon or both",
        min_length=1,
    )
    width: Number = setting(
        6.0, "width of the windows", low=0.1, high=_WIDEST, unit="mas/yr", label="Window width"
    )
    step: Number = setting(
        1.0, "step between windows", low=0.05, high=_WIDEST, unit="mas/yr", label="Window step"
    )
    least: Number = setting(
        0.02, "minimum fraction of a patch's stars in a window", low=0.0, high=0.9
    )
    seeds: list[Annotated[int, Field(ge=0, le=MAX_SEED)]] = setting(
        [0, 1],
        "seeds of the trainings of each window",
        label="Seeds",
        min_length=1,
        max_length=_MOST_SEEDS,
        requirement=f"1 to {_MOST_SEEDS} different integers from 0 to {MAX_SEED}",
    )
    search: dict[str, Any] = setting(
        {},
        "settings of cuts, lines and candidates that differ from the usual",
        requirement="pairs of a name and a value",
    )
    scores: dict[str, Any] = setting(
        {},
        "settings of the scores that differ from the usual",
        requirement="pairs of a name and a value",
    )
    permutations: int = setting(
        0,
        "searches with positions shuffled before training, for unconditional p-values; each "
        "costs as much as the search",
        low=0,
        high=_MOST_PERMUTATIONS,
        label="Permutations",
    )
    group: str | None = setting(
        None,
        "a name that several runs share",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        requirement="a short name of letters, digits and - . _",
    )
    threads: int | None = threads_setting()

    @field_validator("seeds", mode="after")
    @classmethod
    def _different(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed twice")
        return seeds

    @model_validator(mode="after")
    def _settings_exist(self) -> Self:
        from engine.streams.scores.settings import ScoreSettings
        from engine.streams.settings import SearchSettings

        if self.step > self.width:
            raise UserError(
                f"Windows {self.width:g} mas/yr wide and {self.step:g} apart leave gaps.",
                "The step must not exceed the width.",
            )
        ScoreSettings().changed(self.scores)
        SearchSettings.of({"width": self.width, "step": self.step, "search": self.search})
        return self

    def complete(self, home: Path) -> dict[str, object]:
        """Look for the stars: of the catalogue, the selection and each patch."""
        catalogue = _open(self.catalogue, home)
        selection = _blind(self.selection)
        rows = kept_rows(catalogue, selection)
        _check_features(self.features, catalogue)
        patches = read_patches(self.patches, catalogue, rows)
        return {
            "catalogue": catalogue.id,
            "selection": selection,
            "patches": [asdict(patch) for patch in patches],
        }

    @classmethod
    def lines(cls, spec: Mapping[str, object]) -> list[tuple[str, str]]:
        """Give the names of the patches, and what else was asked for."""
        patches = spec.get("patches")
        names = [
            str(patch.get("name"))
            for patch in (patches if isinstance(patches, list) else ())
            if isinstance(patch, Mapping)
        ]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return [("Patches", (", ".join(names[:_NAMED]) + more) or "—"), *super().lines(spec)]


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
        raise UserError("Patches must be given as a list.", "Or 'all' for every patch of the sky.")
    if len(given) > _MOST_PATCHES:
        raise UserError(f"{len(given)} patches are too many.", f"At most {_MOST_PATCHES}.")
    patches = [patch_of(one) for one in given]
    names = [patch.name for patch in patches]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise UserError(f"The patch {again[0]} is listed twice.")
    for patch in patches:
        inside = int(np.sum(patch.contains(ra, dec)))
        if inside < _FEWEST_STARS:
            raise UserError(
                f"The patch {patch.name} contains {inside:,} of the stars; "
                f"a search needs at least {_FEWEST_STARS:,}.",
                f"Its centre is at ra {patch.centre[0]:.2f}, dec {patch.centre[1]:.2f}.",
            )
    return patches


def _open(name: str, home: Path) -> Catalogue:
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
            f"The selection uses {sorted(used)[0]}, a label of stream members.",
            "A blind search must not use it.",
        )
    return valid


def _check_features(names: list[str] | None, catalogue: Catalogue) -> None:
    available = available_features(catalogue)
    for name in names or ():
        if name not in FEATURES:
            raise UserError(f"Unknown feature {name!r}.", f"Choose one of {', '.join(FEATURES)}.")
        if name not in available:
            raise UserError(
                f"The catalogue {catalogue.name} has no data for the feature {name}.",
                f"It needs {' and '.join(FEATURES[name])}.",
            )
