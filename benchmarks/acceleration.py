"""How far is the mapped acceleration from the truth? Mocks of several seeds, one map each.

    python benchmarks/acceleration.py --preset quick --seeds 0 1 2 3 4

Positions are drawn anew for each seed within 3 kpc of the Sun and 1.5 kpc of the plane, the cube
is interpolated linearly between its cells, and the error is |a - truth| / |truth|; beside it that
of all cells within 3 kpc of the Sun, and the share of them that the map does not trust. The
density is that of the cells with 0.5 < abs(z) < 2 kpc within 3 kpc, averaged with the kernel of
the cube; dark is the spherical average of the dark density at the Sun's distance from the centre.
Doubtful cells count everywhere.

    python benchmarks/acceleration.py --home FOLDER --runs RUN ...
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from data.baryons import truth_baryons
from data.catalogue.store import CatalogueStore
from data.frames import DEFAULT_SUN
from data.mocks.galaxy import make_galaxy
from data.mocks.truth import Truth
from engine.cubes.grid import Grid
from engine.cubes.store import read_cube
from engine.dark_matter.local import local_value
from engine.dark_matter.smoothed import smoothed_density
from engine.draws import Draws
from engine.runs.launch import open_run, submit, wait
from engine.smoothing import Kernel

SUN = np.array(DEFAULT_SUN.position)


def draw_positions(count: int, seed: int, reach: float = 3.0, height: float = 1.5) -> np.ndarray:
    """Draw positions (count, 3) kpc, uniform in the ball round the Sun near the plane."""
    rng = np.random.default_rng([seed, 20])
    points = np.empty((0, 3))
    while len(points) < count:
        offset = rng.uniform(-reach, reach, (4 * count, 3))
        near = offset[np.linalg.norm(offset, axis=1) < reach] + SUN
        points = np.concatenate([points, near[np.abs(near[:, 2]) < height]])
    return points[:count]


def at(cube: xr.Dataset, variable: str, points: np.ndarray) -> np.ndarray:
    """Interpolate a vector of the default estimator at points (n, 3); (n, 3)."""
    where = {
        axis: xr.DataArray(points[:, index], dims="point") for index, axis in enumerate("xyz")
    }
    field = cube[variable].sel(estimator=cube.attrs["default_estimator"])
    return field.interp(where).transpose("point", "component").to_numpy()


def measure(home: Path, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Make a mock, map it, and compare."""
    name = f"benchmark-{options.potential}-{options.stars}-{seed}"
    known = {manifest.name for manifest in CatalogueStore(home).list()}
    if name not in known:
        make_galaxy(home, stars=options.stars, seed=seed, potential=options.potential, name=name)
    catalogue = CatalogueStore(home).open(name)
    started = time.monotonic()
    overrides = dict(pair.split("=", 1) for pair in options.set)
    spec = {
        "kind": "map",
        "catalogue": catalogue.id,
        "preset": options.preset,
        "seed": seed,
        "overrides": overrides,
    }
    run = open_run(home, submit(home, spec).id)
    record = wait(run)
    if record.result is None:
        sys.exit(f"seed {seed}: the run {record.id} ended {record.state}: {record.error}")
    seconds = time.monotonic() - started
    return {**judge(home, record.id, options.positions), "seconds": seconds}


def judge(home: Path, run_id: str, positions: int) -> dict[str, Any]:
    """Compare a finished run of a mock with its truth."""
    run = open_run(home, run_id)
    spec = run.stored().spec
    truth = Truth.read(CatalogueStore(home).open(spec["catalogue"]).truth_path)
    return {**errors_of(run.cubes, truth, int(spec["seed"]), positions), "run": run_id}


def errors_of(cubes: Path, truth: Truth, seed: int, positions: int = 200) -> dict[str, Any]:
    """Compare the cubes of a run with the truth."""
    cube = read_cube(cubes / "acceleration.zarr")
    points = draw_positions(positions, seed)
    exact = truth.acceleration(points)
    found, sd = at(cube, "acceleration", points), at(cube, "acceleration_sd", points)
    error = relative(found, exact)
    heights = np.abs(points[:, 2])
    every, trusted = cell_errors(cube, truth)
    density_cube = read_cube(cubes / "density.zarr")
    density = density_errors(density_cube, truth)
    return {
        "seed": seed,
        "median": float(np.median(error)),
        "p68": float(np.percentile(error, 68)),
        "p95": float(np.percentile(error, 95)),
        "median_below_0.5_kpc": float(np.median(error[heights < 0.5])),
        "median_above_1_kpc": float(np.median(error[heights > 1.0])),
        "median_cells": float(np.median(every)),
        "untrusted": float(1 - trusted.mean()),
        "pull_rms": float(np.sqrt(np.mean(((found - exact) / sd) ** 2))),
        "density_median": float(np.median(density)),
        "density_p95": float(np.percentile(density, 95)),
        "dark_at_solar_radius": dark_error(density_cube, truth),
    }  # fmt: skip


