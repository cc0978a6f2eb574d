"""What a search has found so far, read from the folders of its runs, also before the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.record import RunRecord
from engine.streams.patches import Patch
from engine.streams.search.files import PatchFolder, patch_folders

__all__ = ["Found", "PatchState", "candidate_key", "read_search"]


@dataclass(frozen=True)
class PatchState:
    """How far the search of a patch is.

    Parameters
    ----------
    folder, patch
        Where its files are, and the patch.
    stars
        Number of stars.
    windows, scored
        Names of all windows, and of those whose scores are there.
    found
        What ``found.json`` says; None before the lines have been looked for.
    """

    folder: PatchFolder
    patch: Patch
    stars: int
    windows: dict[str, dict[str, Any]]
    scored: frozenset[str]
    found: dict[str, Any] | None

    @property
    def share(self) -> float:
        """Part of the windows that are scored."""
        return len(self.scored) / max(1, len(self.windows))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Candidates of the patch."""
        return list(self.found["rows"]) if self.found else []

    @property
    def best(self) -> float:
        """Largest sigma_L of a candidate, or of a line of a single window; NaN without any."""
        values = [row["sigma"] for row in self.rows if row.get("sigma") is not None]
        values += [row["sigma"] for row in self.lines[:1]]
        return max(values) if values else float("nan")

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """The best line of each region of the windows done so far, the best first."""
        rows = [row for name in self.folder.lined() for row in self.folder.lines(name)]
        return sorted(rows, key=lambda row: -row["sigma"])


@dataclass(frozen=True)
class Found:
    """A search as it stands.

    Parameters
    ----------
    runs
        Records and folders of its runs: one, or one for each patch.
    patches
        Its patches that have been begun.
    """

    runs: tuple[tuple[RunRecord, RunDirectory], ...]
    patches: tuple[PatchState, ...]

    def about(self) -> dict[str, object]:
        """Say how far the search is."""
        record = self.runs[0][0]
        states = {str(run.state) for run, _ in self.runs}
        return {
            "run": str(record.spec.get("group") or record.id),
            "state": states.pop() if len(states) == 1 else "running",
            "catalogue": record.catalogue,
            "method": record.spec.get("method"),
            "patches": len(self.patches),
            "windows": sum(len(patch.windows) for patch in self.patches),
            "scored": sum(len(patch.scored) for patch in self.patches),
        }

    def candidates(self) -> list[dict[str, Any]]:
        """Give the candidates of all patches, the most significant first, numbered from 1.

        Each has ``candidate``, ``patch``, ``key`` (the same for the same line when the search is
        read again), ``row`` (its place in the patch) and what the patch's table says.
        """
        rows = [
            {**row, "patch": state.patch.name, "row": place, "key": candidate_key(state, row)}
            for state in self.patches
            for place, row in enumerate(state.rows)
        ]
        rows.sort(key=_rank)
        return [{"candidate": number, **row} for number, row in enumerate(rows, start=1)]

    def lines(self) -> list[dict[str, Any]]:
        """Give the best line of each region of all patches, the best first."""
        rows = [
            {"patch": state.patch.name, **row} for state in self.patches for row in state.lines
        ]
        return sorted(rows, key=lambda row: -row["sigma"])

    def state_of(self, patch: str) -> PatchState:
        """Give a patch by its name.

        Raises
        ------
        UserError
            If the search has no such patch.
        """
        for state in self.patches:
            if state.patch.name == patch:
                return state
        raise UserError(f"The search has no patch {patch}.")

    def members(self, candidate: int) -> tuple[PatchState, npt.NDArray[np.int64]]:
        """Give the patch of a candidate and its members among the patch's stars.

        Raises
        ------
        UserError
            If there is no such candidate.
        """
        row = next((r for r in self.candidates() if r["candidate"] == candidate), None)
        if row is None:
            raise UserError(f"This search has no candidate {candidate}.")
        state = self.state_of(row["patch"])
        assert state.found is not None  # noqa: S101  it has candidates
        return state, np.asarray(state.found["members"][row["row"]], dtype=np.int64)


def candidate_key(state: PatchState, row: dict[str, Any]) -> str:
    """Name a candidate by its patch and line, so that a remark on it is found again."""
    parts = [
        f"{row[name]:.1f}" for name in ("theta", "r", "mu_lon", "mu_lat") if _number(row.get(name))
    ]
    return "/".join([state.patch.name, *parts])


def read_search(*runs: Path) -> Found:
    """Read a search.

    Parameters
    ----------
    *runs
        The folder of its run, or of all its runs.

    Raises
    ------
    UserError
        If a record or a file is damaged.
    """
    pairs, states = [], []
    for path in runs:
        directory = RunDirectory(path)
        pairs.append((directory.record(), directory))
        states += [_state(folder) for folder in patch_folders(path)]
    return Found(tuple(pairs), tuple(states))


def _state(folder: PatchFolder) -> PatchState:
    about = folder.about()
    windows = about["windows"]
    return PatchState(
        folder=folder,
        patch=Patch(**about["patch"]),
        stars=int(about["stars"]),
        windows=windows,
        scored=frozenset(folder.scored() & set(windows)),
        found=folder.found(),
    )


def _rank(row: dict[str, Any]) -> tuple[float, float]:
    p, sigma = row.get("p"), row.get("sigma")
    return (
        float(str(p)) if _number(p) else 2.0,
        -float(str(sigma)) if _number(sigma) else 0.0,
    )


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
