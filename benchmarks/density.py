"""Cost and error of a density point, against the recipe of the talks.

    python benchmarks/density.py --home FOLDER --rows density-rows.jsonl
    python benchmarks/density.py --home FOLDER --run RUN --rows density-rows.jsonl --points 3

The recipe: for each point, 3,200 quasi-random positions in the kernel (a Gaussian of 0.5, 0.5 and
0.2 kpc cut off at two standard deviations; half of them for the volume term, half for the surface
term), at each of them 10,000 velocities, the pointwise solution of every member, their mean, and
Gauss's law by parts. Ours: one lattice for all points, the potential fitted to it, and its density
averaged with the same kernel on a cube of 24 x 24 x 24 points; its seconds include all three. Both
ask the same trained flows on the same device, with the same threads and the same batch.

The first points are timed and judged by the whole recipe (`--timed`). The others are judged alone,
with fewer velocities (`--fewer`); the timed points are solved so as well, and what that changes
is told. `--timed 12` takes all of them in full.

Every point of the recipe is a line of the rows' file as soon as it is done: an interrupted
benchmark goes on where it was. The error is |rho - truth| / truth at the recipe's points, with the
truth averaged by the same kernel. On the CPU, seconds are those of all its cores together, so that
other programs do not count; with one thread on an idle machine they are those of the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

# Run as a script, the folder of the benchmarks would stand first and hide the package coverage.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.acceleration import measure
from data.catalogue.store import CatalogueStore
from data.mocks.truth import Truth
from data.population.population import Population, make_population
from engine.density.checkpoint import load_checkpoint
from engine.density.model import DensityModel
from engine.device import choose_device
from engine.estimators.solve import solve_positions
from engine.mapping.presets import MapSettings, resolve
from engine.mapping.solver import MapSolver
from engine.runs.launch import open_run
from engine.smoothing import Kernel, smoothed_gauss_density

Floats = NDArray[np.float64]

POSITIONS, VELOCITIES, FEWER = 3200, 10_000, 2500
SIDE = 24
_NODES = 64
"""Kernel nodes of our average, as in the ``density`` cube."""


@dataclass(frozen=True)
class Case:
    """A finished run with all that is needed to solve again."""

    run: str
    model: DensityModel
    population: Population
    settings: MapSettings
    seed: int
    truth: Truth
    device: torch.device


def load_case(home: Path, run_id: str, device: str) -> Case:
    """Open a finished run of a mock."""
    run = open_run(home, run_id)
    spec: dict[str, Any] = run.stored().spec
    catalogue = CatalogueStore(home).open(spec["catalogue"])
    where = choose_device(device)
    return Case(
        run=run_id,
        model=DensityModel.from_dict(load_checkpoint(run.checkpoints / "model.pt"), where),
        population=make_population(catalogue, spec["selection"], spec["volume"]),
        settings=resolve(spec["preset"], spec["overrides"], spec["volume"]["radius"]),
        seed=int(spec["seed"]),
        truth=Truth.read(catalogue.truth_path),
        device=where,
    )


def clock(device: torch.device) -> Callable[[], float]:
    """Give the clock of a device: the processor's own time where it does the work."""
    return time.process_time if device.type == "cpu" else time.perf_counter


def cube_points(centre: tuple[float, float, float], radius: float, kernel: Kernel) -> Floats:
    """Give the points (24^3, 3) kpc of the largest cube whose kernels lie in the volume."""
    reach = kernel.truncation * max(kernel.bandwidths)
    half = 0.99 * (radius - reach) / np.sqrt(3)
    axis = np.linspace(-half, half, SIDE)
    mesh = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    points: Floats = mesh + np.asarray(centre)
    return points


def smoothed_truth(truth: Truth, points: Floats, kernel: Kernel) -> Floats:
    """Give the truth averaged with the kernel at points (P, 3) kpc: (P,) Msun pc-3."""
    offsets, weights = kernel.nodes(4096)
    parts = [truth.density(point + offsets) @ weights for point in points]
    return np.array(parts)


def ours(case: Case, points: Floats, kernel: Kernel) -> tuple[Floats, dict[str, float]]:
    """Solve the lattice, fit the potential and average its density at points (P, 3).

    Returns
    -------
    density, seconds
        (P,) Msun pc-3, and the seconds of ``lattice_and_fit`` and ``smoothing``.
    """
    now = clock(case.device)
    started = now()
    solver = MapSolver(case.model, case.population, case.settings, case.seed, lambda _: None)
    potential = solver.grid().potential
    if potential is None:
        raise SystemExit("the run has too few members or cells for a potential")
    fitted = now()
    offsets, weights = kernel.nodes(_NODES, case.seed)
    density = potential.smoothed_density(points, offsets, weights).mean
    return density, {"lattice_and_fit": fitted - started, "smoothing": now() - fitted}


def recipe(case: Case, point: Floats, kernel: Kernel, positions: int, velocities: int) -> float:
    """Give the density at one point (3,) by the recipe, Msun pc-3."""

    def acceleration(where: Floats) -> Floats:
        return solve_positions(
            case.model,
            where,
            velocities=velocities,
            seed=case.seed,
            clip=case.settings.clip,
        ).mean

    found = smoothed_gauss_density(acceleration, point[None], kernel, positions, case.seed)
    return float(found[0])


