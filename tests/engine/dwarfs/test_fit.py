"""Fitting a dwarf: gradients, sampling, evidence, averaging and what is kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from data.errors import UserError
from data.mocks.dwarfs.halo import HALOES
from data.mocks.dwarfs.model import DwarfModel
from data.mocks.dwarfs.stars import draw_stars
from engine.dwarfs.convergence import effective_size, split_r_hat
from engine.dwarfs.families import FAMILIES, given_family
from engine.dwarfs.fit import FitSettings, fit_dwarf, intrinsic_dispersion
from engine.dwarfs.grid import Grid
from engine.dwarfs.losvd import VelocityGrid
from engine.dwarfs.posterior import Posterior
from engine.dwarfs.predictive import posterior_predictive
from engine.dwarfs.profiles import profiles
from engine.dwarfs.sampler import Sampling, bridge_evidence, sample
from engine.dwarfs.stars import Stars

SMALL = FitSettings(Sampling(chains=4, warmup=20, draws=16, evidence=40), 16, 12, 20, 4, 60)


@pytest.fixture(scope="module")
def stars() -> tuple[Stars, float]:
    model = DwarfModel(HALOES["cusp"], 0.1, inner=0.1)
    rng = np.random.default_rng(11)
    x, v = draw_stars(model, 150, rng)
    radius = np.hypot(x[:, 0], x[:, 1])
    half = float(np.median(radius))
    near = radius < 15 * half
    velocity = (v[:, 2] + rng.normal(0, 2, 150))[near]
    error = np.where(np.arange(near.sum()) % 2, 1.0, 2.5)
    return Stars.members(radius[near] / half, velocity - velocity.mean(), error), half


@pytest.mark.parametrize("name", ["osipkov-merritt", "constant", "cuddeford", "general"])
def test_the_gradient_is_that_of_the_density(name, stars):
    grid = Grid(rows=16, steps=12)
    posterior = Posterior([stars[0]], FAMILIES[name], grid, VelocityGrid(8.0, 20, nodes=4))
    rng = np.random.default_rng(3)
    z = torch.tensor(0.1 * rng.normal(size=(2, posterior.size)), requires_grad=True)
    with torch.no_grad():
        if name == "constant":
            z[:, -1] -= 0.5  # tangential: far from where a function turns negative
        if name == "cuddeford":
            z[:, -2] -= 0.5
    value = posterior.log_density(z)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    for _ in range(4):
        direction = torch.tensor(rng.normal(size=posterior.size))
        step = 1e-3
        with torch.no_grad():
            up = posterior.log_density(z + step * direction)
            down = posterior.log_density(z - step * direction)
        numeric = (up - down) / (2 * step)
        np.testing.assert_allclose(gradient @ direction, numeric, rtol=0.01, atol=0.15)


def test_a_batch_is_its_rows(stars):
    posterior = Posterior(
        [stars[0]], FAMILIES["constant"], Grid(rows=16, steps=12), VelocityGrid(8.0, 20, nodes=4)
    )
    z = torch.tensor(0.2 * np.random.default_rng(4).normal(size=(3, posterior.size)))
    with torch.no_grad():
        together = posterior.log_density(z)
        alone = torch.cat([posterior.log_density(row[None]) for row in z])
    np.testing.assert_allclose(together, alone, rtol=1e-10)


def test_sampling_and_evidence_of_a_gaussian():
    mean, spread = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([0.5, 2.0, 1.0])

    def density(z: torch.Tensor) -> torch.Tensor:
        return 3.0 - 0.5 * (((z - mean) / spread) ** 2).sum(1)

    rng = np.random.default_rng(5)
    root = np.diag(spread.numpy().astype(float))
    settings = Sampling(chains=4, warmup=40, draws=400, evidence=800)
    drawn = sample(density, mean.numpy().astype(float), root, settings, rng, lambda done: None)
    np.testing.assert_allclose(drawn.flat.mean(0), mean, atol=0.25)
    np.testing.assert_allclose(drawn.flat.std(0), spread, rtol=0.12)
    assert split_r_hat(drawn.z).max() < 1.03
    exact = 3.0 + 1.5 * np.log(2 * np.pi) + float(torch.log(spread).sum())
    assert bridge_evidence(density, drawn, 800, rng) == pytest.approx(exact, abs=0.1)


def test_chains_that_disagree_have_not_converged():
    rng = np.random.default_rng(6)
    good = rng.normal(size=(4, 200, 1))
    assert split_r_hat(good).max() < 1.02
    assert 500 < effective_size(good)[0] <= 1900
    apart = good + np.array([0, 0, 0, 3.0])[:, None, None]
    assert split_r_hat(apart).max() > 1.5
    assert effective_size(apart)[0] < 20
    slow = np.cumsum(good, axis=1)
    assert effective_size(slow)[0] < 40


def test_a_fit_repeats_itself_and_goes_on_from_what_was_kept(stars, tmp_path):
    families = [given_family(0.0, 2.0), FAMILIES["osipkov-merritt"]]
    first = fit_dwarf([stars[0]], stars[1], families, SMALL, 3, keep=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2
    stages: list[str] = []
    again = fit_dwarf(
        [stars[0]], stars[1], families, SMALL, 3, keep=tmp_path,
        progress=lambda done, words: stages.append(words),
    )  # fmt: skip
    assert not stages  # nothing was sampled anew
    np.testing.assert_array_equal(first.picks, again.picks)
    (tmp_path / "osipkov-merritt.npz").write_bytes(b"broken")
    fresh = fit_dwarf([stars[0]], stars[1], families, SMALL, 3, keep=tmp_path)
    np.testing.assert_array_equal(first.families[1].samples.z, fresh.families[1].samples.z)
    assert first.weights.sum() == pytest.approx(1)
    shown = profiles(first)
    assert (np.diff(shown.mass, axis=1) > 0).all()
    assert (np.diff(shown.density, axis=1) <= 0).all()
    checked = posterior_predictive(first, 0, 1)
    assert checked.count.sum() == len(stars[0].velocity)
    assert np.isfinite(checked.predicted_kurtosis).all()


def test_two_populations_share_one_halo(stars):
    one = stars[0]
    halves = [
        Stars.members(one.radius[i::2], one.velocity[i::2], one.error[i::2]) for i in range(2)
    ]
    family = FAMILIES["constant"]
    posterior = Posterior(halves, family, Grid(rows=16, steps=12), VelocityGrid(8.0, 20, nodes=4))
    assert posterior.size == 11 + 1 + 2 * (8 + 1)
    galaxy = posterior.galaxy(torch.zeros(1, posterior.size, dtype=torch.float64))
    assert len(galaxy.tracers) == 2
    assert galaxy.halo.pull.shape[0] == 1


def test_too_few_stars_are_refused(stars):
    few = Stars.members(*(a[:4] for a in (stars[0].radius, stars[0].velocity, stars[0].error)))
    with pytest.raises(UserError, match="Only 4 stars"):
        fit_dwarf([few], 0.1, [FAMILIES["constant"]], SMALL, 0)


def test_the_dispersion_behind_the_errors():
    rng = np.random.default_rng(8)
    error = rng.uniform(1, 4, 4000)
    velocity = rng.normal(0, 7, 4000) + error * rng.normal(size=4000)
    assert intrinsic_dispersion(velocity, error) == pytest.approx(7, rel=0.05)
    assert intrinsic_dispersion(np.zeros(20), np.ones(20)) > 0
