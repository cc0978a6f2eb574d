"""The ellipsoid of a round system: its map, its fit, and when it is used."""

import numpy as np
import pytest
import torch

from data.mocks.spherical import challenge
from data.mocks.spherical_stars import draw_stars
from engine.density.ellipsoid import RoundEllipsoid, looks_round
from engine.density.frame import VelocityFrame
from engine.density.model import Coordinates
from engine.density.preprocess import BallMap

KNOWN = RoundEllipsoid(0.4, torch.tensor([[2.0, 0.3, -0.05, 0.0], [2.0, -0.5, 0.02, 0.01]]))


def places(count=50, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    return x, 20 * torch.randn(count, 3, generator=generator, dtype=torch.float64)


def test_inverse_and_determinant():
    x, v = places()
    w = KNOWN.forward(x, v)
    torch.testing.assert_close(KNOWN.inverse(x, w), v)
    for one, velocity in zip(x[:5], v[:5], strict=True):
        slope = torch.func.jacrev(lambda speed, one=one: KNOWN.forward(one, speed))(velocity)
        expected = torch.linalg.slogdet(slope).logabsdet
        torch.testing.assert_close(KNOWN.log_det(one), expected)


def test_directions_are_all_alike():
    """Turning positions and velocities turns the result: there is no pole."""
    x, v = places()
    turn, _ = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))
    torch.testing.assert_close(KNOWN.forward(x @ turn.T, v @ turn.T), KNOWN.forward(x, v) @ turn.T)


def test_smooth_through_the_centre():
    v = torch.tensor([3.0, -1.0, 2.0])
    for start in (torch.zeros(3), torch.tensor([1e-7, 0.0, 0.0]), torch.tensor([0.0, 1e-3, 0.0])):
        slope = torch.func.jacrev(lambda x: KNOWN.forward(x, v))(start)
        assert torch.isfinite(slope).all()
        assert slope.abs().max() < 0.1


@pytest.mark.parametrize("halo", ["cusp", "core"])
def test_the_ellipsoid_of_a_model_is_found(halo):
    model = challenge(halo)
    x, v = draw_stars(model, 60_000, np.random.default_rng(0))
    inside = np.linalg.norm(x, axis=1) < 5 * model.r_star
    found = RoundEllipsoid.fit(torch.tensor(x[inside]), torch.tensor(v[inside]))
    r = model.r_star * np.array([0.4, 1.0, 2.0, 4.0])
    along, across = found.logs(torch.tensor(r[:, None] * [[0.6, 0.0, 0.8]]))
    expected = model.dispersion(r)
    np.testing.assert_allclose(along.exp(), expected, rtol=0.06)
    squeezed = expected * np.sqrt(1 - model.anisotropy(r))
    np.testing.assert_allclose(across.exp(), squeezed, rtol=0.06)


def test_it_is_for_round_systems_about_the_centre_that_do_not_rotate():
    x, v = places(4000)
    assert looks_round(torch.zeros(3), 3.0, x, v)
    assert looks_round(torch.tensor([0.1, 0.0, 0.0]), 3.0, x, v)
    assert not looks_round(torch.tensor([8.122, 0.0, 0.0]), 4.0, x + 8, v)
    assert not looks_round(torch.zeros(3), 3.0, x * torch.tensor([1.0, 1.0, 0.3]), v)
    stream = 9 * torch.stack([x[:, 1], -x[:, 0], 0 * x[:, 0]], 1)
    assert not looks_round(torch.zeros(3), 3.0, x, v + stream)


def test_coordinates_keep_it():
    x, v = (each.float() for each in places(3000))
    ball = BallMap(torch.zeros(3), 6.0)
    coordinates = Coordinates.fit(x, v, ball)
    assert coordinates.frame.ellipsoid is not None
    assert coordinates.context(x).shape == (3000, 5)
    again = Coordinates.from_dict(coordinates.to_dict())
    value = again.standard_velocity(x, v)
    torch.testing.assert_close(value, coordinates.standard_velocity(x, v))
    torch.testing.assert_close(again.physical_velocity(x, value), v, atol=1e-3, rtol=1e-3)
    flat = VelocityFrame.of(torch.zeros(3), 6.0, x * torch.tensor([1.0, 1.0, 0.1]), v)
    assert flat.ellipsoid is None
    assert torch.equal(flat.log_det(x), torch.zeros(3000))
