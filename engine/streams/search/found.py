"""From the scores of a patch to lines and candidates, as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.runs.folder.files import as_json
from engine.streams.area import SkyArea
from engine.streams.candidates import Candidates, candidates, chain_maximum
from engine.streams.fiducial import fiducial
from engine.streams.lines import find_lines
from engine.streams.patches import Patch
from engine.streams.regions import regions
from engine.streams.search.files import PatchFolder, StoredScores
from engine.streams.settings import SearchSettings
from engine.streams.stars import PatchStars

__all__ = ["covered_area", "found_rows", "null_statistic", "search_lines", "window_lines"]

_FULL = 0.97
"""Covered share of a disc that counts as all of it."""

_FEWEST = 10
"""Stars of a region in which a line is looked for at least."""


def search_lines(
    folder: PatchFolder,
    stars: PatchStars,
    patch: Patch,
    spec: Mapping[str, Any],
    *,
    null: Sequence[float] = (),
) -> Candidates:
    """Look for candidates among all scores of a patch and write them.

    Parameters
    ----------
    folder
        Of the patch; its scores are read.
    stars, patch
        The stars and where they are.
    spec
        Of the run.
    null
        The statistic of searches with exchanged positions; p-values are conditional without.
    """
    settings = SearchSettings.of(spec)
    scored = list(folder.all_scores())
    found = candidates(
        scored,
        stars,
        settings,
        patch=patch,
        null=np.asarray(null, dtype=np.float64) if len(null) else None,
    )
    folder.write_found({**found_rows(found), "searches_without_streams": len(null)})
    return found


def null_statistic(
    folder: PatchFolder, stars: PatchStars, patch: Patch, spec: Mapping[str, Any]
) -> float:
    """Give the statistic of the whole chain on stars whose positions were exchanged."""
    scored = list(folder.all_scores())
    return float(chain_maximum(scored, stars, SearchSettings.of(spec), patch=patch))


def covered_area(patch: Patch, stars: PatchStars, inner: float | None) -> SkyArea:
    """Give the area in which lines are looked for: a full disc, or what the stars cover of it."""
    radius = min(inner or patch.radius, patch.radius)
    learnt = SkyArea.learn(stars.lon, stars.lat).within(radius)
    full = SkyArea.disc(radius)
    return full if learnt.total > _FULL * full.total else learnt


def window_lines(
    scores: StoredScores, stars: PatchStars, patch: Patch, area: SkyArea, settings: SearchSettings
) -> list[dict[str, object]]:
    """Give the best line of each region of one window, the best first: a partial result."""
    mask = fiducial(stars, settings.cuts, patch).mask
    found: list[dict[str, object]] = []
    for region in regions([scores], stars, mask, settings):
        if len(region.index) < _FEWEST:
            continue
        x, y = (np.asarray(stars.columns[name])[region.index] for name in ("lon", "lat"))
        line = find_lines(x, y, area, settings=settings.line)
        found.append(
            {
                "coordinate": region.window.coordinate,
                "low": region.window.low,
                "high": region.window.high,
                "other_low": region.other.low,
                "other_high": region.other.high,
                "sigma": line.sigma,
                "stars": line.stars,
                "background": line.background,
                "theta": float(np.degrees(line.theta)),
                "r": line.r,
                "of": line.n,
            }
        )
    return sorted(found, key=lambda row: -float(row["sigma"]))  # type: ignore[arg-type]


def _best_region(found: Candidates, i: int) -> dict[str, object]:
    """Give window and region whose own best line is most like that of a candidate.

    A line has two descriptions, (theta, r) and (theta + 180 deg, -r).
    """
    regions = {name: np.asarray(values) for name, values in found.regions.items()}
    theta, r = (float(found.table[name][i]) for name in ("theta", "r"))
    turned = np.abs(regions["theta"] - theta)
    same = np.hypot(turned / 9.0, regions["r"] - r)
    other = np.hypot((180.0 - turned) / 9.0, regions["r"] + r)
    near = np.minimum(same, other) < 2.0
    best = int(np.argmax(np.where(near | ~near.any(), regions["sigma"], -np.inf)))
    names = ("coordinate", "low", "high", "other_low", "other_high")
    return {name: regions[name][best] for name in names}


def found_rows(found: Candidates) -> dict[str, object]:
    """Give candidates as JSON: rows, members, tracks and the count table of the cuts."""
    table = {name: np.asarray(values) for name, values in found.table.items()}
    n = len(found.members)
    rows = [
        {**_best_region(found, i), **{name: values[i] for name, values in table.items()}}
        for i in range(n)
    ]
    stored = {
        "rows": rows,
        "members": [np.asarray(members) for members in found.members],
        "tracks": list(found.tracks),
        "counts": found.counts,
    }
    plain = as_json(stored)
    assert isinstance(plain, dict)  # noqa: S101
    return plain
