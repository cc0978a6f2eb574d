"""Mock dwarf galaxies against the Jeans equation and against what cannot be in equilibrium."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from data.errors import UserError
from data.mocks.dwarfs.halo import HALOES, ZhaoHalo
from data.mocks.dwarfs.model import DwarfModel
from data.mocks.dwarfs.stars import draw_stars
from data.mocks.halo import Halo

CASES = [
    ("cusp", 0.1, {"inner": 0.1}),
    ("core", 0.25, {"inner": 0.0}),
    ("cusp", 0.1, {"inner": 0.1, "r_a": 0.1}),
    ("cusp", 0.1, {"beta": -0.5}),
    ("core", 0.25, {"beta": -1.3}),
    ("mild", 0.2, {"inner": 0.8, "beta": 0.3}),
    ("steep", 0.15, {"beta": -0.3, "r_a": 0.4, "outer": 6.0}),
    ("burkert-like", 0.3, {"inner": 1.0, "outer": 4.0, "sharpness": 1.0}),
]


def assert_mean(values, expected):
    """The mean is within four standard errors, and half a percent for the bin's width."""
    allowed = 4 * values.std() / np.sqrt(len(values)) + 0.005 * expected
    assert abs(values.mean() - expected) < allowed


@pytest.mark.parametrize(("halo", "size", "more"), CASES)
def test_a_hundred_thousand_stars_have_the_dispersions_of_the_jeans_equation(halo, size, more):
    model = DwarfModel(HALOES[halo], size, **more)
    x, v = draw_stars(model, 100_000, np.random.default_rng([7, len(halo)]))
    r = np.linalg.norm(x, axis=1)
    radial2 = (np.sum(x * v, axis=1) / r) ** 2
    sky = np.hypot(x[:, 0], x[:, 1])
    edges = np.quantile(sky, [0.02, 0.2, 0.4, 0.6, 0.8, 0.95])
    for low, high in pairwise(edges):
        bin_ = (sky >= low) & (sky < high)
        expected = np.mean(model.projected_dispersion(sky[bin_][:400]) ** 2)
        assert_mean(v[bin_, 2] ** 2, expected)
        ball = (r >= low) & (r < high)
        within = np.mean(model.dispersion(r[ball]) ** 2)
        assert_mean(radial2[ball], within)
        sideways = 2 * np.mean((1 - model.anisotropy(r[ball])) * model.dispersion(r[ball]) ** 2)
        tangential = np.sum(v[ball] ** 2, axis=1) - radial2[ball]
        assert_mean(tangential, sideways)
    assert np.median(sky) == pytest.approx(model.half_light_radius(), rel=0.01)


def test_the_numerical_halo_is_the_closed_form():
    r = np.geomspace(1e-3, 100, 30)
    for gamma in (0.0, 1.0, 1.4):
        exact, ours = Halo(1e8, 0.7, gamma), ZhaoHalo(1e8, 0.7, gamma)
        np.testing.assert_allclose(ours.mass(r), exact.mass(r), rtol=1e-8)
        np.testing.assert_allclose(ours.psi(r), exact.psi(r), rtol=1e-4)
        np.testing.assert_allclose(ours.depth(r), exact.depth(r), rtol=1e-7)


def test_an_isotropic_core_of_tracers_in_a_cusp_is_refused():
    """Evans, An & Walker (2009, MNRAS 393, L50): it has no positive distribution function."""
    model = DwarfModel(HALOES["cusp"], 0.1, inner=0.0)
    with pytest.raises(UserError, match="No equilibrium"):
        draw_stars(model, 10, np.random.default_rng(0))


@pytest.mark.parametrize(
    "bad", [{"beta": 0.9}, {"beta": -1.6}, {"outer": 2.5}, {"r_a": 0.0}, {"inner": -1.0}]
)
def test_parameters_without_a_galaxy_are_refused(bad):
    with pytest.raises(UserError):
        DwarfModel(HALOES["core"], 0.2, **bad)