def relative(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Give |a - truth| / |truth| of vectors (..., 3)."""
    miss: np.ndarray = np.linalg.norm(found - exact, axis=-1) / np.linalg.norm(exact, axis=-1)
    return miss


def cell_errors(cube: xr.Dataset, truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Give the error of every cell within 3 kpc of the Sun, and whether it is trusted."""
    one = cube.sel(estimator=cube.attrs["default_estimator"])
    mesh = mesh_of(cube)
    inside = np.linalg.norm(mesh - SUN, axis=-1) < 3
    found = one["acceleration"].transpose("x", "y", "z", "component").to_numpy()[inside]
    trusted = one["trusted"].transpose("x", "y", "z").to_numpy()[inside]
    return relative(found, truth.acceleration(mesh[inside])), trusted


def mesh_of(cube: xr.Dataset) -> np.ndarray:
    """Give the positions of the cells, (x, y, z, 3) kpc."""
    return np.stack(np.meshgrid(cube["x"], cube["y"], cube["z"], indexing="ij"), -1)


def solar_average(density: Draws, grid: Grid) -> tuple[float, float]:
    """Average a density (P,) over the sphere at the Sun's distance, within 3 kpc of the Sun."""
    near = np.linalg.norm(grid.points - SUN, axis=-1) < 3
    radius = float(np.linalg.norm(SUN))
    return local_value(density, grid, radius=radius, trusted=near).msun_pc3


def dark_error(cube: xr.Dataset, truth: Truth) -> float:
    """Give the relative error of the dark density at the Sun's distance from the centre.

    The spherical average over all cells within 3 kpc of the Sun, doubtful ones too, less the same
    average of the mock's baryons: what is judged is the map, not a model of the baryons.
    """
    mesh = mesh_of(cube)
    total = cube["density_total"].sel(estimator=cube.attrs["default_estimator"])
    total = total.transpose("x", "y", "z").to_numpy().astype(float)
    near = np.linalg.norm(mesh - SUN, axis=-1) < 3
    grid = Grid(*(cube[axis].to_numpy().astype(float) for axis in "xyz"), near)
    kernel = Kernel(tuple(cube.attrs["kernel_bandwidths_kpc"]), cube.attrs["kernel_truncation"])
    baryons = truth_baryons(truth).components

    def average(density: np.ndarray) -> float:
        return solar_average(Draws(density, np.empty((0, len(density)))), grid)[0]

    def smooth(name: str) -> np.ndarray:
        def density(points: np.ndarray) -> np.ndarray:
            return truth.density(points, name)

        round_about = truth.galaxy.components[name].origin[:2] == (0.0, 0.0)
        return smoothed_density(density, grid.points, kernel, axisymmetric=round_about)

    parts = {name: average(smooth(name)) for name in truth.components}
    dark = sum(value for name, value in parts.items() if name not in baryons)
    return (average(total[near]) - sum(parts.values())) / dark


def density_errors(cube: xr.Dataset, truth: Truth) -> np.ndarray:
    """Give |rho - truth| / truth at 0.5 < abs(z) < 2 kpc within 3 kpc of the Sun.

    Both are averaged with the cube's kernel; doubtful cells count as well.
    """
    total = cube["density_total"].sel(estimator=cube.attrs["default_estimator"])
    mesh = mesh_of(cube)
    height = np.abs(mesh[..., 2])
    inside = (np.linalg.norm(mesh - SUN, axis=-1) < 3) & (height > 0.5) & (height < 2)
    bandwidths = tuple(cube.attrs["kernel_bandwidths_kpc"])
    offsets, weights = Kernel(bandwidths, cube.attrs["kernel_truncation"]).nodes(128)
    moved = mesh[inside][:, None] + offsets
    exact = truth.density(moved.reshape(-1, 3)).reshape(moved.shape[:2]) @ weights
    return np.abs(total.transpose("x", "y", "z").to_numpy()[inside] / exact - 1)


def main() -> None:
    """Run the benchmark and print its table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stars", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--potential", default="milky-way")
    parser.add_argument("--runs", nargs="+", default=[], help="judge finished runs of --home")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--positions", type=int, default=200)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--home", type=Path, help="keep mocks and runs here")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        rows = []
        jobs = [partial(judge, home, name, options.positions) for name in options.runs]
        if not jobs:
            jobs = [partial(measure, home, seed, options) for seed in options.seeds]
        for job in jobs:
            rows.append(job())
            if not options.json:
                print_row(rows[-1], header=len(rows) == 1)
    worst = max(row["median"] for row in rows)
    if options.json:
        keys = ("stars", "potential", "preset", "positions")
        print(json.dumps({**{k: getattr(options, k) for k in keys}, "worst": worst, "rows": rows}))
    else:
        print(f"worst median: {100 * worst:.2f}%")


def print_row(row: dict[str, Any], *, header: bool) -> None:
    """Print a line of the table."""
    if header:
        print(
            "seed  median   68%     95%    |z|<0.5  |z|>1   cells  untrusted  pull rms  "
            "density  95%     dark  seconds"
        )
    parts = ("median", "p68", "p95", "median_below_0.5_kpc", "median_above_1_kpc", "median_cells")
    percents = "  ".join(f"{100 * row[part]:5.2f}%" for part in parts)
    density = f"{100 * row['density_median']:6.2f}%  {100 * row['density_p95']:5.1f}%"
    dark = f"{100 * row['dark_at_solar_radius']:+5.1f}%"
    seconds = f"{row['seconds']:7.0f}" if "seconds" in row else ""
    print(
        f"{row['seed']:4d}  {percents}   {100 * row['untrusted']:5.1f}%   {row['pull_rms']:7.2f}"
        f"  {density}  {dark}  {seconds}",
        flush=True,
    )


if __name__ == "__main__":
    main()
