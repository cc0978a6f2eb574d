"""Time between a slider's move and the new figures, on the server's side.

    python benchmarks/sliders.py --home HOME --json

The threshold of a candidate is moved on a search of 100,000 mock stars whose scores are made up;
with `--home`, the bandwidths and the slice of the newest finished map there, too. Seconds of the
clock, from the new value to the last model of the page that has changed; the first move, which
draws what was never drawn, and the median of the others.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import holoviews as hv

from dashboard.pages.acceleration.page import AccelerationPage
from dashboard.pages.density.page import DensityPage
from dashboard.pages.streams.page import StreamsPage
from dashboard.services.services import Services
from dashboard.session.session import Session
from tests.dashboard.conftest import OneAtATime
from tests.dashboard.synthetic_streams import make_patch, make_search


@contextmanager
def shown(page: type[Any], home: Path) -> Iterator[Any]:
    """Give a page that is on the screen of a session without a browser; work is done at once."""
    services = Services(home)
    services.executor.shutdown()
    services.executor = OneAtATime(1)
    services.runs.look()
    services.catalogues.look()
    made = page(services, Session(services))
    made.view()
    made.on_show()
    yield made
    services.close()


def moves(set_to: Callable[[Any], None], values: Sequence[Any]) -> dict[str, float]:
    """Move a slider through values."""
    seconds = []
    for value in values:
        began = time.perf_counter()
        set_to(value)
        seconds.append(time.perf_counter() - began)
    return {"first_s": seconds[0], "median_s": statistics.median(seconds[1:])}


def streams(stars: int) -> dict[str, Any]:
    """Move the sliders of a candidate."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_search(home, make_patch(home, stars=stars, members=stars // 110), draws=5)
        with shown(StreamsPage, home) as page:
            sliders = page._candidate_view._sliders
            return {
                "threshold": moves(lambda n: setattr(sliders.top, "value", n), range(60, 220, 20)),
                "faintest": moves(
                    lambda g: setattr(sliders._faint, "value", g), [20.1, 20.0, 19.8, 19.6, 19.4]
                ),
            }


def maps(home: Path) -> dict[str, Any]:
    """Move the bandwidths and the slice of a map."""
    told: dict[str, Any] = {}
    with shown(DensityPage, home) as page:
        controls = page._panel.controls
        low, step = float(controls.across.value), float(controls.across.step)
        told["bandwidth"] = moves(
            lambda n: setattr(controls.across, "value", low + n * step), range(1, 8)
        )
    with shown(AccelerationPage, home) as page:
        index = page._maps.controls.index
        values = list(index.options.values())
        told["slice"] = moves(lambda n: setattr(index, "value", values[n]), range(8))
    return told


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="with a finished map")
    parser.add_argument("--stars", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    hv.extension("bokeh")
    told = streams(arguments.stars)
    if arguments.home:
        told |= maps(arguments.home.expanduser())
    if arguments.json:
        sys.stdout.write(json.dumps(told) + "\n")
        return 0
    for name, one in told.items():
        sys.stdout.write(f"{name}: {one['median_s']:.3f} s, the first {one['first_s']:.3f} s\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
