"""Acceptance test 2, the ``boltzmann`` half: an exact distribution function gives exact a."""

import numpy as np
import pytest
import torch

from engine.estimators.boltzmann import normal_draws, solve_normal_equations

GM, SCALE = 2.0e6, 1.3  # kpc (km/s)^2 and kpc


def plummer_log_f(x, v):
    """ln f of an isotropic Plummer sphere, f ~ (-E)^(7/2) (Binney & Tremaine 2008, 4.83)."""
    energy = GM / torch.sqrt((x**2).sum(-1) + SCALE**2) - 0.5 * (v**2).sum(-1)
    return 3.5 * torch.log(energy)


def plummer_acceleration(x):
    return -GM * x / ((x**2).sum(-1, keepdim=True) + SCALE**2) ** 1.5


def bound_velocities(x, count, seed):
    """Uniform directions with speeds below 0.95 of the escape speed."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(len(x), count, 3))
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    escape = np.sqrt(2 * GM / np.sqrt((x.numpy() ** 2).sum(-1) + SCALE**2))
    speed = 0.95 * escape[:, None] * rng.uniform(size=(len(x), count)) ** (1 / 3)
    return torch.tensor(direction * speed[..., None])


def scores(x, v):
    wide = x[:, None].expand_as(v).clone().requires_grad_()
    free = v.clone().requires_grad_()
    return torch.autograd.grad(plummer_log_f(wide, free).sum(), (wide, free))


@pytest.mark.parametrize("power", [0, 1, 2])
@pytest.mark.parametrize("count", [8, 256])
def test_exact_plummer_gives_the_exact_acceleration(power, count):
    x = torch.tensor(np.random.default_rng(0).normal(size=(20, 3)))
    v = bound_velocities(x, count, seed=1)
    weight = torch.exp(power * plummer_log_f(x[:, None].expand_as(v), v))
    solution = solve_normal_equations(*scores(x, v), v, weight / weight.max())
    truth = plummer_acceleration(x)
    error = (solution.acceleration - truth).norm(dim=1) / truth.norm(dim=1)
    assert error.max().item() < 1e-10
    assert solution.residual.max().item() < 1e-9


def test_residual_is_large_out_of_equilibrium():
    """s = sum v_i^3 against g = -v of a unit normal: the best a is 3, (15 - 9)/15 stays."""
    v = torch.randn(1, 20_000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    grad_v = -v
    solution = solve_normal_equations(v**2, grad_v, v)
    assert solution.residual.item() == pytest.approx(np.sqrt(0.4), abs=0.02)
    np.testing.assert_allclose(solution.acceleration[0], 3, atol=0.2)


def test_singular_velocity_structure_is_told():
    """Velocities in a plane do not determine the component across it."""
    v = torch.randn(1, 256, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    grad_v = v.clone()
    grad_v[..., 2] = grad_v[..., 0]
    solution = solve_normal_equations(v, grad_v, v)
    assert not solution.condition.item() < 1e8


def test_normal_draws_are_normal_clipped_and_seeded():
    draws = normal_draws(4096, seed=5, clip=3.0).double().numpy()
    assert np.linalg.norm(draws, axis=1).max() < 3.0 + 1e-5
    np.testing.assert_allclose(draws.mean(0), 0, atol=5e-3)
    np.testing.assert_allclose(np.cov(draws.T), np.eye(3), atol=0.06)
    assert np.array_equal(draws, normal_draws(4096, seed=5, clip=3.0).double().numpy())
    assert not np.array_equal(draws, normal_draws(4096, seed=6, clip=3.0).double().numpy())
