"""The sentences under a map: where it comes from, and what speaks against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from data.selection import caption
from engine.cubes.trust_words import shares, trust_words, trusted_cells


def selection_sentence(attributes: Mapping[str, Any]) -> str:
    """Say which stars a cube was made from (not escaped)."""
    stored = attributes.get("selection_caption")
    if stored:
        return str(stored)
    try:
        return caption(json.loads(attributes.get("selection", "null")))
    except ValueError:
        return "Stars of an unknown selection."


def provenance_sentence(attributes: Mapping[str, Any], catalogue_name: str) -> str:
    """Say in one sentence where a cube comes from (not escaped)."""
    parts = [f"run {attributes.get('run_id', 'unknown')}", f"catalogue {catalogue_name}"]
    if "tracers" in attributes:
        parts.append(f"{int(attributes['tracers']):,} tracers")
    if "preset" in attributes:
        parts.append(f"preset {attributes['preset']}")
    if "seed" in attributes:
        parts.append(f"seed {attributes['seed']}")
    if "created" in attributes:
        parts.append(str(attributes["created"]).replace("T", " ")[:16])
    stars = selection_sentence(attributes).rstrip(".")
    return f"{', '.join(parts)}. {stars}."


def trusted_share(cube: xr.Dataset, estimator: str | None = None) -> float:
    """Give the share of the cells inside the volume that an estimator is trusted in, 0 to 1."""
    inside = cells_inside(cube)
    if not inside.any():
        return 0.0
    return float(trusted_cells(cube, estimator)[inside].mean())


def _answered_share(cube: xr.Dataset) -> float:
    """Give the share of the volume in which ``conditional`` is trusted where others are not."""
    if "trust_flags_by" not in cube or "conditional" not in cube["estimator"].values:
        return 0.0
    return trusted_share(cube, "conditional")


def cells_inside(cube: xr.Dataset) -> np.ndarray:
    """Tell which cells of an acceleration cube lie inside the volume, shape (x, y, z)."""
    default = cube["acceleration"].sel(estimator=cube.attrs["default_estimator"])
    values = default.transpose("component", "x", "y", "z").to_numpy()
    return np.asarray(np.isfinite(values).all(axis=0))


def distrust_lines(
    cube: xr.Dataset, estimator: str | None = None, at_most: int = 6
) -> list[tuple[str, str]]:
    """Give the reasons against cells with the share of the volume that each concerns."""
    flags = trust_words(cube, estimator)
    return [
        (text, f"{100 * share:.0f}% of the volume" if share >= 0.005 else "under 1%")
        for text, share in shares(flags, cells_inside(cube))[:at_most]
    ]


def trust_alert(cube: xr.Dataset, warnings: tuple[str, ...]) -> tuple[str, str, str] | None:
    """Say at the head of a page what must be known before looking at a map.

    Returns
    -------
    severity, sentence, hint
        Not escaped; None where nothing needs to be said.
    """
    share = trusted_share(cube)
    why = " ".join(warnings)
    if warnings and (answered := _answered_share(cube)) > 0:
        return (
            "warning",
            "Only the conditional estimator of this map is reliable.",
            f"{why} It is made from how stars move at each place, which no selection by place or"
            f" brightness changes, and is trusted in {100 * answered:.0f}% of the volume. What"
            " boltzmann and jeans say here is mostly the selection.",
        )
    if share < 0.005:
        return (
            "warning",
            "No cell of this map is reliable."
            if share == 0
            else "Almost no cell of this map is reliable.",
            why or "Every cell has a reason against it: they are listed at the foot of the page.",
        )
    if warnings:
        return "warning", "This map has to be read with care.", why
    if share < 0.5:
        hint = "The grey cells have a reason against them, listed at the foot of the page."
        return "info", f"Only {100 * share:.0f}% of the volume is reliable.", hint
    return None
