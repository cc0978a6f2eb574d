"""Gaia-like errors, and mock catalogues in the store."""

from __future__ import annotations

import numpy as np
import pytest

from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.frames import SolarParameters, from_galactocentric
from data.mocks import gaia_errors, sampling
from data.mocks.galaxy import ERROR_MARGIN, default_name, make_galaxy
from data.mocks.truth import Truth

SUN = SolarParameters()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Draw fewer orbits at a time: the catalogues here are small."""
    monkeypatch.setattr(sampling, "CHUNK", 512)


def stars_in_ball(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    x = np.array(SUN.position) + 5.0 * rng.uniform(size=(n, 1)) ** (1 / 3) * direction
    return x, np.array([0.0, -220.0, 0.0]) + 40.0 * rng.normal(size=(n, 3))


def test_astrometric_errors_are_those_of_the_published_formula():
    # sqrt(40 + 800 z + 30 z^2) uas by hand: z = 0.158489 up to G = 13, 1 at 15, 10 at 17.5.
    np.testing.assert_allclose(
        gaia_errors.parallax_error([8.0, 13.0, 15.0, 17.5]),
        [0.01294392, 0.01294392, 0.02949576, 0.1050714],
        rtol=1e-5,
    )
    np.testing.assert_allclose(gaia_errors.proper_motion_error(15.0), [0.0303806, 0.0262512], 1e-5)
    np.testing.assert_allclose(gaia_errors.position_error(15.0), [0.0235966, 0.0206470], 1e-5)


def test_radial_velocity_errors_go_through_the_published_medians():
    np.testing.assert_allclose(gaia_errors.radial_velocity_error([12.0, 14.0]), [1.3, 6.4])
    bright = gaia_errors.radial_velocity_error([6.0, 8.0, 10.0])
    assert np.all(np.diff(bright) > 0)
    assert 0.12 < bright[0] < 0.2


def test_giants_are_bright_enough_for_the_whole_ball():
    magnitude, colour = gaia_errors.draw_giants(20_000, np.random.default_rng(0))
    edge = magnitude + 5.0 * np.log10(4.0 * ERROR_MARGIN * 100.0) - gaia_errors.G_MINUS_GRVS
    assert np.quantile(edge, 0.99) < 14.0
    clump = np.abs(magnitude - gaia_errors.RED_CLUMP_M_G) < 0.3
    assert 0.45 < clump.mean() < 0.65
    assert 0.9 < colour.min() < colour.max() < 2.0


def test_observed_columns_scatter_by_their_own_errors():
    x, v = stars_in_ball(20_000)
    seen = gaia_errors.observe(x, v, SUN, np.random.default_rng(3))
    true = from_galactocentric(x, v, SUN)
    for name in ("parallax", "pmra", "pmdec", "radial_velocity"):
        pull = (seen[name] - true[name]) / seen[f"{name}_error"]
        assert abs(pull.mean()) < 0.03
        assert pull.std() == pytest.approx(1.0, abs=0.02)
    mas = 3.6e6
    east = (seen["ra"] - true["ra"] + 180.0) % 360.0 - 180.0
    east *= np.cos(np.radians(true["dec"])) * mas
    north = (seen["dec"] - true["dec"]) * mas
    assert (east / seen["ra_error"]).std() == pytest.approx(1.0, abs=0.02)
    assert (north / seen["dec_error"]).std() == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(
        seen["parallax_error"], gaia_errors.parallax_error(seen["phot_g_mean_mag"])
    )
    assert ((seen["ra"] >= 0) & (seen["ra"] < 360)).all()


def test_a_mock_without_errors_is_a_simulation_with_its_truth(tmp_path):
    heard: list[float] = []
    catalogue = make_galaxy(
        tmp_path, stars=500, seed=2, threads=2, progress=lambda done, _: heard.append(done)
    )
    assert catalogue.name == "mock-milky-way-500-s2"
    assert (catalogue.n_rows, catalogue.manifest.kind) == (500, "simulation")
    assert (catalogue.manifest.with_6d, sum(catalogue.manifest.dropped.values())) == (500, 0)
    x = np.stack([catalogue.column(c) for c in "xyz"], axis=1)
    distance = np.linalg.norm(x - np.array(SUN.position), axis=1)
    assert distance.max() <= 4.0 + 1e-5
    np.testing.assert_allclose(catalogue.column("distance"), distance, atol=1e-5)
    assert np.bincount(catalogue.column("tracer").astype(int)).tolist() == sampling.share_out(500)
    truth = Truth.read(catalogue.truth_path)
    assert truth.components == ["disc", "bulge", "halo"]
    assert truth.record["mock"]["seed"] == 2
    assert np.all(truth.acceleration(x)[:, 0] < 0.0)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert [m.id for m in CatalogueStore(tmp_path).list()] == [catalogue.id]


def test_a_mock_with_errors_shows_the_same_stars_through_noise(tmp_path):
    true = make_galaxy(tmp_path, stars=400, seed=2, radius=4.0 * ERROR_MARGIN, threads=1)
    seen = make_galaxy(tmp_path, stars=400, seed=2, errors=True, threads=1)
    assert seen.name == default_name("milky-way", 400, 2, errors=True)
    assert (seen.manifest.kind, seen.n_rows) == ("astrometry", 400)
    np.testing.assert_array_equal(seen.column("tracer"), true.column("tracer"))
    sky = from_galactocentric(
        *(
            np.stack([true.column(c) for c in columns], axis=1)
            for columns in (("x", "y", "z"), ("vx", "vy", "vz"))
        ),
        SUN,
    )
    pull = (seen.column("parallax") - sky["parallax"]) / seen.column("parallax_error")
    assert pull.std() == pytest.approx(1.0, abs=0.15)
    outside = seen.column("distance") > 4.0
    assert 0.2 < outside.mean() < 0.7
    assert seen.truth_path is not None
    assert seen.has("phot_g_mean_mag")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"stars": 0}, "cannot have 0 stars"),
        ({"stars": 10**12}, "GB of memory"),
        ({"seed": -1}, "negative"),
        ({"potential": "andromeda"}, "milky-way, bovy"),
        ({"radius": 0.0}, "Invalid radius"),
        ({"radius": float("nan")}, "Invalid radius"),
        ({"threads": 0}, "Invalid number of threads: 0"),
    ],
)
def test_bad_wishes_are_one_sentence_and_leave_nothing(tmp_path, wrong, sentence):
    with pytest.raises(UserError, match=sentence):
        make_galaxy(tmp_path, **wrong)
    assert list(tmp_path.iterdir()) == []
