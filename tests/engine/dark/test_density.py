"""Total less baryons, with the errors of both."""

import numpy as np
import pytest

from data.baryons import packaged
from engine.dark_matter.density import baryon_density, dark_density
from engine.draws import Draws
from tests.engine.dark.fields import exact

POINTS = np.array([[8.122, 0.0, 0.0], [8.122, 0.0, 1.0]])


def test_errors_add_in_quadrature_for_independent_draws():
    rng = np.random.default_rng(1)
    baryons = baryon_density(packaged("mckee-2015"), POINTS, 2000, seed=2)
    total = Draws(np.array([0.1, 0.02]), 0.004 * rng.standard_normal((2000, 2)))
    dark = dark_density(total, baryons)
    np.testing.assert_allclose(dark.mean, total.mean - baryons.mean)
    np.testing.assert_allclose(dark.sd, np.hypot(0.004, baryons.sd), rtol=0.05)


def test_the_error_of_the_baryons_fades_off_the_plane():
    baryons = baryon_density(packaged("mckee-2015"), POINTS, 200)
    assert baryons.sd[0] > 0.008
    assert baryons.sd[1] < 0.002


def test_exact_baryons_leave_the_error_of_the_total():
    total = Draws(np.array([0.1, 0.02]), np.array([[0.01, 0.0], [-0.01, 0.0]]))
    dark = dark_density(total, baryon_density(packaged("none"), POINTS, 2))
    np.testing.assert_allclose(dark.sd, [0.01, 0.0])
    assert dark_density(total, exact([0.08, 0.03])).mean[1] == pytest.approx(-0.01)


def test_densities_of_other_cells_are_refused():
    with pytest.raises(ValueError, match="do not match"):
        dark_density(exact([1.0, 2.0]), exact([1.0]))
