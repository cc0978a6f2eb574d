"""Scores of a blind scan of a real strip of stars, judged by labels that the scan never saw.

    python benchmarks/streams_gd1.py TABLE --features phi1,phi2,pm_phi2 --label gd1_member

First the grid of windows is stated: a width, a step, and all of the coordinate. Then every method
scores every window with every seed, out of fold, and picks one window by itself: the largest
product of the line significance of the 100 highest stars (of the mean over the seeds) and their
stability (the share of seeds whose own 100 give the same line within 9 deg and 1 deg). Only then
are labels looked at. Beside the methods stand, in the same window and out of fold, the idealised
detector (stars of the window against those of them without a label) and a classifier trained on
the labels. Without a column of labels the table ends with the windows.

With `--keep FOLDER` the scores of each window are kept as they come: started again with the same
table and settings, the scan goes on with what is missing.

Improvement: the largest eps_S / sqrt(eps_B) with at least 10 background stars above the cut.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Run as a script, the folder of the benchmarks would stand first and hide packages.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.streams_judging import by_labels, judge_window, supervised, text
from dashboard.cli.store import parse_pairs
from data.errors import UserError
from engine.device import limit_threads
from engine.streams.area import SkyArea
from engine.streams.scores.background import Background, prepare
from engine.streams.scores.scan import WindowScores, score_windows, usable_rows
from engine.streams.scores.settings import ScoreSettings
from engine.streams.scores.table import read_columns
from engine.streams.windows import Window, windows

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Scan:
    """All windows by any method; what methods and windows share is made once for each seed.

    Parameters
    ----------
    features, names, m
        (N, F) all finite, F names, and the coordinate (N,).
    settings, seeds
        See ``score_windows``.
    keep
        A folder where scores of windows are kept, or None.
    """

    def __init__(
        self,
        features: Floats,
        names: list[str],
        m: Floats,
        settings: ScoreSettings,
        seeds: Sequence[int],
        keep: Path | None,
    ) -> None:
        self.features, self.names, self.m = features, names, m
        self.settings, self.seeds, self.keep = settings, list(seeds), keep
        self.prepared: dict[int, Background] = {}
        self.shared_seconds = 0.0
        about = repr((names, settings, self.seeds)).encode()
        self.digest = hashlib.sha256(about + features.tobytes() + m.tobytes()).hexdigest()[:12]
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)

    def scores(self, method: str, grid: Sequence[Window]) -> Iterator[WindowScores]:
        """Give the scores of each window, kept or new."""
        for window in grid:
            path = None
            if self.keep is not None:
                path = self.keep / f"{method}_{window.low:g}_{window.high:g}_{self.digest}.npz"
            if path is not None and path.exists():
                stored = np.load(path)
                index, by_seed = stored["index"], stored["by_seed"]
                several = len(by_seed) > 1
                yield WindowScores(
                    window, index, by_seed.mean(0),
                    by_seed.std(0, ddof=1) if several else np.zeros(len(index)),
                    len(by_seed), by_seed, seconds=float(stored["seconds"]),
                )  # fmt: skip
                continue
            scores = self._new(method, window)
            if path is not None and not scores.reason:
                np.savez(path, index=scores.index, by_seed=scores.by_seed, seconds=scores.seconds)
            yield scores

    def _new(self, method: str, window: Window) -> WindowScores:
        if method in ("anode", "cathode") and self.settings.recipe == "shared":
            began = time.process_time()
            for seed in self.seeds:
                if seed not in self.prepared:
                    self.prepared[seed] = prepare(self.features, self.m, self.settings, seed)
            self.shared_seconds += time.process_time() - began
        return next(
            score_windows(
                self.features, self.names, self.m, [window], method=method,
                settings=self.settings, seeds=self.seeds, prepared=self.prepared,
            )
        )  # fmt: skip


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Scan, pick and judge."""
    names = [name.strip() for name in arguments.features.split(",")]
    positions = [name.strip() for name in (arguments.positions or ",".join(names[:2])).split(",")]
    label = [arguments.label] if arguments.label else []
    wanted = [arguments.coordinate, *names, *positions, *label]
    table = read_columns(Path(arguments.table), list(dict.fromkeys(wanted)))
    m = np.asarray(table[arguments.coordinate], float)
    features = np.stack([np.asarray(table[name], float) for name in names], 1)
    x, y = (np.asarray(table[name], float) for name in positions)
    # In the strip's own frame: offsets from its middle, longitudes shrunk to true length.
    x = (x - np.nanmean(x)) * np.cos(np.radians(y))
    y = y - np.nanmean(y)
    rows = usable_rows(np.column_stack([features, x, y]), m)
    m, features, x, y = m[rows], features[rows], x[rows], y[rows]
    signal = np.asarray(table[label[0]], float)[rows] > 0.5 if label else None
    settings = ScoreSettings().changed(parse_pairs("--set", arguments.settings))
    grid = windows(arguments.coordinate, m, arguments.width, arguments.step)
    sys.stderr.write(
        f"The grid, before anything else: {len(grid)} windows of {arguments.width:g}, step "
        f"{arguments.step:g}, from {grid[0].low:g} to {grid[-1].high:g}.\n"
    )
    area = SkyArea.learn(x, y)
    told: dict[str, Any] = {
        "table": Path(arguments.table).name,
        "stars": len(m),
        "grid": [[window.low, window.high] for window in grid],
        "seeds": arguments.seeds,
        "methods": {},
    }
    scan = Scan(features, names, m, settings, arguments.seeds, arguments.keep)
    for method in arguments.methods:
        found, judged = {}, []
        for scores in scan.scores(method, grid):
            found[scores.window] = scores
            judged.append(judge_window(scores, x, y, area))
            sys.stderr.write(f"{method} {scores.window}: {judged[-1]}\n")
        scored = [one for one in judged if not one["skipped"]]
        if not scored:
            raise UserError("No window holds enough stars.", "Choose wider windows.")
        best = max(scored, key=lambda one: one["rank"])
        entry: dict[str, Any] = {"windows": judged, "picked": [best["low"], best["high"]]}
        if signal is not None:
            for one in scored:
                scores = found[Window(arguments.coordinate, one["low"], one["high"])]
                truth = signal[scores.index]
                one["labelled"] = int(truth.sum())
                if truth.any() and not truth.all():
                    one.update(by_labels(scores.by_seed, truth))
        entry["seconds"] = sum(one["seconds"] for one in scored)
        told["methods"][method] = entry
    told["shared_seconds"] = scan.shared_seconds
    if signal is not None:
        _add_references(told, features, names, m, signal, settings, arguments)
    return told


