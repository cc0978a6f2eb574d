"""How often do the error bars hold the truth? Independent mocks, the whole pipeline on each.

    python benchmarks/coverage.py --home coverage --potentials milky-way two-discs --mocks 10

For every mock a galaxy is made, a density model trained and the map solved; its accelerations and
its density averaged with the kernel are compared with the truth at the trusted cells within 3 kpc
of the Sun. One row a mock goes to ``rows.jsonl``; a second call goes on where the first ended,
and ``--refit`` keeps mocks, density models and pointwise solutions, but fits and judges anew. The
intervals are those of a bootstrap over mocks, as cells of one mock err together.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

# Run as a script, the folder of the benchmarks would stand first and hide the package coverage.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.acceleration import SUN, solar_average
from data.baryons import truth_baryons
from data.catalogue.store import Catalogue, CatalogueStore
from data.mocks.galaxy import make_galaxy
from data.mocks.truth import Truth
from data.population.population import make_population
from engine.dark_matter.smoothed import smoothed_baryons
from engine.device import limit_threads
from engine.draws import Draws
from engine.estimators.solve import PointwiseMap
from engine.lattice import Lattice
from engine.mapping.mapping import train_population
from engine.mapping.presets import MapSettings, resolve
from engine.mapping.solution import GridSolution
from engine.smoothing import Kernel

REGIONS = {"all": (0.0, 4.0), "|z|<0.5": (0.0, 0.5), "0.5-1": (0.5, 1.0), "1-2": (1.0, 2.0)}
DENSITY_REGIONS = ("all", "0.5-1", "1-2")
"""Closer to the plane the kernel averages over discs that are thinner than itself."""


def solve_mock(
    home: Path, potential: str, seed: int, stars: int, settings: MapSettings
) -> tuple[Catalogue, GridSolution]:
    """Give the catalogue of a mock and its solved grid; the pointwise solution is kept."""
    catalogue = mock(home, potential, seed, stars)
    folder = home / "coverage" / f"{potential}-{stars}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    trained = train_population(make_population(catalogue), settings, seed, checkpoints=folder)
    solver, kept = trained.solver(), pointwise_file(folder)
    if kept.exists():
        with np.load(kept, allow_pickle=False) as arrays:
            pointwise = PointwiseMap.from_arrays(arrays)
    else:
        pointwise = solver.pointwise()
        np.savez(kept, **pointwise.to_arrays())
    return catalogue, solver.grid(pointwise)


def pointwise_file(folder: Path) -> Path:
    """Name the file of the pointwise solution of a mock."""
    return folder / "pointwise.npz"


def mock(home: Path, potential: str, seed: int, stars: int) -> Catalogue:
    """Open a mock, made if it is not there."""
    name = f"coverage-{potential}-{stars}-{seed}"
    store = CatalogueStore(home)
    if name not in {manifest.name for manifest in store.list()}:
        make_galaxy(home, stars=stars, seed=seed, potential=potential, name=name, threads=1)
    return store.open(name)


def judge(value: np.ndarray, sd: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Give coverage, actual error and mean width; all arrays of one shape."""
    if value.size == 0:
        return {}
    miss = np.abs(value - truth)
    return {
        "cells": int(value.size),
        "in68": float(np.mean(miss < sd)),
        "in95": float(np.mean(miss < 1.96 * sd)),
        "error": float(np.sqrt(np.mean(miss**2))),
        "sd": float(np.sqrt(np.mean(sd**2))),
    }


def rows_of(solution: GridSolution, truth: Truth) -> dict[str, Any]:
    """Judge accelerations and densities of every estimator by region."""
    points = solution.grid.points
    near, height = np.linalg.norm(points - SUN, axis=1) < 3, np.abs(points[:, 2])
    exact = truth.acceleration(points)
    size = np.linalg.norm(exact, axis=1)
    kernel = Kernel()
    nodes, weights = kernel.layers(8, 2, 4).nodes()
    smooth = (
        truth.density((points[:, None] + nodes).reshape(-1, 3)).reshape(len(points), -1) @ weights
    )
    inner = solution.edge_distance > kernel.reach
    result: dict[str, Any] = {}
    for name, field in solution.fields.items():
        good = near & (solution.flags_by[name] == 0)
        relative = np.linalg.norm(field.mean - exact, axis=1) / size
        row: dict[str, Any] = {
            "trusted": float(good.sum() / near.sum()),
            "median": float(np.median(relative[near])),
        }
        for region, (low, high) in REGIONS.items():
            cells = good & (height >= low) & (height < high)
            row[f"a {region}"] = judge(field.mean[cells], field.sd[cells], exact[cells])
            for axis, component in enumerate("xyz"):
                row[f"a_{component} {region}"] = judge(
                    field.mean[cells, axis], field.sd[cells, axis], exact[cells, axis]
                )
        if name == "potential" and solution.potential is not None:
            density = solution.potential.smoothed_density(points, nodes, weights)
            mean, sd = density.mean, density.sd
            found, real, dark = local_densities(solution, density, smooth, truth)
            row["density at the solar radius"] = judge(*(np.array([n]) for n in (*found, real)))
            row["dark_error"] = (found[0] - real) / dark
        else:
            lattice = Lattice.of(solution.grid, field.resized(16)).density(kernel)
            mean, sd = lattice.mean[solution.grid.inside], lattice.sd[solution.grid.inside]
        cells = near & inner & (height > 0.5) & (height < 2)
        row["density_median"] = float(np.nanmedian(np.abs(mean / smooth - 1)[cells]))
        for region in DENSITY_REGIONS:
            low, high = (0.5, 2.0) if region == "all" else REGIONS[region]
            cells = good & inner & (height > low) & (height < high) & np.isfinite(mean)
            row[f"density {region}"] = judge(mean[cells], sd[cells], smooth[cells])
        result[name] = row
    return result


