"""Ours beside the axisymmetric Jeans equations on the same stars, and what peers report.

    python benchmarks/peers.py --home FOLDER --run RUN
    python benchmarks/peers.py --stars 200000 --seed 4 --json

Errors are |found - truth| of a_R, a_z and the whole vector over the true size of the acceleration,
medians over positions drawn within 3 kpc of the Sun and 2 kpc of the plane. The Jeans equations
are solved on the same stars in bins of R and z (`engine.circular_velocity.binned_jeans`):
what one would do without a flow. Peers' figures are theirs, on their own
mocks; they were not run here.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

# Run as a script, the folder of the benchmarks would stand first and hide the package coverage.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.acceleration import draw_positions, measure
from data.catalogue.store import CatalogueStore
from data.mocks.truth import Truth
from data.population.population import make_population
from engine.circular_velocity.binned_jeans import axisymmetric_jeans
from engine.cubes.store import read_cube
from engine.runs.launch import open_run

Floats = NDArray[np.float64]

REGIONS = ((0.0, 0.5), (0.5, 1.0), (1.0, 2.0))
"""Heights abs(z) in kpc."""


@dataclass(frozen=True)
class Reported:
    """What a peer says of itself: where, what, and how far the statement is to be trusted."""

    peer: str
    mock: str
    acceleration: str
    density: str
    source: str


PEERS = (
    Reported(
        "arXiv 2205.01129 (flows, pointwise)",
        "simulated galaxy h277, 153,174 stars within 3.5 kpc",
        "within 5% along both axes",
        "within 10 to 20%",
        "stated in a talk of its authors",
    ),
    Reported(
        "Deep Potential (Green+ 2023)",
        "stationary mocks",
        "a few %",
        "about 10%",
        "read in the authors' repository",
    ),
    Reported(
        "Deep Potential (Green+ 2023)",
        "8 dynamical times out of equilibrium",
        "below 10%",
        "about 20%",
        "read in the authors' repository",
    ),
    Reported(
        "LocalFlows, HernquistFlows",
        "axisymmetric disc, Hernquist sphere",
        "no figure in the repositories",
        "-",
        "repositories aneeshnaik/LocalFlows, aneeshnaik/HernquistFlows",
    ),
)


def errors(found: Floats, truth: Floats, points: Floats) -> dict[str, list[float]]:
    """Give median relative errors in each region.

    Parameters
    ----------
    found, truth
        (P, 3) km2 s-2 kpc-1; rows of `found` may be NaN and are then left out.
    points
        (P, 3) kpc.

    Returns
    -------
    dict
        ``a_R``, ``a_z``, ``a`` (the vector): a median for each of `REGIONS`; ``without``: the
        part of the positions there that has no number.
    """
    size = np.linalg.norm(truth, axis=1)
    outward = points[:, :2] / np.hypot(points[:, 0], points[:, 1])[:, None]
    off = found - truth
    parts = {
        "a_R": np.abs(np.sum(off[:, :2] * outward, axis=1)) / size,
        "a_z": np.abs(off[:, 2]) / size,
        "a": np.linalg.norm(off, axis=1) / size,
    }
    height = np.abs(points[:, 2])
    inside = [(height >= low) & (height < high) for low, high in REGIONS]
    table = {
        name: [float(np.nanmedian(values[region])) for region in inside]
        for name, values in parts.items()
    }
    known = np.isfinite(found).all(axis=1)
    table["without"] = [float(1 - known[region].mean()) for region in inside]
    return table


def interpolated(cube: xr.Dataset, estimator: str, points: Floats) -> Floats:
    """Interpolate an estimator's acceleration between the cells at points (P, 3)."""
    where = {axis: xr.DataArray(points[:, i], dims="point") for i, axis in enumerate("xyz")}
    field = cube["acceleration"].sel(estimator=estimator).interp(where)
    values: Floats = field.transpose("point", "component").to_numpy()
    return values


def compare(home: Path, run_id: str, positions: int, seed: int) -> dict[str, Any]:
    """Give the errors of every estimator of the run and of the Jeans equations."""
    run = open_run(home, run_id)
    spec: dict[str, Any] = run.stored().spec
    catalogue = CatalogueStore(home).open(spec["catalogue"])
    points = draw_positions(positions, seed, reach=3.0, height=2.0)
    truth = Truth.read(catalogue.truth_path).acceleration(points)
    cube = read_cube(run.cubes / "acceleration.zarr")
    table = {
        f"ours, {name}": errors(interpolated(cube, name, points), truth, points)
        for name in cube["estimator"].values.tolist()
    }
    population = make_population(catalogue, spec["selection"], spec["volume"])
    jeans = axisymmetric_jeans(population.x, population.v, population.volume, seed=seed)
    table["axisymmetric binned Jeans"] = errors(jeans.at(points).mean, truth, points)
    return {
        "run": run_id,
        "catalogue": catalogue.name,
        "preset": spec["preset"],
        "stars": len(population.rows),
        "positions": positions,
        "regions_kpc": REGIONS,
        "default": cube.attrs["default_estimator"],
        "measured": table,
        "reported": [asdict(peer) for peer in PEERS],
    }


def markdown(found: dict[str, Any]) -> str:
    """Lay the comparison out as two tables that a README can quote."""
    heads = [f"{low:g} to {high:g} kpc" for low, high in REGIONS]
    lines = [
        f"{found['stars']:,} stars of {found['catalogue']}, preset {found['preset']}; median "
        "error of a_R / a_z / the vector by height above the plane:",
        "",
        "| | " + " | ".join(heads) + " |",
        "|---" * (1 + len(heads)) + "|",
    ]
    for name, row in found["measured"].items():
        cells = [
            " / ".join(f"{100 * row[part][i]:.1f}%" for part in ("a_R", "a_z", "a"))
            + (f" ({100 * row['without'][i]:.0f}% without)" if row["without"][i] > 0 else "")
            for i in range(len(heads))
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "What peers report, each on mocks of its own (not run here):",
        "",
        "| peer | mock | acceleration | density | source |",
        "|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(peer.values()) + " |" for peer in found["reported"]]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print its tables, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", help="a finished map of a mock (default: make one)")
    parser.add_argument("--home", type=Path, help="where mocks and runs are, or are kept")
    parser.add_argument("--stars", type=int, default=200_000)
    parser.add_argument("--potential", default="milky-way")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--positions", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        wishes = argparse.Namespace(**{**vars(options), "positions": 200, "set": []})
        run = options.run or str(measure(home, options.seed, wishes)["run"])
        found = compare(home, run, options.positions, options.seed)
    print(json.dumps(found) if options.json else markdown(found))


if __name__ == "__main__":
    main()
