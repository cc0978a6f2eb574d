"""Hashes of what tiny runs compute, to see that a change of structure changes no number.

``PYTHONPATH=. python tests/properties/frozen_numbers.py --write`` computes them anew, after a
change that means to alter numbers; without ``--write`` they are printed. Bits agree on one kind of
machine only, so a table holds what it was computed on (see `platform_key`).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

TABLE = Path(__file__).with_suffix(".json")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_PACKAGES = ("numpy", "scipy", "torch", "zuko", "gala", "scikit-learn", "numba", "astropy")

MAP = {
    "kind": "map", "catalogue": "galaxy", "preset": "quick", "seed": 5, "device": "cpu",
    "threads": 1,
    "overrides": {
        "members": 2, "position_hidden": 16, "velocity_hidden": 16, "position_epochs": 2,
        "velocity_epochs": 2, "batch": 256, "velocities": 32, "spacing": 1.0, "z_cells": 7,
    },
}  # fmt: skip
STREAMS = {
    "kind": "streams", "catalogue": "patch", "method": "cathode", "coordinates": ["mu_lat"],
    "width": 6.0, "step": 3.0, "least": 0.15, "seeds": [0], "threads": 1,
    "scores": {
        "trees": 8, "tree_members": 1, "folds": 2, "flow_epochs": 2, "trunk_epochs": 2,
        "network_steps": 50, "device": "cpu",
    },
    "search": {"draws": 5, "fewest": 40, "seed_sigma": 6.0},
}  # fmt: skip


def platform_key() -> dict[str, str]:
    """Give what the bits of a result depend on beside the code."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()} {' '.join(platform.libc_ver())}",
        "processor": _processor(),
        **{name: version(name) for name in _PACKAGES},
    }


def compute(home: Path) -> dict[str, str]:
    """Make a map, a search and a download in a home, and hash every array of theirs."""
    return {**_map(home), **_search(home), **_fetch(home)}


def array_hash(values: object) -> str:
    """Hash an array: its type, its shape and its bytes."""
    import numpy as np

    array = np.asarray(values)
    content = (
        json.dumps(array.tolist()).encode()
        if array.dtype.kind in "OUT"
        else np.ascontiguousarray(array).tobytes()
    )
    head = f"{array.dtype.kind}{array.dtype.itemsize if array.dtype.kind in 'fiub' else ''}"
    return hashlib.sha256(f"{head} {array.shape}".encode() + content).hexdigest()[:16]


def _cubes(paths: object) -> dict[str, str]:
    from engine.cubes.store import read_cube

    assert isinstance(paths, dict)
    hashes = {}
    for name, path in sorted(paths.items()):
        cube = read_cube(Path(path))
        for variable in sorted({*cube.data_vars, *cube.coords}, key=str):
            hashes[f"{name}.{variable}"] = array_hash(cube[variable].values)
    return hashes


def _map(home: Path) -> dict[str, str]:
    from data.mocks.galaxy import make_galaxy
    from engine.runs.launch import submit

    make_galaxy(home, stars=2_500, seed=1, threads=1, name="galaxy")
    record = submit(home, MAP, "inline")
    assert record.result is not None, record.error
    hashes = {f"map.{name}": text for name, text in _cubes(record.result["cubes"]).items()}
    return hashes | {"map.at_sun": _text_hash(record.result["at_sun"])}


def _search(home: Path) -> dict[str, str]:
    from data.mocks.streams.injection import Injection
    from data.mocks.streams.patch import make_stream
    from engine.runs.launch import open_run, submit
    from engine.streams.search.files import patch_folders

    stream = Injection(angle=30.0, offset=1.0)
    make_stream(home, stars=3_000, members=200, seed=2, name="patch", streams=(stream,))
    record = submit(home, STREAMS, "inline")
    assert record.result is not None, record.error
    hashes = {f"streams.{name}": text for name, text in _cubes(record.result["cubes"]).items()}
    (folder,) = patch_folders(open_run(home, record.id).path)
    for scores in folder.all_scores():
        name = f"streams.scores[{scores.window.low:+.2f}]"
        hashes[name] = array_hash(scores.by_seed)
    return hashes | {"streams.best": _text_hash(record.result["best"])}


def _fetch(home: Path) -> dict[str, str]:
    """Write the queries of a checked request, and store two pieces as the archive sends them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from data.archives.into_store import store_parts
    from data.archives.queries import release_query
    from data.archives.releases import find_release
    from data.selection import parse
    from engine.fetching.request import FetchRequest

    asked = "parallax > 0.5 and parallax_over_error > 5 and abs(b) > 20"
    spec = {"service": "esa", "name": "near", "selection": parse(asked)}
    full = FetchRequest.check(spec, home)
    release = find_release(str(full["release"]["name"]))  # type: ignore[index]
    query = release_query(full["selection"], release)  # type: ignore[arg-type]
    rng = np.random.default_rng(3)
    files = []
    for part in range(2):
        table = {"source_id": np.arange(500) + 500 * part}
        for name, low, high in (
            ("ra", 0, 360), ("dec", -90, 90), ("parallax", -0.5, 5), ("parallax_error", 0.01, 0.5),
            ("pmra", -20, 20), ("pmdec", -20, 20), ("pmra_error", 0.01, 0.1),
            ("pmdec_error", 0.01, 0.1), ("radial_velocity", -200, 200),
        ):  # fmt: skip
            table[name] = rng.uniform(low, high, 500)
        files.append(home / f"part-{part}.parquet")
        pq.write_table(pa.table(table), files[-1])
    catalogue = store_parts(files, home, name="near", tree=full["selection"], provenance={})
    hashes = {
        f"fetch.{name}": array_hash(catalogue.column(name))
        for name in ("source_id", "ra", "parallax", "x", "y", "z", "vx", "vy", "vz")
        if name in catalogue.columns
    }
    return hashes | {"fetch.adql": _text_hash(query.text)}


def _text_hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")


def main() -> None:
    """Compute the table in a home of its own; print it, or write it with ``--write``."""
    for name in _THREADS:  # before numpy and torch are imported: sums depend on it
        os.environ[name] = "1"
    with tempfile.TemporaryDirectory() as folder:
        content = {"platform": platform_key(), "hashes": compute(Path(folder))}
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    if "--write" in sys.argv[1:]:
        TABLE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
