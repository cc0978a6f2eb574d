"""Spherical mocks: their formulae, their distribution function, and the stars drawn from it."""

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import kstest

from dashboard.cli import main
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.mocks.halo import Halo
from data.mocks.potentials import Component, GalaxyPotential
from data.mocks.spherical import challenge
from data.mocks.spherical_stars import VOLUME, draw_stars, make_spherical
from data.mocks.truth import Truth

MODELS = [("cusp", None), ("core", None), ("cusp", np.inf), ("core", np.inf)]


def galaxy(gamma, origin=(0.0, 0.0, 0.0)):
    parts = {"rho0": 6.4e7, "r_s": 1.3, "gamma": gamma}
    return GalaxyPotential("", "", {"halo": Component("generalised-nfw", parts, origin)})


def moments(model, r):
    """Density and radial dispersion at radii (n,) as integrals of f over the velocities."""
    x, weight = np.polynomial.legendre.leggauss(400)
    angle, weight = 0.25 * np.pi * (x + 1), 0.25 * np.pi * weight
    psi, depth = model.halo.psi(r)[:, None], model.halo.depth(r)[:, None]
    escape = np.sqrt(2 * psi)
    u = escape * np.sin(angle)
    at = model.radius_at(depth + psi * np.sin(angle) ** 2, psi * np.cos(angle) ** 2)
    f = model.f(at) * escape * np.cos(angle)
    density = 4 * np.pi * (f * u**2) @ weight / model.stretch(r)
    pressure = 4 * np.pi / 3 * (f * u**4) @ weight / model.stretch(r)
    return density, np.sqrt(pressure / density)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 1.5])
def test_acceleration_is_the_slope_and_density_the_divergence(gamma):
    model = galaxy(gamma, (0.3, -0.2, 0.1))
    x = np.array([[1.0, 0.2, -0.4], [0.1, 2.0, 0.0], [-3.0, 1.0, 5.0]])
    step = 1e-4
    moved = [step * axis for axis in np.eye(3)]
    slope = [(model.potential(x + d) - model.potential(x - d)) / (2 * step) for d in moved]
    np.testing.assert_allclose(-np.stack(slope, 1), model.acceleration(x), rtol=1e-6)
    parts = [
        (model.acceleration(x + d) - model.acceleration(x - d))[:, i] for i, d in enumerate(moved)
    ]
    density = -np.sum(parts, axis=0) / (2 * step) / (4 * np.pi * 4.300917e-6) * 1e-9
    np.testing.assert_allclose(density, model.density(x), rtol=1e-5)


def test_the_cusp_is_gala_s_nfw():
    nfw = GalaxyPotential(
        "", "", {"halo": Component("nfw", {"m": 4 * np.pi * 6.4e7 * 1.3**3, "r_s": 1.3})}
    )
    x = np.random.default_rng(0).normal(size=(20, 3))
    for name in ("acceleration", "potential", "density"):
        np.testing.assert_allclose(getattr(galaxy(1.0), name)(x), getattr(nfw, name)(x), rtol=1e-6)


def test_no_digits_are_lost_near_the_centre():
    """In a core psi(0) - psi = (2/3) pi G rho0 r^2 to lowest order, and M = (4/3) pi rho0 r^3."""
    halo, r = Halo(4e8, 1.0, 0.0), np.array([1e-8, 1e-6, 1e-4])
    np.testing.assert_allclose(halo.mass(r), 4 / 3 * np.pi * 4e8 * r**3, rtol=3e-4)
    np.testing.assert_allclose(halo.depth(r), 2 / 3 * np.pi * 4.300917e-6 * 4e8 * r**2, rtol=3e-4)


@pytest.mark.parametrize(("halo", "r_a"), MODELS)
def test_the_distribution_function_gives_density_and_jeans_dispersion_back(halo, r_a):
    model = challenge(halo, r_a=r_a)
    r = model.r_star * np.geomspace(0.01, 100, 17)
    density, dispersion = moments(model, r)
    np.testing.assert_allclose(density, model.nu(r), rtol=1e-5)
    np.testing.assert_allclose(dispersion, model.dispersion(r), rtol=1e-5)


