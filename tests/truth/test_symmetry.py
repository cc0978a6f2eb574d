"""Symmetries of model galaxies: zero where there are some, the field's own where there are not."""

import json

import numpy as np
import pytest

from data.mocks.potentials import named
from engine.cubes.grid import make_grid, make_lines
from engine.cubes.store import read_cube, write_cube
from engine.draws import Draws
from engine.symmetry.axisymmetry import arc_symmetry, azimuthal
from engine.symmetry.cube import asymmetry_cube
from engine.symmetry.north_south import (
    component_difference,
    density_asymmetry,
    mirror_pairs,
    north_south,
    size_asymmetry,
)
from engine.symmetry.significance import joint_significance, significance, weighted_mean
from engine.symmetry.tilt import mirror_tilt

SUN = (8.122, 0.0, 0.0208)


@pytest.fixture(scope="module")
def grid():
    return make_grid(SUN, 3.0, 0.75, 15)


def exact(values):
    return Draws(values, np.empty((0, *values.shape)))


def with_errors(grid, galaxy, seed, percent=3.0, count=30):
    """The exact field with smooth errors that grow towards the edge, as a map has them."""
    points = grid.points
    rng = np.random.default_rng(seed)
    waves = np.cos(points @ rng.normal(size=(3, 60)) / 0.8 + rng.uniform(0, 2 * np.pi, 60))
    size = 60 * percent * (1 + np.linalg.norm(points - np.array(SUN), axis=1) / 2)[:, None]
    errors = np.sqrt(2 / 60) * np.einsum("pf,kfc->kpc", waves, rng.normal(size=(count + 1, 60, 3)))
    return Draws(named(galaxy).acceleration(points) + errors[0] * size, errors[1:] * size)


@pytest.mark.parametrize("galaxy", ["milky-way", "flattened-halo"])
def test_a_symmetric_galaxy_has_no_asymmetry(grid, galaxy):
    points, pairs = grid.points, mirror_pairs(grid)
    field = exact(named(galaxy).acceleration(points))
    assert np.abs(north_south(field, pairs).mean).max() < 1e-12
    assert np.abs(size_asymmetry(field, pairs).mean).max() < 1e-12
    assert np.abs(azimuthal(points, field).mean).max() < 1e-12
    assert np.abs(mirror_tilt(points, field, pairs).mean).max() < 1e-9
    density = exact(named(galaxy).density(points))
    assert np.abs(density_asymmetry(density, pairs).mean).max() < 1e-12
    arc = make_lines(SUN, 3.0, SUN, 21)[2].points
    found = arc_symmetry(arc, exact(named(galaxy).acceleration(arc)))
    assert found.spread.mean < 1e-12
    assert abs(found.azimuthal.mean) < 1e-12


def test_a_lopsided_galaxy_has_that_of_its_field(grid):
    galaxy = named("lopsided")
    points, pairs = grid.points, mirror_pairs(grid)
    field = exact(galaxy.acceleration(points))
    up = points[points[:, 2] > 0][pairs_in_order(points, pairs)]
    down = up * [1, 1, -1]
    above, below = galaxy.acceleration(up), galaxy.acceleration(down)
    size = np.linalg.norm(above, axis=1) + np.linalg.norm(below, axis=1)
    wanted = (above - below * [1, 1, -1]) / size[:, None]
    np.testing.assert_allclose(north_south(field, pairs).mean, wanted, atol=1e-12)
    sizes = (np.linalg.norm(above, axis=1) - np.linalg.norm(below, axis=1)) / size
    np.testing.assert_allclose(size_asymmetry(field, pairs).mean, sizes, atol=1e-12)
    rho_up, rho_down = galaxy.density(up), galaxy.density(down)
    np.testing.assert_allclose(
        density_asymmetry(exact(galaxy.density(points)), pairs).mean,
        (rho_up - rho_down) / (rho_up + rho_down),
        atol=1e-12,
    )
    # the azimuthal pull from the slope of the potential along the circle through each cell
    phi, step = np.arctan2(-points[:, 1], points[:, 0]), 1e-4
    ring = np.hypot(points[:, 0], points[:, 1])

    def at(angle):
        return galaxy.potential(
            np.stack([ring * np.cos(angle), -ring * np.sin(angle), points[:, 2]], axis=1)
        )

    pull = -(at(phi + step) - at(phi - step)) / (2 * step * ring)
    inward = np.abs(np.sum(field.mean[:, :2] * points[:, :2], axis=1) / ring)
    np.testing.assert_allclose(azimuthal(points, field).mean, pull / inward, atol=2e-6)
    assert np.abs(azimuthal(points, field).mean).max() > 0.03


