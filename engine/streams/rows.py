"""Columns of the table of candidates and of the table of regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from data.literature.dust import reddening
from engine.streams.chain import Chain, Field
from engine.streams.identify import Match, identify
from engine.streams.lines import Line, best_line
from engine.streams.patches import Patch
from engine.streams.regions import ScoredWindow
from engine.streams.settings import SearchSettings
from engine.streams.significance import PValue
from engine.streams.stability import stability
from engine.streams.stars import PatchStars
from engine.streams.trace import Trace, towards_plane

__all__ = ["again_columns", "dust_on", "line_columns", "named_as", "p_columns", "place_columns",
           "region_columns", "star_columns"]  # fmt: skip


def named_as(course: Trace) -> Match:
    """Find the nearest known object of a candidate; none where its place is unknown."""
    columns = course.columns
    if "ra" not in columns:
        return Match()
    places = (columns[name] for name in ("ra", "dec", "pmra", "pmdec"))
    return identify(*places, spread=course.motion_sd)


def line_columns(group: list[int], chain: Chain) -> dict[str, Any]:
    """Give significances, votes and line of an object, and what it was joined from."""
    line, clusters = chain.lines[group[0]], [chain.clusters[number] for number in group]
    windows = sorted({str(window) for cluster in clusters for window in cluster.windows})
    return {
        "sigma": line.sigma,
        "sigma_duplicates": clusters[0].sigma,
        "sigma_vm1": line.sigma_vm1,
        "log_p_binomial": line.log_p_binomial,
        "stars": line.stars,
        "background": line.background,
        "theta": float(np.degrees(line.theta)),
        "r": line.r,
        "n_regions": sum(len(cluster.regions) for cluster in clusters),
        "n_windows": len(windows),
        "windows": "; ".join(windows),
    }


def p_columns(p: PValue | None, settings: SearchSettings) -> dict[str, Any]:
    """Give the p-value and what it rests on; NaN without null values."""
    if p is None:
        return {"p": np.nan, "p_low": np.nan, "p_high": np.nan, "p_kind": "", "p_basis": "",
                "p_resolution": np.nan, "n_null": 0}  # fmt: skip
    return {
        "p": p.value,
        "p_low": p.low,
        "p_high": p.high,
        "p_kind": p.kind,
        "p_basis": p.basis,
        "p_resolution": p.resolution,
        "n_null": p.n_null,
    }


def star_columns(line: Line, stars: PatchStars) -> dict[str, Any]:
    """Give what the line stars have in common; NaN for columns that the table lacks."""
    members = line.members
    found: dict[str, Any] = {}
    for name in ("mu_lon", "mu_lat"):
        values = stars[name][members]
        low, middle, high = np.nanquantile(values, [0.16, 0.5, 0.84])
        found |= {name: float(middle), f"{name}_sd": float(0.5 * (high - low))}
    return found


def dust_on(line: Line, stars: PatchStars, patch: Patch | None, settings: SearchSettings) -> float:
    """Give the median E(B-V) of the line stars, from a map or the table; NaN without either."""
    sky = stars.sky(patch)
    if settings.dust and sky is not None:
        ebv = reddening(settings.dust, *(column[line.members] for column in sky))
    elif stars.has("ebv"):
        ebv = stars["ebv"][line.members]
    else:
        return np.nan
    return float(np.median(ebv[np.isfinite(ebv)])) if np.isfinite(ebv).any() else np.nan


def place_columns(
    line: Line, laid: Field, course: Trace, patch: Patch | None, settings: SearchSettings
) -> dict[str, Any]:
    """Give the place, extent and edge of a line, and how many of its stars are faint."""
    stars = course.stars
    faint = np.nan
    if stars.has("g"):
        faint = float(np.mean(stars["g"][line.members] > settings.faint))
    edge = bool(abs(line.r) > settings.edge * laid.grid.area.radius)
    middle = {name: float(course.columns[name][len(course.columns[name]) // 2])
              for name in ("lon", "lat", "ra", "dec") if name in course.columns}  # fmt: skip
    return {
        **{name: middle.get(name, np.nan) for name in ("lon", "lat", "ra", "dec")},
        "length": course.length,
        "width": course.width,
        "faint_fraction": faint,
        "edge": edge,
        "towards_plane": edge and patch is not None and towards_plane(line, patch),
    }


def again_columns(
    number: int, chain: Chain, scored: Sequence[ScoredWindow], stars: PatchStars, laid: Field,
    settings: SearchSettings,
) -> dict[str, Any]:  # fmt: skip
    """Give the region that most of the line stars are in, and the stability there."""
    line, regions = chain.lines[number], chain.clusters[number].regions
    best = max(
        regions,
        key=lambda k: len(np.intersect1d(chain.regions[k].index, line.members)),
    )
    region = chain.regions[best]
    again = stability(line, region, scored, stars, laid, settings)
    return {
        "coordinate": region.window.coordinate,
        "low": region.window.low,
        "high": region.window.high,
        "other_low": region.other.low,
        "other_high": region.other.high,
        "stability": again.fraction,
        "stability_basis": again.basis,
        "n_seeds": again.seeds,
        "sigma_sd": again.sigma_sd,
    }


def region_columns(chain: Chain, stars: PatchStars, laid: Field) -> dict[str, npt.NDArray[Any]]:
    """Give the best line of every region of interest."""
    lines = [
        best_line(laid.grid, stars.lon[region.index], stars.lat[region.index])
        for region in chain.regions
    ]
    return {
        "coordinate": np.array([region.window.coordinate for region in chain.regions], dtype=str),
        "low": np.array([region.window.low for region in chain.regions]),
        "high": np.array([region.window.high for region in chain.regions]),
        "other_low": np.array([region.other.low for region in chain.regions]),
        "other_high": np.array([region.other.high for region in chain.regions]),
        "fiducial": np.array([region.stars for region in chain.regions], dtype=np.int64),
        "sigma": np.array([line.sigma for line in lines]),
        "stars": np.array([line.stars for line in lines], dtype=np.int64),
        "theta": np.degrees([line.theta for line in lines]),
        "r": np.array([line.r for line in lines]),
    }
