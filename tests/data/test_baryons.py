"""Baryon models: densities, totals and errors."""

import numpy as np
import pytest
from scipy.integrate import quad

from data.baryons import BaryonModel, Component, ForceTable, Measured, packaged, packaged_names
from data.baryons.vertical import self_consistent
from data.constants import G
from data.errors import UserError

SUN = 8.122


def disc(profile="exponential", **quantities):
    given = {"scale_length": Measured(2.6), **{k: Measured(*v) for k, v in quantities.items()}}
    return Component("disc", "disc", given, profile)


def column(z, radius=SUN):
    z = np.atleast_1d(z)
    return np.stack([np.full(z.shape, radius), np.zeros(z.shape), z], axis=1)


def surface(model, z_max=np.inf):
    value, _ = quad(lambda z: model.density(column(z))[0], 0, min(z_max, 20.0), limit=200)
    return 2e3 * value


@pytest.mark.parametrize("profile", ["exponential", "sech2"])
def test_a_surface_density_is_that_of_the_whole_column(profile):
    part = disc(profile, surface_density=(40.0,), scale_height=(0.3,))
    assert surface(BaryonModel("m", "", (part,))) == pytest.approx(40.0, rel=1e-5)


def test_discs_fall_off_exponentially_with_radius_whatever_the_azimuth_and_height():
    model = BaryonModel("m", "", (disc(local_density=(0.05,), scale_height=(0.3,)),))
    inner, outer = [0.0, -5.0, 0.4], [7.0, 0.0, 0.4]
    low, high = model.density([outer, inner])
    assert high / low == pytest.approx(np.exp(2.0 / 2.6))


def test_a_spheroid_has_its_slope_and_flattening():
    quantities = {"local_density": Measured(1e-3), "slope": Measured(3.0),
                  "flattening": Measured(0.5)}  # fmt: skip
    model = BaryonModel("m", "", (Component("halo", "spheroid", quantities),))
    at_sun, twice, above = model.density([[SUN, 0, 0], [0, 2 * SUN, 0], [0, 0, SUN]])
    assert at_sun == pytest.approx(1e-3)
    assert twice == pytest.approx(1e-3 / 8)
    assert above == pytest.approx(1e-3 / 8)


def test_a_lone_isothermal_component_is_the_sech2_sheet():
    """Spitzer (1942): rho_0 sech^2(z/h) with h = sigma/sqrt(2 pi G rho_0)."""
    rho, sigma = 0.09, 20.0
    model = BaryonModel(
        "m", "", (disc("isothermal", local_density=(rho,), velocity_dispersion=(sigma,)),)
    )
    height = sigma / np.sqrt(2 * np.pi * G * rho * 1e9)
    z = np.array([0.0, 0.02, 0.1, 0.3, 0.7, 1.5])
    expected = rho / np.cosh(z / height) ** 2
    np.testing.assert_allclose(model.density(column(z)), expected, rtol=1e-4)


def test_the_self_consistent_potential_fulfils_poisson():
    potential = self_consistent([0.04, 0.04], [7.0, 20.0], lambda z: 0.01)
    z, h = np.array([0.05, 0.2, 0.6, 2.0]), 1e-3
    curvature = (potential(z + h) - 2 * potential(z) + potential(z - h)) / h**2
    phi = potential(z)
    density = 0.04 * np.exp(-phi / 49.0) + 0.04 * np.exp(-phi / 400.0) + 0.01
    np.testing.assert_allclose(curvature, 4 * np.pi * G * density * 1e9, rtol=2e-3)


def test_isothermal_gas_in_a_given_harmonic_force_is_gaussian():
    z = tuple(np.linspace(0, 1, 201))
    force = ForceTable(z, tuple(5000.0 * np.array(z)))
    part = disc("isothermal", local_density=(0.1,), velocity_dispersion=(10.0,))
    model = BaryonModel("m", "", (part,), force=force)
    at = np.array([0.0, 0.1, 0.25])
    expected = 0.1 * np.exp(-0.5 * 5000.0 * at**2 / 100.0)
    np.testing.assert_allclose(model.density(column(at)), expected, rtol=1e-3)


def test_mckee_2015_gives_the_figures_of_its_abstract():
    model = packaged("mckee-2015")
    total, error = model.surface_density(z_max=20.0)
    assert total == pytest.approx(47.1, abs=0.5)
    assert error == pytest.approx(3.4, rel=0.15)
    stars = [part for part in model.components if part.name != "gas"]
    assert sum(part.value("surface_density") for part in stars) == pytest.approx(33.4, abs=0.5)
    local, _ = model.local_density()
    assert local == pytest.approx(0.097 - 0.013, abs=0.002)


def test_schutz_2018_adds_up_and_claims_nothing():
    model = packaged("schutz-2018")
    local, error = model.local_density()
    assert local == pytest.approx(0.0889, abs=1e-6)
    assert error == pytest.approx(0.0071, rel=0.05)
    quantities = [q for part in model.components for q in part.quantities.values()]
    assert len(model.components) == 12
    assert not any(quantity.verified for quantity in quantities)
    # heights follow from gravity: molecular gas is thinner than warm gas
    ratio = model.density(column(0.2), "molecular gas") / model.density(column(0), "molecular gas")
    warm = model.density(column(0.2), "warm atomic gas") / model.density(
        column(0), "warm atomic gas"
    )
    assert ratio < 0.05 < 0.7 < warm


