"""A spherical mock about its own centre: whether the truth is inside the errors of the map.

    python benchmarks/spherical.py --halo cusp --stars 100000
    python benchmarks/spherical.py --file gs010_bs050_rcrs010_rarc100_cusp_0064mpc3_df_1000_0.dat

Stars are drawn from the exact distribution function of a Gaia Challenge model, or read from one
of the Challenge's own files, and mapped in a ball of five tracer radii r_* round the centre.
Errors |a - truth| / |truth| and pulls (a - truth) / sd are given in shells of r_*, over the
trusted cells.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import Catalogue
from data.mocks.spherical import HALOS, challenge
from data.mocks.spherical_stars import VOLUME, make_spherical
from data.mocks.truth import Truth
from engine.cubes.store import read_cube
from engine.runs.launch import open_run, submit, wait

Floats = NDArray[np.float64]

SHELLS = (0.3, 1.0, 2.0, 3.0, 4.0, VOLUME)
"""Edges of the shells in tracer radii."""


def read_file(file: Path, home: Path) -> tuple[Catalogue, str]:
    """Bring a file of the Challenge into the store: catalogue and halo."""
    halo = next((name for name in HALOS if name in file.name), None)
    if halo is None:
        raise SystemExit(f"{file.name} does not say whether its halo has a cusp or a core")
    stars = np.loadtxt(file)
    names = ("x", "y", "z", "vx", "vy", "vz")
    columns = {name: stars[:, i].astype(np.float32) for i, name in enumerate(names)}
    truth = Truth(challenge(halo).to_galaxy(halo, "A model of the Gaia Challenge."))
    catalogue = ingest_arrays(
        {"source_id": np.arange(len(stars)), **columns},
        home,
        name=file.stem,
        kind="simulation",
        provenance={"file": file.name},
        truth=truth.to_dict(),
    )
    return catalogue, halo


def map_catalogue(
    home: Path, catalogue: Catalogue, radius: float, options: argparse.Namespace
) -> str:
    """Map a ball about the centre and give the run."""
    spec = {
        "kind": "map",
        "catalogue": catalogue.id,
        "preset": options.preset,
        "seed": options.seed,
        "volume": {"centre": [0.0, 0.0, 0.0], "radius": radius},
        "threads": options.threads,
        "overrides": {
            "spacing": radius / options.steps,
            "z_cells": 2 * options.steps + 1,
            **dict(pair.split("=", 1) for pair in options.set),
        },
    }
    run = open_run(home, submit(home, spec).id)
    record = wait(run)
    if record.result is None:
        raise SystemExit(f"the run {record.id} ended {record.state}: {record.error}")
    return record.id


def judge(home: Path, run: str, truth: Truth, r_star: float) -> dict[str, Any]:
    """Compare the cube of a run with the truth in shells."""
    cube = read_cube(open_run(home, run).cubes / "acceleration.zarr")
    mesh = np.stack(np.meshgrid(cube["x"], cube["y"], cube["z"], indexing="ij"), -1)
    exact = truth.acceleration(mesh.reshape(-1, 3)).reshape(mesh.shape)
    r = np.linalg.norm(mesh, axis=-1) / r_star
    found: dict[str, Any] = {}
    for name in cube["estimator"].values.tolist():
        one = cube.sel(estimator=name)
        a, sd = (
            one[part].transpose("x", "y", "z", "component").to_numpy()
            for part in ("acceleration", "acceleration_sd")
        )
        known = np.isfinite(a).all(-1)
        trusted = known & one["trusted"].transpose("x", "y", "z").to_numpy()
        found[name] = [
            _shell(a, sd, exact, mesh, known & (r >= low) & (r < high), trusted, (low, high))
            for low, high in pairwise(SHELLS)
        ]
    return found


def _shell(
    a: Floats,
    sd: Floats,
    exact: Floats,
    mesh: Floats,
    there: NDArray[np.bool_],
    trusted: NDArray[np.bool_],
    edges: tuple[float, float],
) -> dict[str, Any]:
    """Give errors and pulls of the trusted cells of one shell."""
    use = there & trusted
    if not use.any():
        return {"shell": edges, "cells": int(there.sum()), "trusted": 0}
    off, size = a[use] - exact[use], np.linalg.norm(exact[use], axis=1)
    outward = mesh[use] / np.linalg.norm(mesh[use], axis=1, keepdims=True)
    pull = np.abs(off / sd[use])
    return {
        "shell": edges,
        "cells": int(there.sum()),
        "trusted": int(use.sum()),
        "median_error": float(np.median(np.linalg.norm(off, axis=1) / size)),
        "radial_bias": float(np.median(np.sum(off * outward, axis=1) / size)),
        "width": float(np.median(np.linalg.norm(sd[use], axis=1) / size)),
        "within_1_sd": float(np.mean(pull < 1)),
        "within_2_sd": float(np.mean(pull < 2)),
        "pull_rms": float(np.sqrt(np.mean(pull**2))),
    }


def main() -> None:
    """Run the benchmark and print its table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--halo", default="cusp", choices=list(HALOS))
    parser.add_argument("--anisotropy-radius", type=float, help="kpc; inf: isotropic")
    parser.add_argument("--stars", type=int, default=100_000)
    parser.add_argument("--file", type=Path, help="a file of the Gaia Challenge instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--steps", type=int, default=8, help="cells from the centre to the edge")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--home", type=Path, help="keep mocks and runs here")
    parser.add_argument("--run", help="judge this finished run of --home again")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        if options.file:
            catalogue, halo = read_file(options.file, home)
        else:
            halo = options.halo
            catalogue = make_spherical(
                home,
                stars=options.stars,
                seed=options.seed,
                halo=halo,
                r_a=options.anisotropy_radius,
            )
        radius = VOLUME * HALOS[halo][1]
        run = options.run or map_catalogue(home, catalogue, radius, options)
        truth = Truth.read(catalogue.truth_path)
        found = judge(home, run, truth, HALOS[halo][1])
    if options.json:
        print(json.dumps({"run": run, "halo": halo, "radius": radius, "estimators": found}))
        return
    for name, rows in found.items():
        print(f"{name}: r/r_*, cells, trusted, median error, radial bias, sd, within 1 and 2 sd")
        for row in rows:
            text = f"  {row['shell'][0]:4.1f} to {row['shell'][1]:4.1f} {row['cells']:6d}"
            text += f" {row['trusted']:6d}"
            if row["trusted"]:
                percents = ("median_error", "radial_bias", "width", "within_1_sd", "within_2_sd")
                text += "".join(f" {100 * row[part]:6.1f}%" for part in percents)
            print(text)


if __name__ == "__main__":
    main()
