"""Acceptance test 9: a rotating harmonic oscillator through the whole chain.

In Phi = (w^2/2) |x|^2 the distribution exp(-(E - W L_z')/s^2) is stationary, where L_z' is
positive along Galactic rotation (towards -y at the Sun): a known sign, size and Laplacian.
"""

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.constants import MSUN_PC3_PER_LAPLACIAN, SI_1E10
from engine.cubes.store import read_cube
from engine.runs.launch import open_run, submit

OMEGA, ROTATION, SIGMA = 30.0, 12.0, 27.0  # km/s/kpc, km/s/kpc, km/s
STARS, RADIUS = 40_000, 3.0


def rotating_oscillator(seed=0):
    """Draw from the stationary distribution inside the ball.

    f ~ exp(-|v - u(x)|^2/(2 s^2)) exp(-(w^2 |x|^2 - W^2 (x^2 + y^2))/(2 s^2)), u = W (y, -x, 0).
    """
    rng = np.random.default_rng(seed)
    flat = SIGMA / np.sqrt(OMEGA**2 - ROTATION**2)
    x = rng.normal(size=(2 * STARS, 3)) * [flat, flat, SIGMA / OMEGA]
    x = x[np.linalg.norm(x, axis=1) < RADIUS][:STARS]
    stream = ROTATION * np.stack([x[:, 1], -x[:, 0], 0 * x[:, 0]], 1)
    v = stream + SIGMA * rng.normal(size=x.shape)
    names = ("x", "y", "z", "vx", "vy", "vz")
    columns = dict(zip(names, np.hstack([x, v]).T.astype(np.float32), strict=True))
    return {"source_id": np.arange(len(x)), **columns}


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    home = tmp_path_factory.mktemp("harmonic")
    ingest_arrays(rotating_oscillator(), home, name="spring", kind="simulation", provenance={})
    spec = {
        "kind": "map",
        "catalogue": "spring",
        "volume": {"centre": [0.0, 0.0, 0.0], "radius": RADIUS},
        "overrides": {
            "members": 2,
            "position_epochs": 12,
            "velocity_epochs": 12,
            "position_hidden": 32,
            "velocity_hidden": 32,
            "velocities": 256,
            "z_cells": 13,
        },
    }
    record = submit(home, spec, executor="inline")
    assert record.state == "done", record.error
    return read_cube(open_run(home, record.id).cubes / "acceleration.zarr")


def central(cube, reach=1.5):
    """Positions and accelerations of the cells within a radius, (n, 3) each."""
    a = cube["acceleration"].sel(estimator="boltzmann").transpose("x", "y", "z", "component")
    mesh = np.stack(np.meshgrid(cube.x, cube.y, cube.z, indexing="ij"), -1)
    near = np.linalg.norm(mesh, axis=-1) < reach
    return mesh[near], a.values[near]


def test_acceleration_points_inwards_with_the_right_size(cube):
    x, a = central(cube)
    truth = -(OMEGA**2) * x
    error = np.linalg.norm(a - truth, axis=1) / (OMEGA**2 * 1.0)
    assert np.median(error) < 0.12  # two small members; this is about sign, size and units


def test_laplacian_and_density(cube):
    """A linear field fitted to a has -div a = 3 w^2, and rho = 3 w^2/(4 pi G)."""
    x, a = central(cube)
    design = np.column_stack([x, np.ones(len(x))])
    gradient = np.linalg.lstsq(design, a, rcond=None)[0][:3]
    np.testing.assert_allclose(gradient, -(OMEGA**2) * np.eye(3), atol=0.06 * OMEGA**2)
    density = -np.trace(gradient) * MSUN_PC3_PER_LAPLACIAN
    assert density == pytest.approx(3 * OMEGA**2 * MSUN_PC3_PER_LAPLACIAN, rel=0.04)


def test_rotation_does_not_leak_into_the_acceleration(cube):
    """A stationary stream needs its centripetal force, and no torque."""
    x, a = central(cube)
    torque = x[:, 0] * a[:, 1] - x[:, 1] * a[:, 0]
    assert abs(np.mean(torque)) < 0.03 * OMEGA**2 * np.mean(x[:, 0] ** 2 + x[:, 1] ** 2)


def test_units_convert_to_si(cube):
    import astropy.units as u

    unit = u.Unit(cube["acceleration"].attrs["units"])
    assert (1e-10 * u.m / u.s**2).to_value(unit) == pytest.approx(SI_1E10)