def local_densities(
    solution: GridSolution, density: Draws, smooth: np.ndarray, truth: Truth
) -> tuple[tuple[float, float], float, float]:
    """Give the spherical averages at the Sun's distance from the centre, within 3 kpc of the Sun.

    Of the map with its error, of the truth, and of the truth's dark matter alone, Msun pc-3.
    """

    def average(values: Draws) -> tuple[float, float]:
        return solar_average(values, solution.grid)

    none = np.empty((0, len(smooth)))
    baryons = truth_baryons(truth)
    dark = smooth - smoothed_baryons(baryons, solution.grid.points, Kernel(), 0).mean
    return average(density), average(Draws(smooth, none))[0], average(Draws(dark, none))[0]


def summary(rows: list[dict[str, Any]], seed: int = 0) -> list[dict[str, Any]]:
    """Average the rows over mocks, with the 68% interval of a bootstrap by mock."""
    random = np.random.default_rng(seed)
    lines = []
    for name in rows[0]["estimators"]:
        keys = [k for k, v in rows[0]["estimators"][name].items() if isinstance(v, dict)]
        for key in keys:
            found = [row["estimators"].get(name, {}).get(key) for row in rows]
            numbers = [f for f in found if f]
            if not numbers:
                continue
            table = np.array([[n["in68"], n["in95"], n["error"], n["sd"]] for n in numbers])
            again = table[random.integers(len(table), size=(2000, len(table)))].mean(1)
            low, high = np.percentile(again, [16, 84], axis=0)
            square = np.sqrt((table[:, 2:] ** 2).mean(0))
            lines.append({
                "estimator": name, "quantity": key, "mocks": len(numbers),
                "in68": table[:, 0].mean(), "in68_interval": [low[0], high[0]],
                "in95": table[:, 1].mean(), "in95_interval": [low[1], high[1]],
                "error": square[0], "sd": square[1], "width": square[1] / square[0],
            })  # fmt: skip
    return lines


def main() -> None:
    """Run the study and print its table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="keeps mocks, models and rows")
    parser.add_argument("--potentials", nargs="+", default=["milky-way", "two-discs"])
    parser.add_argument("--mocks", type=int, default=10, help="of each potential")
    parser.add_argument("--first", type=int, default=1000, help="seed of the first mock")
    parser.add_argument("--stars", type=int, default=100_000)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--refit", action="store_true", help="fit and judge kept solutions anew")
    parser.add_argument(
        "--only-done", action="store_true", help="judge what is there, run nothing"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    limit_threads(options.threads)
    settings = resolve(options.preset, dict(pair.split("=", 1) for pair in options.set))
    path = options.home / "coverage" / "rows.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {}
    if path.exists():
        for text in path.read_text().splitlines():
            row = json.loads(text)
            known[row["mock"]] = row
    rows = []
    for number in range(options.mocks):
        for potential in options.potentials:
            seed = options.first + number
            key = f"{potential}-{options.stars}-{seed}"
            kept = pointwise_file(path.parent / key)
            if options.only_done and not (kept.exists() if options.refit else key in known):
                continue
            if key not in known or options.refit:
                started = time.monotonic()
                catalogue, solution = solve_mock(
                    options.home, potential, seed, options.stars, settings
                )
                found = rows_of(solution, Truth.read(catalogue.truth_path))
                known[key] = {
                    "mock": key, "potential": potential, "estimators": found,
                    "misfit": solution.potential.misfit if solution.potential else None,
                    "seconds": time.monotonic() - started,
                }  # fmt: skip
                path.write_text("".join(json.dumps(row) + "\n" for row in known.values()))
                print(f"{key}: {known[key]['seconds']:.0f} s", file=sys.stderr, flush=True)
            rows.append(known[key])
    lines = summary(rows)
    if options.json:
        print(json.dumps({"mocks": len(rows), "summary": lines, "rows": rows}))
        return
    print("estimator    quantity         mocks  in 68%             in 95%             sd/error")
    for line in lines:
        parts = (
            f"{100 * line[k]:3.0f}% ({100 * line[f'{k}_interval'][0]:.0f}"
            f" to {100 * line[f'{k}_interval'][1]:.0f})"
            for k in ("in68", "in95")
        )
        print(
            f"{line['estimator']:12s} {line['quantity']:16s} {line['mocks']:5d}  "
            + "  ".join(f"{p:17s}" for p in parts)
            + f"  {line['width']:.2f}"
        )
    for name in rows[0]["estimators"]:
        medians = [100 * r["estimators"][name]["median"] for r in rows]
        dens = [100 * r["estimators"][name]["density_median"] for r in rows]
        trusted = [100 * r["estimators"][name]["trusted"] for r in rows]
        print(
            f"{name}: median error of the acceleration {np.mean(medians):.2f}%, of the density"
            f" {np.mean(dens):.1f}%, trusted {np.mean(trusted):.0f}% of the cells"
        )


if __name__ == "__main__":
    main()
