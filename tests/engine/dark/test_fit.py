"""Fits of haloes: repeatability, refusals, priors and the covariance that they rest on."""

import numpy as np
import pytest

from data.errors import UserError
from engine.dark_matter.covariance import shrunk_covariance
from engine.dark_matter.fit import HaloFit, Priors, fit_halo
from engine.dark_matter.halo import gnfw_shape
from engine.draws import Draws

RADIUS = np.arange(4.5, 12.0, 0.5)
TRUTH = 0.0094 * gnfw_shape(RADIUS, 15.62, 1.0)


def correlated(count, size, seed=0, correlation=0.8):
    rng = np.random.default_rng(seed)
    common = np.sqrt(correlation) * rng.standard_normal((count, 1))
    return common + np.sqrt(1 - correlation) * rng.standard_normal((count, size))


def profile(relative=0.05, count=40):
    return Draws(TRUTH, relative * TRUTH * correlated(count, len(RADIUS)))


def test_the_shape_is_the_nfw_profile():
    x = RADIUS / 15.62
    reference = 8.122 / 15.62
    nfw = (reference * (1 + reference) ** 2) / (x * (1 + x) ** 2)
    np.testing.assert_allclose(gnfw_shape(RADIUS, 15.62, 1.0), nfw, rtol=1e-12)
    assert gnfw_shape(8.122, 3.0, 0.4) == pytest.approx(1.0)


def test_same_seed_same_samples():
    first, again = fit_halo(RADIUS, profile(), seed=4), fit_halo(RADIUS, profile(), seed=4)
    np.testing.assert_array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, fit_halo(RADIUS, profile(), seed=5).samples)


def test_nfw_fixes_the_slope_and_priors_are_kept():
    nfw = fit_halo(RADIUS, profile(), model="nfw")
    assert np.all(nfw.samples[:, 2] == 1.0)
    priors = Priors(scale_radius=(10.0, 20.0), slope=(0.5, 1.5))
    gnfw = fit_halo(RADIUS, profile(0.3), priors=priors)
    density, scale, slope = gnfw.samples.T
    assert density.min() > 0
    assert (scale.min() >= 10.0, scale.max() <= 20.0) == (True, True)
    assert (slope.min() >= 0.5, slope.max() <= 1.5) == (True, True)


def test_data_that_say_nothing_give_back_the_prior():
    fit = fit_halo(RADIUS, profile(50.0, count=400), count=8000)
    quartiles = fit.percentiles((25.0, 50.0, 75.0))
    np.testing.assert_allclose(quartiles["gamma"], [0.5, 1.0, 1.5], atol=0.1)
    expected = np.log(4) + np.array([0.25, 0.5, 0.75]) * np.log(15)
    np.testing.assert_allclose(np.log(quartiles["r_s"]), expected, atol=0.15)


def test_a_profile_below_zero_gives_small_positive_densities():
    fit = fit_halo(RADIUS, Draws(-TRUTH, profile(0.2).deviations))
    assert np.all(np.isfinite(fit.samples))
    assert np.all(fit.samples[:, 0] >= 0)
    assert np.median(fit.samples[:, 0]) < 0.3 * 0.0094


def test_the_closed_form_agrees_with_brute_force():
    """Posterior of gNFW on a plain three-dimensional grid, likelihood written out."""
    data = profile(0.15)
    fit = fit_halo(RADIUS, data, count=40_000)
    inverse = np.linalg.inv(shrunk_covariance(data).covariance)
    rho, log_r, slope = np.meshgrid(
        np.linspace(0, 0.02, 121), np.linspace(np.log(4), np.log(60), 41),
        np.linspace(0, 2, 41), indexing="ij",
    )  # fmt: skip
    model = rho[..., None] * gnfw_shape(RADIUS, np.exp(log_r)[..., None], slope[..., None])
    off = model - data.mean
    chi2 = np.einsum("...i,ij,...j->...", off, inverse, off)
    weight = (1 + chi2 / (data.count - 1)) ** (-data.count / 2)
    for axis, values, column in ((0, rho, 0), (1, log_r, 1), (2, slope, 2)):
        samples = fit.samples[:, column] if column != 1 else np.log(fit.samples[:, 1])
        mean = np.average(values, weights=weight)
        sd = np.sqrt(np.average((values - mean) ** 2, weights=weight))
        assert samples.mean() == pytest.approx(mean, abs=0.06 * sd), axis
        assert samples.std() == pytest.approx(sd, rel=0.06), axis


