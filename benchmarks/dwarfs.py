"""How well the dark matter of mock dwarf galaxies comes back, and how honest the errors are.

    python benchmarks/dwarfs.py --rows dwarfs.jsonl --stars 100 1000 --seeds 8
    python benchmarks/dwarfs.py --rows dwarfs.jsonl --report --json

Mocks are drawn from distribution functions: haloes with a cusp and with a core, tracers of double
power laws, orbits that are isotropic, Osipkov-Merritt or tangential; velocities have errors of 2
km/s, and no two mocks share random numbers. Every fit is a line of the rows' file as soon as it
is done, so that an interrupted benchmark goes on where it was; `--share 0/2` takes every other
fit, for two processes on one file each.

Errors are abs(ln rho_fit - ln rho_true), the median over nine radii from 0.5 to 2 R_h; cover is
the share of those radii at which the 68 and 95% bands hold the truth. Mass is that within
1.8 R_h, slope that at R_h. Beside them stand the estimators of Wolf et al. (2010) and Errani et
al. (2018), whose density is that of an NFW halo with their mass (scale radius 1 kpc), on the same
stars.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from data.constants import G
from data.dwarfs.table import make_table
from data.mocks.dwarfs.catalogue import observe
from data.mocks.dwarfs.halo import HALOES
from data.mocks.dwarfs.model import DwarfModel
from engine.dwarfs.fit import PRESETS, fit_dwarf
from engine.dwarfs.predictive import posterior_predictive
from engine.dwarfs.profiles import profiles
from engine.dwarfs.reasons import converged, reasons
from engine.dwarfs.request import DwarfRequest
from engine.dwarfs.sample import Sample, families_of, make_sample
from engine.dwarfs.scalars import scalars

RADII = np.geomspace(0.5, 2.0, 9)
SIZES = {"cusp": 0.10, "core": 0.25}
ORBITS = ("isotropic", "osipkov-merritt", "tangential")


def model_of(halo: str, orbits: str) -> DwarfModel:
    """Give a mock's model: the haloes and tracers of the Gaia Challenge."""
    size = SIZES[halo]
    return DwarfModel(
        HALOES[halo],
        size,
        inner=0.1,
        beta=-0.5 if orbits == "tangential" else 0.0,
        r_a=size if orbits == "osipkov-merritt" else np.inf,
    )


def given(model: DwarfModel) -> str:
    """Say a model's anisotropy as a request does."""
    return f"{model.beta:g}" if np.isinf(model.r_a) else f"om:{model.r_a:g}"


def judge(case: dict[str, Any]) -> dict[str, Any]:
    """Make one mock, fit it and compare."""
    model = model_of(case["halo"], case["orbits"])
    code = [list(SIZES).index(case["halo"]), ORBITS.index(case["orbits"])]
    rng = np.random.default_rng([case["seed"], case["stars"], *code, 2026])
    columns = observe(model, case["stars"], rng, error=2.0)
    request = DwarfRequest(
        catalogue="mock",
        preset=case["preset"],
        beta=given(model) if case["given"] else "average",
        seed=case["seed"],
    )
    sample = make_sample(make_table(columns, None), request)
    wall, cpu = time.perf_counter(), time.process_time()
    fit = fit_dwarf(
        sample.populations,
        sample.half_light,
        families_of(request, sample.half_light),
        PRESETS[request.preset],
        request.seed,
    )
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    shown = profiles(fit)
    why = reasons(fit, shown, [posterior_predictive(fit, 0, request.seed)])
    half = sample.half_light
    r = RADII * half
    ln = np.log(np.stack([shown.at(shown.density, one, log=True) for one in r], 1))
    off = ln - np.log(model.halo.density(r) * 1e-9)
    named = scalars(shown, half, sample.covered[1], None)
    truth = {
        "mass_1p8_half": float(model.halo.mass(np.array([1.8 * half]))[0]),
        "slope_at_half": float(-model.halo.slope(np.array([half]))[0]),
    }
    return {
        **case,
        "error": float(np.median(np.abs(np.median(off, 0)))),
        "bias": float(np.mean(np.median(off, 0))),
        "cover68": _cover(off, 0.16),
        "cover95": _cover(off, 0.025),
        "scalars": {name: named[name] for name in (*truth, "probability_core")},
        "truth": truth,
        "weights": dict(zip([f.family for f in fit.families], fit.weights.tolist(), strict=True)),
        "r_hat": max(f.r_hat for f in fit.families),
        "effective": min(f.effective for f in fit.families),
        "converged": converged(fit),
        "reasons": why,
        "seconds": seconds,
        "estimators": estimators(sample, model),
    }


def _cover(off: np.ndarray, tail: float) -> float:
    low, high = np.quantile(off, [tail, 1 - tail], axis=0)
    return float(np.mean((low < 0) & (high > 0)))


