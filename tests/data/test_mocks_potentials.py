"""The model galaxies against the definitions that they must fulfil."""

from __future__ import annotations

import json

import astropy.constants as const
import astropy.units as u
import gala.units
import numpy as np
import pytest

from data.constants import G
from data.errors import UserError
from data.mocks.potentials import DEFAULT, GalaxyPotential, named, names
from data.mocks.truth import Truth

SUN = np.array([[8.122, 0.0, 0.0208]])


def points_near_sun(n: int = 40, radius: float = 3.5, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return SUN + radius * rng.uniform(size=(n, 1)) ** (1 / 3) * direction


@pytest.fixture(params=names())
def galaxy(request) -> GalaxyPotential:
    return named(request.param)


def test_default_comes_first():
    assert names()[0] == DEFAULT == "milky-way"


def test_acceleration_is_minus_the_gradient_of_the_potential(galaxy):
    x, h = points_near_sun(), 1e-3
    gradient = np.stack(
        [(galaxy.potential(x + h * e) - galaxy.potential(x - h * e)) / (2 * h) for e in np.eye(3)],
        axis=1,
    )
    np.testing.assert_allclose(galaxy.acceleration(x), -gradient, rtol=1e-5, atol=0.05)


def test_density_of_every_component_solves_poisson(galaxy):
    x, h = points_near_sun(), 2e-3
    for name, component in galaxy.components.items():
        alone = GalaxyPotential(name, "", {name: component})
        divergence = sum(
            (alone.acceleration(x + h * e) - alone.acceleration(x - h * e))[:, i] / (2 * h)
            for i, e in enumerate(np.eye(3))
        )
        laplacian = -divergence * 1e-9  # per kpc^3 to per pc^3
        np.testing.assert_allclose(
            galaxy.density(x, name), laplacian / (4 * np.pi * G), rtol=2e-4, atol=1e-7
        )


def test_total_density_is_the_sum_and_nowhere_negative(galaxy):
    axis = np.linspace(-13.0, 13.0, 14)
    x = np.stack(np.meshgrid(axis, axis, np.linspace(-6, 6, 9)), axis=-1).reshape(-1, 3)
    parts = [galaxy.density(x, name) for name in galaxy.components]
    np.testing.assert_allclose(galaxy.density(x), np.sum(parts, axis=0), rtol=1e-12)
    assert min(part.min() for part in parts) >= 0.0


def test_declared_symmetries_are_exactly_those_there_are(galaxy):
    x = points_near_sun()
    angle = 1.3
    turned = x @ np.array(
        [
            [np.cos(angle), np.sin(angle), 0],
            [-np.sin(angle), np.cos(angle), 0],
            [0, 0, 1],
        ]
    )
    before = galaxy.potential(x)
    assert np.allclose(galaxy.potential(turned), before, rtol=1e-10) == galaxy.axisymmetric
    mirrored = galaxy.potential(x * [1, 1, -1])
    assert np.allclose(mirrored, before, rtol=1e-10) == galaxy.mirror_z


def test_only_lopsided_has_no_symmetry():
    assert [name for name in names() if not named(name).axisymmetric] == ["lopsided"]


def test_it_looks_like_the_milky_way_at_the_sun(galaxy):
    assert 205.0 < galaxy.circular_velocity(np.array([8.122]))[0] < 245.0
    assert 0.07 < galaxy.density(SUN)[0] < 0.13
    radial = galaxy.acceleration(SUN)[0, 0]
    assert radial < 0.0


def test_bovy_has_the_published_rotation_and_density():
    # Bovy (2015), table 1: scaled to 220 km/s at 8 kpc; local density 0.10 Msun/pc^3.
    bovy = named("bovy")
    assert bovy.circular_velocity(np.array([8.0]))[0] == pytest.approx(220.0, abs=0.2)
    assert bovy.density(np.array([[8.0, 0.0, 0.0]]))[0] == pytest.approx(0.10, abs=0.005)


def test_gala_uses_the_constant_of_gravity_of_astropy():
    gala_g = named(DEFAULT).gala["disc"].G
    unit = gala.units.galactic.decompose(1 * u.kpc**3 / u.Msun / u.Myr**2).unit
    assert (gala_g * unit).to_value(const.G.unit) == pytest.approx(const.G.value, rel=1e-10)
    assert pytest.approx(const.G.to_value(u.kpc * u.km**2 / u.s**2 / u.Msun), rel=1e-12) == G


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(UserError, match=r"milky-way, bovy, .*lopsided"):
        named("andromeda")
    with pytest.raises(UserError, match="disc, bulge, halo"):
        named(DEFAULT).density(SUN, "gas")


def test_truth_survives_its_file(galaxy, tmp_path):
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(Truth(galaxy, {"mock": {"seed": 3}}).to_dict(), allow_nan=False))
    truth = Truth.read(path)
    x = points_near_sun()
    np.testing.assert_array_equal(truth.acceleration(x), galaxy.acceleration(x))
    np.testing.assert_array_equal(truth.potential(x), galaxy.potential(x))
    for component in (None, *truth.components):
        np.testing.assert_array_equal(truth.density(x, component), galaxy.density(x, component))
    assert truth.record == {"mock": {"seed": 3}}
    assert (truth.galaxy.axisymmetric, truth.galaxy.mirror_z) == (
        galaxy.axisymmetric,
        galaxy.mirror_z,
    )


def test_circular_velocity_of_the_truth_counts_azimuth_along_rotation():
    truth = Truth(named("lopsided"))
    R, phi = 8.0, 0.7  # noqa: N806
    point = np.array([[R * np.cos(phi), -R * np.sin(phi), 0.0]])
    a_radial = truth.acceleration(point)[0] @ point[0] / R
    assert truth.circular_velocity([R], phi)[0] == pytest.approx(np.sqrt(-R * a_radial))


def test_truth_takes_one_point_and_refuses_other_shapes():
    truth = Truth(named(DEFAULT))
    assert truth.acceleration([8.0, 0.0, 0.0]).shape == (1, 3)
    with pytest.raises(ValueError, match=r"shape \(n, 3\)"):
        truth.density(np.zeros((4, 2)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"format": 1}', "damaged"),
        (json.dumps(Truth(named(DEFAULT)).to_dict() | {"format": 99}), "newer"),
    ],
)
def test_a_bad_truth_file_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "truth.json"
    path.write_text(text)
    with pytest.raises(UserError, match=sentence):
        Truth.read(path)


def test_a_missing_truth_file_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        Truth.read(tmp_path / "truth.json")
