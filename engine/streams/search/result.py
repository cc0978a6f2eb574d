"""What a finished search hands on: the cube of candidates, the table of members, the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from engine.cubes.assemble import provenance
from engine.cubes.store import write_cube
from engine.runs.context import RunContext
from engine.streams.search.files import PatchFolder
from engine.streams.search.reading import Found, read_search

__all__ = ["candidates_cube", "write_result"]

_LINES = 20
"""Lines that the cube keeps for each window: the best of its regions."""

_UNITS = {
    "sigma": "1", "stars": "1", "background": "1", "theta": "deg", "r": "deg",
    "other_low": "mas / yr", "other_high": "mas / yr",
}  # fmt: skip
_ABOUT = {
    "sigma": "significance of the best line of a region, a maximum over many boxes",
    "stars": "stars that vote for the line",
    "background": "stars that are expected there from round about",
    "theta": "angle of the line to the patch's longitude",
    "r": "distance of the line from the patch's centre",
    "other_low": "lower edge of the region in the other proper motion",
    "other_high": "upper edge of the region in the other proper motion",
}
_VERSIONS = ("via-obscura", "torch", "numpy", "xarray")


def write_result(
    folders: Sequence[PatchFolder], spec: dict[str, Any], context: RunContext
) -> dict[str, object]:
    """Write cube and members of a search, and give its result."""
    found = read_search(context.path)
    attributes = provenance(
        run_id=context.run_id,
        catalogue_id=spec["catalogue"],
        selection=spec["selection"],
        method=spec["method"],
        width=spec["width"],
        step=spec["step"],
        seeds=spec["seeds"],
        versions={name: version(name) for name in _VERSIONS},
    )
    cube = candidates_cube(found).assign_attrs(attributes)
    rows = found.candidates()
    members = context.path / "members.parquet"
    pq.write_table(members_table(found), members)
    best = rows[0] if rows else None
    return {
        "cubes": {"candidates": str(write_cube(cube, context.cubes, "candidates"))},
        "members": str(members),
        "patches": [
            {
                "patch": state.patch.name,
                "stars": state.stars,
                "windows": len(state.windows),
                "candidates": len(state.rows),
            }
            for state in found.patches
        ],
        "candidates": len(rows),
        "best": {key: best[key] for key in ("patch", "sigma", "p") if key in best}
        if best
        else None,
    }


def candidates_cube(found: Found) -> xr.Dataset:
    """Give the lines of a search as a cube (patch, window, line), the best line first.

    A window that a patch does not have, and lines beyond those that there are, are NaN.
    """
    names = [state.patch.name for state in found.patches]
    windows = sorted({name for state in found.patches for name in state.windows})
    place = {name: i for i, name in enumerate(windows)}
    shape = (len(names), len(windows), _LINES)
    values = {name: np.full(shape, np.nan) for name in _UNITS}
    for i, state in enumerate(found.patches):
        for window in state.folder.lined() & set(windows):
            for k, line in enumerate(state.folder.lines(window)[:_LINES]):
                for name in _UNITS:
                    values[name][i, place[window], k] = line[name]
    axes = ("patch", "window", "line")
    about = {name: w for state in found.patches for name, w in state.windows.items()}
    return xr.Dataset(
        {
            name: (axes, array, {"units": _UNITS[name], "long_name": _ABOUT[name]})
            for name, array in values.items()
        },
        coords={
            "patch": names,
            "window": windows,
            "line": np.arange(_LINES),
            "coordinate": ("window", [about[w]["coordinate"] for w in windows]),
            "low": ("window", [about[w]["low"] for w in windows], {"units": "mas / yr"}),
            "high": ("window", [about[w]["high"] for w in windows], {"units": "mas / yr"}),
            "l": ("patch", [s.patch.lon for s in found.patches], {"units": "deg"}),
            "b": ("patch", [s.patch.lat for s in found.patches], {"units": "deg"}),
        },
    )


def members_table(found: Found) -> pa.Table:
    """Give the members of every candidate: candidate, patch, source_id, row of the catalogue."""
    columns: dict[str, list[Any]] = {"candidate": [], "patch": [], "source_id": [], "row": []}
    for row in found.candidates():
        state, index = found.members(row["candidate"])
        stars = state.folder.stars()
        columns["candidate"] += [row["candidate"]] * len(index)
        columns["patch"] += [state.patch.name] * len(index)
        columns["source_id"] += stars["source_id"][index].tolist()
        columns["row"] += stars["row"][index].tolist()
    kinds = {
        "candidate": pa.int32(),
        "patch": pa.string(),
        "source_id": pa.int64(),
        "row": pa.int64(),
    }
    return pa.table({name: pa.array(v, kinds[name]) for name, v in columns.items()})
