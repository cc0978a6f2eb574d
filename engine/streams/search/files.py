"""What a search leaves in its run's folder: a folder for each patch, a file for each window.

    patches/<patch>/patch.json          the patch, its windows and its counts
                    stars.npz           its stars: rows of the catalogue, places, motions, colours
                    scores/<window>.npz the scores of a window, written when they are complete
                    lines/<window>.json the best line of each of its regions
                    null/<n>/...        the same for searches with exchanged positions
                    null.json           the statistic of each of those that are done
                    found.json          candidates, their members and tracks

A file is written under another name and renamed, so that a process may be killed at any moment:
what is there is whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from engine.runs.folder.files import read_json, write_json
from engine.streams.patches import Patch
from engine.streams.windows import Window

__all__ = ["PatchFolder", "StoredScores", "patch_folders", "read_arrays", "window_name",
           "write_arrays"]  # fmt: skip

_FOLDER = "patches"


@dataclass(frozen=True)
class StoredScores:
    """Scores of the stars of a window, as they lie on the disk.

    Parameters
    ----------
    window
        The window.
    index
        Stars of the patch, (n,).
    log_r, log_r_sd
        Mean over the seeds and spread of ln R, (n,).
    n_seeds
        Number of trainings.
    by_seed
        ln R of each seed, (n_seeds, n).
    seconds
        What they cost.
    """

    window: Window
    index: npt.NDArray[np.int64]
    log_r: npt.NDArray[np.float64]
    log_r_sd: npt.NDArray[np.float64]
    n_seeds: int
    by_seed: npt.NDArray[np.float64]
    seconds: float


def window_name(window: Window) -> str:
    """Name of a window's file: coordinate and lower edge, such as ``mu_lat_-17.00``."""
    return f"{window.coordinate}_{window.low:+.2f}_{window.high:+.2f}"


@dataclass(frozen=True)
class PatchFolder:
    """The folder of a patch.

    Parameters
    ----------
    path
        ``RUN/patches/<patch>``.
    """

    path: Path

    @classmethod
    def of(cls, run: Path, patch: Patch) -> PatchFolder:
        """Give the folder of a patch in the folder of a run."""
        return cls(run / _FOLDER / patch.name)

    @property
    def name(self) -> str:
        """Name of the patch."""
        return self.path.name

    @property
    def null(self) -> Path:
        """File with the statistic of the searches with exchanged positions."""
        return self.path / "null.json"

    def permutation(self, number: int) -> PatchFolder:
        """Give the folder of a search with exchanged positions."""
        return PatchFolder(self.path / "null" / f"{number:04d}")

    # --- the patch ------------------------------------------------------------------------

    def write_about(self, about: Mapping[str, object]) -> None:
        """Write what is known about the patch."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "patch.json", about)

    def about(self) -> dict[str, Any]:
        """Read what is known about the patch.

        Raises
        ------
        UserError
            If the file is missing or damaged.
        """
        return _mapping(self.path / "patch.json")

    def patch(self) -> Patch:
        """Give the patch itself."""
        return Patch(**self.about()["patch"])

    # --- stars ----------------------------------------------------------------------------

    def write_stars(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write the stars, (n,) each."""
        write_arrays(self.path / "stars.npz", columns)

    def stars(self) -> dict[str, npt.NDArray[Any]]:
        """Read the stars."""
        return read_arrays(self.path / "stars.npz")

    # --- scores ---------------------------------------------------------------------------

    def write_scores(self, scores: Any) -> None:  # noqa: ANN401  WindowScores or StoredScores
        """Write the scores of a window."""
        folder = self.path / "scores"
        folder.mkdir(parents=True, exist_ok=True)
        window = scores.window
        write_arrays(
            folder / f"{window_name(window)}.npz",
            {
                "edges": np.array([window.low, window.high]),
                "coordinate": np.array(window.coordinate),
                "index": np.asarray(scores.index, dtype=np.int32),
                "log_r": np.asarray(scores.log_r, dtype=np.float32),
                "log_r_sd": np.asarray(scores.log_r_sd, dtype=np.float32),
                "by_seed": np.asarray(scores.by_seed, dtype=np.float32),
                "n_seeds": np.array(scores.n_seeds),
                "seconds": np.array(float(scores.seconds)),
            },
        )

    def scored(self) -> set[str]:
        """Name the windows whose scores are there."""
        return {path.stem for path in (self.path / "scores").glob("*.npz")}

    def scores(self, name: str) -> StoredScores:
        """Read the scores of a window by its name.

        Raises
        ------
        UserError
            If there are none, or they are damaged.
        """
        stored = read_arrays(self.path / "scores" / f"{name}.npz")
        low, high = (float(edge) for edge in stored["edges"])
        return StoredScores(
            window=Window(str(stored["coordinate"]), low, high),
            index=stored["index"].astype(np.int64),
            log_r=stored["log_r"].astype(np.float64),
            log_r_sd=stored["log_r_sd"].astype(np.float64),
            n_seeds=int(stored["n_seeds"]),
            by_seed=stored["by_seed"].astype(np.float64),
            seconds=float(stored["seconds"]),
        )

    def all_scores(self) -> Iterator[StoredScores]:
        """Read the scores of every window that is done, by name."""
        for name in sorted(self.scored()):
            yield self.scores(name)

    # --- what was found -------------------------------------------------------------------

    def write_lines(self, name: str, lines: Sequence[Mapping[str, object]]) -> None:
        """Write the best lines of a window by its name."""
        (self.path / "lines").mkdir(parents=True, exist_ok=True)
        write_json(self.path / "lines" / f"{name}.json", {"lines": list(lines)})

    def lined(self) -> set[str]:
        """Name the windows whose lines are there."""
        return {path.stem for path in (self.path / "lines").glob("*.json")}

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Read the best lines of a window, the best first."""
        return list(_mapping(self.path / "lines" / f"{name}.json")["lines"])

    def write_found(self, found: Mapping[str, object]) -> None:
        """Write the candidates: rows, tracks, counts."""
        write_json(self.path / "found.json", found, durable=True)

    def found(self) -> dict[str, Any] | None:
        """Read the candidates; None before there are any."""
        if not (self.path / "found.json").is_file():
            return None
        return _mapping(self.path / "found.json")

    def null_values(self) -> list[float]:
        """Read the statistic of the searches with exchanged positions that are done."""
        if not self.null.is_file():
            return []
        return [float(value) for value in _mapping(self.null)["values"]]


def patch_folders(run: Path) -> list[PatchFolder]:
    """Give the folders of the patches that a run has begun, by name."""
    return [PatchFolder(path.parent) for path in sorted((run / _FOLDER).glob("*/patch.json"))]


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Replace a file of arrays in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stubs take a flag for one
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read a file of arrays.

    Raises
    ------
    UserError
        If it is missing or damaged.
    """
    try:
        # a file of our own, which is closed whatever is wrong with its content
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
        raise UserError(
            f"The file {path.name} of the patch {path.parent.name} cannot be read.",
            "Delete it and resume the search to recompute it.",
        ) from error


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"The file {path.name} of the patch {path.parent.name} cannot be read.",
            "Resume the search, or start it again.",
        ) from error
    if not isinstance(content, dict):
        raise UserError(f"The file {path.name} of the patch {path.parent.name} is damaged.")
    return content
