"""A thousand stars of a spherical system: the exact acceleration lies inside the errors.

Stars are drawn from the distribution function of a Gaia Challenge model, as in the Challenge's own
files, and go through the whole chain in a ball of five tracer radii.
"""

import numpy as np
import pytest

from data.mocks.spherical import HALOS
from data.mocks.spherical_stars import VOLUME, make_spherical
from data.mocks.truth import Truth
from engine.cubes.store import read_cube
from engine.runs.launch import open_run, submit

STEPS = 6


@pytest.mark.parametrize(("halo", "seed"), [("cusp", 51), ("core", 52)])
def test_truth_lies_inside_the_errors(tmp_path, halo, seed):
    catalogue = make_spherical(tmp_path, stars=1_000, seed=seed, halo=halo)
    radius = VOLUME * HALOS[halo][1]
    spec = {
        "kind": "map",
        "catalogue": catalogue.id,
        "volume": {"centre": [0.0, 0.0, 0.0], "radius": radius},
        "overrides": {"spacing": radius / STEPS, "z_cells": 2 * STEPS + 1, "velocities": 256},
    }
    record = submit(tmp_path, spec, executor="inline")
    assert record.state == "done", record.error
    assert record.result["population"]["tracers"] < 1_000
    cube = read_cube(open_run(tmp_path, record.id).cubes / "acceleration.zarr")
    cube = cube.sel(estimator="potential").transpose("x", "y", "z", "component", ...)
    mesh = np.stack(np.meshgrid(cube["x"], cube["y"], cube["z"], indexing="ij"), -1)
    use = cube["trusted"].to_numpy() & (np.linalg.norm(mesh, axis=-1) > 0.05 * radius)
    assert use.sum() >= 20
    exact = Truth.read(catalogue.truth_path).acceleration(mesh[use])
    a, sd = (cube[name].to_numpy()[use] for name in ("acceleration", "acceleration_sd"))
    assert np.mean(np.abs(a - exact) < 2 * sd) > 0.85
    # and the errors say something: less than half of the acceleration
    size = np.linalg.norm(exact, axis=1)
    assert np.median(np.linalg.norm(sd, axis=1) / size) < 0.5
