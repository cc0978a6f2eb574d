"""The smooth p(x): integrals, gradients of known galaxies, draws, holes."""

import numpy as np
import pytest
import torch

from engine.density.checkpoint import load_checkpoint, save_checkpoint
from engine.density.preprocess import BallMap
from engine.density.smooth.basis import Anova
from engine.density.smooth.coordinates import SmoothCoordinates
from engine.density.smooth.density import SmoothDensity
from engine.density.smooth.fit import SmoothFit, excess_scatter
from engine.density.smooth.quadrature import ball_cells
from engine.density.smooth.sampling import Sampler
from engine.density.split import split_members
from engine.mapping.positions import fit_positions

SUN, RADIUS = (8.122, 0.0, 0.0208), 4.0


def uniform_ball(count, centre, radius, rng):
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return np.asarray(centre) + direction * radius * np.cbrt(rng.uniform(size=(count, 1)))


def disc_gradient(x):
    """Log-density and gradient of two exponential discs and a halo, (n,), (n, 3)."""
    ring, height = np.hypot(x[:, 0], x[:, 1]), x[:, 2]
    value, gradient = np.zeros(len(x)), np.zeros_like(x)
    for part, length, scale in ((1.0, 2.6, 0.25), (0.1, 2.2, 0.8)):
        density = part * np.exp(-(ring - 8) / length) / np.cosh(height / scale) ** 2
        value += density
        gradient[:, :2] -= (density / length / ring)[:, None] * x[:, :2]
        gradient[:, 2] -= density * 2 * np.tanh(height / scale) / scale
    r2 = (x**2).sum(1) + 1.0
    halo = 0.004 * (r2 / 65) ** -1.6
    gradient -= (halo * 3.2 / r2)[:, None] * x
    value += halo
    return np.log(value), gradient / value[:, None]


def disc_stars(count, seed):
    rng = np.random.default_rng(seed)
    found = np.empty((0, 3))
    while len(found) < count:
        x = uniform_ball(40 * count, SUN, RADIUS, rng)
        keep = np.log(rng.uniform(size=len(x))) < disc_gradient(x)[0] - 2.2
        found = np.concatenate([found, x[keep]])
    return torch.from_numpy(found[:count])


@pytest.fixture(scope="module")
def disc():
    stars = disc_stars(40_000, 0)
    fit = SmoothFit(SmoothCoordinates.of(SUN, RADIUS, stars))
    sums = fit.sums(stars, torch.ones(1, len(stars)))[0]
    effects = fit.tuned(sums, len(stars), lambda _: None)
    return stars, fit, sums, effects, fit.density([effects])


def gradient_of(density, x):
    where = torch.from_numpy(x)[None].requires_grad_()
    return torch.autograd.grad(density.log_density(where).sum(), where)[0][0].numpy()


def test_the_density_integrates_to_one(disc):
    _, fit, _, effects, density = disc
    rng = np.random.default_rng(1)
    x = uniform_ball(400_000, SUN, RADIUS, rng)
    value = density.log_density(torch.from_numpy(x)[None]).exp()
    volume = 4 / 3 * np.pi * RADIUS**3
    error = float(value.std()) / np.sqrt(len(x)) * volume
    assert abs(float(value.mean()) * volume - 1) < 5 * error < 0.05
    finer = ball_cells(fit.coordinates, 1.5)
    exponent = fit.basis.design(fit.coordinates(finer.points)) @ effects.coefficients
    log_norm = torch.logsumexp(exponent + finer.weight.log(), 0)
    assert float(log_norm) == pytest.approx(effects.log_norm, abs=1e-4)


def test_at_the_maximum_data_and_prior_pull_alike(disc):
    _, fit, sums, effects, density = disc
    cells = ball_cells(fit.coordinates)
    part = density.log_density(cells.points[None])[0].exp() * cells.weight
    mean = part @ fit.basis.design(fit.coordinates(cells.points))
    pull = effects.coefficients[3:] / (effects.sizes[fit.basis.block] ** 2 * fit.basis.spectrum())
    torch.testing.assert_close((sums - 40_000 * mean)[3:], pull, rtol=1e-3, atol=0.05)


