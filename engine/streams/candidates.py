"""Candidates of a patch: what the chain finds, with members, track, p-value and name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from data.frames import Floats
from engine.streams.area import SkyArea
from engine.streams.chain import Chain, conditional_null, lay_out, run_chain
from engine.streams.identify import Match
from engine.streams.patches import Patch
from engine.streams.regions import ScoredWindow
from engine.streams.rows import (
    again_columns,
    dust_on,
    line_columns,
    named_as,
    p_columns,
    place_columns,
    region_columns,
    star_columns,
)
from engine.streams.settings import SearchSettings
from engine.streams.significance import ENOUGH, Basis, p_value
from engine.streams.stars import PatchStars
from engine.streams.trace import trace

__all__ = ["Candidates", "SearchSettings", "candidates", "chain_maximum", "proto_streams"]

Integers = npt.NDArray[np.int64]

UNITS = {
    "theta": "deg", "r": "deg", "lon": "deg", "lat": "deg", "ra": "deg", "dec": "deg",
    "mu_lon": "mas yr-1", "mu_lat": "mas yr-1", "mu_lon_sd": "mas yr-1",
    "mu_lat_sd": "mas yr-1", "length": "deg", "width": "deg", "ebv": "mag",
    "known_separation": "deg", "known_motion": "mas yr-1",
}  # fmt: skip
"""Units of the columns of the table of candidates; the others have none."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of a patch, the most significant first.

    Parameters
    ----------
    table
        Columns by name, (c,) each: see `engine.streams.rows`.
    members
        Rows of the line stars of each, in the table of stars.
    tracks
        Each a mapping of columns along the line: lon, lat, ra, dec (deg), mu_lon, mu_lat,
        pmra, pmdec (mas/yr).
    counts
        The table of cuts.
    regions
        The best line of each region of interest, columns of (k,).
    null
        The null values that p rests on.
    stars
        What members are rows of.
    """

    table: dict[str, npt.NDArray[Any]]
    members: list[Integers]
    tracks: list[dict[str, Floats]]
    counts: list[dict[str, Any]]
    regions: dict[str, npt.NDArray[Any]]
    null: Floats
    stars: PatchStars = field(repr=False)

    def __len__(self) -> int:
        return len(self.members)

    def to_xarray(self) -> xr.Dataset:
        """Give candidates and regions as a labelled cube."""
        data: dict[str, Any] = {
            name: ("candidate", values, {"units": UNITS[name]} if name in UNITS else {})
            for name, values in self.table.items()
        }
        data |= {f"region_{name}": ("region", values) for name, values in self.regions.items()}
        data["null"] = ("draw", self.null)
        return xr.Dataset(data, coords={"candidate": np.arange(len(self))})

    def members_table(self) -> dict[str, npt.NDArray[Any]]:
        """Give a row for each member of each candidate: ``candidate``, ``row``, all columns."""
        rows = np.concatenate([*self.members, np.empty(0, dtype=np.int64)])
        which = np.repeat(np.arange(len(self)), [len(one) for one in self.members])
        columns = {name: values[rows] for name, values in self.stars.columns.items()}
        return {"candidate": which, "row": rows, **columns}


def candidates(
    scored: Sequence[ScoredWindow],
    stars: PatchStars,
    settings: SearchSettings | None = None,
    *,
    patch: Patch | None = None,
    area: SkyArea | None = None,
    null: Floats | None = None,
    basis: Basis = "before training",
    named: bool = True,
) -> Candidates:
    """Go from the scores of a patch to its candidates.

    Parameters
    ----------
    scored
        Windows with scores.
    stars
        Of the patch.
    settings
        Of the search.
    patch
        Where it lies; without it stars are in coordinates of a strip, known objects are found
        through the stars' ``ra`` and ``dec``, and none is cut out.
    area
        Where stars can be; learnt from them by default.
    null
        Statistics of searches without streams (`chain_maximum`), (N,); without them positions
        are exchanged after the training and p is conditional on the scores. With fewer than 20 the
        form of the tail is taken from exchanges after the training.
    basis
        What ``null`` is.
    named
        Whether known objects are looked up.
    """
    settings = settings or SearchSettings()
    laid = lay_out(scored, stars, settings, patch=patch, area=area)
    chain = run_chain(scored, stars, laid, settings)
    # Few searches before the training need the form of the tail from many after it.
    after = np.empty(0)
    if chain.regions and (null is None or len(null) < ENOUGH):
        after = conditional_null(scored, stars, laid, settings)
    if null is None:
        basis, null = "scores", after
    rows, members, tracks = [], [], []
    for group in proto_streams(chain, settings)[: settings.most]:
        line = chain.lines[group[0]]
        course = trace(line, stars, patch)
        p = p_value(line.sigma, null, basis=basis, shape=after) if len(null) else None
        match = named_as(course) if named else Match()
        row = line_columns(group, chain) | p_columns(p, settings)
        row |= star_columns(line, stars) | {"ebv": dust_on(line, stars, patch, settings)}
        row |= place_columns(line, laid, course, patch, settings)
        row |= again_columns(group[0], chain, scored, stars, laid, settings)
        row |= {f"known_{name}": value for name, value in asdict(match).items()}
        row["accepted"] = bool(
            p is not None and p.value <= settings.p_accepted and not row["edge"]
            and not row["faint_fraction"] <= settings.faint_fraction
            and not row["ebv"] > settings.dusty
        )  # fmt: skip
        rows.append(row)
        members.append(line.members)
        tracks.append(course.columns)
    names = list(rows[0]) if rows else []
    return Candidates(
        {name: np.array([row[name] for row in rows]) for name in names},
        members,
        tracks,
        [asdict(count) for count in laid.counts],
        region_columns(chain, stars, laid),
        null,
        stars,
    )


def chain_maximum(
    scored: Sequence[ScoredWindow],
    stars: PatchStars,
    settings: SearchSettings | None = None,
    *,
    patch: Patch | None = None,
    area: SkyArea | None = None,
) -> float:
    """Give the statistic of a whole search: its best de-duplicated sigma_L.

    Of stars whose positions were exchanged before the training, or of a mock without streams, it
    is one value of the null set that `candidates` takes.
    """
    settings = settings or SearchSettings()
    laid = lay_out(scored, stars, settings, patch=patch, area=area)
    return run_chain(scored, stars, laid, settings).statistic


def proto_streams(chain: Chain, settings: SearchSettings) -> list[list[int]]:
    """Group the proto-clusters of a patch that are the same object.

    Clusters are kept if they are significant with their duplicated votes, as published, or
    without; those that share more than the given part of their line stars are one. An object is as
    significant as its best cluster, for they are not independent.

    Returns
    -------
    list of list of int
        Numbers of clusters, the best of each object first, the best object first.
    """
    kept = [
        number
        for number, (cluster, line) in enumerate(zip(chain.clusters, chain.lines, strict=True))
        if cluster.sigma > settings.proto_cluster or line.sigma > settings.deduplicated
    ]
    kept.sort(key=lambda number: -chain.lines[number].sigma)
    groups: list[list[int]] = []
    for number in kept:
        own = chain.lines[number].members
        for group in groups:
            other = chain.lines[group[0]].members
            common = len(np.intersect1d(own, other)) / max(min(len(own), len(other)), 1)
            if common > settings.shared:
                group.append(number)
                break
        else:
            groups.append([number])
    return groups
