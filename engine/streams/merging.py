"""Streams that several patches show: candidates joined where patches overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.frames import Floats
from engine.streams.candidates import Candidates
from engine.streams.patches import Patch, overlapping
from engine.streams.stability import same_line

__all__ = ["MergeSettings", "Stream", "merge_patches"]

Integers = npt.NDArray[np.int64]

_LEAST_SPREAD = 1.0
"""Sum of four variances, (mas/yr)^2: fits of thin streams are not better than half a mas/yr."""


@dataclass(frozen=True)
class MergeSettings:
    """When two candidates of overlapping patches are one stream; Via Machinae's values.

    Parameters
    ----------
    motion_distance
        Squared distance in proper motion, in units of the variances, below which they agree.
        Motions are compared in ICRS at the place where the candidates meet.
    shared
        Part of the line stars in the common stretch that both must have, of the side with more.
    turn, shift
        Largest differences of direction and distance of the lines, degrees, seen in one patch.
    """

    motion_distance: float = 1.5
    shared: float = 0.4
    turn: float = 9.0
    shift: float = 1.0


@dataclass(frozen=True)
class Stream:
    """Candidates of one or more patches that are one object.

    Parameters
    ----------
    candidates
        (number of the patch, number of the candidate in it).
    sigma
        Quadrature sum over patches of the best de-duplicated sigma_L in each.
    sigma_duplicates
        The same of the values with duplicated votes, as published.
    p
        Least p of its candidates times the number of patches that it is the best of (at most 1):
        patches overlap, so their p-values are not multiplied.
    identifiers
        Its stars, by what tells stars apart, in every candidate once.
    """

    candidates: tuple[tuple[int, int], ...]
    sigma: float
    sigma_duplicates: float
    p: float
    identifiers: npt.NDArray[Any]


def merge_patches(
    found: Sequence[tuple[Patch, Candidates]],
    settings: MergeSettings | None = None,
    *,
    identifier: str = "source_id",
) -> list[Stream]:
    """Join candidates of overlapping patches into streams, the most significant first.

    Grown from any candidate until nothing is added: connected components of the relation.

    Parameters
    ----------
    found
        Patches with their candidates.
    settings
        When two are one.
    identifier
        Column by which stars of different patches are recognised; their positions to a
        thousandth of an arcsecond where tables lack it.
    """
    settings = settings or MergeSettings()
    nodes = [(k, c) for k, (_, one) in enumerate(found) for c in range(len(one))]
    names = {node: _identifiers(found[node[0]][1], node[1], identifier) for node in nodes}
    leader = {node: node for node in nodes}

    def lead(node: tuple[int, int]) -> tuple[int, int]:
        while leader[node] != node:
            node = leader[node]
        return node

    for first, second in overlapping([patch for patch, _ in found]):
        for a in (node for node in nodes if node[0] == first):
            for b in (node for node in nodes if node[0] == second):
                if _one(found, a, b, names, settings):
                    leader[lead(b)] = lead(a)
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for node in nodes:
        groups.setdefault(lead(node), []).append(node)
    streams = [_stream(found, group, names) for group in groups.values()]
    return sorted(streams, key=lambda stream: -stream.sigma)


def _stream(
    found: Sequence[tuple[Patch, Candidates]],
    group: Sequence[tuple[int, int]],
    names: Mapping[tuple[int, int], npt.NDArray[Any]],
) -> Stream:
    def added(column: str) -> float:
        best: dict[int, float] = {}
        for patch, row in group:
            value = float(found[patch][1].table[column][row])
            best[patch] = max(best.get(patch, 0.0), value)
        return float(np.sqrt(sum(value**2 for value in best.values())))

    values = [float(found[patch][1].table["p"][row]) for patch, row in group]
    patches = len({patch for patch, _ in group})
    p = min(1.0, patches * min(values)) if np.isfinite(values).all() else np.nan
    return Stream(
        tuple(sorted(group)),
        added("sigma"),
        added("sigma_duplicates"),
        p,
        np.unique(np.concatenate([names[node] for node in group])),
    )


def _one(
    found: Sequence[tuple[Patch, Candidates]],
    a: tuple[int, int],
    b: tuple[int, int],
    names: Mapping[tuple[int, int], npt.NDArray[Any]],
    settings: MergeSettings,
) -> bool:
    """Tell whether candidates of two overlapping patches are one stream."""
    if not _moves_alike(found, a, b, settings.motion_distance):
        return False
    if _shared(found, a, b, names) <= settings.shared:
        return False
    # The line of one, seen in the other's patch.
    patch, candidates = found[a[0]]
    other = found[b[0]][1].tracks[b[1]]
    seen = patch.local(other["ra"], other["dec"])
    inside = np.hypot(seen["lon"], seen["lat"]) < patch.radius
    if inside.sum() < 2:
        return False
    theta, r = _straight(seen["lon"][inside], seen["lat"][inside])
    own = np.radians(float(candidates.table["theta"][a[1]])), float(candidates.table["r"][a[1]])
    limits = {"turn": np.radians(settings.turn + 0.1), "shift": settings.shift + 0.01}
    return same_line(theta, r, *own, **limits)


def _straight(x: Floats, y: Floats) -> tuple[float, float]:
    """Give theta and r of the straight line through places: least squares of r."""
    middle = np.array([x.mean(), y.mean()])
    direction = np.linalg.svd(np.stack([x, y], axis=1) - middle)[2][0]
    theta = float(np.arctan2(direction[1], direction[0]) % np.pi)
    return theta, float(middle[0] * np.sin(theta) - middle[1] * np.cos(theta))


def _moves_alike(
    found: Sequence[tuple[Patch, Candidates]], a: tuple[int, int], b: tuple[int, int], limit: float
) -> bool:
    """Compare proper motions where the tracks come closest, with the stars' own spreads."""
    one, two = (found[node[0]][1] for node in (a, b))
    first, second = one.tracks[a[1]], two.tracks[b[1]]
    step = (first["ra"][:, None] - second["ra"] + 180.0) % 360.0 - 180.0
    apart = (step * np.cos(np.radians(first["dec"]))[:, None]) ** 2
    apart += (first["dec"][:, None] - second["dec"]) ** 2
    i, j = np.unravel_index(np.argmin(apart), apart.shape)
    spread = sum(
        float(candidates.table[name][node[1]]) ** 2
        for candidates, node in ((one, a), (two, b))
        for name in ("mu_lon_sd", "mu_lat_sd")
    )
    # The frames of two patches are turned against each other: half of both variances each way.
    difference = sum(float(first[name][i] - second[name][j]) ** 2 for name in ("pmra", "pmdec"))
    return bool(difference < limit * 0.5 * max(spread, _LEAST_SPREAD))


def _shared(
    found: Sequence[tuple[Patch, Candidates]],
    a: tuple[int, int],
    b: tuple[int, int],
    names: Mapping[tuple[int, int], npt.NDArray[Any]],
) -> float:
    """Give the part of line stars in the common stretch that both have, of the better side."""
    common = len(np.intersect1d(names[a], names[b]))
    sizes = []
    for node, other in ((a, b), (b, a)):
        candidates = found[node[0]][1]
        rows = candidates.members[node[1]]
        patch = found[other[0]][0]
        place = candidates.stars.sky(found[node[0]][0])
        assert place is not None  # noqa: S101
        seen = patch.local(place[0][rows], place[1][rows])
        sizes.append(int((np.hypot(seen["lon"], seen["lat"]) < patch.inner).sum()))
    return common / max(min(sizes), 1)


def _identifiers(candidates: Candidates, number: int, name: str) -> npt.NDArray[Any]:
    rows = candidates.members[number]
    columns = candidates.stars.columns
    if name in columns:
        return np.asarray(columns[name])[rows]
    places = np.stack([np.asarray(columns[c], dtype=np.float64)[rows] for c in ("ra", "dec")])
    return np.array([f"{ra:.7f} {dec:+.7f}" for ra, dec in places.T])
