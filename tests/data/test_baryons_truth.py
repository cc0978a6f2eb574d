"""The baryons of a mock."""

import numpy as np
import pytest

from data.baryons import truth_baryons
from data.errors import UserError
from data.mocks.potentials import Component, GalaxyPotential, named, names
from data.mocks.truth import Truth

POINTS = np.array([[8.122, 0.0, 0.0208], [5.0, -3.0, 1.0], [0.5, 0.2, -0.3]])


@pytest.mark.parametrize("name", names())
def test_baryons_and_the_halo_are_all_there_is(name):
    truth = Truth(named(name))
    baryons = truth_baryons(truth)
    halo = truth.density(POINTS, "halo")
    np.testing.assert_allclose(baryons.density(POINTS) + halo, truth.density(POINTS), rtol=1e-12)
    assert np.all(baryons.draws(POINTS, 3, 0) == baryons.density(POINTS))


def test_local_and_surface_density_are_exact():
    truth = Truth(named("milky-way"))
    baryons = truth_baryons(truth)
    z = np.linspace(-1.1, 1.1, 20_001)
    column = np.stack([np.full_like(z, 8.122), np.zeros_like(z), z], axis=1)
    expected = 1e3 * np.trapezoid(baryons.density(column), z)
    assert baryons.surface_density()[0] == pytest.approx(expected, rel=1e-5)
    assert baryons.local_density() == (baryons.density([[8.122, 0, 0]])[0], 0.0)


def test_dark_components_can_be_named():
    truth = Truth(named("milky-way"))
    assert truth_baryons(truth, dark=["bulge", "halo"]).components == ("disc",)
    with pytest.raises(UserError, match="disc, bulge, halo"):
        truth_baryons(truth, dark=["disk"])


def test_a_mock_without_a_halo_must_say_what_is_dark():
    alone = GalaxyPotential("ball", "", {"ball": Component("plummer", {"m": 1e10, "b": 1.0})})
    with pytest.raises(UserError, match="no dark component"):
        truth_baryons(Truth(alone))
    assert truth_baryons(Truth(alone), dark=["ball"]).components == ()