def estimators(sample: Sample, model: DwarfModel) -> dict[str, float]:
    """Give ln of mass over truth of two estimators, and the error of an NFW halo through each."""
    half, stars = sample.half_light, sample.populations[0]
    square = float(np.var(stars.velocity) - np.mean(stars.error**2))
    found = {}
    for name, factor, size in (("wolf", 4.0, 4 / 3), ("errani", 3.5 * 1.8, 1.8)):
        radius, mass = size * half, factor * square * half / G
        found[f"{name}_mass"] = float(np.log(mass / model.halo.mass(np.array([radius]))[0]))
        shape = 4 * np.pi * (np.log1p(radius) - radius / (1 + radius))
        r = RADII * half
        rho = mass / shape / (r * (1 + r) ** 2)
        found[f"{name}_error"] = float(np.median(np.abs(np.log(rho / model.halo.density(r)))))
    return found


def table(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give medians over fits for each number of stars, of each family and of all together."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        for orbits in (row["orbits"], "all"):
            key = (row["stars"], row["preset"], row["given"], orbits)
            groups.setdefault(key, []).append(row)
    return [_line(key, groups[key]) for key in sorted(groups)]


def _line(key: tuple[Any, ...], rows: list[dict[str, Any]]) -> dict[str, Any]:
    def of(name: str) -> np.ndarray:
        return np.array([row[name] for row in rows], dtype=float)

    def off(name: str) -> np.ndarray:
        return np.array([row["scalars"][name]["value"] - row["truth"][name] for row in rows])

    def inside(name: str, level: int) -> float:
        hits = [
            row["scalars"][name][f"lo{level}"]
            < row["truth"][name]
            < row["scalars"][name][f"hi{level}"]
            for row in rows
        ]
        return float(np.mean(hits))

    ln_mass = [
        np.log(row["scalars"]["mass_1p8_half"]["value"] / row["truth"]["mass_1p8_half"])
        for row in rows
    ]
    slope = {
        halo: [r["scalars"]["slope_at_half"]["value"] for r in rows if r["halo"] == halo]
        for halo in SIZES
    }
    core = [r["scalars"]["probability_core"]["value"] for r in rows if r["halo"] == "core"]
    cusp = [r["scalars"]["probability_core"]["value"] for r in rows if r["halo"] == "cusp"]
    return {
        "stars": key[0], "preset": key[1], "given": key[2], "orbits": key[3], "fits": len(rows),
        "error": float(np.median(of("error"))),
        "bias": float(np.mean(of("bias"))),
        "cover68": float(of("cover68").mean()), "cover95": float(of("cover95").mean()),
        "mass_error": float(np.median(np.abs(ln_mass))),
        "slope_error": float(np.median(np.abs(off("slope_at_half")))),
        "slope_bias": float(np.mean(off("slope_at_half"))),
        "slope_cover68": inside("slope_at_half", 68), "slope_cover95": inside("slope_at_half", 95),
        "area": _area(slope["core"], slope["cusp"]),
        "core_called_core": float(np.mean(core)) if core else None,
        "cusp_called_core": float(np.mean(cusp)) if cusp else None,
        "converged": float(of("converged").mean()),
        "trusted": float(np.mean([not row["reasons"] for row in rows])),
        "cpu_seconds": float(np.median([row["seconds"]["cpu"] for row in rows])),
        "wolf_error": float(np.median([row["estimators"]["wolf_error"] for row in rows])),
        "errani_error": float(np.median([row["estimators"]["errani_error"] for row in rows])),
    }  # fmt: skip


def _area(low: list[float], high: list[float]) -> float | None:
    """Give the area under the curve of telling `high` from `low`."""
    if not low or not high:
        return None
    a, b = np.array(low)[:, None], np.array(high)
    return float(np.mean((b > a) + 0.5 * (b == a)))


def main() -> None:
    """Run the benchmark and print its table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=Path, default=Path("dwarfs.jsonl"))
    parser.add_argument("--stars", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--seeds", type=int, default=16, help="of each halo and family of orbits")
    parser.add_argument("--halo", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--orbits", nargs="+", default=list(ORBITS), choices=ORBITS)
    parser.add_argument("--preset", default="quick", choices=list(PRESETS))
    parser.add_argument("--given", action="store_true", help="the true anisotropy is given")
    parser.add_argument("--share", default="0/1", help="i/n: every n-th fit from the i-th")
    parser.add_argument("--report", action="store_true", help="make no fit")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    lines = options.rows.read_text().splitlines() if options.rows.exists() else []
    rows = [json.loads(line) for line in lines]
    names = ("stars", "seed", "halo", "orbits", "preset", "given")
    done = {tuple(row[name] for name in names) for row in rows}
    cases = [
        dict(zip(names, values, strict=True))
        for seed in range(options.seeds)
        for stars in options.stars
        for orbits in options.orbits
        for halo in options.halo
        for values in [(stars, seed, halo, orbits, options.preset, options.given)]
    ]
    part, parts = map(int, options.share.split("/"))
    for case in [] if options.report else cases[part::parts]:
        if tuple(case[name] for name in names) in done:
            continue
        rows.append(judge(case))
        with options.rows.open("a") as file:
            file.write(json.dumps(rows[-1]) + "\n")
    found = table(rows)
    if options.json:
        print(json.dumps({"rows": str(options.rows), "table": found}))
        return
    for line in found:
        print(
            "  ".join(
                f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in line.items()
            )
        )


if __name__ == "__main__":
    main()
