"""Injection and recovery: what the blind search finds of streams put into mock patches.

Each row is the whole search (all windows of both proper motions, out-of-fold scores, lines,
candidates) on one patch. Rows are kept in a file as they come, and scores for each window: started
again, the benchmark goes on where it stopped. p-values come from the rows of patches without
streams; the form of their tail from positions exchanged after the training, where they are few.

    python benchmarks/streams_recovery.py --smooth 10 --seeds 10
    python benchmarks/streams_recovery.py --vary width=0.1,0.25,0.5,1 --seeds 3
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from data.home import home
from data.mocks.stream import draw_patch
from data.mocks.stream_injection import Injection
from engine.streams.candidates import candidates, chain_maximum
from engine.streams.patches import Patch
from engine.streams.recovery import (
    append_row,
    calibrated,
    completeness,
    false_candidates,
    judge,
    read_rows,
    rows_file,
)
from engine.streams.search.chain import score_patch
from engine.streams.search.files import PatchFolder, window_name
from engine.streams.search.grid import scan_grid
from engine.streams.search.settings import search_settings
from engine.streams.stars import PatchStars

CENTRE, RADIUS = (148.6, 24.2), 15.0
LIMIT = 1e-3
VARIED = ("members", "width", "distance", "speed", "offset", "fraction")


def trial(
    key: str,
    stars: int,
    seed: int,
    changes: dict[str, float] | None,
    spec: dict[str, Any],
    folder: Path,
) -> dict[str, Any]:
    """Search one patch; `changes` is None for one without a stream; scores stay in `folder`."""
    given = dict(changes or {})
    size = {name: given.pop(name) for name in ("members", "fraction") if name in given}
    if "members" in size:
        size["members"] = int(size["members"])
    # every stream lies elsewhere in the patch
    rng = np.random.default_rng([seed, 97])
    where = {"angle": float(rng.uniform(0, 180)), "offset": float(rng.uniform(-5, 5))}
    streams = () if changes is None else (Injection(**{**where, **given}),)
    mock = draw_patch(
        stars=stars, seed=seed, centre=CENTRE, radius=RADIUS, streams=streams, **size
    )
    patch = Patch.at(*CENTRE, RADIUS)
    visible = {n: v for n, v in mock.columns.items() if n not in ("stream", "tracer")}
    own = PatchStars.of(patch, visible)
    kept = PatchFolder(folder / "streams" / "recovery" / key)
    there = kept.scored()
    todo = [window for window in scan_grid(own, spec) if window_name(window) not in there]
    for scores in score_patch(own, todo, spec) if todo else ():
        kept.write_scores(scores)
    began = time.perf_counter()
    scored, settings = list(kept.all_scores()), search_settings(spec)
    found = candidates(scored, own, settings, patch=patch, named=False)
    maximum = float(chain_maximum(scored, own, settings, patch=patch))
    told = judge(found.members, mock.columns["stream"])
    rows = [{**one, "sigma": float(found.table["sigma"][i])} for i, one in enumerate(told)]
    return {
        "key": key,
        "group": "without a stream" if changes is None else _group(changes),
        "smooth": changes is None,
        "stars": stars,
        "seed": seed,
        "method": spec["method"],
        "streams": [{k: v for k, v in one.items() if k != "track"} for one in mock.streams],
        "maximum": maximum,
        "exchanged": found.null.tolist(),
        "candidates": rows,
        "seconds": round(sum(one.seconds for one in scored) + time.perf_counter() - began, 1),
    }


def _group(changes: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in changes.items()) or "like GD-1"


def plan(arguments: argparse.Namespace) -> list[tuple[str, int, dict[str, float] | None]]:
    """List the trials: their keys, seeds and what is changed."""
    about = f"{arguments.method}/{arguments.stars}/{arguments.trainings}"
    wanted: list[tuple[str, int, dict[str, float] | None]] = [
        (f"{about}/smooth/{seed}", 1000 + seed, None) for seed in range(arguments.smooth)
    ]
    changes: list[dict[str, float]] = [{}]
    if arguments.vary:
        name, _, values = arguments.vary.partition("=")
        if name not in VARIED or not values:
            sys.exit(f"--vary takes NAME=VALUE,..., with one of {', '.join(VARIED)}")
        changes = [{name: float(value)} for value in values.split(",")]
    for change in changes:
        wanted += [
            (f"{about}/{_group(change)}/{seed}", seed, change) for seed in range(arguments.seeds)
        ]
    return wanted


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", help="where rows are kept (default: $VIA_OBSCURA_HOME)")
    parser.add_argument("--stars", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=10, help="patches with a stream")
    parser.add_argument("--smooth", type=int, default=10, help="patches without a stream")
    parser.add_argument("--method", default="cathode", choices=["anode", "cathode", "cwola"])
    parser.add_argument("--trainings", type=int, default=1, help="seeds of each window")
    parser.add_argument("--vary", metavar="NAME=VALUES", help="width=0.1,0.5 and the like")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    folder = home(arguments.home)
    spec = {
        "method": arguments.method, "width": 6.0, "step": 1.0, "least": 0.02,
        "coordinates": ["mu_lat", "mu_lon"], "seeds": list(range(arguments.trainings)),
        "features": None, "search": {}, "scores": {},
    }  # fmt: skip
    wanted = plan(arguments)
    there = {row["key"] for row in read_rows(folder)}
    for key, seed, changes in [] if arguments.table else wanted:
        if key in there:
            continue
        row = trial(key, arguments.stars, seed, changes, spec, folder)
        append_row(rows_file(folder), row)
        best = max((one["sigma"] for one in row["candidates"]), default=float("nan"))
        print(
            f"{key}: {row['seconds']:.0f} s, maximum {row['maximum']:.2f}, best {best:.2f}",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    prefix = f"{arguments.method}/{arguments.stars}/{arguments.trainings}/"
    rows = [row for row in read_rows(folder) if row["key"].startswith(prefix)]
    report(rows, as_json=arguments.json)


def report(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print completeness and false candidates."""
    told = completeness(rows, limit=LIMIT)
    smooth = [row for row in calibrated(rows) if row["smooth"]]
    false = false_candidates(smooth, LIMIT)
    if as_json:
        print(json.dumps({
            "limit": LIMIT, "smooth_patches": len(smooth), "false_candidates": false,
            "null": [row["maximum"] for row in smooth],
            "completeness": [
                {"group": s.label, "trials": s.trials, "found": s.hits, "between": [s.low, s.high]}
                for s in told
            ],
            "rows": calibrated(rows),
        }))  # fmt: skip
        return
    print(f"| stream | found at p < {LIMIT:g} | 68% interval |")
    print("|---|---|---|")
    for one in told:
        print(f"| {one.label} | {one.hits} of {one.trials} | {one.low:.0%} to {one.high:.0%} |")
    print(f"\nFalse candidates on {len(smooth)} patches without streams: {false}.")


if __name__ == "__main__":
    main()
