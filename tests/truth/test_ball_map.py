"""Acceptance test 1: the ball map, its log-determinant and its inverse."""

import numpy as np
import pytest
import torch

from engine.density.preprocess import EDGE_MARGIN, BallMap, Standardiser

RADIUS = 4.0
CENTRE = torch.tensor([8.122, 0.0, 0.0208], dtype=torch.float64)


def positions(fractions, seed=3):
    """Points at given fractions of the radius, in random directions."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(len(fractions), 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return CENTRE + torch.tensor(direction * np.asarray(fractions)[:, None] * RADIUS)


def test_log_determinant_agrees_with_finite_differences():
    ball = BallMap(CENTRE, RADIUS)
    points = positions([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95])
    step = 1e-5
    for point in points:
        columns = []
        for axis in range(3):
            shift = torch.zeros(3, dtype=torch.float64)
            shift[axis] = step
            ahead = [ball.forward(point + k * shift)[0] for k in (-2, -1, 1, 2)]
            columns.append((ahead[0] - 8 * ahead[1] + 8 * ahead[2] - ahead[3]) / (12 * step))
        numeric = torch.linalg.slogdet(torch.stack(columns, 1)).logabsdet
        assert ball.forward(point)[1].item() == pytest.approx(numeric.item(), abs=1e-9)


def test_log_determinant_is_smooth_through_the_centre():
    ball = BallMap(CENTRE, RADIUS)
    scale = 3 * np.log(RADIUS * (1 + EDGE_MARGIN))
    fractions = np.array([0.0, 1e-12, 1e-6, 0.99e-3, 1.01e-3])
    values = ball.forward(positions(fractions))[1] + scale
    r = fractions / (1 + EDGE_MARGIN)
    expected = -np.log1p(-(r**2)) + 2 * np.log1p(r**2 / 3 + r**4 / 5)
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


def test_gradient_at_the_centre_is_finite_and_right():
    ball = BallMap(CENTRE, RADIUS)
    point = CENTRE.clone().requires_grad_()
    mapped, log_det = ball.forward(point)
    jacobian = torch.stack(
        [torch.autograd.grad(mapped[i], point, retain_graph=True)[0] for i in range(3)]
    )
    np.testing.assert_allclose(jacobian, np.eye(3) / RADIUS / (1 + EDGE_MARGIN), atol=1e-12)
    (gradient,) = torch.autograd.grad(log_det, point)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


def test_round_trip_up_to_the_edge():
    ball = BallMap(CENTRE, RADIUS)
    points = positions([0.0, 1e-9, 1e-4, 1e-3, 0.3, 0.9, 0.999, 1 - 1e-6, 1.0])
    back = ball.inverse(ball.forward(points)[0])
    np.testing.assert_allclose(back, points, atol=1e-6)


def test_edge_maps_to_the_published_latent_radius():
    """The margin of 1e-6 sends the edge to latent radius 7.25."""
    latent = BallMap(CENTRE, RADIUS).forward(positions([1.0]))[0].norm().item()
    assert latent == pytest.approx(7.25, abs=0.01)


def test_standardiser_round_trip_and_determinant():
    values = torch.randn(1000, 3, dtype=torch.float64) * torch.tensor([2.0, 5.0, 0.1])
    standard = Standardiser.fit(values)
    np.testing.assert_allclose(standard.inverse(standard.forward(values)), values, atol=1e-12)
    np.testing.assert_allclose(standard.forward(values).std(0), 1, atol=1e-12)
    assert standard.log_det.item() == pytest.approx(-values.std(0).log().sum().item())


def test_constant_column_is_refused():
    with pytest.raises(ValueError, match="constant column"):
        Standardiser.fit(torch.ones(10, 3))
