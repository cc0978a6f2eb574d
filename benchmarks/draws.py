"""Speed of the draws of a smooth p(x), with its table of cells kept and made anew.

    python benchmarks/draws.py [--draws 400000] [--json]

The density is one of the prior, on the ball of 4 kpc round the Sun, with a disc's fall of ln p
along the radius. Seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

# Run as a script, the folder of the benchmarks would stand first and hide the package coverage.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from data.frames import SolarParameters
from engine.density.smooth.basis import Anova
from engine.density.smooth.coordinates import SmoothCoordinates
from engine.density.smooth.density import SmoothDensity

BATCH = 8192
"""Draws of one call, as the comparison of a model with its stars asks for them."""

RADIUS = 4.0


def make_density(seed: int) -> SmoothDensity:
    """Draw a density from the prior; it is not normalised, which draws do not need."""
    sun = SolarParameters().position
    coordinates = SmoothCoordinates(sun, RADIUS, True, 0.3, 0.4, sun)
    basis = Anova.of(coordinates.count)
    generator = torch.Generator().manual_seed(seed)
    sines = torch.randn(len(basis) - 3, generator=generator, dtype=torch.float64)
    slopes = torch.tensor([-1.5, 0.0, 0.0], dtype=torch.float64)
    coefficients = torch.cat([slopes, sines * basis.spectrum().sqrt()])
    return SmoothDensity(coordinates, coefficients[None], torch.zeros(1).double(), basis)


def rate(make: Callable[[], SmoothDensity], draws: int) -> float:
    """Give the draws a second of calls for a batch each, of what ``make`` gives each time."""
    generator = torch.Generator().manual_seed(1)
    batches = max(1, draws // BATCH)
    start = time.process_time()
    for _ in range(batches):
        make().positions(torch.randn(1, BATCH, 3, generator=generator))
    return batches * BATCH / (time.process_time() - start)


def main() -> None:
    """Print both speeds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=400_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    density = make_density(0)
    anew = rate(lambda: replace(density), min(options.draws, 5 * BATCH))
    start = time.process_time()
    density.positions(torch.zeros(1, 1, 3))
    table = time.process_time() - start
    kept = rate(lambda: density, options.draws)
    row = {"kept": kept, "anew": anew, "ratio": kept / anew, "table_s": table}
    if options.json:
        print(json.dumps(row))
        return
    print(f"table of cells         {table:10.2f} s")
    print(f"table kept             {kept:10,.0f} draws/s")
    print(f"made anew at each call {anew:10,.0f} draws/s ({BATCH:,} draws a call)")
    print(f"ratio                  {kept / anew:10.0f}")


if __name__ == "__main__":
    main()
