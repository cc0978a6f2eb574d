"""Injection and recovery: what the blind search finds of streams put into mock patches.

Each row is the whole search (all windows of both proper motions, out-of-fold scores, lines,
candidates) on one patch. Rows are kept in a file as they come, and scores for each window: started
again, the benchmark goes on where it stopped. p-values come from the rows of patches without
streams; the form of their tail from positions exchanged after the training, where they are few.

    python benchmarks/streams_recovery.py --smooth 10 --seeds 10

`benchmarks/streams_completeness.py` goes on from the patches without a stream: it asks which
other streams would be found in them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt

from data.home import home
from data.mocks.streams.injection import Injection
from data.mocks.streams.patch import MockPatch, draw_patch
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
from engine.streams.search.files import PatchFolder, StoredScores, window_name
from engine.streams.search.grid import scan_grid
from engine.streams.settings import SearchSettings
from engine.streams.stars import PatchStars

Integers = npt.NDArray[np.integer[Any]]

CENTRE, RADIUS = (148.6, 24.2), 15.0
LIMIT = 1e-3
LIKE_GD1 = "like GD-1"
_SMOOTH_SEEDS = 1000


def specification(method: str, trainings: int) -> dict[str, Any]:
    """Say how every patch is searched."""
    return {
        "method": method, "width": 6.0, "step": 1.0, "least": 0.02,
        "coordinates": ["mu_lat", "mu_lon"], "seeds": list(range(trainings)),
        "features": None, "search": {}, "scores": {},
    }  # fmt: skip


def injection(seed: int, **given: float) -> Injection:
    """Describe a stream; every seed has its own place and angle in the patch."""
    rng = np.random.default_rng([seed, 97])
    where = {"angle": float(rng.uniform(0, 180)), "offset": float(rng.uniform(-5, 5))}
    return Injection(**{**where, **given})


def visible(mock: MockPatch) -> dict[str, Any]:
    """Give the columns that a search may see."""
    return {n: v for n, v in mock.columns.items() if n not in ("stream", "tracer")}


def searched(
    mock: MockPatch, folder: Path, spec: dict[str, Any]
) -> tuple[PatchStars, PatchFolder]:
    """Give the stars of a mock and the folder with all its scores; what is missing is scored."""
    own, kept = PatchStars.of(Patch.at(*CENTRE, RADIUS), visible(mock)), PatchFolder(folder)
    there = kept.scored()
    todo = [window for window in scan_grid(own, spec) if window_name(window) not in there]
    for scores in score_patch(own, todo, spec) if todo else ():
        kept.write_scores(scores)
    return own, kept


def scores_folder(home_folder: Path, key: str) -> Path:
    """Give the folder in which a home keeps the scores of a trial."""
    return home_folder / "streams" / "recovery" / key


def smooth_patch(stars: int, number: int) -> MockPatch:
    """Draw a patch without a stream; the seeds of those with one are others."""
    return draw_patch(
        stars=stars, seed=_SMOOTH_SEEDS + number, centre=CENTRE, radius=RADIUS, streams=()
    )


def trial(
    key: str, stars: int, number: int, spec: dict[str, Any], folder: Path, *, smooth: bool
) -> dict[str, Any]:
    """Search one patch, with a stream or without; its scores stay in `folder`."""
    if smooth:
        mock, seed = smooth_patch(stars, number), _SMOOTH_SEEDS + number
    else:
        streams, seed = (injection(number),), number
        mock = draw_patch(stars=stars, seed=seed, centre=CENTRE, radius=RADIUS, streams=streams)
    own, kept = searched(mock, scores_folder(folder, key), spec)
    row = outcome(list(kept.all_scores()), own, mock.columns["stream"], spec)
    return {
        "key": key,
        "group": "without a stream" if smooth else LIKE_GD1,
        "smooth": smooth,
        "stars": stars,
        "seed": seed,
        "method": spec["method"],
        "streams": [without_track(one) for one in mock.streams],
        **row,
    }


def without_track(stream: dict[str, Any]) -> dict[str, Any]:
    """Leave out the long columns of what is true about a stream."""
    return {k: v for k, v in stream.items() if k != "track"}


def outcome(
    scored: Sequence[StoredScores], own: PatchStars, label: Integers, spec: dict[str, Any]
) -> dict[str, Any]:
    """Go from scores to what a row says of the candidates and of their null."""
    began = time.perf_counter()
    patch, settings = Patch.at(*CENTRE, RADIUS), SearchSettings.of(spec)
    found = candidates(scored, own, settings, patch=patch, named=False)
    told = judge(found.members, label)
    return {
        "maximum": float(chain_maximum(scored, own, settings, patch=patch)),
        "exchanged": found.null.tolist(),
        "candidates": [
            {**one, "sigma": float(found.table["sigma"][i])} for i, one in enumerate(told)
        ],
        "seconds": round(sum(one.seconds for one in scored) + time.perf_counter() - began, 1),
    }


def plan(arguments: argparse.Namespace) -> list[tuple[str, int, bool]]:
    """List the keys of the trials, their numbers, and whether they are without a stream."""
    about = prefix(arguments)
    smooth = [(f"{about}smooth/{number}", number, True) for number in range(arguments.smooth)]
    return smooth + [
        (f"{about}{LIKE_GD1}/{number}", number, False) for number in range(arguments.seeds)
    ]


def prefix(arguments: argparse.Namespace) -> str:
    """Give what the keys of all trials begin with that are searched alike."""
    return f"{arguments.method}/{arguments.stars}/{arguments.trainings}/"


def common_arguments(about: str, methods: Sequence[str]) -> argparse.ArgumentParser:
    """Give the options that say how patches are searched and where rows are kept."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--home", help="where rows are kept (default: $VIA_OBSCURA_HOME)")
    parser.add_argument("--stars", type=int, default=100_000)
    parser.add_argument("--method", default="cathode", choices=methods)
    parser.add_argument("--trainings", type=int, default=1, help="seeds of each window")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    parser.add_argument("--json", action="store_true")
    return parser


def main() -> None:
    """Run what is missing and print the table."""
    parser = common_arguments(__doc__.splitlines()[0], ["anode", "cathode", "cwola"])
    parser.add_argument("--seeds", type=int, default=10, help="patches with a stream")
    parser.add_argument("--smooth", type=int, default=10, help="patches without a stream")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    folder = home(arguments.home)
    spec = specification(arguments.method, arguments.trainings)
    there = {row["key"] for row in read_rows(folder)}
    for key, number, smooth in [] if arguments.table else plan(arguments):
        if key not in there:
            row = trial(key, arguments.stars, number, spec, folder, smooth=smooth)
            append_row(rows_file(folder), row)
            tell(row)
    report_of(arguments, folder)


def report_of(arguments: argparse.Namespace, folder: Path) -> None:
    """Print what the rows of a home say of patches that are searched alike."""
    rows = [row for row in read_rows(folder) if row["key"].startswith(prefix(arguments))]
    report(rows, as_json=arguments.json)


def tell(row: dict[str, Any]) -> None:
    """Say on the terminal what a trial gave."""
    best = max((one["sigma"] for one in row["candidates"]), default=float("nan"))
    text = f"{row['seconds']:.0f} s, maximum {row['maximum']:.2f}, best {best:.2f}"
    print(f"{row['key']}: {text}", file=sys.stderr, flush=True)


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