def recipe_rows(
    case: Case, cube: Floats, options: argparse.Namespace, points: int, velocities: int
) -> list[dict[str, Any]]:
    """Give a row for each of the recipe's first points, from the file where it has them."""
    key = {
        "run": case.run,
        "positions": options.positions,
        "velocities": velocities,
        "threads": torch.get_num_threads(),
        "device": str(case.device),
        "members": case.model.members,
    }
    stored = options.rows.read_text().splitlines() if options.rows.exists() else []
    known = {
        row["cell"]: row
        for row in map(json.loads, stored)
        if all(row.get(name) == value for name, value in key.items())
    }
    kernel, now = Kernel(), clock(case.device)
    cells = np.random.default_rng([case.seed, 31]).permutation(len(cube))[:points]
    for cell in cells.tolist():
        if cell in known:
            continue
        started, wall = now(), time.perf_counter()
        found = recipe(case, cube[cell], kernel, options.positions, velocities)
        known[cell] = {
            **key,
            "cell": cell,
            "point": cube[cell].tolist(),
            "density": found,
            "truth": float(smoothed_truth(case.truth, cube[cell][None], kernel)[0]),
            "seconds": now() - started,
            "wall_seconds": time.perf_counter() - wall,
        }
        with options.rows.open("a") as file:
            file.write(json.dumps(known[cell]) + "\n")
    return [known[cell] for cell in cells.tolist()]


def judged_rows(
    case: Case, cube: Floats, options: argparse.Namespace
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float]:
    """Give the timed rows, a row for every point, and what fewer velocities change.

    The change is the median of |density with fewer / density in full - 1| at the timed points;
    NaN where no point is judged by fewer.
    """
    timed = recipe_rows(
        case, cube, options, min(options.timed, options.points), options.velocities
    )
    if options.points <= len(timed):
        return timed, timed, float("nan")
    fewer = recipe_rows(case, cube, options, options.points, options.fewer)
    ratios = [
        part["density"] / whole["density"] for part, whole in zip(fewer, timed, strict=False)
    ]
    change = float(np.median(np.abs(np.array(ratios) - 1))) if ratios else float("nan")
    return timed, timed + fewer[len(timed) :], change


def compare(case: Case, options: argparse.Namespace) -> dict[str, Any]:
    """Measure both and compare."""
    volume, kernel = case.population.volume, Kernel()
    cube = cube_points(volume.centre, volume.radius, kernel)
    timed, rows, change = judged_rows(case, cube, options)
    density, seconds = ours(case, cube, kernel)
    cells = [row["cell"] for row in rows]
    truth = np.array([row["truth"] for row in rows])
    error_ours = np.abs(density[cells] / truth - 1)
    error_recipe = np.abs(np.array([row["density"] for row in rows]) / truth - 1)
    a_point_ours = sum(seconds.values()) / len(cube)
    a_point_recipe = float(np.mean([row["seconds"] for row in timed]))
    return {
        "ratio": a_point_recipe / a_point_ours,
        "error_ours": float(np.median(error_ours)),
        "error_recipe": float(np.median(error_recipe)),
        "worst_ours": float(error_ours.max()),
        "worst_recipe": float(error_recipe.max()),
        "seconds_per_point_ours": a_point_ours,
        "seconds_per_point_recipe": a_point_recipe,
        "seconds_ours": seconds,
        "points_ours": len(cube),
        "points_recipe": len(rows),
        "points_timed": len(timed),
        "change_by_fewer_velocities": None if np.isnan(change) else change,
        "full_recipe": (options.positions, options.velocities) == (POSITIONS, VELOCITIES),
        "members": case.model.members,
        "device": str(case.device),
        "threads": torch.get_num_threads(),
        "run": case.run,
    }


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", help="a finished map of a mock (default: make one)")
    parser.add_argument("--home", type=Path, help="where mocks and runs are, or are kept")
    parser.add_argument("--rows", type=Path, default=Path("density-rows.jsonl"))
    parser.add_argument("--points", type=int, default=12, help="points of the recipe")
    parser.add_argument("--timed", type=int, default=3, help="of them by the whole recipe")
    parser.add_argument(
        "--fewer", type=int, default=FEWER, help="velocities of those that are judged alone"
    )
    parser.add_argument("--positions", type=int, default=POSITIONS, help="fewer: for trials only")
    parser.add_argument("--velocities", type=int, default=VELOCITIES)
    parser.add_argument("--stars", type=int, default=200_000)
    parser.add_argument("--potential", default="milky-way")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scaling", action="store_true", help="measure how cost grows instead")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def trained_run(home: Path, options: argparse.Namespace) -> str:
    """Make a mock and map it, for those who name no run."""
    wishes = argparse.Namespace(
        potential=options.potential,
        stars=options.stars,
        preset=options.preset,
        positions=200,
        set=[],
    )
    return str(measure(home, options.seed, wishes)["run"])


def main() -> None:
    """Run the benchmark and print what it found, or JSON."""
    options = parse()
    torch.set_num_threads(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        case = load_case(home, options.run or trained_run(home, options), options.device)
        if options.scaling:
            from benchmarks.scaling import scaling

            found = scaling(case.model, case.settings, clock(case.device))
        else:
            found = compare(case, options)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:26s} {value:.4g}" if isinstance(value, float) else f"{name:26s} {value}")


if __name__ == "__main__":
    main()
