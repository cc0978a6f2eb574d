"""Acceptance test 4: the unit constants of the papers."""

import numpy as np
import pytest

from data.constants import GEV_PER_CM3, MSUN_PC3_PER_LAPLACIAN, SI_1E10, G


@pytest.mark.parametrize(
    ("value", "expected", "tolerance"),
    [
        (SI_1E10, 3085.68, 1e-6),
        (MSUN_PC3_PER_LAPLACIAN, 1.85025e-5, 5e-6),
        (GEV_PER_CM3, 37.965, 2e-5),
        (0.47 / GEV_PER_CM3, 0.012380, 5e-5),
        (np.sqrt(8.122 * 1.94 * SI_1E10), 220.5, 2e-4),
        (np.sqrt(8.122 * 2.32 * SI_1E10), 241.1, 2e-4),
        (G, 4.30091e-6, 2e-6),
    ],
)
def test_constants_agree_with_the_published_figures(value, expected, tolerance):
    assert value == pytest.approx(expected, rel=tolerance)


def test_poisson_constant_gives_the_density_of_a_uniform_sphere():
    """Inside a uniform sphere a = -(4/3) pi G rho x, so that -div a = 4 pi G rho."""
    rho = 3e7  # Msun / kpc^3
    laplacian = 4 * np.pi * G * rho
    assert laplacian * MSUN_PC3_PER_LAPLACIAN == pytest.approx(rho * 1e-9, rel=1e-12)