def test_shells_without_a_density_are_left_out():
    data = profile()
    mean, deviations = data.mean.copy(), data.deviations.copy()
    mean[[0, 7]] = np.nan
    deviations[:, [0, 7]] = np.nan
    fit = fit_halo(RADIUS, Draws(mean, deviations))
    assert fit.bins == len(RADIUS) - 2
    assert fit.degrees_of_freedom == fit.bins - 3


def test_the_band_holds_the_median_and_grows_outwards():
    deviations = 0.1 * TRUTH * correlated(40, len(RADIUS), correlation=0.0)
    fit = fit_halo(RADIUS, Draws(TRUTH, deviations))
    radius = np.array([6.0, 8.122, 11.0, 16.0])
    band = fit.band(radius)
    assert band.shape == (5, 4)
    assert np.all(np.diff(band, axis=0) > 0)
    assert band[2, 1] == pytest.approx(fit.percentiles()["rho_sun"][1], rel=1e-6)
    relative = (band[3] - band[1]) / band[2]
    assert relative[3] > 2 * relative[1]


@pytest.mark.parametrize(
    ("radius", "density", "options", "match"),
    [
        (RADIUS, Draws(TRUTH, np.empty((0, len(TRUTH)))), {}, "0 draws"),
        (RADIUS, profile(), {"model": "einasto"}, "gnfw, nfw"),
        (RADIUS[:2], Draws(TRUTH[:2], profile().deviations[:, :2]), {}, "Only 2 shells"),
    ],
)
def test_refusals(radius, density, options, match):
    with pytest.raises(UserError, match=match):
        fit_halo(radius, density, **options)


@pytest.mark.parametrize("bounds", [{"scale_radius": (20.0, 10.0)}, {"slope": (0.0, 3.0)},
                                    {"scale_radius": (0.0, 10.0)}])  # fmt: skip
def test_nonsense_priors_are_refused(bounds):
    with pytest.raises(UserError, match="prior"):
        Priors(**bounds)


def test_shrinkage_keeps_errors_and_vanishes_with_many_draws():
    deviations = correlated(20_000, 6)
    deviations[:, 2] = 0.5 * deviations[:, 2] - deviations[:, 0]
    many = shrunk_covariance(Draws(np.zeros(6), deviations))
    assert many.shrinkage < 0.01
    np.testing.assert_allclose(many.covariance, np.cov(deviations.T), rtol=0.05, atol=0.02)
    few = shrunk_covariance(Draws(np.zeros(6), deviations[:5]))
    np.testing.assert_allclose(
        np.sqrt(np.diag(few.covariance)), Draws(np.zeros(6), deviations[:5]).sd
    )
    assert 0 < few.shrinkage <= 1


@pytest.mark.parametrize("count", [3, 8, 15, 40])
@pytest.mark.parametrize("correlation", [0.0, 0.8, 1.0])
def test_a_covariance_of_few_draws_can_be_inverted(count, correlation):
    deviations = correlated(count, 15, correlation=correlation)
    shrunk = shrunk_covariance(Draws(np.zeros(15), deviations))
    assert np.linalg.eigvalsh(shrunk.covariance).min() > 1e-7


def test_shrinkage_keeps_the_error_of_the_level():
    """Few draws of strongly correlated numbers: the variance of their sum is what was drawn."""
    deviations = correlated(8, 15, seed=3)
    scaled = deviations / np.sqrt(np.mean(deviations**2, axis=0))
    shrunk = shrunk_covariance(Draws(np.zeros(15), scaled))
    assert shrunk.shrinkage > 0.05
    assert shrunk.covariance.sum() == pytest.approx(np.mean(scaled.sum(axis=1) ** 2), rel=1e-9)


def test_the_result_is_plain():
    fit = fit_halo(RADIUS, profile())
    assert isinstance(fit, HaloFit)
    assert fit.samples.shape == (4000, 3)
    assert fit.draws == 40


@pytest.mark.parametrize("model", ["nfw", "gnfw"])
def test_the_grid_follows_the_posterior_however_narrow(model):
    """Errors a hundred times smaller give widths a hundred times smaller."""
    spread = [
        np.std(fit_halo(RADIUS, profile(relative, count=200), model=model).samples, axis=0)
        for relative in (1e-3, 1e-5)
    ]
    free = [0, 1, 2] if model == "gnfw" else [0, 1]
    np.testing.assert_allclose(spread[0][free] / spread[1][free], 100.0, rtol=0.08)
