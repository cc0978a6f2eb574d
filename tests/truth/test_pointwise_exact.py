"""Acceptance tests 2 and the estimators ``jeans`` and ``conditional`` on exact functions."""

import numpy as np
import pytest
import torch

from engine.estimators.boltzmann import normal_draws, solve_normal_equations
from engine.estimators.conditional import solve_conditional
from engine.estimators.jeans import solve_moments
from tests.truth.test_boltzmann_exact import (
    SCALE,
    bound_velocities,
    plummer_acceleration,
    plummer_log_f,
    scores,
)

POSITIONS = torch.tensor(np.random.default_rng(0).normal(size=(12, 3)))


def plummer_weight(x, v):
    """f at velocities drawn evenly in the ball of bound ones: averages over p(v|x)."""
    log_f = plummer_log_f(x[:, None].expand_as(v), v)
    return torch.exp(log_f - log_f.amax(1, keepdim=True))


def conditional_scores(x, v):
    """Give the scores of p(v|x): grad_x ln n(x), n = (r^2 + b^2)^(-5/2), is taken away."""
    grad_x, grad_v = scores(x, v)
    gradient = -5 * x / ((x**2).sum(-1, keepdim=True) + SCALE**2)
    return grad_x - gradient[:, None], grad_v, gradient


def test_jeans_on_exact_plummer_is_within_a_percent():
    v = bound_velocities(POSITIONS, 4096, seed=1)
    found = solve_moments(*scores(POSITIONS, v), v, plummer_weight(POSITIONS, v))
    truth = plummer_acceleration(POSITIONS)
    # the boundary of the drawn velocities is where f vanishes, but for the last 5% of the speed
    assert ((found - truth).norm(dim=1) / truth.norm(dim=1)).max().item() < 0.01


def test_jeans_and_boltzmann_test_the_same_equation():
    """With a normal distribution grad_v ln p is -v / sigma^2, and the two are one."""
    draws = normal_draws(1024, seed=2)[None].double()
    sigma = torch.tensor([40.0, 30.0, 20.0])
    v = draws * sigma
    grad_x = 0.01 * draws**2 - 0.1
    jeans = solve_moments(grad_x, -v / sigma**2, v)
    boltzmann = solve_normal_equations(grad_x, -v / sigma**2, v).acceleration
    torch.testing.assert_close(jeans, boltzmann, rtol=0.02, atol=0.5)


def test_a_drift_of_all_stars_does_not_move_jeans_if_they_keep_their_numbers():
    """The mean velocity is taken out: a uniform stream feels what stars at rest feel."""
    v = 30 * normal_draws(512, seed=3)[None].double()
    grad_x = torch.tensor([-0.3, 0.0, 0.0]).expand_as(v).double()
    still = solve_moments(grad_x, -v / 900, v)
    # in a moving frame the continuity equation needs s without the drift
    drift = torch.tensor([0.0, 200.0, 0.0])
    moving = solve_moments(grad_x, -v / 900, v + drift)
    torch.testing.assert_close(still, moving)


@pytest.mark.parametrize("count", [12, 256])
def test_exact_plummer_is_solved_without_its_density(count):
    v = bound_velocities(POSITIONS, count, seed=4)
    grad_x, grad_v, gradient = conditional_scores(POSITIONS, v)
    found = solve_conditional(grad_x, grad_v, v)
    truth = plummer_acceleration(POSITIONS)
    assert ((found.acceleration - truth).norm(dim=1) / truth.norm(dim=1)).max() < 1e-8
    torch.testing.assert_close(found.gradient, gradient, rtol=1e-8, atol=1e-8)
    assert found.residual.max() < 1e-8
    assert (found.inflation > 1).all()


def test_no_spatial_selection_changes_the_conditional_answer():
    """Any S(x) multiplies f and n alike and leaves p(v|x): nothing that is passed in changes,
    while ``boltzmann``, which is told n S, takes the gradient of S for an acceleration."""
    v = bound_velocities(POSITIONS, 256, seed=5)
    grad_x, grad_v, gradient = conditional_scores(POSITIONS, v)
    dust = torch.tensor([0.5, -0.2, 0.1], dtype=torch.float64)
    deceived = solve_normal_equations(grad_x + (gradient + dust)[:, None], grad_v, v).acceleration
    truth = plummer_acceleration(POSITIONS)
    found = solve_conditional(grad_x, grad_v, v)
    assert ((deceived - truth).norm(dim=1) / truth.norm(dim=1)).median() > 0.05
    assert ((found.acceleration - truth).norm(dim=1) / truth.norm(dim=1)).max() < 1e-8
    torch.testing.assert_close(found.gradient - (gradient + dust), -dust.expand_as(gradient))


def mixture_scores(populations, v):
    """Scores of sum_k w_k N(v; m_k, s_k) with w_k falling along x at different rates."""
    wide = torch.zeros_like(v).requires_grad_()
    free = v.clone().requires_grad_()
    total = []
    for share, mean, sigma, rate in populations:
        s = torch.tensor(sigma)
        chi2 = (((free - torch.tensor(mean)) / s) ** 2).sum(-1)
        fall = (torch.tensor(rate) * wide).sum(-1)
        total.append(np.log(share) - s.log().sum() - 0.5 * chi2 + fall)
    log_f = torch.logsumexp(torch.stack(total), 0)
    return torch.autograd.grad(log_f.sum(), (wide, free))


THIN = (0.9, [0.0, -215.0, 0.0], [35.0, 25.0, 18.0], [0.3, 0.0, -1.5])
THICK = (0.1, [0.0, -180.0, 0.0], [60.0, 45.0, 38.0], [0.3, 0.0, -1.0])


def test_one_normal_distribution_is_singular_and_two_are_not():
    """Section 2 of the formulas: a single ellipsoid tells only the component along rotation."""
    random = torch.Generator().manual_seed(0)
    white = torch.randn(1, 4096, 3, generator=random, dtype=torch.float64)
    one = white * torch.tensor(THIN[2]) + torch.tensor(THIN[1])
    alone = solve_conditional(*mixture_scores([THIN], one), one)
    assert not alone.condition.item() < 1e6
    two = one.clone()
    two[:, ::10] = white[:, ::10] * torch.tensor(THICK[2]) + torch.tensor(THICK[1])
    both = solve_conditional(*mixture_scores([THIN, THICK], two), two)
    assert both.condition.item() < 1e4
    inflation = both.inflation[0]
    assert (inflation < 4).all()
    assert inflation[1] < 1.2 < inflation[0]


def test_the_inflation_is_that_of_the_errors():
    """Equal noise on every equation scatters the two solutions in the ratio that is told."""
    v = bound_velocities(POSITIONS[:1], 2000, seed=6)
    grad_x, grad_v, gradient = conditional_scores(POSITIONS[:1], v)
    random = torch.Generator().manual_seed(1)
    both, known = [], []
    for _ in range(200):
        # noise of s that does not depend on v: along v / v^2
        noise = torch.randn(v.shape[:-1], generator=random, dtype=torch.float64)
        noisy = grad_x + 50 * noise[..., None] * v / (v**2).sum(-1, keepdim=True)
        both.append(solve_conditional(noisy, grad_v, v).acceleration[0])
        known.append(solve_normal_equations(noisy + gradient[:, None], grad_v, v).acceleration[0])
    ratio = torch.stack(both).std(0) / torch.stack(known).std(0)
    told = solve_conditional(grad_x, grad_v, v).inflation[0]
    np.testing.assert_allclose(ratio, told, rtol=0.2)