def test_gradients_of_discs_and_a_halo_are_found_without_bias(disc):
    """Heights alike at both sides of the plane, up to 3 kpc, where one star in 200 is."""
    density = disc[-1]
    rng = np.random.default_rng(2)
    x = uniform_ball(4000, SUN, 3.4, rng)
    _, truth = disc_gradient(x)
    found, height = gradient_of(density, x), np.abs(x[:, 2])
    for low, high, allowed in ((0.1, 0.5, 0.06), (0.5, 1.0, 0.1), (1.0, 2.0, 0.15), (2, 3, 0.5)):
        near = (height > low) & (height < high)
        ratio = (found - truth)[near, 2] / np.abs(truth[near, 2]).mean()
        assert np.sqrt(np.mean(ratio**2)) < allowed, (low, high)
    along = np.sqrt(np.mean((found - truth)[:, :2] ** 2, 0))
    assert (along < [0.12, 0.08]).all()  # per kpc; a disc has 0.4


def test_a_round_cusp_about_the_centre():
    rng = np.random.default_rng(3)
    scale, radius = 1.0, 10.0
    part = rng.uniform(size=6000) * (radius / (radius + scale)) ** 2
    r = scale * np.sqrt(part) / (1 - np.sqrt(part))  # Hernquist (1990)
    direction = rng.normal(size=(len(r), 3))
    x = direction / np.linalg.norm(direction, axis=1, keepdims=True) * r[:, None]
    stars = torch.from_numpy(x)
    fit = SmoothFit(SmoothCoordinates.of((0.0, 0.0, 0.0), radius, stars))
    assert not fit.coordinates.cylindrical
    sums = fit.sums(stars, torch.ones(1, len(stars)))[0]
    density = fit.density([fit.tuned(sums, len(stars), lambda _: None)])
    for at, allowed in ((0.3, 0.4), (1.0, 0.2), (3.0, 0.2), (6.0, 0.2)):  # 6% are within 0.3
        where = direction[:200] / np.linalg.norm(direction[:200], axis=1, keepdims=True) * at
        slope = (gradient_of(density, where) * where).sum(1)
        truth = -1 - 3 * at / (at + scale)
        assert slope.mean() == pytest.approx(truth, abs=allowed), at
        assert slope.std() < 0.4, at