@pytest.mark.parametrize(("halo", "r_a"), MODELS)
def test_stars_have_the_density_and_the_dispersions(halo, r_a):
    model = challenge(halo, r_a=r_a)
    x, v = draw_stars(model, 100_000, np.random.default_rng(5))
    r = np.linalg.norm(x, axis=1)
    assert kstest(np.log(r), model.enclosed).pvalue > 1e-3
    radial = np.sum(x * v, axis=1) / r
    across = 0.5 * (np.sum(v**2, axis=1) - radial**2)
    edges = np.quantile(r, np.linspace(0, 1, 9))
    for low, high in pairwise(edges):
        near = (r > low) & (r < high)
        expected = model.dispersion(r[near]) ** 2
        error = 4 * np.sqrt(2 / near.sum())
        assert np.mean(radial[near] ** 2 / expected) == pytest.approx(1, abs=error)
        squeezed = expected * (1 - model.anisotropy(r[near]))
        assert np.mean(across[near] / squeezed) == pytest.approx(1, abs=error)
    # nothing turns, nothing streams, no star leaves
    assert np.all(np.abs(np.mean(v, axis=0)) < 4 * np.std(v, axis=0) / np.sqrt(len(v)))
    spin = np.cross(x, v) / r[:, None]
    assert np.all(np.abs(np.mean(spin, axis=0)) < 4 * np.std(spin, axis=0) / np.sqrt(len(v)))
    assert np.all(0.5 * np.sum(v**2, axis=1) < model.halo.psi(r))


def test_orbits_too_radial_for_a_core_are_refused():
    with pytest.raises(UserError, match="negative"):
        draw_stars(challenge("core", r_a=0.02), 10, np.random.default_rng(0))


def test_a_catalogue_with_its_truth_and_its_volume(tmp_path, capsys):
    words = ["mock", "spherical", "--halo", "core", "--stars", "3000", "--seed", "3", "--json"]
    assert main([*words, "--home", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["with_6d"], said["dropped"]) == (3000, 3000, {})
    catalogue = CatalogueStore(tmp_path).open(said["catalogue"])
    assert catalogue.name == "mock-core-3000-s3"
    volume = catalogue.manifest.provenance["volume"]
    assert volume == {"centre": [0.0, 0.0, 0.0], "radius": VOLUME * 0.25}
    x = np.stack([catalogue.column(c) for c in "xyz"], 1).astype(float)
    assert 0.93 < np.mean(np.linalg.norm(x, axis=1) < volume["radius"]) < 0.97
    truth = Truth.read(catalogue.truth_path)
    model = challenge("core")
    r = np.linalg.norm(x, axis=1)
    np.testing.assert_allclose(
        np.linalg.norm(truth.acceleration(x), axis=1), model.pull(r), rtol=1e-9
    )
    np.testing.assert_allclose(truth.density(x) * 1e9, model.halo.density(r), rtol=1e-9)
    again = make_spherical(tmp_path, stars=3000, seed=3, halo="core", name="again")
    np.testing.assert_array_equal(again.column("vx"), catalogue.column("vx"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"stars": 0}, "cannot have 0 stars"),
        ({"seed": -1}, "negative"),
        ({"halo": "ring"}, "cusp or core"),
        ({"r_star": 0.0}, "are invalid"),
        ({"r_star": float("nan")}, "are invalid"),
        ({"r_a": -1.0}, "are invalid"),
    ],
)
def test_bad_wishes_are_one_sentence_and_leave_nothing(tmp_path, wrong, sentence):
    with pytest.raises(UserError, match=sentence):
        make_spherical(tmp_path, **wrong)
    assert list(tmp_path.iterdir()) == []
