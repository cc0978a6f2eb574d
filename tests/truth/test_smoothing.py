"""Acceptance tests 3 and 6: the kernel, Gauss's law by parts, and thin layers."""

import numpy as np
import pytest

from data.constants import MSUN_PC3_PER_LAPLACIAN, G
from engine.smoothing import Kernel, smoothed_gauss_density

MASS, SCALE = 1e11, 3.0  # Plummer
POINTS = np.array([[2.0, 1.0, 0.5], [0.5, 0.0, 0.2], [4.0, -1.0, 2.0]])


def plummer(points):
    square = (points**2).sum(-1, keepdims=True) + SCALE**2
    return -G * MASS * points / square**1.5


def plummer_density(points):
    square = (points**2).sum(-1)
    return 1e-9 * 3 * MASS / (4 * np.pi * SCALE**3) * (1 + square / SCALE**2) ** -2.5


def test_by_parts_equals_the_direct_average():
    kernel = Kernel()
    by_parts = smoothed_gauss_density(plummer, POINTS, kernel, count=16_384)
    offsets, weights = kernel.nodes(65_536)
    direct = plummer_density(POINTS[:, None] - offsets) @ weights
    np.testing.assert_allclose(by_parts, direct, rtol=2e-4)


def test_without_the_surface_term_it_is_wrong():
    kernel = Kernel()
    offsets, vectors = kernel.divergence(16_384)
    half = len(offsets) // 2
    volume = -MSUN_PC3_PER_LAPLACIAN * np.einsum(
        "ni,pni->p", vectors[:half], plummer(POINTS[:, None] - offsets[:half])
    )
    whole = smoothed_gauss_density(plummer, POINTS, kernel, count=16_384)
    share = 1 - volume / whole
    np.testing.assert_allclose(share, 0.39, atol=0.02)


@pytest.mark.parametrize(
    ("height", "middle", "above"),
    [
        (0.07, 0.29, 7.9),
        (0.15, 0.50, 1.68),
        (0.3, 0.68, 1.14),
        (0.4, 0.74, 1.08),
        (0.9, 0.87, 1.015),
    ],
)
def test_thin_layers_are_smeared_by_the_known_factors(height, middle, above):
    """exp(-|z|/h): the average over the value at the plane, and far above it."""
    offsets, weights = Kernel(truncation=2.0).nodes(65_536)
    z = offsets[:, 2]

    def factor(at):
        return np.exp(-np.abs(at + z) / height) @ weights / np.exp(-abs(at) / height)

    assert factor(0.0) == pytest.approx(middle, abs=0.012)
    assert factor(1.0) == pytest.approx(above, rel=0.06 if height < 0.1 else 0.015)


@pytest.mark.parametrize("bandwidths", [(0.5, 0.5, 0.2), (1.0, 0.3, 0.1), (0.2, 0.2, 0.2)])
def test_a_linear_field_has_its_divergence_for_any_bandwidth(bandwidths):
    matrix = np.array([[-300.0, 50.0, 0.0], [20.0, -200.0, 10.0], [0.0, 5.0, -900.0]])
    density = smoothed_gauss_density(lambda p: p @ matrix.T, POINTS, Kernel(bandwidths), 4096)
    expected = MSUN_PC3_PER_LAPLACIAN * 1400.0
    np.testing.assert_allclose(density, expected, rtol=2e-3)


def test_an_unknown_field_gives_no_number():
    density = smoothed_gauss_density(
        lambda p: np.where(p[:, :1] > 2.5, np.nan, plummer(p)), POINTS, Kernel(), 512
    )
    assert np.isnan(density).tolist() == [True, False, True]