def pairs_in_order(points, pairs):
    northern = np.flatnonzero(points[:, 2] > 0)
    return np.searchsorted(northern, pairs.north)


def test_errors_of_a_symmetric_galaxy_are_not_taken_for_an_asymmetry(grid):
    pairs = mirror_pairs(grid)
    p_values, pulls = [], []
    for seed in range(40):
        difference = component_difference(with_errors(grid, "milky-way", seed), pairs)
        p_values.append(joint_significance(difference).p_value)
        pulls.append(significance(difference))
    assert 0.3 < np.mean(p_values) < 0.7
    assert np.min(p_values) > 1e-3
    assert np.std(pulls) == pytest.approx(1.0, abs=0.1)


def test_a_lopsided_galaxy_is_found_through_errors(grid):
    """At half a per cent by the joint test, at one by the mean of the vertical difference."""
    pairs = mirror_pairs(grid)
    for seed in range(8):
        difference = component_difference(with_errors(grid, "lopsided", seed, 0.5), pairs)
        assert joint_significance(difference).p_value < 1e-4
    truth = component_difference(exact(named("lopsided").acceleration(grid.points)), pairs)
    pulls, vertical = [], []
    for seed in range(40):
        mean = weighted_mean(component_difference(with_errors(grid, "lopsided", seed, 1.0), pairs))
        vertical.append(significance(mean)[2])
        pulls.append((mean.mean - weighted_mean(truth).mean) / mean.sd)
    assert np.mean(vertical) > 2.5
    assert np.std(pulls) == pytest.approx(1.0, abs=0.25)


def test_asymmetry_cube(grid, tmp_path):
    points = grid.points
    field = with_errors(grid, "lopsided", 1, percent=0.5)
    rho = named("lopsided").density(points)
    density = Draws(rho, 0.1 * rho * np.random.default_rng(2).normal(size=(30, len(rho))))
    trusted = np.linalg.norm(points - np.array(SUN), axis=1) < 2.5
    cube = asymmetry_cube(
        grid, field, trusted, density=density, attributes={"estimator": "boltzmann"}
    )
    assert cube.north_south.dims == ("component", "x", "y", "z")
    assert cube.azimuthal.dims == ("x", "y", "z")
    for name in ("north_south", "north_south_size", "north_south_density", "azimuthal", "tilt"):
        assert cube[name].attrs["ancillary_variables"] == f"{name}_sd"
        given = np.isfinite(cube[name].to_numpy())
        np.testing.assert_array_equal(given, np.isfinite(cube[f"{name}_sd"].to_numpy()))
        apart = np.linalg.norm(
            np.stack(np.meshgrid(grid.x, grid.y, grid.z, indexing="ij"), axis=-1) - SUN, axis=-1
        )
        assert not (given & (apart >= 2.5)).any()
        assert given.any()
    assert np.isnan(cube.north_south.sel(z=slice(None, 0))).all()
    pairs = mirror_pairs(grid, trusted)
    where = points[pairs.north[7]]
    cell = cube.sel(x=where[0], y=where[1], z=where[2])
    np.testing.assert_allclose(cell.north_south, north_south(field, pairs).mean[7], rtol=1e-5)
    np.testing.assert_allclose(cell.north_south_sd, north_south(field, pairs).sd[7], rtol=1e-5)
    tests = json.loads(cube.attrs["significance"])
    assert tests["azimuthal"]["p_value"] < 1e-3
    assert tests["north_south"]["numbers"] == 3 * len(pairs.north)
    assert tests["north_south_z"]["mean_significance"] > 4
    assert {"north_south_x", "north_south_z", "north_south_density", "mirror_tilt"} <= set(tests)
    again = read_cube(write_cube(cube, tmp_path, "asymmetry"))
    assert again.identical(cube)


def test_a_volume_off_the_plane_says_why_there_is_no_north_and_south():
    grid = make_grid((8.0, 0.0, 3.0), 2.0, 0.8, 7)
    field = exact(named("milky-way").acceleration(grid.points))
    trusted = np.ones(len(grid.points), bool)
    cube = asymmetry_cube(grid, field, trusted, attributes={})
    assert "not symmetric about the plane" in cube.attrs["north_south_missing"]
    assert np.isnan(cube.north_south).all()
    assert np.nanmax(np.abs(cube.azimuthal)) < 1e-6
    assert json.loads(cube.attrs["significance"])["azimuthal"]["p_value"] is None