def test_what_is_not_from_the_abstract_of_mckee_is_marked():
    for part in packaged("mckee-2015").components:
        for name in ("scale_height", "scale_length"):
            assert not part.quantities[name].verified
            assert "chosen" in part.quantities[name].source
    assert packaged("mckee-2015")["gas"].quantities["surface_density"].verified


def test_no_baryons_weigh_nothing():
    model = packaged("none")
    assert model.draws(column([0.0, 1.0]), 5, 0).shape == (5, 2)
    assert not model.draws(column([0.0, 1.0]), 5, 0).any()
    assert model.local_density() == (0.0, 0.0)
    assert model.surface_density() == (0.0, 0.0)


@pytest.mark.parametrize("name", packaged_names())
def test_draws_are_never_negative_and_repeat(name):
    model = packaged(name)
    x = column(np.linspace(-2, 2, 9))
    draws = model.draws(x, 20, seed=3)
    assert draws.shape == (20, 9)
    assert np.all(draws >= 0)
    np.testing.assert_array_equal(draws, model.draws(x, 20, seed=3))
    # the same galaxies, wherever they are looked at
    np.testing.assert_array_equal(draws[:, 4], model.draws(x[4:5], 20, seed=3)[:, 0])


def test_draws_have_the_errors_of_the_table():
    part = disc(local_density=(0.05, 0.02), scale_height=(0.3,))
    model = BaryonModel("m", "", (part,))
    drawn = model.draws(column(0.0), 400, seed=1)[:, 0]
    assert drawn.mean() == pytest.approx(0.05, rel=0.01)
    assert drawn.std() == pytest.approx(0.02, rel=0.05)
    assert drawn.min() > 0


def test_quantities_of_a_group_err_together():
    def model(group):
        parts = tuple(
            Component(
                name,
                "disc",
                {
                    "local_density": Measured(0.05, 0.01, group=group),
                    "scale_height": Measured(0.3),
                    "scale_length": Measured(2.6),
                },
            )
            for name in "ab"
        )
        return BaryonModel("m", "", parts)

    assert model("").local_density()[1] == pytest.approx(0.01 * np.sqrt(2), rel=0.1)
    assert model("one").local_density()[1] == pytest.approx(0.02, rel=0.05)


def test_sliders_move_what_they_say():
    model = packaged("mckee-2015")
    at_sun, inner = column([0.0]), column([0.0], radius=5.0)
    half = model.scaled(density_factor=0.5)
    np.testing.assert_allclose(half.density(inner), 0.5 * model.density(inner))
    assert half.local_density()[1] == pytest.approx(0.5 * model.local_density()[1])
    # surface densities are kept when the disc is drawn out
    tall = model.scaled(height_factor=2.0)
    np.testing.assert_allclose(tall.density(at_sun), 0.5 * model.density(at_sun))
    assert surface(tall) == pytest.approx(surface(model), rel=1e-5)
    long = model.scaled(scale_length=4.0)
    np.testing.assert_allclose(long.density(at_sun), model.density(at_sun))
    ratio = long.density(inner) / long.density(at_sun)
    np.testing.assert_allclose(ratio, np.exp((SUN - 5.0) / 4.0))
    only = model.scaled(density_factor=0.0, only=["gas"])
    assert only.density(at_sun, "gas") == 0
    assert only.density(at_sun, "M dwarfs") == model.density(at_sun, "M dwarfs")


def test_the_height_of_an_isothermal_disc_is_drawn_out_too():
    model = packaged("schutz-2018")
    tall = model.scaled(height_factor=1.5)
    np.testing.assert_allclose(
        tall.density(column([0.3, 0.6])), model.density(column([0.2, 0.4])), rtol=1e-9
    )


@pytest.mark.parametrize(
    "wrong",
    [{"scale_length": 0.0}, {"density_factor": -1.0}, {"height_factor": float("nan")},
     {"only": ["unobtainium"]}],
)  # fmt: skip
def test_sliders_refuse_nonsense(wrong):
    with pytest.raises(UserError):
        packaged("mckee-2015").scaled(**wrong)


def test_an_unknown_model_is_refused_with_the_names():
    with pytest.raises(UserError, match="mckee-2015"):
        packaged("mckee")


@pytest.mark.parametrize("name", packaged_names())
def test_a_table_is_the_density_on_its_radii_and_heights(name):
    model = packaged(name)
    radius, z = np.array([4.0, 8.1, 12.0]), np.array([-1.5, 0.0, 0.3])
    points = np.array([[r, 0.0, h] for r in radius for h in z])
    table = model.table(radius, z, 5, 3)
    np.testing.assert_allclose(table[0].ravel(), model.density(points), rtol=1e-12)
    np.testing.assert_allclose(table[1:].reshape(5, -1), model.draws(points, 5, 3), rtol=1e-12)
