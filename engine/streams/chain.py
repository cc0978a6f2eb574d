"""The chain from scores to proto-clusters, and the same chain on exchanged positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.frames import Floats
from engine.streams.area import SkyArea
from engine.streams.clumps import Clump, find_clumps
from engine.streams.clusters import Cluster, cluster_regions, line_of, unique_stars
from engine.streams.fiducial import CutCount, fiducial
from engine.streams.lines import Line, LineGrid, line_grid
from engine.streams.patches import Patch
from engine.streams.permutation import exchange, motion_cells
from engine.streams.regions import Region, ScoredWindow, regions
from engine.streams.settings import SearchSettings
from engine.streams.sky_mask import known_discs
from engine.streams.stars import PatchStars

__all__ = ["Chain", "Field", "conditional_null", "lay_out", "run_chain"]

Mask = npt.NDArray[np.bool_]

_FULL = 0.97  # of the disc covered: the rest is the uncertainty of learning
_MOST_CLUMPS = 50


@dataclass(frozen=True, eq=False)
class Field:
    """Where lines can be, and which stars may make them.

    Parameters
    ----------
    grid
        Boxes over the covered area.
    mask
        Stars that may be chosen, (n,).
    counts
        The table of cuts.
    clumps
        What was cut out because it is compact.
    """

    grid: LineGrid
    mask: Mask
    counts: tuple[CutCount, ...]
    clumps: tuple[Clump, ...] = ()


@dataclass(frozen=True, eq=False)
class Chain:
    """What the chain makes of the scores.

    Parameters
    ----------
    regions
        Regions of interest.
    clusters
        Regions joined, the best first.
    lines
        Of each cluster, the line through its stars without duplicates; members are rows.
    """

    regions: Sequence[Region]
    clusters: Sequence[Cluster]
    lines: Sequence[Line]

    @property
    def statistic(self) -> float:
        """The best de-duplicated sigma_L: what a null set is made of; 0 without regions."""
        return max((line.sigma for line in self.lines), default=0.0)


def covered(stars: PatchStars, settings: SearchSettings) -> SkyArea:
    """Learn the area of a patch from its stars; the full disc where they fill it."""
    inner = settings.cuts.inner
    known = np.isfinite(stars.lon) & np.isfinite(stars.lat)
    area = SkyArea.learn(stars.lon[known], stars.lat[known])
    if inner is None:
        return area
    area = area.within(inner)
    disc = SkyArea.disc(inner)
    return disc if area.total > _FULL * disc.total else area


def lay_out(
    scored: Sequence[ScoredWindow],
    stars: PatchStars,
    settings: SearchSettings,
    *,
    patch: Patch | None = None,
    area: SkyArea | None = None,
) -> Field:
    """Apply the cuts, take known objects and clumps out, and lay the boxes over what is left."""
    area = area or covered(stars, settings)
    passed = fiducial(stars, settings.cuts, patch)
    mask, counts = passed.mask & area.contains(stars.lon, stars.lat), list(passed.table)

    def take_out(name: str, says: str, discs: list[tuple[float, float, float]]) -> None:
        nonlocal area, mask
        inside = np.zeros(len(stars), dtype=bool)
        for x, y, radius in discs:
            inside |= np.hypot(stars.lon - x, stars.lat - y) < radius
        mask = mask & ~inside
        area = area.without(discs)  # type: ignore[union-attr]
        counts.append(CutCount(name, says, int((~inside).sum()), int(mask.sum())))

    if settings.mask_known and patch is not None:
        known = known_discs(patch)
        if known:
            names = ", ".join(disc.name for disc in known)
            take_out("known", f"outside {names}", [(d.x, d.y, d.radius) for d in known])
    clumps: list[Clump] = []
    if settings.clumps:
        clumps = _clumps(scored, stars, mask, settings, area.total)
        if clumps:
            discs = [(clump.x, clump.y, clump.radius) for clump in clumps]
            take_out("clumps", f"outside {len(clumps)} compact clumps", discs)
    return Field(line_grid(area, settings.line), mask, tuple(counts), tuple(clumps))


def _clumps(
    scored: Sequence[ScoredWindow],
    stars: PatchStars,
    mask: Mask,
    settings: SearchSettings,
    area: float,
) -> list[Clump]:
    """Find clumps in all regions; of those that overlap, the most significant one stays."""
    every: list[Clump] = []
    for region in regions(scored, stars, mask, settings):
        every += find_clumps(stars.lon[region.index], stars.lat[region.index], area)
    kept: list[Clump] = []
    for clump in sorted(every, key=lambda one: one.log_p):
        apart = (np.hypot(clump.x - k.x, clump.y - k.y) > clump.radius for k in kept)
        if all(apart) and len(kept) < _MOST_CLUMPS:
            kept.append(clump)
    return kept


def run_chain(
    scored: Sequence[ScoredWindow], stars: PatchStars, field: Field, settings: SearchSettings
) -> Chain:
    """Go from scores to proto-clusters."""
    return _joined(regions(scored, stars, field.mask, settings), stars, field, settings)


def _joined(
    found: list[Region], stars: PatchStars, field: Field, settings: SearchSettings
) -> Chain:
    clusters = cluster_regions(found, stars, field.grid, settings)
    chosen = (unique_stars(cluster, found, settings.top) for cluster in clusters)
    return Chain(found, clusters, [line_of(rows, stars, field.grid) for rows in chosen])


def conditional_null(
    scored: Sequence[ScoredWindow],
    stars: PatchStars,
    field: Field,
    settings: SearchSettings,
    *,
    draws: int | None = None,
) -> Floats:
    """Give the statistic of the chain with positions exchanged after the training.

    The scores are kept, and with them which stars the regions choose; stars change places with
    others of like proper motion, so that gradients and edges stay and lines do not. One exchange
    holds for all regions, so that what they share they share in the null as well.

    Returns
    -------
    ndarray
        Shape (draws,).
    """
    draws = settings.draws if draws is None else draws
    found = regions(scored, stars, field.mask, settings)
    may = np.flatnonzero(field.mask)
    cells = motion_cells(stars["mu_lon"][may], stars["mu_lat"][may])
    rng = np.random.default_rng(settings.seed)
    null = np.empty(draws)
    for draw in range(draws):
        lon, lat = stars.lon.copy(), stars.lat.copy()
        places = may[exchange(cells, rng)]
        lon[may], lat[may] = stars.lon[places], stars.lat[places]
        null[draw] = _best(found, stars.replaced(lon=lon, lat=lat), field, settings)
    return null


def _best(found: list[Region], stars: PatchStars, field: Field, settings: SearchSettings) -> float:
    return _joined(found, stars, field, settings).statistic
