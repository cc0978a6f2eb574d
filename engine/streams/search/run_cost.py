"""What a search for streams will cost, before it is started."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue.store import Catalogue, CatalogueStore
from engine.runs.folder.record import RunRecord
from engine.runs.process import host_name
from engine.streams.patches import Patch
from engine.streams.scores.settings import ScoreSettings
from engine.streams.search.grid import scan_grid
from engine.streams.search.table import kept_rows, patch_stars
from engine.streams.stars import PatchStars
from engine.streams.windows import Window

__all__ = ["patch_seconds", "search_cost", "search_factor"]

_LAST = 10  # searches that tell how fast this machine is
_SAMPLE = 5  # patches that stand for all of a large search
_BYTES_OF_A_SCORE = 16
_BYTES_OF_A_STAR = 100

# Processor seconds on one core, measured on mock patches of 13,000 to 100,000 stars with the
# settings as they are by default; most windows are within a third of it.
_PREPARE = 1.0, 6.0e-4
"""The shared background of a coordinate and seed: fixed, and for each star of the patch."""
_WINDOW = {
    "cathode": (5.3, 1.0e-4, 4.2e-5),
    "anode": (1.5, 2.5e-4, 4.0e-5),
    "cwola": (0.8, 1.0e-4, 0.0),
}
"""A window and seed: fixed, for each star in it, and for each star of the patch."""
_LINES = 2.0e-4
"""Lines and candidates, for each star of a window."""
_PAPERS = {"cathode": 20.0, "anode": 28.0}
"""How much more a window costs by the papers' recipe."""


def search_cost(spec: dict[str, object], home: Path) -> dict[str, float]:
    """Estimate a search.

    Parameters
    ----------
    spec
        Of a search, in its full form.
    home
        The folder that holds catalogues and runs; the searches in it tell how fast this machine
        is.

    Returns
    -------
    dict
        ``seconds``, ``memory_gb``, ``disk_gb``, ``patches``, ``stars`` (of all patches),
        ``windows``.
    """
    from engine.runs.launch import list_runs

    full: dict[str, Any] = spec
    catalogue = CatalogueStore(home).open(full["catalogue"])
    rows = kept_rows(catalogue, full["selection"])
    patches = [Patch(**stored) for stored in full["patches"]]
    chosen = patches[:: max(1, len(patches) // _SAMPLE)]
    sums = np.array([_patch(catalogue, rows, patch, full) for patch in chosen])
    seconds, stars, windows, scored = sums.sum(0) * len(patches) / len(chosen)
    return {
        "seconds": seconds * search_factor(list_runs(home)),
        "memory_gb": 0.8 + (catalogue.n_rows * 8 + float(sums[:, 1].max()) * 4000) / 1e9,
        "disk_gb": 0.01
        + (scored * len(full["seeds"]) * _BYTES_OF_A_SCORE + stars * _BYTES_OF_A_STAR) / 1e9,
        "patches": float(len(patches)),
        "stars": stars,
        "windows": windows,
    }


def patch_seconds(
    stars: PatchStars, grid: Sequence[Window], spec: Mapping[str, Any]
) -> tuple[float, int]:
    """Give what a patch takes on one idle core of the machine of the estimate.

    Parameters
    ----------
    stars, grid
        Of the patch, and its windows.
    spec
        Of the search.

    Returns
    -------
    seconds, scored
        Time, and the number of stars of all windows together.
    """
    counts: dict[str, list[int]] = {}
    for window in grid:
        inside = int(np.sum(window.contains(stars[window.coordinate])))
        counts.setdefault(window.coordinate, []).append(inside)
    settings = ScoreSettings().changed(spec["scores"])
    once = sum(_coordinate(len(stars), some, spec["method"], settings) for some in counts.values())
    scored = sum(map(sum, counts.values()))
    searches = 1 + int(spec["permutations"])
    return searches * (len(spec["seeds"]) * once + _LINES * scored), scored


def search_factor(records: Iterable[RunRecord]) -> float:
    """Give how much longer searches took on this machine than on the one of the estimate.

    Parameters
    ----------
    records
        Runs, the newest first; the median of the last searches that were done here at one go
        counts. 1 where there is none.
    """
    ratios: list[float] = []
    for record in records:
        result: dict[str, Any] = record.result or {}
        expected = result.get("expected")
        if (
            record.kind == "streams"
            and record.ended_well
            and record.host == host_name()
            and record.attempt == 1
            and isinstance(expected, float)
            and expected > 0
        ):
            ratios.append(float(result["timing"]["search"]) / expected)
        if len(ratios) == _LAST:
            break
    return statistics.median(ratios) if ratios else 1.0


def _coordinate(stars: int, counts: list[int], method: str, settings: ScoreSettings) -> float:
    """Give the seconds of all windows of a coordinate with one seed."""
    if not counts:
        return 0.0
    fixed, inside, patch = _WINDOW[method]
    windows = len(counts) * (fixed + stars * patch) + sum(counts) * inside
    if method == "cwola":
        return windows
    if settings.recipe == "papers":
        return windows * _PAPERS[method]
    return windows + _PREPARE[0] + stars * _PREPARE[1]


def _patch(
    catalogue: Catalogue,
    rows: np.ndarray[Any, np.dtype[np.int64]],
    patch: Patch,
    spec: Mapping[str, Any],
) -> tuple[float, float, float, float]:
    """Give seconds, stars, windows and scored stars of a patch."""
    stars, _ = patch_stars(catalogue, rows, patch)
    grid = scan_grid(stars, spec)
    seconds, scored = patch_seconds(stars, grid, spec)
    return seconds, float(len(stars)), float(len(grid)), float(scored)
