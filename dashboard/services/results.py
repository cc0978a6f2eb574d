"""The result of a run, read into memory once for the pages that show it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from dashboard.policy.published import AtSun
from data.errors import UserError
from data.frames import DEFAULT_SUN
from engine.cubes.store import read_cube
from engine.cubes.trust_words import trusted_cells
from engine.runs.folder.directory import RunDirectory, run_directory
from engine.runs.folder.record import RunRecord

if TYPE_CHECKING:
    from dashboard.services.catalogues import CatalogueListing
    from engine.cubes.slices import Field

__all__ = ["MapResult", "MissingCubeError", "load_map", "truth_errors"]


class MissingCubeError(UserError):
    """A run that is done and whole, but was made without a cube that is asked for."""


@dataclass(frozen=True)
class MapResult:
    """What a finished map has to show.

    Parameters
    ----------
    record, directory
        The run and its folder.
    cubes
        The cubes that were asked for, by name, as far as the run has them.
    paths
        Where every cube of the run lies, by name.
    catalogue_name
        Name of the catalogue, or its id if it is gone.
    truth
        Acceleration that is known to be true, for a mock; None otherwise.
    suns
        The vector at the Sun by estimator, the default first; empty where the volume leaves the
        Sun out.
    warnings
        Reasons to distrust the population as a whole, as sentences.
    """

    record: RunRecord
    directory: RunDirectory
    cubes: Mapping[str, xr.Dataset]
    paths: Mapping[str, Path]
    catalogue_name: str
    truth: Field | None
    suns: Mapping[str, AtSun]
    warnings: tuple[str, ...]

    @property
    def at_sun(self) -> AtSun | None:
        """The vector at the Sun by the default estimator, None where there is none."""
        return next(iter(self.suns.values()), None)

    def at_sun_by(self, estimator: str) -> AtSun | None:
        """Give the vector at the Sun by an estimator, or by the default of an older run."""
        return self.suns.get(estimator, self.at_sun)


def load_map(
    home: Path,
    record: RunRecord,
    catalogues: CatalogueListing,
    names: tuple[str, ...],
    optional: tuple[str, ...] = (),
) -> MapResult:
    """Read the result of a finished map.

    Parameters
    ----------
    home
        Folder that holds the runs.
    record
        The run.
    catalogues
        Where the catalogue's name and a mock's truth are found.
    names
        Cubes to read.
    optional
        Cubes to read where the run has them.

    Raises
    ------
    MissingCubeError
        If the run was made without one of the cubes.
    UserError
        If the run has no result, or a cube is damaged.
    """
    directory = run_directory(home, record.id)
    result = record.result or directory.result()
    if not result:
        raise UserError(
            f"Run {record.id} is done, but its result cannot be read.", "Run the map again."
        )
    paths = _paths(directory, result.get("cubes"))
    missing = [name for name in names if name not in paths]
    if missing:
        raise MissingCubeError(
            f"Run {record.id} has no cube named {missing[0]!r}.", "Run the map again."
        )
    name, truth = _catalogue(catalogues, record.catalogue)
    return MapResult(
        record=record,
        directory=directory,
        cubes={
            cube: read_cube(paths[cube])
            for cube in (*names, *(name for name in optional if name in paths))
        },
        paths=paths,
        catalogue_name=name,
        truth=truth,
        suns=at_sun(result.get("at_sun")),
        warnings=_sentences(result.get("warnings")),
    )


def _paths(directory: RunDirectory, stored: object) -> dict[str, Path]:
    """Give the cubes' folders, found again by name where the whole run was moved."""
    if not isinstance(stored, Mapping):
        return {}
    return {str(name): directory.cubes / Path(str(path)).name for name, path in stored.items()}


def _catalogue(catalogues: CatalogueListing, wanted: str | None) -> tuple[str, Field | None]:
    """Give a catalogue's name and the truth that comes with a mock."""
    try:
        catalogue = catalogues.open(wanted or "")
    except UserError:
        return wanted or "an unknown catalogue", None
    if catalogue.truth_path is None:
        return catalogue.name, None
    from data.mocks.truth import Truth

    return catalogue.name, Truth.read(catalogue.truth_path).acceleration


def _sentences(stored: object) -> tuple[str, ...]:
    if not isinstance(stored, list):
        return ()
    return tuple(str(w.get("sentence", w)) if isinstance(w, dict) else str(w) for w in stored)


def at_sun(stored: object) -> dict[str, AtSun]:
    """Read the vector at the Sun from a run's result, by estimator, the default first.

    Older runs tell that of their default alone, and only that one has its reasons in words.
    """
    if not isinstance(stored, Mapping):
        return {}
    x, y, _ = stored.get("position") or DEFAULT_SUN.position
    default, others = str(stored.get("estimator", "")), stored.get("by_estimator") or {}
    ordered = {default: stored} | {name: one for name, one in others.items() if name != default}
    return {
        name: AtSun(
            acceleration=_three(one["acceleration"]),
            sd=_three(one["acceleration_sd"]),
            radius=math.hypot(float(x), float(y)),
            trusted=bool(one.get("trusted", False)),
            reasons=tuple(str(reason) for reason in one.get("reasons") or ()),
        )
        for name, one in ordered.items()
    }


def _three(values: Any) -> tuple[float, float, float]:  # noqa: ANN401  straight from JSON
    x, y, z = (float(value) for value in values)
    return x, y, z


def truth_errors(cube: xr.Dataset, truth: Field, estimator: str | None = None) -> np.ndarray:
    """Give the relative errors |a - a_true| / |a_true| of the trusted cells, shape (n,)."""
    chosen = cube.sel(estimator=estimator or cube.attrs["default_estimator"])
    field = chosen["acceleration"].transpose("component", "x", "y", "z").to_numpy()
    trusted = trusted_cells(cube, estimator) & np.isfinite(field).all(0)
    mesh = np.stack(np.meshgrid(*(cube[axis].to_numpy() for axis in "xyz"), indexing="ij"))
    exact = truth(mesh[:, trusted].T.astype(float)).T
    off = np.linalg.norm(field[:, trusted] - exact, axis=0)
    return np.asarray(off / np.linalg.norm(exact, axis=0))