def normal(count, seed, members=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(members, count, 3, generator=generator, dtype=dtype)


BALLS = {
    "disc": (SmoothCoordinates(SUN, RADIUS, True, 0.3, 0.6, SUN), (-1.5, 0.0, 0.0)),
    "cusp in the middle": (
        SmoothCoordinates((0.0, 0.0, 0.0), 10.0, False, 2.0, 0.3, (0.0, 0.0, 0.0)),
        (0.0, 0.0, 0.0, -4.0),
    ),
    "core beside the middle": (
        SmoothCoordinates((2.0, 1.0, 0.5), 6.0, False, 1.0, 1.0, (0.0, 0.0, 0.0)),
        (0.5, 0.0, 0.0, -2.0),
    ),
    "high above": (
        SmoothCoordinates((5.0, 2.0, 6.0), 3.0, False, 6.0, 0.2, (5.0, 2.0, 6.0)),
        (1.0, 0.0, -2.0, 0.0),
    ),
}
"""Balls, and how the logarithm of a density falls along each of their coordinates."""


@pytest.fixture(scope="module", params=BALLS)
def smooth(request):
    """A density drawn from the prior, with more structure than stars show."""
    coordinates, slopes = BALLS[request.param]
    basis = Anova.of(coordinates.count)
    generator = torch.Generator().manual_seed(3)
    sines = torch.randn(len(basis) - basis.coordinates, generator=generator, dtype=torch.float64)
    c = torch.cat([torch.tensor(slopes, dtype=torch.float64), sines * basis.spectrum().sqrt()])
    cells = ball_cells(coordinates, 1.5)
    log_norm = torch.logsumexp(basis.design(coordinates(cells.points)) @ c + cells.weight.log(), 0)
    return SmoothDensity(coordinates, c[None], log_norm[None], basis)


PROJECTIONS = {
    "distance from the centre": lambda away: torch.linalg.vector_norm(away, dim=-1),
    "cosine to the pole": lambda away: away[:, 2] / torch.linalg.vector_norm(away, dim=-1),
    "azimuth": lambda away: torch.atan2(away[:, 1], away[:, 0]),
    "x": lambda away: away[:, 0],
    "height": lambda away: away[:, 2],
}


@pytest.fixture(scope="module")
def integrals(smooth):
    """Places (n, 3) from the centre, uniform in the ball, and weights that make them p(x)."""
    ball, rng = smooth.coordinates, np.random.default_rng(5)
    points = torch.from_numpy(uniform_ball(600_000, ball.centre, ball.radius, rng))
    value = [smooth.basis.value(ball(x), smooth.coefficients[0]) for x in points.split(30_000)]
    return points - torch.tensor(ball.centre), torch.cat(value).softmax(0)


def drawn_from(density, count, seed):
    """Draw places (n, 3) from the centre of a ball."""
    return density.positions(normal(count, seed))[0] - torch.tensor(density.coordinates.centre)


def test_draws_follow_the_density(smooth, integrals):
    """Distances, angles and coordinates, by the distance of Kolmogorov and Smirnov."""
    count, (away, weight) = 100_000, integrals
    drawn = drawn_from(smooth, count, 4)
    error = np.sqrt(1 / count + float((weight**2).sum()))
    for name, project in PROJECTIONS.items():
        node, order = project(away).sort()
        expected = torch.cumsum(weight[order], 0)
        found = torch.searchsorted(project(drawn).sort().values, node, right=True) / count
        distance = float((found - expected).abs().max())
        assert distance < 2.1 * error, name  # chance exceeds it three times in 10,000


def test_draws_in_boxes_follow_the_density(smooth, integrals):
    """Counts in boxes of all three coordinates, by chi-square."""
    count, (away, weight) = 100_000, integrals

    def box(x):
        at = (2 * (x / smooth.coordinates.radius + 1)).long().clamp(0, 3)
        return 16 * at[:, 0] + 4 * at[:, 1] + at[:, 2]

    expected = torch.bincount(box(away), weight, minlength=64)
    seen = torch.bincount(box(drawn_from(smooth, count, 5)), minlength=64) / count
    squares = torch.bincount(box(away), weight**2, minlength=64)  # of the integrals themselves
    well = expected * count > 20
    chi2 = ((seen - expected) ** 2 / (expected / count + squares))[well].sum()
    degrees = int(well.sum())
    assert degrees > 15
    assert float(chi2) < degrees + 4 * np.sqrt(2 * degrees)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_draw_lies_on_the_surface(smooth, dtype):
    ball = smooth.coordinates
    drawn = smooth.positions(normal(100_000, 6, dtype=dtype))[0]
    assert drawn.dtype == dtype
    away = drawn.double() - torch.tensor(ball.centre, dtype=torch.float64)
    distance = torch.linalg.vector_norm(away, dim=-1) / ball.radius
    assert float(distance.max()) < 1
    # as many in the outermost shell as the density has there: no crust, and no gap
    direction = torch.from_numpy(uniform_ball(5_000, np.zeros(3), 1.0, np.random.default_rng(6)))
    direction /= torch.linalg.vector_norm(direction, dim=-1, keepdim=True)
    centre = torch.tensor(ball.centre, dtype=torch.float64)
    near = smooth.log_density((centre + 0.9995 * ball.radius * direction)[None]).exp()
    expected = float(near.mean()) * 4 * np.pi * ball.radius**3 * 0.001 * len(drawn)
    assert abs(int((distance > 0.999).sum()) - expected) < 5 * np.sqrt(expected) + 0.02 * expected
    assert len(drawn.unique(dim=0)) > 0.999 * len(drawn)


def test_the_limit_is_above_the_density_everywhere(smooth):
    (sampler,) = smooth._samplers
    generator = torch.Generator().manual_seed(7)
    count = 100_000
    cell = torch.randint(0, sampler.cells, (count,), generator=generator)
    part = torch.rand(count, 3, generator=generator, dtype=torch.float64)
    excess = torch.cat(
        [
            sampler.excess(*some)
            for some in zip(cell.split(50_000), part.split(50_000), strict=True)
        ]
    )
    assert float(excess.max()) <= 0
    assert float(excess.exp().mean()) > 0.3


def test_the_same_numbers_give_the_same_draws(smooth):
    base = normal(5_000, 8)
    first = smooth.positions(base)
    assert torch.equal(first, smooth.positions(base))
    anew = SmoothDensity.from_dict(smooth.to_dict(), torch.device("cpu"))
    assert torch.equal(first, anew.positions(base))
    assert not torch.equal(first, smooth.positions(normal(5_000, 9)))


def test_the_table_of_cells_is_made_once(smooth, monkeypatch):
    smooth.positions(normal(10, 10))

    def again(_self):
        raise AssertionError("the table is made anew")

    monkeypatch.setattr(Sampler, "_limits", again)
    assert smooth.positions(normal(10, 11)).shape == (1, 10, 3)


def test_members_are_drawn_each_by_its_own(disc):
    _, fit, _, effects, _ = disc
    flat = type(effects)(torch.zeros_like(effects.coefficients), effects.sizes, 0.0)
    drawn = fit.density([effects, flat]).positions(normal(20_000, 12, members=2))
    height = drawn[..., 2].abs().mean(1)
    assert float(height[1]) == pytest.approx(RADIUS * 3 / 8, rel=0.03)  # uniform in the ball
    assert float(height[0]) < 0.5


@pytest.mark.parametrize("count", [3, 4])
def test_the_sum_of_functions_is_that_of_the_design(count):
    basis = Anova.of(count)
    generator = torch.Generator().manual_seed(13)
    q = 2 * torch.rand(500, count, generator=generator, dtype=torch.float64) - 1
    c = torch.randn(len(basis), generator=generator, dtype=torch.float64)
    torch.testing.assert_close(basis.value(q, c), basis.design(q) @ c)


def test_the_quadrature_fills_the_ball():
    for centre, radius in ((SUN, RADIUS), ((0.0, 0.0, 0.0), 3.0)):
        coordinates = SmoothCoordinates.of(centre, radius, disc_stars(500, 5))
        volume = 4 / 3 * np.pi * radius**3
        assert float(ball_cells(coordinates).weight.sum()) == pytest.approx(volume, rel=0.01)


@pytest.mark.parametrize("count", [3, 4])
def test_functions_belong_to_their_effects(count):
    basis = Anova.of(count)
    for orders, block in zip(basis.orders, basis.block, strict=True):
        used = tuple(int(d) for d in torch.nonzero(orders)[:, 0])
        assert used == basis.blocks[int(block)]
    assert len(basis) == basis.design(torch.zeros(1, count)).shape[1]


def test_holes_are_noticed_and_then_no_smooth_density_is_given():
    stars = disc_stars(20_000, 6)
    angle = torch.atan2(stars[:, 2] - SUN[2], stars[:, 1])
    wedge = stars[(angle.abs() > 0.4) & (angle.abs() < np.pi - 0.4)]
    found = []
    for table in (stars, wedge):
        split = split_members(len(table), 2, 0.1, 0, bootstrap=True)
        ball = BallMap(torch.tensor(SUN), RADIUS)
        found.append(
            fit_positions(
                table.float(),
                len(table),
                ball,
                split,
                seed=0,
                always=False,
                on_epoch=lambda _: None,
                on_progress=lambda _: None,
            )
        )
    assert isinstance(found[0], SmoothDensity)
    assert found[1] is None
    assert excess_scatter(found[0], stars, 1) < 0.1


def test_members_differ_by_what_a_new_sample_would_change():
    """The bootstrap's scatter of the vertical gradient against that of independent samples."""
    where = torch.tensor(
        [[8.0, 0.5, 0.7], [9.0, -1.0, -1.2], [7.0, 1.0, 0.3]], dtype=torch.float64
    )

    def gradients(density):
        x = where.expand(density.members, -1, -1).clone().requires_grad_()
        return torch.autograd.grad(density.log_density(x).sum(), x)[0][..., 2].numpy()

    samples = [disc_stars(8_000, 10 + k) for k in range(8)]
    fit = SmoothFit(SmoothCoordinates.of(SUN, RADIUS, samples[0]))
    sums = torch.cat([fit.sums(x, torch.ones(1, len(x))) for x in samples])
    common = fit.tuned(sums[0], len(samples[0]), lambda _: None)
    anew = fit.density([fit.fitted(s, len(samples[0]), common) for s in sums])
    rng = np.random.default_rng(7)
    counts = rng.multinomial(8_000, np.full(8_000, 1 / 8_000), size=8)
    again = fit.sums(samples[0], torch.from_numpy(counts))
    bootstrap = fit.density([fit.fitted(s, len(samples[0]), common) for s in again])
    ratio = gradients(bootstrap).std(0, ddof=1) / gradients(anew).std(0, ddof=1)
    assert 0.6 < np.exp(np.log(ratio).mean()) < 1.6


def test_a_density_survives_a_checkpoint(disc, tmp_path):
    density = disc[-1]
    save_checkpoint(density.to_dict(), tmp_path / "smooth.pt")
    read = SmoothDensity.from_dict(load_checkpoint(tmp_path / "smooth.pt"), torch.device("cpu"))
    x = torch.tensor([[[8.0, 0.3, 0.2]]], dtype=torch.float64)
    assert torch.equal(read.log_density(x), density.log_density(x))
    assert read.pick(slice(0, 1)).members == 1


def test_a_checkpoint_that_names_no_orders_is_of_the_first_ones():
    """Maps that were made with (12, 9, 5) are opened again."""
    coordinates = SmoothCoordinates.of(SUN, RADIUS, disc_stars(500, 7))
    basis = Anova(3, (12, 9, 5))
    coefficients = torch.randn(2, len(basis), dtype=torch.float64)
    before = SmoothDensity(coordinates, coefficients, torch.zeros(2, dtype=torch.float64), basis)
    stored = before.to_dict()
    del stored["fine"]
    x = torch.tensor([[[8.0, 0.3, 0.2]]] * 2, dtype=torch.float64)
    read = SmoothDensity.from_dict(stored, torch.device("cpu"))
    assert torch.equal(read.log_density(x), before.log_density(x))


def test_the_bend_of_a_disc_at_its_plane_does_not_ring():
    """Expected sums of 500,000 stars: all that is wrong is bias. It was 6 to 37% once."""
    stars = 500_000
    fit = SmoothFit(SmoothCoordinates.of(SUN, RADIUS, disc_stars(20_000, 6)))
    cells = ball_cells(fit.coordinates, 1.5)
    value, _ = disc_gradient(cells.points.numpy())
    part = torch.softmax(torch.from_numpy(value) + cells.weight.log(), 0)
    sums = stars * (part @ fit.basis.design(fit.coordinates(cells.points)))
    density = fit.density([fit.tuned(sums, stars, lambda _: None)])
    for height, allowed in ((0.1, 0.03), (0.3, 0.03), (0.7, 0.03), (1.5, 0.04), (2.5, 0.25)):
        ring = np.linspace(7.0, 9.0, 21)
        x = np.stack([ring, np.zeros_like(ring), np.full_like(ring, height)], -1)
        ratio = gradient_of(density, x)[:, 2] / disc_gradient(x)[1][:, 2]
        assert np.abs(ratio - 1).max() < allowed, height
