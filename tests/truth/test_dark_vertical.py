"""Surface density and Oort's constants of mock galaxies from their exact acceleration."""

import numpy as np
import pytest

from data.mocks.potentials import names
from engine.dark_matter.oort import oort_constants
from engine.dark_matter.vertical import surface_density, vertical_column
from tests.engine.dark.fields import ball, exact, noisy, truth


@pytest.fixture(scope="module")
def grid():
    return ball()


def true_surface_density(model, z_max=1.1):
    z = np.linspace(-z_max, z_max, 8001)
    column = np.stack([np.full_like(z, 8.122), np.zeros_like(z), z], axis=1)
    return 1e3 * np.trapezoid(model.density(column), z)


@pytest.mark.parametrize("name", names())
def test_the_correction_for_the_radial_force_makes_the_surface_density_right(name, grid):
    model = truth(name)
    field = exact(model.acceleration(grid.points))
    sigma = surface_density(vertical_column(field, grid))
    assert sigma.total.mean == pytest.approx(true_surface_density(model), rel=5e-3)
    assert sigma.missing == 0
    parts = sigma.vertical_only.mean + sigma.correction.mean
    assert sigma.total.mean == pytest.approx(float(parts))


@pytest.mark.parametrize(("name", "least"), [("bovy", 0.06), ("milky-way", 0.03)])
def test_without_it_the_surface_density_is_visibly_wrong(name, least, grid):
    model = truth(name)
    sigma = surface_density(vertical_column(exact(model.acceleration(grid.points)), grid))
    assert sigma.vertical_only.mean > (1 + least) * true_surface_density(model)


def test_a_finer_grid_is_nearer_to_the_truth():
    model = truth("milky-way")
    fine = ball(spacing=0.25, z_cells=49)
    sigma = surface_density(vertical_column(exact(model.acceleration(fine.points)), fine))
    assert sigma.total.mean == pytest.approx(true_surface_density(model), rel=1e-3)


@pytest.mark.parametrize("z_max", [0.5, 2.0])
def test_other_heights(z_max, grid):
    model = truth("two-discs")
    column = vertical_column(exact(model.acceleration(grid.points)), grid)
    sigma = surface_density(column, z_max)
    assert sigma.total.mean == pytest.approx(true_surface_density(model, z_max), rel=8e-3)


def test_a_place_between_the_columns_of_the_grid(grid):
    model = truth("milky-way")
    field = exact(model.acceleration(grid.points))
    sigma = surface_density(vertical_column(field, grid, place=(8.3, 0.2)))
    z = np.linspace(-1.1, 1.1, 4001)
    points = np.stack([np.full_like(z, 8.3), np.full_like(z, 0.2), z], axis=1)
    true = 1e3 * np.trapezoid(model.density(points), z)
    assert sigma.total.mean == pytest.approx(true, rel=0.01)


def test_the_vertical_force_itself(grid):
    model = truth("milky-way")
    column = vertical_column(exact(model.acceleration(grid.points)), grid)
    known = np.isfinite(column.vertical.mean)
    points = np.stack([np.full(33, 8.122), np.zeros(33), grid.z], axis=1)[known]
    np.testing.assert_allclose(
        column.vertical.mean[known], model.acceleration(points)[:, 2], atol=1e-9
    )
    assert np.all(np.diff(column.vertical.mean[np.abs(grid.z) < 1]) < 0)


@pytest.mark.parametrize("name", names())
def test_oort_constants_agree_with_finite_differences(name, grid):
    model = truth(name)
    found = oort_constants(exact(model.acceleration(grid.points)), grid)
    h = 1e-3
    inner, speed, outer = model.circular_velocity([8.122 - h, 8.122, 8.122 + h])
    slope = (outer - inner) / (2 * h)
    along = (model.circular_velocity([8.122], h) - model.circular_velocity([8.122], -h))[0]
    assert found.speed.mean == pytest.approx(speed, rel=2e-4)
    assert found.slope.mean == pytest.approx(slope, abs=0.06)
    assert found.A.mean == pytest.approx(0.5 * (speed / 8.122 - slope), abs=0.04)
    assert found.B.mean == pytest.approx(-0.5 * (speed / 8.122 + slope), abs=0.04)
    assert found.C.mean == pytest.approx(-0.5 * along / (2 * h) / 8.122, abs=0.01)
    assert found.K.mean == pytest.approx(0.5 * along / (2 * h) / 8.122, abs=0.01)
    assert found.nodes == found.wanted


def test_errors_of_both_are_honest():
    """Independent noise of 2% on the acceleration, 80 times: pulls of unit width."""
    model, grid = truth("milky-way"), ball(spacing=0.5, z_cells=25)
    field = model.acceleration(grid.points)
    noise = 0.02 * np.linalg.norm(field, axis=1, keepdims=True) * np.ones(3)
    best = surface_density(vertical_column(exact(field), grid)).total.mean
    shear = oort_constants(exact(field), grid).A.mean
    pulls = []
    for seed in range(80):
        drawn = noisy(field, noise, count=40, seed=seed)
        sigma = surface_density(vertical_column(drawn, grid)).total
        a = oort_constants(drawn, grid).A
        pulls.append([(sigma.mean - best) / sigma.sd, (a.mean - shear) / a.sd])
    np.testing.assert_allclose(np.std(pulls, axis=0), 1.0, atol=0.25)
    np.testing.assert_allclose(np.mean(pulls, axis=0), 0.0, atol=0.35)