def _add_references(
    told: dict[str, Any],
    features: Floats,
    names: list[str],
    m: Floats,
    signal: Bools,
    settings: ScoreSettings,
    arguments: argparse.Namespace,
) -> None:
    """Score the picked windows by the two references."""
    picked = {tuple(entry["picked"]) for entry in told["methods"].values()}
    told["references"] = {}
    for low, high in sorted(picked):
        window = Window(arguments.coordinate, low, high)
        truth = signal[window.contains(m)]
        if not truth.any() or truth.all():
            continue
        ideal = next(
            score_windows(
                features, names, m, [window], method="ideal", settings=settings,
                seeds=arguments.seeds, background=~signal,
            )
        )  # fmt: skip
        told["references"][f"{low:g} {high:g}"] = {
            "idealised": by_labels(ideal.by_seed, truth),
            "labels": by_labels(supervised(features, m, signal, window, arguments.seeds), truth),
        }
    for entry in told["methods"].values():
        low, high = entry["picked"]
        reference = told["references"].get(f"{low:g} {high:g}")
        one = next(w for w in entry["windows"] if w["low"] == low)
        if reference and "seeds" in one:
            best = reference["idealised"]["seeds"]["max_sic"]["mean"]
            entry["share_of_idealised"] = one["seeds"]["max_sic"]["mean"] / best
            entry["share_of_idealised_seeds_averaged"] = (
                one["seeds_averaged"]["max_sic"]
                / reference["idealised"]["seeds_averaged"]["max_sic"]
            )


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table")
    parser.add_argument("--coordinate", default="pm_phi1")
    parser.add_argument("--features", default="phi1,phi2,pm_phi2")
    parser.add_argument("--positions", help="default: the first two features")
    parser.add_argument("--label", help="column of labels, only used for the verdict")
    parser.add_argument("--width", type=float, default=3.0)
    parser.add_argument("--step", type=float, default=1.0)
    parser.add_argument("--methods", nargs="+", default=["cathode", "anode", "cwola"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--keep", type=Path, help="folder where scores of windows are kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    limit_threads(arguments.threads)
    try:
        told = measure(arguments)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write((json.dumps(told) if arguments.json else text(told)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
