"""Dark matter out of the exact density of mock galaxies and their known baryons."""

import numpy as np
import pytest

from data.baryons import truth_baryons
from data.mocks.potentials import names
from engine.dark_matter.density import baryon_density, dark_density
from engine.dark_matter.fit import fit_halo
from engine.dark_matter.local import local_value
from engine.dark_matter.shells import shell_average
from engine.draws import Draws
from tests.engine.dark.fields import ball, exact, noisy, truth

EDGES = np.arange(4.5, 12.5, 0.5)


def dark_of(model, grid):
    total = exact(model.density(grid.points))
    return dark_density(total, baryon_density(truth_baryons(model), grid.points, 0))


@pytest.mark.parametrize("name", names())
def test_what_the_baryons_leave_is_the_halo(name):
    model, grid = truth(name), ball()
    dark = dark_of(model, grid)
    np.testing.assert_allclose(
        dark.mean, model.density(grid.points, "halo"), rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize("name", ["milky-way", "bovy", "two-discs"])
def test_the_local_density_of_a_spherical_halo_is_recovered(name):
    model, grid = truth(name), ball()
    local = local_value(dark_of(model, grid), grid)
    sun = model.density([[8.122, 0, 0]], "halo")[0]
    assert local.msun_pc3[0] == pytest.approx(sun, rel=1e-3)
    assert local.covered == pytest.approx(1.0)


def test_the_profile_of_a_spherical_halo_is_recovered_at_every_radius():
    model, grid = truth("milky-way"), ball()
    profile = shell_average(dark_of(model, grid), grid, EDGES)
    along_x = np.stack([profile.radius, 0 * profile.radius, 0 * profile.radius], axis=1)
    np.testing.assert_allclose(profile.density.mean, model.density(along_x, "halo"), rtol=2e-3)


def test_a_flattened_halo_is_averaged_over_the_volume_not_read_off_at_the_sun():
    """The average over the ball lies between the Sun's place and that over the whole sphere."""
    model, grid = truth("flattened-halo"), ball()
    local = local_value(dark_of(model, grid), grid).msun_pc3[0]
    directions = np.random.default_rng(0).normal(size=(20_000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    sphere = model.density(8.122 * directions, "halo").mean()
    sun = model.density([[8.122, 0, 0]], "halo")[0]
    assert 1.1 * sphere < local < 0.99 * sun


def test_ellipsoidal_shells_fit_the_flattened_halo_better():
    """Scatter of the cells about the mean of their shell, for q = 0.7 and for spheres."""
    model, grid = truth("flattened-halo"), ball()
    dark = dark_of(model, grid)

    def scatter(q):
        mean = shell_average(dark, grid, EDGES, axis_ratio=q)
        square = shell_average(exact(dark.mean**2), grid, EDGES, axis_ratio=q)
        well = mean.cells > 100
        relative = np.sqrt(square.density.mean - mean.density.mean**2) / mean.density.mean
        return float(np.mean(relative[well]))

    assert scatter(0.7) < 0.75 * scatter(1.0)


def test_the_error_of_the_local_density_is_honest():
    """Noise on total and baryons, 200 times: the pulls have unit width."""
    model, grid = truth("milky-way"), ball(spacing=1.0, z_cells=17)
    baryons = truth_baryons(model).density(grid.points)
    total = model.density(grid.points)
    best = local_value(exact(total - baryons), grid).msun_pc3[0]
    pulls = []
    for seed in range(200):
        dark = dark_density(
            noisy(total, 0.1 * total, seed=seed), noisy(baryons, 0.1 * baryons, seed=1000 + seed)
        )
        value, error = local_value(dark, grid).msun_pc3
        pulls.append((value - best) / error)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)
    assert abs(np.mean(pulls)) < 0.25


@pytest.mark.parametrize("model", ["nfw", "gnfw"])
def test_a_fit_to_the_mock_finds_the_parameters_of_its_halo(model):
    galaxy, grid = truth("milky-way"), ball(spacing=0.25, z_cells=49)
    shells = shell_average(dark_of(galaxy, grid), grid, EDGES)
    mean = shells.density.mean
    rng = np.random.default_rng(0)
    tight = Draws(mean, 1e-3 * mean * rng.standard_normal((400, len(mean))))
    found = fit_halo(shells.radius, tight, model=model).percentiles()
    sun = galaxy.density([[8.122, 0, 0]], "halo")[0]
    assert found["rho_sun"][1] == pytest.approx(sun, rel=2e-3)
    assert found["r_s"][1] == pytest.approx(15.62, rel=0.02 if model == "nfw" else 0.1)
    assert found["gamma"][1] == pytest.approx(1.0, abs=0.08)
