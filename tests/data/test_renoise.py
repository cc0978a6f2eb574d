"""Stars that are observed once more have the errors that their catalogue tells."""

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.columns.covariance import cartesian_covariance
from data.mocks.galaxy import make_galaxy
from data.population.measurement_noise import has_errors, renoised
from data.population.population import make_population


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    home = tmp_path_factory.mktemp("noisy")
    catalogue = make_galaxy(home, stars=8_000, seed=3, errors=True, radius=2.0, threads=1)
    return make_population(catalogue, volume={"centre": [8.122, 0, 0.0208], "radius": 2.0})


def matched(population, noisy):
    common, a, b = np.intersect1d(population.rows, noisy.rows, return_indices=True)
    return common, noisy.x[b].astype(float) - population.x[a], noisy.v[b] - population.v[a]


@pytest.mark.parametrize("level", [0.5, 2.0])
def test_the_added_noise_has_the_covariance_of_the_errors(population, level):
    noisy = renoised(population, level, seed=1)
    rows, dx, dv = matched(population, noisy)
    covariance = cartesian_covariance(population.catalogue, rows)
    well = (
        np.linalg.norm(population.x[np.isin(population.rows, rows)] - [8.122, 0, 0.02], axis=1) < 1
    )
    change = np.concatenate([dx, dv], 1)[well]
    expected = np.sqrt(level * np.mean(np.diagonal(covariance[well], axis1=1, axis2=2), 0))
    np.testing.assert_allclose(np.sqrt((change**2).mean(0)), expected, rtol=0.15)


def test_stars_cross_the_edge_in_both_directions(population):
    noisy = renoised(population, 1.0, seed=2)
    assert len(np.setdiff1d(noisy.rows, population.rows)) > 5
    assert len(np.setdiff1d(population.rows, noisy.rows)) > 5
    offset = np.linalg.norm(noisy.x - np.array(population.volume.centre), axis=1)
    assert (offset < population.volume.radius).all()
    assert (np.diff(noisy.rows) > 0).all()


def test_the_seed_decides(population):
    same, again, other = (renoised(population, 1.0, seed) for seed in (5, 5, 6))
    assert np.array_equal(same.x, again.x)
    assert not np.array_equal(same.x[:100], other.x[:100])


def test_correlated_errors_stay_correlated(tmp_path):
    stars, rng = 4000, np.random.default_rng(0)
    table = {
        "source_id": np.arange(stars),
        "ra": rng.uniform(0, 360, stars),
        "dec": np.degrees(np.arcsin(rng.uniform(-0.9, 0.9, stars))),
        "parallax": rng.uniform(1, 3, stars),
        "pmra": rng.normal(0, 5, stars),
        "pmdec": rng.normal(0, 5, stars),
        "radial_velocity": rng.normal(0, 20, stars),
        "parallax_error": np.full(stars, 0.01),
        "pmra_error": np.full(stars, 0.5),
        "pmdec_error": np.full(stars, 0.5),
        "radial_velocity_error": np.full(stars, 1e-3),
        "pmra_pmdec_corr": np.full(stars, 0.9),
    }
    catalogue = ingest_arrays(table, tmp_path, name="sky", kind="astrometry", provenance={})
    assert has_errors(catalogue)
    everyone = make_population(catalogue)
    noisy = renoised(everyone, 1.0, seed=0)
    rows, _, dv = matched(everyone, noisy)
    covariance = cartesian_covariance(catalogue, rows)
    white = np.einsum("nij,nj->ni", np.linalg.pinv(covariance[:, 3:, 3:], rcond=1e-4), dv)
    chi2 = np.einsum("ni,ni->n", white, dv)
    # two of three directions carry the error: the correlated pair of proper motions
    assert np.median(chi2) == pytest.approx(2 * np.log(2), rel=0.25)


def test_a_simulation_has_no_errors_to_add(tmp_path):
    rng = np.random.default_rng(0)
    place = dict(zip("xyz", rng.normal([8.1, 0, 0], 0.5, (2000, 3)).T, strict=True))
    motion = dict(zip(("vx", "vy", "vz"), rng.normal(0, 50, (2000, 3)).T, strict=True))
    table = {"source_id": np.arange(2000), **place, **motion}
    catalogue = ingest_arrays(table, tmp_path, name="box", kind="simulation", provenance={})
    assert not has_errors(catalogue)
    with pytest.raises(ValueError, match="without errors"):
        renoised(make_population(catalogue), 1.0, 0)
