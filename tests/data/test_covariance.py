"""The 6x6 covariance against finite differences and against drawn measurements."""

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.catalogue.schema import ASTROMETRY, CORRELATIONS
from data.columns.covariance import (
    astrometric_covariance,
    cartesian_covariance,
    cartesian_jacobian,
)
from data.frames import to_galactocentric

NAMES = tuple(ASTROMETRY)
MAS = 1.0 / 3600e3


@pytest.fixture
def stars():
    rng = np.random.default_rng(8)
    n = 30
    return {
        "ra": rng.uniform(0, 360, n),
        "dec": np.degrees(np.arcsin(rng.uniform(-0.95, 0.95, n))),
        "parallax": rng.uniform(0.2, 5.0, n),
        "pmra": rng.normal(0, 10, n),
        "pmdec": rng.normal(0, 10, n),
        "radial_velocity": rng.normal(0, 80, n),
    }


def with_errors(stars):
    rng = np.random.default_rng(9)
    n = len(stars["ra"])
    errors = {f"{name}_error": rng.uniform(0.01, 0.03, n) for name in NAMES}
    errors["radial_velocity_error"] = rng.uniform(0.5, 3.0, n)
    return stars | errors


def with_correlations(table):
    """Add correlations that belong to a covariance: those of random vectors."""
    rng = np.random.default_rng(10)
    n = len(table["ra"])
    noise = rng.normal(size=(n, 5, 12))
    spread = noise @ np.swapaxes(noise, 1, 2)
    sd = np.sqrt(np.einsum("nii->ni", spread))
    correlation = spread / sd[:, :, None] / sd[:, None, :]
    pairs = {
        f"{a}_{b}_corr": correlation[:, NAMES.index(a), NAMES.index(b)] for a, b in CORRELATIONS
    }
    return table | pairs


def phase_space(s):
    x, v = to_galactocentric(
        s["ra"], s["dec"], 1.0 / s["parallax"], s["pmra"], s["pmdec"], s["radial_velocity"]
    )
    return np.concatenate([x, v], axis=1)


def moved(stars, i, step):
    """Move one parameter by a step; that of ra is along the great circle."""
    name = NAMES[i]
    change = step * MAS if name in ("ra", "dec") else step
    if name == "ra":
        change = change / np.cos(np.radians(stars["dec"]))
    return stars | {name: stars[name] + change}


@pytest.mark.parametrize("i", range(6), ids=NAMES)
def test_jacobian_is_the_derivative(stars, i):
    step = {"ra": 2000.0, "dec": 2000.0, "parallax": 1e-5}.get(NAMES[i], 1e-3)
    difference = phase_space(moved(stars, i, step)) - phase_space(moved(stars, i, -step))
    expected = difference / (2 * step)
    jacobian = cartesian_jacobian(**stars)[:, :, i]
    scale = np.maximum(np.abs(expected).max(axis=0), 1e-30)
    np.testing.assert_allclose(jacobian / scale, expected / scale, atol=2e-6)


def test_covariance_is_that_of_drawn_measurements(stars, tmp_path):
    table = with_correlations(with_errors(stars))
    catalogue = ingest_arrays(table, tmp_path, name="drawn", kind="astrometry", provenance={})
    covariance = cartesian_covariance(catalogue)
    rng = np.random.default_rng(11)
    draws = 40_000
    for row in (0, 7, 19):
        errors = np.array([[table[f"{name}_error"][row] for name in NAMES]])
        pairs = {(a, b): table[f"{a}_{b}_corr"][[row]] for a, b in CORRELATIONS}
        measured = rng.multivariate_normal(
            np.zeros(6), astrometric_covariance(errors, pairs)[0], draws
        )
        drawn = {name: np.full(draws, stars[name][row]) for name in NAMES}
        for i in range(6):
            drawn = moved(drawn, i, measured[:, i])
        found = np.cov(phase_space(drawn).T)
        sd = np.sqrt(np.diag(found))
        # sampling noise of a covariance of 40,000 draws is 0.7% of the variances
        np.testing.assert_allclose(
            covariance[row] / np.outer(sd, sd), found / np.outer(sd, sd), atol=0.04
        )


def test_only_the_rows_asked_for(stars, tmp_path):
    catalogue = ingest_arrays(
        with_errors(stars), tmp_path, name="rows", kind="astrometry", provenance={}
    )
    rows = np.array([5, 2, 2])
    np.testing.assert_array_equal(
        cartesian_covariance(catalogue, rows), cartesian_covariance(catalogue)[rows]
    )


def test_without_correlations_they_count_as_zero(stars, tmp_path):
    plain = with_errors(stars)
    zero = plain | {f"{a}_{b}_corr": np.zeros(len(plain["ra"])) for a, b in CORRELATIONS}
    found = [
        cartesian_covariance(
            ingest_arrays(table, tmp_path, name="zero", kind="astrometry", provenance={})
        )
        for table in (plain, zero)
    ]
    np.testing.assert_allclose(*found)


def test_a_star_without_an_error_has_no_covariance(stars, tmp_path):
    table = with_errors(stars)
    table["radial_velocity_error"][3] = np.nan
    catalogue = ingest_arrays(table, tmp_path, name="gap", kind="astrometry", provenance={})
    covariance = cartesian_covariance(catalogue)
    assert np.isnan(covariance[3]).any()
    assert np.isfinite(np.delete(covariance, 3, axis=0)).all()


def test_no_errors_no_covariance(stars, tmp_path):
    catalogue = ingest_arrays(stars, tmp_path, name="bare", kind="astrometry", provenance={})
    assert cartesian_covariance(catalogue) is None
    x = phase_space(stars)
    simulation = ingest_arrays(
        dict(zip(("x", "y", "z", "vx", "vy", "vz"), x.T, strict=True)),
        tmp_path,
        name="simulation",
        kind="simulation",
        provenance={},
    )
    assert cartesian_covariance(simulation) is None


def test_finite_at_the_pole():
    at_pole = {name: np.array([1.0]) for name in NAMES} | {"dec": np.array([90.0])}
    assert np.isfinite(cartesian_jacobian(**at_pole)).all()
