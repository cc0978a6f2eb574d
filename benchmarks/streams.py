"""Cost of a patch of a blind scan by the papers' recipe and by ours, at what improvement.

    python benchmarks/streams.py --stars 100000 --json

One mock patch with a stream that makes 0.9% of the stars of its window, five features (two of
position, the other proper motion, magnitude, colour), windows of 6 mas/yr stepped by one. Both
recipes score the window that holds the stream; seconds are those of the processor, one thread.

The papers' recipe costs a window's training: its patch is that window times the number of windows
of both components (60 in the papers; `--windows`). `--epochs` trains it for fewer than its 100
epochs and extrapolates the seconds; an undertrained recipe's improvement is no fair one, and the
output marks it. Ours costs what windows share, once for each component, and a window's own share,
measured on this window.

The sky: 200 patches of the papers, of `--sky-stars` each, by the ratio of the numbers of stars:
both recipes grow in proportion to them, in shared work and in the work of a window.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

# Run as a script, the folder of the benchmarks would stand first and hide packages.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from dashboard.cli.store import parse_pairs
from data.mocks.streams.patch import draw_patch
from engine.device import limit_threads
from engine.streams.patches import Patch
from engine.streams.scores.background import prepare
from engine.streams.scores.quality import quality
from engine.streams.scores.scan import score_windows, usable_rows
from engine.streams.scores.settings import ScoreSettings
from engine.streams.stars import PatchStars
from engine.streams.windows import Window

NAMES = ["lon", "lat", "mu_lon", "phot_g_mean_mag", "bp_rp"]
PUBLISHED_EPOCHS, PATCHES = 100, 200


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Score the stream's window of one mock patch by both recipes."""
    drawn = draw_patch(stars=arguments.stars, seed=arguments.seed)
    patch = Patch.at(148.6, 24.2)
    stars = PatchStars.of(patch, drawn.columns)
    truth = np.asarray(drawn.columns["stream"]) > 0
    local = patch.local(*(np.asarray(drawn.columns[n]) for n in ("ra", "dec", "pmra", "pmdec")))
    mu_lat = np.asarray(local["mu_lat"])
    columns = {**local, **drawn.columns}
    features = np.stack([np.asarray(columns[name], float) for name in NAMES], 1)
    rows = usable_rows(features, mu_lat)
    features, mu_lat, truth = features[rows], mu_lat[rows], truth[rows]
    low = float(np.floor(np.median(mu_lat[truth]) - 3))
    window = Window("mu_lat", low, low + 6)
    told: dict[str, Any] = {
        "stars": len(stars.lon),
        "usable": len(rows),
        "window": [window.low, window.high],
        "in_window": int(window.contains(mu_lat).sum()),
        "members_in_window": int((window.contains(mu_lat) & truth).sum()),
        "recipes": {},
    }
    for recipe in arguments.recipes:
        changes = {"recipe": recipe, "device": "cpu", **parse_pairs("--set", arguments.settings)}
        if recipe == "papers":
            changes |= {"epochs": str(arguments.epochs), "folds": "2"}
        settings = ScoreSettings().changed(changes)
        for method in arguments.methods:
            began, shared = time.process_time(), {}
            if recipe == "shared":
                shared = {0: prepare(features, mu_lat, settings, 0)}
            common = time.process_time() - began
            scores = next(
                score_windows(
                    features, NAMES, mu_lat, [window], method=method, settings=settings,
                    prepared=shared,
                )
            )  # fmt: skip
            found = quality(scores.log_r, truth[scores.index])
            factor = 1.0
            if recipe == "papers":
                # Two folds of half the stars cost what the papers' one numerator does.
                factor = PUBLISHED_EPOCHS / arguments.epochs
            own = scores.seconds * factor
            patch_seconds = 2 * common + arguments.windows * own
            sky = patch_seconds * PATCHES * arguments.sky_stars / len(rows)
            told["recipes"][f"{recipe} {method}"] = {
                "shared_s": common,
                "window_s": own,
                "extrapolated": recipe == "papers" and arguments.epochs < PUBLISHED_EPOCHS,
                "patch_s": patch_seconds,
                "patch": f"2 x {common:.0f} s + {arguments.windows} x {own:.0f} s",
                "sky_core_days": sky / 86400,
                "sky": f"{patch_seconds:.0f} s x {PATCHES} patches x "
                f"{arguments.sky_stars / len(rows):.1f} (stars) / 86400 s",
                "auc": found.auc,
                "max_sic": found.max_sic,
                "purity": found.purity,
            }
            sys.stderr.write(f"{recipe} {method}: {told['recipes'][f'{recipe} {method}']}\n")
    for method in arguments.methods:
        both = [told["recipes"].get(f"{recipe} {method}") for recipe in ("papers", "shared")]
        if all(both):
            told[f"{method}_times_cheaper"] = both[0]["patch_s"] / both[1]["patch_s"]
    return told


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stars", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--windows", type=int, default=60, help="of both components together")
    parser.add_argument(
        "--epochs", type=int, default=PUBLISHED_EPOCHS, help="of the papers' flows"
    )
    parser.add_argument("--sky-stars", type=float, default=1e6, help="stars of a patch of the sky")
    parser.add_argument("--recipes", nargs="+", default=["shared", "papers"])
    parser.add_argument("--methods", nargs="+", default=["cathode", "anode"])
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    limit_threads(1)
    torch.manual_seed(0)
    told = measure(arguments)
    if arguments.json:
        sys.stdout.write(json.dumps(told) + "\n")
        return 0
    for name, one in told["recipes"].items():
        more = " (seconds extrapolated in epochs)" if one["extrapolated"] else ""
        sys.stdout.write(
            f"{name}: patch {one['patch']} = {one['patch_s']:.0f} s{more}; max SIC "
            f"{one['max_sic']:.2f}, AUC {one['auc']:.3f}; sky {one['sky']} = "
            f"{one['sky_core_days']:.0f} days of one core\n"
        )
    for method in arguments.methods:
        if f"{method}_times_cheaper" in told:
            sys.stdout.write(f"{method}: {told[f'{method}_times_cheaper']:.0f} times cheaper\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
