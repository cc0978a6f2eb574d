"""The job behind ``via-obscura streams scan``: patches, windows, scores, lines, candidates."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from data.catalogue.store import Catalogue, CatalogueStore
from engine.device import limit_threads
from engine.runs.context import RunContext
from engine.runs.folder.files import write_json
from engine.streams.area import SkyArea
from engine.streams.patches import Patch
from engine.streams.permutation import permuted
from engine.streams.search.chain import score_patch
from engine.streams.search.files import PatchFolder, StoredScores, window_name
from engine.streams.search.found import covered_area, null_statistic, search_lines, window_lines
from engine.streams.search.grid import scan_grid
from engine.streams.search.result import write_result
from engine.streams.search.run_cost import patch_seconds
from engine.streams.search.table import kept_rows, patch_stars
from engine.streams.settings import SearchSettings
from engine.streams.stars import PatchStars
from engine.streams.windows import Window

__all__ = ["run_streams"]

_LINES = 0.04  # of the time of a patch: lines, clusters and candidates


def run_streams(context: RunContext) -> dict[str, object]:
    """Search the patches of a spec.

    Parameters
    ----------
    context
        The run; its spec is that of ``engine.streams.search.request.StreamsRequest``.

    Returns
    -------
    dict
        ``cubes`` (paths), ``patches`` (name, stars, windows, candidates), ``candidates`` (their
        number), ``best`` (the most significant), ``members`` (path), ``timing`` (s), ``expected``
        (s on the machine of the estimate).
    """
    spec: dict[str, Any] = dict(context.spec)
    limit_threads(spec["threads"])
    catalogue = CatalogueStore(context.home).open(spec["catalogue"])
    rows = kept_rows(catalogue, spec["selection"])
    patches = [Patch(**stored) for stored in spec["patches"]]
    many = "one patch" if len(patches) == 1 else f"{len(patches)} patches"
    context.log(f"{len(rows):,} stars, {many}, method {spec['method']}.")
    began = time.monotonic()
    folders, expected = [], 0.0
    for number, patch in enumerate(patches):
        search = PatchSearch(context, spec, patch, number / len(patches), 1.0 / len(patches))
        folders.append(search.run(catalogue, rows))
        expected += search.expected
    context.progress(0.99, "collecting", "Puts the candidates of all patches together.")
    result = write_result(folders, spec, context)
    timing = {"search": round(time.monotonic() - began, 3)}
    return {**result, "timing": timing, "expected": round(expected, 3)}


class PatchSearch:
    """The search of one patch.

    Parameters
    ----------
    context, spec
        The run and its spec.
    patch
        The patch.
    begin, share
        Which part of the run's progress it is.
    """

    def __init__(
        self, context: RunContext, spec: dict[str, Any], patch: Patch, begin: float, share: float
    ) -> None:
        self.context, self.spec, self.patch = context, spec, patch
        self.folder = PatchFolder.of(context.path, patch)
        self._begin, self._share = begin, share
        self._searches = 1 + int(spec["permutations"])
        self._settings = SearchSettings.of(spec)
        self._covered: SkyArea | None = None
        self.expected = 0.0

    def run(self, catalogue: Catalogue, rows: np.ndarray[Any, np.dtype[np.int64]]) -> PatchFolder:
        """Do what is not yet done, and give the folder."""
        stars, chosen = patch_stars(catalogue, rows, self.patch)
        grid = scan_grid(stars, self.spec)
        self.expected = patch_seconds(stars, grid, self.spec)[0]
        self.folder.write_about(
            {
                "patch": asdict(self.patch),
                "stars": len(chosen),
                "windows": {
                    window_name(w): {"coordinate": w.coordinate, "low": w.low, "high": w.high}
                    for w in grid
                },
            }
        )
        self.folder.write_stars({**stars.columns, "row": chosen})
        self._score(stars, grid, self.folder, 0, self.patch.name)
        self._tell(1 - _LINES, 0, f"{self.patch.name}: lines")
        search_lines(self.folder, stars, self.patch, self.spec, null=self.folder.null_values())
        done = len(self.folder.null_values())
        for number in range(done, int(self.spec["permutations"])):
            self._permutation(number, stars, grid)
        if self.spec["permutations"] > done:
            search_lines(self.folder, stars, self.patch, self.spec, null=self.folder.null_values())
        return self.folder

    def _permutation(self, number: int, stars: PatchStars, grid: list[Window]) -> None:
        """Search once more, with positions exchanged before training."""
        rng = np.random.default_rng([int(self.spec["seeds"][0]), 83, number])
        exchanged = permuted(stars, rng)
        folder = self.folder.permutation(number)
        what = f"{self.patch.name}: exchanged positions {number + 1}"
        self._score(exchanged, grid, folder, number + 1, what)
        values = self.folder.null_values()
        values.append(null_statistic(folder, exchanged, self.patch, self.spec))
        write_json(self.folder.null, {"values": values}, durable=True)
        for path in (folder.path / "scores").glob("*.npz"):
            path.unlink()  # the statistic is all that is wanted of them

    def _score(
        self, stars: PatchStars, grid: list[Window], folder: PatchFolder, nth: int, what: str
    ) -> None:
        """Score the windows that have no file yet."""
        there = folder.scored()
        wanted = [window for window in grid if window_name(window) not in there]
        before = len(grid) - len(wanted)

        def on_progress(part: float, text: str) -> None:
            share = (before + part * len(wanted)) / max(1, len(grid))
            self._tell((1 - _LINES) * share, nth, f"{what}: {text}")

        for scores in score_patch(stars, wanted, self.spec, on_progress) if wanted else ():
            folder.write_scores(scores)
            self.context.check_stop()
            if nth == 0:
                self._lines(folder.scores(window_name(scores.window)), stars)

    def _lines(self, scores: StoredScores, stars: PatchStars) -> None:
        """Look for lines in a window at once, so that there is something to see."""
        name = window_name(scores.window)
        lines = window_lines(scores, stars, self.patch, self._area(stars), self._settings)
        self.folder.write_lines(name, lines)
        self.context.event(
            "window",
            patch=self.patch.name,
            window=name,
            coordinate=scores.window.coordinate,
            low=scores.window.low,
            high=scores.window.high,
            stars=len(scores.index),
            sigma=lines[0]["sigma"] if lines else None,
            seconds=round(scores.seconds, 3),
        )

    def _area(self, stars: PatchStars) -> SkyArea:
        if self._covered is None:
            self._covered = covered_area(self.patch, stars, self._settings.cuts.inner)
        return self._covered

    def _tell(self, part: float, nth: int, message: str) -> None:
        self.context.check_stop()
        done = (nth + min(1.0, part)) / self._searches
        self.context.progress(self._begin + self._share * done, "searching", message)
