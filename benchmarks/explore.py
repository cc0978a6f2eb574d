"""How long Explore takes at full size, and beside what a user would otherwise do.

    python benchmarks/explore.py                      34 million stars, a temporary home
    python benchmarks/explore.py --home DIR --stars 1000000 --json
    python benchmarks/explore.py --home DIR --browser

Ours is the page itself, in a fresh process: a cut goes into the session, and the clock stops when
the figures of all four panels hold their new images (masks, counts, colours, HoloViews and Bokeh;
without the network and the browser, which ``--browser`` adds). Every cut is new and every star is
counted: the sum of each image is compared with numpy's own count, and a difference ends
the benchmark. The cuts are boxes, ranges, comparisons and lassos of 100 corners, at random
places. Beside it stand the same four panels through HoloViews' ``link_selections``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
# Instead of this folder, whose `coverage` would hide the package of that name from numba.
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

FIELDS = ("stars", "open_s", "cut_to_panels_s", "ratio_link_selections", "rss_gb")


def main() -> None:
    """Read the command line and print the table or one JSON object."""
    options = _arguments()
    if options.part is not None:
        _part(options)
        return
    with tempfile.TemporaryDirectory() as temporary:
        home = (options.home or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        found = _measure(home, options)
    if options.json:
        print(json.dumps(found))
        return
    width = max(map(len, found))
    for name, value in found.items():
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        print(f"{name:<{width}}  {text}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stars", type=int, default=34_000_000)
    parser.add_argument("--home", type=Path, help="keep the catalogue here, for the next time")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--peer-cuts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--browser", action="store_true", help="also measure in a browser")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=("ours", "link_selections", "vaex", "browser"),
                        help=argparse.SUPPRESS)  # fmt: skip
    return parser.parse_args()


def say(*words: object) -> None:
    """Tell how far it is."""
    print("explore:", *words, file=sys.stderr, flush=True)


def _measure(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.explore_catalogue import full_catalogue

    catalogue = full_catalogue(home, options.stars, say)
    size = sum(f.stat().st_size for f in catalogue.path.rglob("*") if f.is_file())
    found: dict[str, Any] = {"stars": catalogue.n_rows, "columns": len(catalogue.columns),
                             "catalogue_gb": size / 1e9}  # fmt: skip
    parts = ["ours", "link_selections", "vaex", *(["browser"] if options.browser else [])]
    for part in parts:
        say("measuring", part)
        found |= _in_fresh_process(part, home, options)
    theirs = found.get("link_selections_cut_s")
    found["ratio_link_selections"] = theirs / found["cut_to_panels_s"] if theirs else None
    return {name: found[name] for name in FIELDS} | found


def _in_fresh_process(part: str, home: Path, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--part", part, "--home", str(home), "--stars",
               str(options.stars), "--cuts", str(options.cuts), "--peer-cuts",
               str(options.peer_cuts), "--seed", str(options.seed)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"explore: the part {part} failed (status {done.returncode})")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _part(options: argparse.Namespace) -> None:
    from benchmarks import explore_browser, explore_ours, explore_peers

    measures = {
        "ours": explore_ours.measure,
        "link_selections": explore_peers.link_selections,
        "vaex": explore_peers.vaex,
        "browser": explore_browser.measure,
    }
    name = f"explore-{options.stars}"
    number = options.cuts if options.part == "ours" else options.peer_cuts
    started = time.perf_counter()
    found = measures[options.part](options.home, name, number, np.random.default_rng(options.seed))
    say(f"{options.part} took {time.perf_counter() - started:.0f} s in all")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
