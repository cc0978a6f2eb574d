"""Mock strips cut like real ones: what a method keeps of the idealised detector's improvement.

    python benchmarks/streams_strips.py --errors 2 --set min_leaf=150

Settings of scores are chosen here, where the truth is made, and never by labels of real stars. A
strip is 50 by 11 degrees in its stream's frame and cut by a box of 5 by 4 mas/yr in the proper
motions along right ascension and declination, so that windows in the stream's own motion have
narrow sidebands with slanted edges. `--errors 2` gives proper motions twice the errors of Gaia
DR3, about those of DR2, and wider streams: improvements are then as small as real strips show.

Each strip is scored in the window, 3 mas/yr wide with a whole lower edge, that holds most members.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Run as a script, the folder of the benchmarks would stand first and hide packages.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from dashboard.cli.store import parse_pairs
from data.mocks.streams.injection import Injection
from data.mocks.streams.patch import draw_patch
from engine.device import limit_threads
from engine.streams.patches import Patch
from engine.streams.scores.background import prepare
from engine.streams.scores.quality import quality
from engine.streams.scores.scan import score_windows
from engine.streams.scores.settings import ScoreSettings
from engine.streams.windows import Window

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NAMES = ["phi1", "phi2", "pm_phi2"]
WIDTH, STARS = 3.0, 13_300
_DRAWN, _RADIUS = 1_500_000, 26.0
# Centre, stream (width in degrees with small and with large errors), shift of the box.
_Pair = tuple[float, float]
STRIPS: list[tuple[_Pair, dict[str, Any], _Pair, _Pair]] = [
    ((148.6, 34.0), {"distance": 8.5, "speed": -200, "offset": 1.0}, (0.25, 0.45), (0.6, -0.4)),
    ((180.0, 30.0), {"distance": 10, "speed": 180, "offset": -2.0}, (0.4, 0.6), (-0.8, 0.3)),
    ((200.0, 40.0), {"distance": 7, "speed": -150, "offset": 2.5}, (0.2, 0.5), (0.2, 0.7)),
]


def draw_strip(number: int, errors: float, members: int) -> tuple[Floats, Floats, Bools]:
    """Give features (N, 3), coordinate (N,) and who is a member (N,) of one strip."""
    centre, stream, widths, shift = STRIPS[number]
    injection = Injection(angle=0.0, width=widths[errors > 1], **stream)
    drawn = draw_patch(
        stars=_DRAWN, seed=50 + number, centre=centre, radius=_RADIUS, streams=(injection,),
        members=1500,
    )  # fmt: skip
    columns, rng = dict(drawn.columns), np.random.default_rng([number, 99])
    for name in ("pmra", "pmdec"):
        more = np.sqrt(max(errors**2 - 1, 0)) * columns[f"{name}_error"]
        columns[name] = columns[name] + more * rng.standard_normal(len(more))
    local = Patch.at(*centre, _RADIUS).local(*(columns[n] for n in ("ra", "dec", "pmra", "pmdec")))
    member = columns["stream"] > 0
    ra, dec = (
        columns[name] - np.median(columns[name][member]) - off
        for name, off in zip(("pmra", "pmdec"), shift, strict=True)
    )
    inside = (np.abs(ra) < 2.5) & (np.abs(dec) < 2) & (columns["parallax"] < 1)
    inside &= (np.abs(local["lon"]) < 25) & (np.abs(local["lat"]) < 5.5)
    kept = [rng.permutation(np.flatnonzero(inside & ~member))[:STARS]]
    kept += [rng.permutation(np.flatnonzero(inside & member))[:members]]
    rows = np.sort(np.concatenate(kept))
    features = np.stack([local["lon"], local["lat"], local["mu_lat"]], 1)[rows]
    return features, np.asarray(local["mu_lon"])[rows], member[rows]


def best_window(m: Floats, member: Bools) -> Window:
    """Give the window with a whole lower edge that holds most members."""
    edges = np.arange(np.floor(m.min()), np.ceil(m.max()))
    inside = [int((member & (m >= low) & (m < low + WIDTH)).sum()) for low in edges]
    low = float(edges[int(np.argmax(inside))])
    return Window("pm_phi1", low, low + WIDTH)


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--errors", type=float, default=2.0, help="in units of Gaia DR3's")
    parser.add_argument("--members", type=int, default=450)
    parser.add_argument("--methods", nargs="+", default=["ideal", "cathode", "anode", "cwola"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    limit_threads(1)
    settings = ScoreSettings().changed(parse_pairs("--set", arguments.settings))
    told: dict[str, list[dict[str, Any]]] = {method: [] for method in arguments.methods}
    for number in range(len(STRIPS)):
        features, m, member = draw_strip(number, arguments.errors, arguments.members)
        window = best_window(m, member)
        shared = {}
        if {"anode", "cathode"} & set(arguments.methods) and settings.recipe == "shared":
            shared = {seed: prepare(features, m, settings, seed) for seed in arguments.seeds}
        for method in arguments.methods:
            began = time.process_time()
            scores = next(
                score_windows(
                    features, NAMES, m, [window], method=method, settings=settings,
                    seeds=arguments.seeds, prepared=shared,
                    background=~member if method == "ideal" else None,
                )
            )  # fmt: skip
            found = [quality(one, member[scores.index]) for one in scores.by_seed]
            told[method].append(
                {
                    "strip": number,
                    "window": [window.low, window.high],
                    "stars": len(scores.index),
                    "members": int(member[scores.index].sum()),
                    "max_sic": float(np.mean([one.max_sic for one in found])),
                    "auc": float(np.mean([one.auc for one in found])),
                    "purity_100": float(np.mean([one.purity[1] for one in found])),
                    "seconds": time.process_time() - began,
                }
            )
            sys.stderr.write(f"{method}: {told[method][-1]}\n")
    if arguments.json:
        sys.stdout.write(json.dumps(told) + "\n")
        return 0
    for method, rows in told.items():
        each = ", ".join(f"{row['max_sic']:.2f}" for row in rows)
        mean = np.mean([row["max_sic"] for row in rows])
        sys.stdout.write(f"{method}: improvement {each}; mean {mean:.2f}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
